/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_COMMANDS_H
#define SN_SHELL_SERVER_COMMANDS_H

/* From a request to the handler of its command (PROTOCOL.md §3.4, §3.5). */

#include "wire/request.h"

struct sn_buf;
struct sn_client;

/* Checks request of client in the order of PROTOCOL.md §3.4 and runs its handler. The reply goes to
 * out, unless it has to wait. */
void sn_commands_execute(struct sn_client *client, const struct sn_request *request,
                         struct sn_buf *out);

#endif
