/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CMD_CLIENT_H
#define SN_SHELL_SERVER_CMD_CLIENT_H

/* Shared by the files of the CLIENT command and others. */

#include "shell/server/call.h"
#include "shell/server/client.h"

/* Sets *field, a name of the calling client, to the argument at index ("": none). False: it has
 * blanks or control characters or is too long; an error was replied (PROTOCOL.md §5.5). */
bool sn_cmd_client_name(struct sn_call *call, size_t index, char **field);

#endif
