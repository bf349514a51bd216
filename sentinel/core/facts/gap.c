/* SPDX-License-Identifier: BSD-3-Clause */

/* The longest gap of each of the last days. Days are those of this process, not of a calendar. */

#include "core/facts/gap.h"

#include <string.h>

#define DAY_MS ((sn_ms)24 * 60 * 60 * 1000)

static uint32_t today(const struct sn_group *group)
{
    return (uint32_t)(group->core->now / DAY_MS);
}

/* Days that have passed without a gap have none of those that were kept in their places. */
static void pass_days(struct sn_gaps *gaps, uint32_t day)
{
    for (uint32_t passed = 0; gaps->day < day && passed < SN_GAP_DAYS; passed++)
        gaps->longest_ms[++gaps->day % SN_GAP_DAYS] = 0;
    gaps->day = day;
}

void sn_gap_note(struct sn_group *group, sn_ms gap_ms)
{
    struct sn_gaps *gaps = &group->gaps;

    pass_days(gaps, today(group));
    uint32_t *longest_ms = &gaps->longest_ms[gaps->day % SN_GAP_DAYS];
    *longest_ms = (uint32_t)sn_min(sn_max(*longest_ms, gap_ms), UINT32_MAX);
}

void sn_gap_new_master(struct sn_group *group)
{
    memset(&group->gaps, 0, sizeof(group->gaps));
}

sn_ms sn_gap_longest_ms(const struct sn_group *group)
{
    struct sn_gaps gaps = group->gaps;
    sn_ms longest_ms = 0;

    pass_days(&gaps, today(group));
    for (size_t i = 0; i < SN_GAP_DAYS; i++)
        longest_ms = sn_max(longest_ms, gaps.longest_ms[i]);
    return longest_ms;
}
