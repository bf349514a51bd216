/* SPDX-License-Identifier: BSD-3-Clause */

/* The drain before a planned switchover (DESIGN.md D17): no acknowledged write may be lost.
 *
 * While clients go on, the chosen replica first has to come near the master's offset: a replica
 * that has just synchronised gets nothing for up to a second. CLIENT PAUSE … WRITE then stops the
 * master's offset, and INFO behind it tells the offset. The chosen replica is polled until it has
 * reached that offset, and only then promoted. A replica that does not reach it gives way to
 * another with more data, which is drained to as well. The old master follows the new one at the
 * same time and is resumed. Where the pause is impossible (older servers, missing rights, master
 * down), a plain order goes on without it, as in stock; a coordinated one is aborted. The pause
 * ends by itself if this sentinel dies. */

#include "core/failover/drain.h"

#include "core/agree/select.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/pause.h"
#include "core/facts/reason.h"
#include "core/facts/unanswered.h"
#include "core/tell/out.h"

#include <assert.h>
#include <string.h>

#define NEAR_MAX_MS 5000 /* longest wait for a replica that lags; nobody is paused for it */

#define PHASE(phase) (1U << (unsigned)(phase))

static void enter_phase(struct sn_group *group, enum sn_drain_phase phase)
{
    static const unsigned legal_next[] = {
        [SN_DRAIN_NONE] = PHASE(SN_DRAIN_NEARING) | PHASE(SN_DRAIN_PAUSING) | PHASE(SN_DRAIN_OVER) |
                          PHASE(SN_DRAIN_FAILED),
        [SN_DRAIN_NEARING] =
            PHASE(SN_DRAIN_PAUSING) | PHASE(SN_DRAIN_OVER) | PHASE(SN_DRAIN_FAILED),
        [SN_DRAIN_PAUSING] =
            PHASE(SN_DRAIN_CATCHING) | PHASE(SN_DRAIN_OVER) | PHASE(SN_DRAIN_FAILED),
        /* Another candidate also has to catch up. */
        [SN_DRAIN_CATCHING] =
            PHASE(SN_DRAIN_CATCHING) | PHASE(SN_DRAIN_OVER) | PHASE(SN_DRAIN_FAILED),
        [SN_DRAIN_OVER] = PHASE(SN_DRAIN_CATCHING),
        [SN_DRAIN_FAILED] = 0,
    };
    struct sn_drain *drain = &group->failover.drain;
    assert((legal_next[drain->phase] & PHASE(phase)) != 0);
    drain->phase = phase;
}

static void drain_done(struct sn_group *group)
{
    enter_phase(group, SN_DRAIN_OVER);
}

/* The drain is impossible: a plain order promotes without it, a coordinated attempt ends. detail
 * replaces the words of the reason, if not NULL (PROTOCOL.md §22.4). */
static void drain_skip(struct sn_group *group, enum sn_reason reason, const char *detail)
{
    const char *why = detail != NULL ? detail : sn_reason_words(reason);
    sn_reason_note(group->master, reason);
    if (group->failover.mode == SN_MODE_COORDINATED) {
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Gave up coordinated failover of %s because writes could be lost: %s.",
                   group->name, why);
        enter_phase(group, SN_DRAIN_FAILED);
        return;
    }
    sn_out_log(
        group->core, SN_LEVEL_WARNING,
        "Failover of %s continues without draining the master, so its last writes may be lost: %s.",
        group->name, why);
    sn_pause_end(group->master);
    group->failover.drain.target_known = false;
    drain_done(group);
}

static void forget(struct sn_group *group)
{
    sn_pause_end(group->master);
    memset(&group->failover.drain, 0, sizeof(group->failover.drain));
}

/* The drain starts again from the beginning, until the order expires: earlier facts no longer
 * count. */
static void begin_again(struct sn_group *group, enum sn_reason reason)
{
    sn_reason_note(group->master, reason);
    sn_out_log(group->core, SN_LEVEL_NOTICE, "Draining the master of %s again: %s.", group->name,
               sn_reason_words(reason));
    forget(group);
}

/* True if the replica has all that the master has written up to offset. A server that reports the
 * role of a master, or has no link to one, reports an offset of another history, or none. */
static bool has_reached(const struct sn_instance *replica, uint64_t offset)
{
    const struct sn_data *data = &replica->u.data;
    return data->role_reported == SN_ROLE_REPLICA && data->link_up && data->repl_offset >= offset;
}

/* True if the replica has what the master had a moment ago. */
static bool is_near(const struct sn_group *group)
{
    const struct sn_data *master = &group->master->u.data;
    return master->info_at != SN_MS_NEVER && master->info_at >= group->failover.started_at &&
           has_reached(group->failover.promoted, master->master_offset);
}

