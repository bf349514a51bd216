/* SPDX-License-Identifier: BSD-3-Clause */

/* Replicas testify (DESIGN.md D24). A master that answers no sentinel may still feed its replicas:
 * it is busy, or the network between it and the sentinels is broken. Each replica within reach,
 * asked since the master is S_DOWN, says when it last got a byte from it. With replica-veto no
 * attempt of this sentinel begins while a majority of them has got one since the silence began, and
 * not long ago.
 *
 * A replica tells full seconds, so that what it says may be wrong by one in either direction. Those
 * whose link is up and who cannot say yet count as hearing until they are asked two seconds after
 * the silence began; what they say then tells a master that hangs from one that does not. If the
 * link is down, the testimony is clear at once.
 */

#include "core/agree/testimony.h"

#include "core/agree/fresh.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/reason.h"
#include "core/tell/out.h"

#include <utlist.h>

#define UNCLEAR_MS 2200 /* then a byte from before the silence is known to be one */
#define RECENT_MS  5000 /* at least: rounding, the period of INFO, and of what masters send */

struct testimony {
    size_t said;    /* replicas that have testified */
    size_t hearing; /* those that hear the master */
    size_t unclear; /* those that may */
};

/* Since when nothing was heard of the master here. */
static sn_ms silence_of(const struct sn_group *group)
{
    sn_ms at = group->master->cmd->silence_at;
    return at == SN_MS_NEVER ? group->master->s_down_at : at;
}

/* What a replica is asked from then on, it answers clearly. */
static sn_ms clear_from_of(const struct sn_group *group)
{
    return sn_after(silence_of(group), UNCLEAR_MS);
}

static bool is_hearing(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    sn_ms heard_at = replica->u.data.master_heard_at;
    return heard_at != SN_MS_NEVER && heard_at >= silence_of(group) &&
           sn_age(group->core, heard_at) <= sn_max(group->params.down_after_ms, RECENT_MS);
}

static struct testimony ask(const struct sn_group *group)
{
    const struct sn_instance *replica;
    struct testimony testimony = {0};
    sn_ms clear_from = clear_from_of(group);
    DL_FOREACH(group->replicas, replica) {
        const struct sn_data *data = &replica->u.data;
        if (replica->s_down || !sn_fresh_is(replica))
            continue;
        testimony.said++;
        if (data->role_reported != SN_ROLE_REPLICA || !data->link_up ||
            !sn_instance_follows_master(replica) || data->master_heard_at == SN_MS_NEVER)
            continue;
        testimony.hearing += is_hearing(replica);
        testimony.unclear += !is_hearing(replica) && data->info_asked_at < clear_from;
    }
    return testimony;
}

static void note_hearing(const struct sn_group *group, const struct testimony *testimony)
{
    sn_reason_note_numbers(group->master, SN_REASON_STILL_HEARD, (int64_t)testimony->hearing,
                           (int64_t)testimony->said, 0);
}

bool sn_testimony_holds(struct sn_group *group)
{
    bool known = sn_fresh_are_all(group) || group->core->now >= sn_fresh_deadline(group);
    if (!sn_group_params_lets_replicas_veto(&group->params) || !group->o_down)
        return false;
    /* One that is a replica itself is reached well, and is O_DOWN for that. */
    if (group->master->u.data.role_reported == SN_ROLE_REPLICA)
        return false;
    if (!known)
        return true;
    struct testimony testimony = ask(group);
    if (2 * (testimony.hearing + testimony.unclear) <= testimony.said)
        return false;
    if (testimony.unclear > 0 && group->core->now >= clear_from_of(group))
        sn_group_ask_info_all(group);
    if (testimony.hearing > 0)
        note_hearing(group, &testimony);
    if (testimony.hearing > 0 && !group->veto_told) {
        group->veto_told = true;
        sn_out_log(
            group->core, SN_LEVEL_WARNING,
            "Failover of %s not started: %zu of %zu replicas within reach still receive from "
            "the master (replica-veto). SENTINEL FAILOVER %s fails over all the same.",
            group->name, testimony.hearing, testimony.said, group->name);
    }
    return true;
}

void sn_testimony_note(struct sn_group *group)
{
    struct testimony testimony = ask(group);
    group->veto_told = false;
    if (testimony.hearing > 0)
        note_hearing(group, &testimony);
}
