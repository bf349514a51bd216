/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TIMING_H
#define SN_CORE_TIMING_H

/* Process-wide periods that SENTINEL DEBUG lists and changes (PROTOCOL.md §4.15, §11.2), in the
 * order of its reply. Milliseconds, always > 0. */

#include "base/types.h"

enum sn_timing {
    SN_TIMING_INFO_PERIOD = 0,
    SN_TIMING_PING_PERIOD,
    SN_TIMING_ASK_PERIOD,
    SN_TIMING_PUBLISH_PERIOD,
    SN_TIMING_DEFAULT_DOWN_AFTER,
    SN_TIMING_DEFAULT_FAILOVER_TIMEOUT,
    SN_TIMING_TILT_TRIGGER,
    SN_TIMING_TILT_PERIOD,
    SN_TIMING_SLAVE_RECONF_TIMEOUT,
    SN_TIMING_MIN_LINK_RECONNECT_PERIOD,
    SN_TIMING_ELECTION_TIMEOUT,
    SN_TIMING_SCRIPT_MAX_RUNTIME,
    SN_TIMING_SCRIPT_RETRY_DELAY,
    SN_TIMING_COUNT
};

/* The name in upper case, "INFO-PERIOD" and so on. */
const char *sn_timing_name(enum sn_timing timing);
/* The default in milliseconds (PROTOCOL.md §11.2). */
sn_ms sn_timing_default(enum sn_timing timing);
/* Finds name, ignoring case. SN_ENOENT if there is none (PROTOCOL.md §4.15). */
SN_MUST_CHECK int sn_timing_find(const char *name, enum sn_timing *timing);

#endif
