/* SPDX-License-Identifier: BSD-3-Clause */

/* Failure detection: S_DOWN of masters, replicas and peers, exact to the millisecond (DESIGN.md
 * D1). Nothing is scanned: whatever changes a fact calls sn_detect_update, which judges the
 * instance and arms its timer for the moment at which the present facts would make it S_DOWN. */

#include "core/alias.h"
#include "core/election.h"
#include "core/model.h"

#include <utlist.h>

/* When the facts of now make (or made) instance S_DOWN; NEVER if they do not (PROTOCOL.md §13.2).
 */
static sn_ms down_since(const struct sn_instance *instance)
{
    const struct sn_core *core = instance->core;
    const struct sn_group_params *params = &instance->group->params;
    const struct sn_data *data = &instance->u.data;
    sn_ms at = sn_after(instance->cmd->silence_at, params->down_after_ms);
    if (instance->kind != SN_KIND_MASTER)
        return at;
    if (data->role_reported == SN_ROLE_REPLICA) {
        sn_ms patience = params->down_after_ms + 2 * core->timings[SN_TIMING_INFO_PERIOD];
        at = sn_min(at, sn_after(data->role_reported_at, patience));
    }
    /* Under another name it has been replaced, by one that is a master by now. */
    const struct sn_instance *moved_to = sn_alias_moved_to(instance->group);
    if (moved_to != NULL && moved_to->u.data.role_reported == SN_ROLE_MASTER)
        at = sn_min(at, core->now);
    if (data->rebooting && params->reboot_down_after_ms > 0)
        at = sn_min(at, sn_after(data->reboot_at, params->reboot_down_after_ms));
    return at;
}

/* Tells those whose decisions depend on instance. */
static void spread(struct sn_instance *instance)
{
    struct sn_group *group = instance->group;
    if (instance->kind != SN_KIND_MASTER && !instance->s_down && group->master->s_down)
        sn_link_hurry(group->master->cmd, instance->cmd);
    switch (instance->kind) {
    case SN_KIND_MASTER:
        sn_agree_master_changed(group);
        break;
    case SN_KIND_REPLICA:
        sn_failover_step(group);
        break;
    case SN_KIND_PEER:
        if (instance->s_down) {
            /* Its turn, if it was its turn, passes on (DESIGN.md D9). */
            group->rank_at = sn_after(group->core->now, sn_election_turn_ms(group));
            sn_election_count(group);
        } else {
            group->lost_rounds = 0;
            group->retry_at = group->core->now;
            sn_election_voter_up(group);
        }
        sn_election_plan(group);
        break;
    case SN_KIND_NONE:
        break;
    }
}

void sn_detect_update(struct sn_instance *instance)
{
    struct sn_core *core = instance->core;
    sn_ms at = down_since(instance);
    bool down = core->now >= at;
    if (core->tilt)
        return; /* leaving TILT judges everybody */
    sn_timer_set(&core->timers, &instance->down, down ? SN_MS_NEVER : at);
    if (down == instance->s_down)
        return;
    instance->s_down = down;
    if (down) {
        instance->s_down_at = core->now;
        sn_event_raise(instance, SN_LEVEL_WARNING, "+sdown", NULL);
    } else {
        instance->s_up_at = core->now;
        if (sn_is_data(instance))
            instance->u.data.script_kill_sent = false;
        sn_event_raise(instance, SN_LEVEL_WARNING, "-sdown", NULL);
    }
    spread(instance);
}

void sn_detect_link_changed(struct sn_link *link)
{
    struct sn_instance *owner;
    if (link->kind == SN_LINK_SUBSCRIBE)
        return;
    LL_FOREACH2(link->owners, owner, owner_next)
        sn_detect_update(owner);
}
