/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/pace.h"

#define SHARE_NS ((uint64_t)2 * 1000 * 1000)

bool sn_pace_has_time(struct sn_pace *pace, const uv_loop_t *loop)
{
    uint64_t turn_ms = uv_now(loop), now_ns = uv_hrtime();

    if (turn_ms != pace->turn_ms || pace->until_ns == 0) {
        pace->turn_ms = turn_ms;
        pace->until_ns = now_ns + SHARE_NS;
    }
    return now_ns < pace->until_ns;
}
