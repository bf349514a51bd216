/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_MEMORY_LIMIT_H
#define SN_SHELL_PROCESS_MEMORY_LIMIT_H

/* Memory limit for all clients together (`maxmemory-clients`). */

#include "base/types.h"

/* Returns the bytes that this process may use: the minimum of the machine's memory, its cgroup
 * limits and its resource limits (ulimit -v, -d). Reads files; for use at the start. */
uint64_t sn_memory_available(void);

/* Returns the limit for all clients, in bytes. text, the setting: a size ("64mb"), a percentage of
 * `available` ("5%"), "0" for no limit (UINT64_MAX), or NULL for the default, an eighth of
 * `available` between 16 MiB and 256 MiB. */
uint64_t sn_memory_of_clients(const char *text, uint64_t available);

#endif
