/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CMD_CLIENT_H
#define SN_SHELL_SERVER_CMD_CLIENT_H

/* What the files of the CLIENT command share with others. */

#include "shell/server/call.h"
#include "shell/server/client.h"

/* Sets *field, a name of the calling client, to the argument at index ("" for none). False: it has
 * blanks or control characters or is too long, and the error is in the reply (PROTOCOL.md §5.5). */
bool sn_cmd_client_name(struct sn_call *call, size_t index, char **field);

#endif