/* True if another replica has more data, and the operator did not name the chosen one: the chosen
 * one takes too long, because it hangs or its link is slow. */
static bool has_somebody_more(struct sn_group *group)
{
    struct sn_data *late = &group->failover.promoted->u.data;
    if (group->failover.wanted != NULL)
        return false;
    late->refused_epoch = group->failover.epoch;
    const struct sn_instance *other = sn_select_replica(group);
    late->refused_epoch = 0;
    if (other == NULL)
        return false;
    return late->role_reported != SN_ROLE_REPLICA || !late->link_up ||
           other->u.data.repl_offset > late->repl_offset;
}

void sn_drain_next(struct sn_group *group)
{
    struct sn_drain *drain = &group->failover.drain;
    if (drain->target_known && group->core->now < drain->deadline &&
        sn_pause_is_on(group->master)) {
        enter_phase(group, SN_DRAIN_CATCHING);
        return;
    }
    forget(group);
}

static void pause_clients(struct sn_group *group)
{
    struct sn_core *core = group->core;
    struct sn_drain *drain = &group->failover.drain;
    struct sn_instance *master = group->master;
    struct sn_action_send send = {.order = SN_ORDER_CLIENT_PAUSE,
                                  .tag = master->id,
                                  .duration_ms = sn_pause_longest_ms(group)};
    assert(sn_link_can_send(master->cmd));
    sn_out_send(master->cmd, &send);
    sn_unanswered_add_pause(master);
    master->u.data.paused_until = sn_after(core->now, send.duration_ms);
    enter_phase(group, SN_DRAIN_PAUSING);
    drain->paused_at = core->now;
    drain->master = master->runid;
    drain->link = master->cmd->id;
    drain->deadline = sn_after(core->now, sn_pause_drain_ms(group));
    sn_instance_ask_info(master);
}

static void begin(struct sn_group *group)
{
    struct sn_drain *drain = &group->failover.drain;
    struct sn_instance *master = group->master;
    enum sn_failover_mode mode = group->failover.mode;
    if (mode == SN_MODE_NONE || mode == SN_MODE_REBORN || mode == SN_MODE_FORCED) {
        drain_done(group);
    } else if (master->s_down || !sn_link_can_send(master->cmd)) {
        drain_skip(group, SN_REASON_DRAIN_NO_ANSWER, NULL);
    } else if (is_near(group)) {
        pause_clients(group);
    } else {
        enter_phase(group, SN_DRAIN_NEARING);
        drain->deadline =
            sn_after(group->core->now, sn_min(NEAR_MAX_MS, group->params.failover_timeout_ms / 2));
        sn_instance_ask_info(master);
        sn_instance_ask_info(group->failover.promoted);
    }
}

static bool is_busy(const struct sn_drain *drain)
{
    return drain->phase == SN_DRAIN_NEARING || drain->phase == SN_DRAIN_PAUSING ||
           drain->phase == SN_DRAIN_CATCHING;
}

enum sn_drain_verdict sn_drain_step(struct sn_group *group)
{
    const struct sn_drain *drain = &group->failover.drain;
    assert(group->failover.state == SN_FAILOVER_SEND_PROMOTION && group->failover.promoted != NULL);
    if (drain->phase == SN_DRAIN_OVER && drain->target_known && !sn_pause_is_on(group->master))
        begin_again(group, SN_REASON_DRAIN_PAUSE_OVER);
    if (drain->phase == SN_DRAIN_NONE) {
        begin(group);
    } else if (is_busy(drain) && group->master->s_down) {
        drain_skip(group, SN_REASON_DRAIN_MASTER_DOWN, NULL);
    } else if (is_busy(drain) && group->core->now >= drain->deadline) {
        if (drain->phase == SN_DRAIN_PAUSING)
            drain_skip(group, SN_REASON_DRAIN_NO_ANSWER, NULL);
        else if (has_somebody_more(group))
            return SN_DRAIN_CHOOSE_AGAIN;
        else
            drain_skip(group, SN_REASON_DRAIN_LATE, NULL);
    }
    if (is_busy(drain))
        return SN_DRAIN_WAIT;
    return drain->phase == SN_DRAIN_FAILED ? SN_DRAIN_GIVE_UP : SN_DRAIN_PROMOTE;
}

sn_ms sn_drain_deadline(const struct sn_group *group)
{
    const struct sn_drain *drain = &group->failover.drain;
    return is_busy(drain) ? drain->deadline : SN_MS_NEVER;
}

