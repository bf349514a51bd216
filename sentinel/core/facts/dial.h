/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DIAL_H
#define SN_CORE_DIAL_H

/* How to reach the server of a link. Internal to the core. */

#include "core/action.h"
#include "core/model/link.h"

/* Fills in where the server is, and how it is spoken to: address, TLS, credentials, name of the
 * connection, renamed commands. */
void sn_dial_describe(const struct sn_link *link, struct sn_action_connect *connect);
/* Returns the credentials for AUTH to peers; NULL: none (PROTOCOL.md §9.2). */
void sn_dial_peer_credentials(const struct sn_core *core, const char **user, const char **pass);

#endif
