/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TYPES_H
#define SN_BASE_TYPES_H

/* Scalars and limits that every layer shares. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds: an instant of the monotonic clock (`_at`) or a duration (`_ms`). */
typedef int64_t sn_ms;

#define SN_MS_NEVER INT64_MAX

#define SN_MUST_CHECK                 __attribute__((warn_unused_result))
#define SN_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/* Length of a process id as Redis and sentinels announce it (sn_text_is_runid). */
#define SN_RUNID_LEN 40

/* Longest group name, host name and event payload that we accept or send (PROTOCOL.md §7.1). */
#define SN_NAME_MAX    255
#define SN_HOST_MAX    255
#define SN_PAYLOAD_MAX 1023

/* The highest epoch: replies and requests carry signed 64-bit numbers (PROTOCOL.md §4.4). */
#define SN_EPOCH_MAX ((uint64_t)INT64_MAX)
/* The highest epoch that a message or a corrupt file can raise us to at once (core/facts/epoch.c).
 * The upper half of all epochs is left for elections. */
#define SN_EPOCH_FAR ((uint64_t)1 << 62)
/* The highest epoch accepted from a file: elections may have used epochs above SN_EPOCH_FAR. A
 * higher one is corrupt and is read as SN_EPOCH_FAR. */
#define SN_EPOCH_SAVED_MAX (SN_EPOCH_FAR + (SN_EPOCH_FAR >> 1))

/* The run id of a process; hex[0] == '\0' while unknown. */
struct sn_runid {
    char hex[SN_RUNID_LEN + 1];
};

#endif
