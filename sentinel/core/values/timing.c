/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/timing.h"

#include "base/error.h"
#include "core/image.h"

#include <assert.h>
#include <strings.h>

struct timing {
    const char *name;
    sn_ms default_ms;
};

static const struct timing timings[SN_TIMING_COUNT] = {
    [SN_TIMING_INFO_PERIOD] = {"INFO-PERIOD", 10000},
    [SN_TIMING_PING_PERIOD] = {"PING-PERIOD", 1000},
    [SN_TIMING_ASK_PERIOD] = {"ASK-PERIOD", 1000},
    [SN_TIMING_PUBLISH_PERIOD] = {"PUBLISH-PERIOD", 2000},
    [SN_TIMING_DEFAULT_DOWN_AFTER] = {"DEFAULT-DOWN-AFTER", SN_DOWN_AFTER_DEFAULT_MS},
    [SN_TIMING_DEFAULT_FAILOVER_TIMEOUT] = {"DEFAULT-FAILOVER-TIMEOUT",
                                            SN_FAILOVER_TIMEOUT_DEFAULT_MS},
    [SN_TIMING_TILT_TRIGGER] = {"TILT-TRIGGER", 2000},
    [SN_TIMING_TILT_PERIOD] = {"TILT-PERIOD", 30000},
    [SN_TIMING_SLAVE_RECONF_TIMEOUT] = {"SLAVE-RECONF-TIMEOUT", 10000},
    [SN_TIMING_MIN_LINK_RECONNECT_PERIOD] = {"MIN-LINK-RECONNECT-PERIOD", 15000},
    [SN_TIMING_ELECTION_TIMEOUT] = {"ELECTION-TIMEOUT", 10000},
    [SN_TIMING_SCRIPT_MAX_RUNTIME] = {"SCRIPT-MAX-RUNTIME", 60000},
    [SN_TIMING_SCRIPT_RETRY_DELAY] = {"SCRIPT-RETRY-DELAY", 30000},
};

const char *sn_timing_name(enum sn_timing timing)
{
    assert(timing < SN_TIMING_COUNT);
    return timings[timing].name;
}

sn_ms sn_timing_default(enum sn_timing timing)
{
    assert(timing < SN_TIMING_COUNT);
    return timings[timing].default_ms;
}

int sn_timing_find(const char *name, enum sn_timing *timing)
{
    for (unsigned i = 0; i < SN_TIMING_COUNT; i++) {
        if (strcasecmp(timings[i].name, name) == 0) {
            *timing = (enum sn_timing)i;
            return 0;
        }
    }
    return SN_ENOENT;
}
