/* SPDX-License-Identifier: BSD-3-Clause */

/* Chains: a replica may follow another one by its operator's wish. It is told from one that was
 * left behind below an old master by the moment when it began to follow: then what is above it was
 * a replica of the group already. */

#include "core/facts/chain.h"

#include "core/facts/instance.h"
#include "core/facts/members.h"

#include <strings.h>
#include <utlist.h>

/* Returns the replica whose address `replica` reports as that of its master; NULL if none. */
static struct sn_instance *reported_upstream(const struct sn_instance *replica)
{
    struct sn_instance *other;
    if (replica->u.data.role_reported != SN_ROLE_REPLICA || sn_instance_follows_master(replica))
        return NULL;
    DL_FOREACH(replica->group->replicas, other) {
        if (other != replica && sn_instance_follows(replica, &other->addr))
            return other;
    }
    return NULL;
}

/* DESIGN.md D22. */
void sn_chain_learn(struct sn_instance *replica)
{
    replica->u.data.chained =
        replica->kind == SN_KIND_REPLICA && reported_upstream(replica) != NULL;
}

struct sn_instance *sn_chain_upstream(const struct sn_instance *replica)
{
    if (!replica->u.data.chained || replica->kind != SN_KIND_REPLICA ||
        !sn_group_params_learns_chains(&replica->group->params))
        return NULL;
    return reported_upstream(replica);
}

/* True if the leader's present failover takes care of a replica that is in no chain. */
static bool is_led(const struct sn_group *group)
{
    return group->failover.state == SN_FAILOVER_RECONF;
}

/* Returns the first replica above `replica` that breaks the chain; NULL if the chain holds. A chain
 * that returns to where it began is broken where it does. */
static const struct sn_instance *find_break(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_instance *at = replica;
    for (size_t hops = 0; hops <= group->replica_count; hops++) {
        const struct sn_instance *above = sn_chain_upstream(at);
        if (above == NULL)
            return sn_instance_follows_master(at) || (is_led(group) && at != replica) ? NULL : at;
        if (above->s_down || above->u.data.role_reported != SN_ROLE_REPLICA || above == replica)
            return above;
        at = above;
    }
    return at;
}

/* DESIGN.md D22. */
bool sn_chain_holds(const struct sn_instance *replica)
{
    return sn_chain_upstream(replica) != NULL && find_break(replica) == NULL;
}

/* DESIGN.md D22. */
bool sn_chain_is_orphan(const struct sn_instance *replica)
{
    const struct sn_instance *above = sn_chain_upstream(replica), *where;
    if (above == NULL)
        return false;
    where = find_break(replica);
    return where == above || where == replica;
}

sn_ms sn_chain_broken_ms(const struct sn_instance *replica)
{
    const struct sn_core *core = replica->core;
    const struct sn_instance *where = find_break(replica);
    if (where == NULL)
        return 0;
    if (where->s_down)
        return sn_age(core, where->s_down_at);
    return core->now - sn_max(where->u.data.role_reported_at, where->u.data.master_changed_at);
}
