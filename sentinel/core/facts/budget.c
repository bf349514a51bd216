/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/facts/budget.h"

#include <assert.h>

#define PART          40 /* of down-after */
#define PERIOD_MIN_MS 20
#define PERIOD_MAX_MS 1000
#define BUDGET        1000 /* PINGs a second */
#define SECOND_MS     1000
#define SCALE         1000 /* demand is counted in thousandths of a PING a second */

static sn_ms wanted_ms(const struct sn_group *group)
{
    return sn_min(sn_max(group->params.down_after_ms / PART, PERIOD_MIN_MS), PERIOD_MAX_MS);
}

void sn_budget_leave(struct sn_group *group)
{
    assert(group->core->probes_wanted >= group->probes_wanted);
    group->core->probes_wanted -= group->probes_wanted;
    group->probes_wanted = 0;
}

void sn_budget_count(struct sn_group *group)
{
    sn_budget_leave(group);
    group->probes_wanted = SCALE * SECOND_MS / (uint64_t)wanted_ms(group);
    group->core->probes_wanted += group->probes_wanted;
}

/* PROTOCOL.md §9.4. */
sn_ms sn_budget_period_ms(const struct sn_group *group)
{
    uint64_t period = (uint64_t)wanted_ms(group), wanted = group->core->probes_wanted;
    uint64_t granted = (uint64_t)SCALE * BUDGET;
    return (sn_ms)(wanted <= granted ? period : period * wanted / granted);
}
