/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CMD_SENTINEL_H
#define SN_SHELL_SERVER_CMD_SENTINEL_H

/* What the files of the SENTINEL command share. */

#include "core/view.h"
#include "shell/server/call.h"

/* Most names that one INFO-CACHE may ask for. */
#define SN_INFO_CACHE_NAMES_MAX 16384

/* The group named by an argument. NULL: there is none, and the error is in the reply (PROTOCOL.md
 * §4.1). */
const struct sn_group *sn_cmd_group(struct sn_call *call, size_t index);

/* Saves the state. The client gets *count (NULL: OK) when it is durable, or the error. */
void sn_cmd_save(struct sn_call *call, const int64_t *count);

#endif
