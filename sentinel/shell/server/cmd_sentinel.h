/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CMD_SENTINEL_H
#define SN_SHELL_SERVER_CMD_SENTINEL_H

/* Shared by the files of the SENTINEL command. */

#include "core/view.h"
#include "shell/server/call.h"

/* Maximum number of names in one INFO-CACHE. */
#define SN_INFO_CACHE_NAMES_MAX 16384

/* Returns the group named by an argument. NULL: there is none; an error was replied (PROTOCOL.md
 * §4.1). */
const struct sn_group *sn_cmd_group(struct sn_call *call, size_t index);

/* Saves the state. When it is durable, the client gets *count (NULL: OK), else an error. */
void sn_cmd_save(struct sn_call *call, const int64_t *count);

#endif
