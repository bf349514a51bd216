/* SPDX-License-Identifier: BSD-3-Clause */

/* Repair of stray replicas outside of a failover: a replica that claims to be a master, usually the
 * returning old master, and one that follows another master (PROTOCOL.md §17.2, §17.3).
 *
 * Stock waits 8 seconds before it demotes a returning master, in case its own view is outdated.
 * Here the wait is skipped if a majority of the sentinels has named our configuration within the
 * last hello period: then no newer one exists, and every write that the old master takes meanwhile
 * would be lost (DESIGN.md D13). */

#include "core/failover/repair.h"

#include "core/agree/election.h"
#include "core/agree/rival.h"
#include "core/facts/alias.h"
#include "core/facts/chain.h"
#include "core/facts/epoch.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/failover/reconf.h"
#include "core/failover/rescue.h"
#include "core/tell/raise.h"
#include "core/watch/confirm.h"

#include <assert.h>
#include <utlist.h>

#define SANE_INFOS    2
#define QUIET_PERIODS 4
#define REPEAT_MS     1000 /* shortest time between two orders to one replica */
#define TURN_MS       500  /* in rank order, so that only one sentinel sends an order */
#define HEIR_INFOS    2    /* turns of the sentinels that finish a dead leader's failover */
#define CAME_BACK_MS  1000 /* between the end of S_DOWN and the first INFO */

/* True if the master's role is confirmed (PROTOCOL.md §17.2, §17.3). */
static bool master_looks_sane(const struct sn_group *group)
{
    const struct sn_core *core = group->core;
    const struct sn_instance *master = group->master;
    const struct sn_data *data = &master->u.data;
    return data->role_reported == SN_ROLE_MASTER && !master->s_down && !group->o_down &&
           data->info_at != SN_MS_NEVER &&
           sn_age(core, data->info_at) <= SANE_INFOS * core->timings[SN_TIMING_INFO_PERIOD];
}

/* True if the node is an old master: it was down and returned as a master, and a server that is
 * down is not promoted. But if the same process was a replica before, somebody has promoted it, and
 * it was only disconnected from us (PROTOCOL.md §23). */
static bool came_back(const struct sn_instance *replica)
{
    sn_ms up_at = replica->s_up_at, claimed_at = replica->u.data.role_reported_at;
    return !replica->u.data.was_replica && up_at != SN_MS_NEVER &&
           claimed_at <= sn_after(up_at, CAME_BACK_MS) &&
           up_at <= sn_after(claimed_at, CAME_BACK_MS);
}

/* From when on confirmations of peers count. A server that became a master while we watched may
 * have been promoted by a sentinel whose hello is still on its way, so hellos count from half a
 * period later (PROTOCOL.md §23). */
static sn_ms doubt_until(const struct sn_instance *replica)
{
    sn_ms period = replica->core->timings[SN_TIMING_PUBLISH_PERIOD];
    sn_ms claimed_at = replica->u.data.role_reported_at;
    return came_back(replica) ? claimed_at - period * 3 / 2 : sn_after(claimed_at, period / 2);
}

/* Returns the number of sentinels that have just named exactly our configuration; this one is
 * included. */
static size_t count_confirming(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_core *core = group->core;
    const struct sn_instance *peer;
    size_t agreeing = 1;
    sn_ms since = core->now - core->timings[SN_TIMING_PUBLISH_PERIOD] * 3 / 2;
    since = sn_max(since, doubt_until(replica));
    DL_FOREACH(group->peers, peer) {
        const struct sn_peer *facts = &peer->u.peer;
        if (facts->hello_agrees && facts->hello_config_epoch == group->config_epoch &&
            facts->hello_heard_at >= since)
            agreeing++;
    }
    return agreeing;
}

/* PROTOCOL.md §17.2. */
static bool peers_confirm(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    return group->config_epoch > 0 && count_confirming(replica) >= sn_group_majority(group);
}

/* True if replica may be the master that peer announces under a name that we do not use, or may
 * follow it: what is known of that master does not say otherwise. */
static bool may_belong_to(const struct sn_instance *replica, const struct sn_peer *peer)
{
    const struct sn_addr *master = peer->foreign_master;
    return master == NULL || master->ip[0] == '\0' || sn_addr_equal(&replica->addr, master) ||
           (replica->u.data.role_reported == SN_ROLE_REPLICA &&
            sn_instance_follows(replica, master));
}

