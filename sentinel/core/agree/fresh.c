/* SPDX-License-Identifier: BSD-3-Clause */

/* The choice of a replica waits for facts younger than the failure, for a bounded time (PROTOCOL.md
 * §15.2, DESIGN.md D10). */

#include "core/agree/fresh.h"

#include <utlist.h>

/* Returns the instant from which on facts count as fresh. */
static sn_ms failure_at(const struct sn_group *group)
{
    const struct sn_instance *master = group->master;
    if (master->s_down)
        return master->s_down_at;
    return master->u.data.reborn_empty ? master->u.data.reborn_at : group->failover.started_at;
}

bool sn_fresh_is(const struct sn_instance *replica)
{
    sn_ms info_at = replica->u.data.info_at;
    return info_at != SN_MS_NEVER && info_at >= failure_at(replica->group);
}

/* PROTOCOL.md §15.2. */
bool sn_fresh_are_all(const struct sn_group *group)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (!replica->s_down && !sn_fresh_is(replica))
            return false;
    }
    return true;
}

/* PROTOCOL.md §15.2. */
sn_ms sn_fresh_deadline(const struct sn_group *group)
{
    sn_ms patience = sn_min(SN_FRESH_INFO_MAX_MS, group->params.down_after_ms / 2);
    return sn_after(failure_at(group), patience);
}
