/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_MEMORY_LIMIT_H
#define SN_SHELL_PROCESS_MEMORY_LIMIT_H

/* How much memory all clients together may hold (`maxmemory-clients`). */

#include "base/types.h"

/* Bytes that this process may use: the smallest of the machine's memory, the limits of its cgroups
 * and its resource limits (ulimit -v, -d). Reads files; for the start. */
uint64_t sn_memory_available(void);

/* The ceiling for all clients, in bytes, where `available` bytes are there and the setting is text:
 * a size ("64mb"), or a part of what is there ("5%"); "0": no ceiling, UINT64_MAX. NULL: the
 * default, an eighth of what is there, between 16 MiB and 256 MiB. */
uint64_t sn_memory_of_clients(const char *text, uint64_t available);

#endif
