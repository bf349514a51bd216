/* SPDX-License-Identifier: BSD-3-Clause */

/* Which replica becomes the master (PROTOCOL.md §16): the stock order, on facts that are younger
 * than the failure (DESIGN.md D10), and a reason for everybody who is passed over. */

#include "core/model.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

#define FRESH_PINGS      5
#define FRESH_INFOS      3
#define LINK_DOWN_FACTOR 10

/* The moment from which on facts count as fresh. */
static sn_ms failure_at(const struct sn_group *group)
{
    return group->master->s_down ? group->master->s_down_at : group->failover.started_at;
}

const char *sn_select_refusal(const struct sn_group *group, const struct sn_instance *replica)
{
    const struct sn_core *core = group->core;
    const struct sn_data *data = &replica->u.data;
    const struct sn_instance *master = group->master;
    sn_ms ping_limit = FRESH_PINGS * core->timings[SN_TIMING_PING_PERIOD];
    sn_ms info_limit =
        master->s_down ? ping_limit : FRESH_INFOS * core->timings[SN_TIMING_INFO_PERIOD];
    sn_ms down_ms = master->s_down ? sn_age(core, master->s_down_at) : 0;
    sn_ms link_limit = LINK_DOWN_FACTOR * group->params.down_after_ms + down_ms;

    if (replica->s_down)
        return "it is down";
    if (!sn_instance_connected(replica))
        return "it is not connected";
    if (sn_age(core, replica->cmd->last_avail_at) > ping_limit)
        return "it has not answered PING lately";
    if (data->priority == 0)
        return "its priority is 0";
    if (data->info_at == SN_MS_NEVER || sn_age(core, data->info_at) > info_limit)
        return "its last INFO is too old";
    if (data->link_down_ms > link_limit)
        return "its link to the master was down for too long";
    if (data->refused_epoch != 0 && data->refused_epoch == group->failover.epoch)
        return "it refused or failed to be promoted in this attempt";
    if (sn_reconf_claimed(replica))
        return "another group claims it too";
    return NULL;
}

/* True if the replica has told about itself since the failure. */
static bool is_fresh(const struct sn_instance *replica)
{
    sn_ms info_at = replica->u.data.info_at;
    return info_at != SN_MS_NEVER && info_at >= failure_at(replica->group);
}

/* True if a is to be preferred to b. Whoever did not answer in time may be hanging, and what is
 * known of it is old: it is taken only if nobody answered. */
static bool better(const struct sn_instance *a, const struct sn_instance *b)
{
    if (is_fresh(a) != is_fresh(b))
        return is_fresh(a);
    if (a->u.data.priority != b->u.data.priority)
        return a->u.data.priority < b->u.data.priority;
    if (a->u.data.repl_offset != b->u.data.repl_offset)
        return a->u.data.repl_offset > b->u.data.repl_offset;
    if ((a->runid.hex[0] == '\0') != (b->runid.hex[0] == '\0'))
        return a->runid.hex[0] != '\0';
    return strcasecmp(a->runid.hex, b->runid.hex) < 0;
}

struct sn_instance *sn_select_replica(struct sn_group *group, bool log)
{
    struct sn_instance *best = NULL, *replica;
    char form[SN_PAYLOAD_MAX + 1];
    DL_FOREACH(group->replicas, replica) {
        const char *refusal = sn_select_refusal(group, replica);
        if (refusal == NULL && (best == NULL || better(replica, best)))
            best = replica;
        if (refusal == NULL || !log)
            continue;
        sn_instance_form(replica, form);
        sn_out_log(group->core, SN_LEVEL_NOTICE, "Not a candidate: %s: %s.", form, refusal);
    }
    if (best != NULL && log) {
        sn_instance_form(best, form);
        sn_out_log(group->core, SN_LEVEL_NOTICE, "Candidate: %s: priority %u, offset %llu.", form,
                   best->u.data.priority, (unsigned long long)best->u.data.repl_offset);
    }
    return best;
}

struct sn_instance *sn_select_wanted(struct sn_group *group, const struct sn_addr *wanted)
{
    if (wanted->port == 0)
        return sn_select_replica(group, true);
    struct sn_instance *replica = sn_group_find_replica(group, wanted);
    const char *refusal =
        replica == NULL ? "it is no known replica" : sn_select_refusal(group, replica);
    if (refusal == NULL)
        return replica;
    sn_out_log(group->core, SN_LEVEL_WARNING, "%s:%u cannot be made master of %s as asked: %s.",
               wanted->host, wanted->port, group->name, refusal);
    return NULL;
}

bool sn_select_facts_fresh(const struct sn_group *group)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (!replica->s_down && !is_fresh(replica))
            return false;
    }
    return true;
}

sn_ms sn_select_facts_deadline(const struct sn_group *group)
{
    sn_ms patience = sn_min(SN_FRESH_INFO_MAX_MS, group->params.down_after_ms / 2);
    return sn_after(failure_at(group), patience);
}