/* True if a peer that is up announces a newer configuration that is unusable here, because we
 * cannot use its master's name. The stray server may follow that configuration, and that peer
 * repairs strays itself: our orders would undo a failover that others have won. */
static bool is_outdated(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_core *core = group->core;
    sn_ms memory = QUIET_PERIODS * core->timings[SN_TIMING_PUBLISH_PERIOD];
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        const struct sn_peer *facts = &peer->u.peer;
        if (facts->hello_config_epoch > group->config_epoch && !peer->s_down &&
            sn_age(core, facts->hello_heard_at) <= memory &&
            sn_epoch_near(core, facts->hello_config_epoch) && may_belong_to(replica, facts))
            return true;
    }
    return false;
}

/* True if it is our turn to demote: all sentinels had time to confirm (PROTOCOL.md §17.2). */
static bool is_our_turn(const struct sn_instance *replica)
{
    const struct sn_core *core = replica->core;
    sn_ms period = core->timings[SN_TIMING_PUBLISH_PERIOD];
    sn_ms from = sn_max(replica->cmd->up_at, replica->u.data.role_reported_at);
    if (!came_back(replica))
        from = sn_max(from, sn_after(doubt_until(replica), period));
    sn_ms turn = TURN_MS + sn_rescue_patience(replica);
    return core->now >= sn_after(from, (sn_ms)sn_group_rank(replica->group) * turn);
}

static bool quiet_for(const struct sn_instance *replica, sn_ms wait)
{
    return replica->s_down_at == SN_MS_NEVER || sn_age(replica->core, replica->s_down_at) > wait;
}

/* Returns why the replica is not demoted before the stock time. */
static struct sn_why not_yet(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    struct sn_why why = {.reason = SN_REASON_NONE};
    if (!peers_confirm(replica))
        why = (struct sn_why){
            SN_REASON_REPAIR_UNCONFIRMED,
            {(int64_t)count_confirming(replica), (int64_t)sn_group_majority(group)}};
    else if (sn_rival_is_active(group))
        why.reason = SN_REASON_REPAIR_RIVAL;
    else if (!is_our_turn(replica))
        why = (struct sn_why){SN_REASON_REPAIR_NOT_OUR_TURN, {sn_group_rank(group)}};
    return why;
}

/* PROTOCOL.md §17.2. */
static void demote(struct sn_instance *replica)
{
    const struct sn_core *core = replica->core;
    const struct sn_data *data = &replica->u.data;
    sn_ms wait = QUIET_PERIODS * core->timings[SN_TIMING_PUBLISH_PERIOD];
    bool waited = quiet_for(replica, wait) && sn_age(core, data->role_reported_at) > wait;
    struct sn_why why = not_yet(replica);
    if (!waited && why.reason != SN_REASON_NONE)
        sn_reason_note_why(replica, &why);
    else if (!sn_rescue_holds(replica) && sn_reconf_send(replica))
        sn_raise(replica, SN_NOTICE_CONVERT_TO_SLAVE, NULL);
}

/* Returns the sentinel that won the present configuration, if it is down; it would reconfigure the
 * replicas. NULL if it is up or unknown. */
static const struct sn_instance *lost_leader(const struct sn_group *group)
{
    const struct sn_instance *leader = NULL;
    if (group->config_epoch > 0 && group->leader_epoch == group->config_epoch)
        leader = sn_group_find_peer(group, &group->leader);
    return leader != NULL && leader->s_down ? leader : NULL;
}

static sn_ms order_pause(const struct sn_instance *replica)
{
    return replica->u.data.order_refused ? replica->core->timings[SN_TIMING_INFO_PERIOD]
                                         : REPEAT_MS;
}

/* An INFO follows each order at once, so an order without effect must not be repeated at that
 * rate. */
static bool ordered_lately(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->ordered_at != SN_MS_NEVER &&
           sn_age(replica->core, data->ordered_at) < order_pause(replica);
}

/* True if the replica occupies a parallel-syncs slot, or will in a moment. */
static bool is_syncing(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    if (replica->s_down || data->role_reported != SN_ROLE_REPLICA || data->order_refused)
        return false;
    return sn_instance_follows_master(replica) ? !data->link_up : ordered_lately(replica);
}