void sn_drain_pause_reply(struct sn_instance *master, const struct sn_reply *reply)
{
    struct sn_group *group = master->group;
    struct sn_drain *drain = &group->failover.drain;
    if (sn_unanswered_remove_pause(master) > 0)
        return; /* the answer to an order for an earlier candidate; the last order counts */
    if (reply->type == SN_REPLY_ERROR)
        master->u.data.paused_until = SN_MS_NEVER;
    if (group->failover.state != SN_FAILOVER_SEND_PROMOTION || drain->phase != SN_DRAIN_PAUSING ||
        master != group->master)
        return;
    if (reply->type == SN_REPLY_ERROR) {
        const char *why =
            sn_out_printf(group->core,
                          "the master refused CLIENT PAUSE with \"%.100s\" (the rights "
                          "+client|pause and +client|unpause, and Redis 6.2, are needed)",
                          reply->text);
        drain_skip(group, SN_REASON_DRAIN_REFUSED, why);
        sn_mark_group(group, SN_MARK_STEP);
        return;
    }
    enter_phase(group, SN_DRAIN_CATCHING);
    sn_drain_info(master, NULL);
}

void sn_drain_unpause_reply(const struct sn_instance *node, const struct sn_reply *reply)
{
    if (reply->type == SN_REPLY_ERROR)
        sn_out_log(
            node->core, SN_LEVEL_WARNING,
            "%s:%u of %s refused CLIENT UNPAUSE with \"%.100s\": its clients stay paused until the "
            "pause expires, at most %lld ms after its start. Grant +client|unpause.",
            node->addr.ip, node->addr.port, node->group->name, reply->text,
            (long long)sn_pause_longest_ms(node->group));
}

/* Takes the offset that the master reported, or asks again. */
static void take_target(struct sn_instance *master, const struct sn_info *info)
{
    struct sn_group *group = master->group;
    struct sn_drain *drain = &group->failover.drain;
    if (info != NULL) {
        if (!info->has_master_offset) {
            drain_skip(group, SN_REASON_DRAIN_NO_OFFSET, NULL);
            sn_mark_group(group, SN_MARK_STEP);
            return;
        }
        drain->target = info->master_repl_offset;
        drain->target_known = true;
        sn_instance_ask_info(group->failover.promoted);
        return;
    }
    sn_instance_ask_info(master);
}

/* True if the writes have certainly stopped at the target: since the pause began, the master was
 * not restarted, and the pause did not end while this process was busy or asleep. */
static bool is_pause_certain(const struct sn_group *group)
{
    const struct sn_drain *drain = &group->failover.drain;
    const struct sn_instance *master = group->master;
    const struct sn_link *link = master->cmd;
    return sn_pause_is_on(master) && link->state == SN_LINK_UP && link->id.v == drain->link.v;
}

static void look_whether_drained(struct sn_group *group)
{
    struct sn_drain *drain = &group->failover.drain;
    if (!drain->target_known || !has_reached(group->failover.promoted, drain->target) ||
        !is_pause_certain(group))
        return; /* a later INFO decides, or the deadline */
    sn_out_log(group->core, SN_LEVEL_NOTICE,
               "Drained the master of %s: the replica has all writes up to offset %llu, %lld "
               "ms after the pause.",
               group->name, (unsigned long long)drain->target,
               (long long)sn_age(group->core, drain->paused_at));
    drain_done(group);
    sn_mark_group(group, SN_MARK_STEP);
}

static void take_masters_info(struct sn_instance *master, const struct sn_info *info)
{
    struct sn_group *group = master->group;
    struct sn_drain *drain = &group->failover.drain;
    bool restarted = !sn_runid_equal(&master->runid, &drain->master);
    bool confirmed = drain->phase == SN_DRAIN_CATCHING;
    if (restarted || (!confirmed && master->cmd->id.v != drain->link.v)) {
        begin_again(group, restarted ? SN_REASON_DRAIN_RESTARTED : SN_REASON_DRAIN_UNCONFIRMED);
        sn_mark_group(group, SN_MARK_STEP);
    } else if (!confirmed) {
        sn_instance_ask_info(master); /* this INFO is from before the pause */
    } else {
        drain->link = master->cmd->id;
        if (drain->target_known)
            look_whether_drained(group);
        else
            take_target(master, info);
    }
}

void sn_drain_info(struct sn_instance *instance, const struct sn_info *info)
{
    struct sn_group *group = instance->group;
    struct sn_drain *drain = &group->failover.drain;
    if (group->failover.state != SN_FAILOVER_SEND_PROMOTION)
        return;
    if (drain->phase == SN_DRAIN_NEARING && is_near(group) &&
        sn_link_can_send(group->master->cmd)) {
        pause_clients(group);
        sn_mark_group(group, SN_MARK_STEP); /* arms its deadline */
    } else if (drain->phase == SN_DRAIN_CATCHING || drain->phase == SN_DRAIN_PAUSING) {
        if (instance == group->master)
            take_masters_info(instance, info);
        else if (instance == group->failover.promoted)
            look_whether_drained(group);
    }
}
