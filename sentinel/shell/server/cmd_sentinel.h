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

/* True if an argument names a group; replies nothing. */
bool sn_cmd_names_group(const struct sn_call *call, size_t index);

/* True if the last word is JSON; as the only one behind the subcommand it is a group, if one has
 * that name. */
bool sn_cmd_wants_json(const struct sn_call *call);

/* Passes command to the core; the client waits for the answer, unless it comes at once. */
void sn_cmd_decide(struct sn_call *call, const struct sn_command *command);

/* FAILOVER … DRYRUN [JSON]: how many of the last words say that; and the answer. */
size_t sn_cmd_dryrun_words(const struct sn_call *call);
void sn_cmd_dryrun(struct sn_call *call, const struct sn_command *command, bool json);

/* Saves the state. When it is durable, the client gets *count (NULL: OK), else an error. */
void sn_cmd_save(struct sn_call *call, const int64_t *count);

#endif