/* True if this sentinel finishes the failover of a dead leader, which did not get to replica:
 * replica waits for a master that is gone. The rules are those of the leader (DESIGN.md D9). Only
 * one sentinel does it at a time: two that see a free slot at the same moment would both fill it.
 * The next sentinel takes over if the first had time to look at every replica and did not act. */
static bool inherits_from_leader(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_instance *leader = lost_leader(group);
    sn_ms turn = HEIR_INFOS * group->core->timings[SN_TIMING_INFO_PERIOD];
    return leader != NULL && !replica->u.data.link_up &&
           sn_age(group->core, leader->s_down_at) >= (sn_ms)sn_group_rank(group) * turn;
}

/* True if this sentinel led the failover, and replica was down or silent until it ended
 * (DESIGN.md D12). */
static bool was_left_out(const struct sn_instance *replica)
{
    return replica->u.data.left_out && replica->group->promoted_at != SN_MS_NEVER;
}

/* True if a slot is free for replica, and nobody may have another configuration. */
static bool may_follow_now(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_instance *other;
    size_t syncing = 0;
    DL_FOREACH(group->replicas, other)
        syncing += is_syncing(other) ? 1 : 0;
    return syncing < group->params.parallel_syncs && !sn_rival_is_active(group) &&
           peers_confirm(replica);
}

/* A replica that follows another master is redirected after failover-timeout (PROTOCOL.md §11.3,
 * §17.3). */
static void redirect(struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    sn_ms wait = group->params.failover_timeout_ms;
    if ((inherits_from_leader(replica) || was_left_out(replica)) && may_follow_now(replica)) {
        if (sn_reconf_send(replica))
            sn_raise(replica, SN_NOTICE_FIX_SLAVE_CONFIG, NULL);
        return;
    }
    /* What is above it may be gone, or belong to nobody (DESIGN.md D22). */
    bool orphan = sn_chain_is_orphan(replica);
    sn_ms strayed = orphan ? sn_chain_broken_ms(replica)
                           : sn_age(group->core, replica->u.data.master_changed_at);
    if (!quiet_for(replica, wait) || strayed <= wait)
        sn_reason_note_numbers(replica, SN_REASON_REPAIR_WAITS, strayed, wait, 0);
    else if (sn_reconf_send(replica))
        sn_raise(replica, orphan ? SN_NOTICE_FIX_ORPHAN : SN_NOTICE_FIX_SLAVE_CONFIG, NULL);
}

/* True if the server's role differs from its role in the group. */
static bool has_strayed(const struct sn_instance *replica)
{
    return replica->u.data.role_reported == SN_ROLE_MASTER ||
           (replica->u.data.role_reported == SN_ROLE_REPLICA &&
            !sn_instance_follows_master(replica) &&
            (sn_chain_upstream(replica) == NULL || sn_chain_is_orphan(replica)));
}

/* Returns why no repair is possible now, whatever the defect. */
static struct sn_why cannot_repair(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_data *data = &replica->u.data;
    struct sn_why why = {.reason = SN_REASON_NONE};
    if (group->failover.state != SN_FAILOVER_NONE)
        why = (struct sn_why){SN_REASON_IN_PROGRESS, {(int64_t)group->failover.epoch}};
    else if (replica->s_down)
        why = (struct sn_why){SN_REASON_FOLLOW_DOWN, {sn_age(group->core, replica->s_down_at)}};
    else if (!master_looks_sane(group))
        why.reason = SN_REASON_REPAIR_MASTER_DOUBTED;
    else if (is_outdated(replica) || sn_confirm_is_open(group))
        why.reason = SN_REASON_REPAIR_OUTDATED;
    else if (ordered_lately(replica))
        why = (struct sn_why){SN_REASON_REPAIR_LATELY,
                              {sn_age(group->core, data->ordered_at), order_pause(replica)}};
    else if (replica == sn_alias_moved_to(group))
        why.reason = SN_REASON_FOLLOW_ALIAS;
    return why;
}

void sn_repair_replica(struct sn_instance *replica)
{
    assert(replica->kind == SN_KIND_REPLICA);
    if (replica->core->tilt || !has_strayed(replica))
        return;
    struct sn_why why = cannot_repair(replica);
    if (why.reason != SN_REASON_NONE)
        sn_reason_note_why(replica, &why);
    else if (replica->u.data.role_reported == SN_ROLE_MASTER)
        demote(replica);
    else
        redirect(replica);
}
