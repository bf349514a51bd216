/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_ANSWERS_H
#define SN_SHELL_LINKS_ANSWERS_H

/* What a server says: replies, which answer commands in their order, and messages of a
 * subscription. With RESP3 both come on one connection, and pushes may stand between any two
 * replies, those of a transaction too. */

#include "shell/links/conn.h"

/* Takes len bytes from the server and feeds what they say. The connection may be gone afterwards.
 */
void sn_answers_take(struct sn_conn *conn, const char *data, size_t len);

#endif
