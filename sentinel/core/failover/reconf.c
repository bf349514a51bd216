/* SPDX-License-Identifier: BSD-3-Clause */

/* After the switch: orders the other replicas to follow the new master, parallel-syncs at a time,
 * and the old master, if it still answers, at once. A replica that refuses, goes down or does not
 * obey in time gives its place to the next one (PROTOCOL.md §15.6, §15.7, §24.2). */

#include "core/failover/reconf.h"

#include "core/facts/alias.h"
#include "core/facts/attempt.h"
#include "core/facts/chain.h"
#include "core/facts/foreign.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/pause.h"
#include "core/facts/reason.h"
#include "core/facts/refusal.h"
#include "core/facts/unanswered.h"
#include "core/failover/order.h"
#include "core/failover/rescue.h"
#include "core/failover/restore.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/rights.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* A forced failover overrides the claim of another group, as long as it lasts. */
static bool is_forced(const struct sn_instance *replica)
{
    const struct sn_failover *failover = &replica->group->failover;
    return failover->state == SN_FAILOVER_RECONF && failover->mode == SN_MODE_FORCED &&
           !sn_foreign_is_master(replica);
}

static enum sn_reason cannot_order(const struct sn_instance *replica)
{
    if (!sn_link_can_send(replica->cmd))
        return SN_REASON_FOLLOW_NO_LINK;
    if (sn_unanswered_has(replica, SN_UNANSWERED_ORDER))
        return SN_REASON_FOLLOW_PENDING;
    return replica == sn_alias_moved_to(replica->group) ? SN_REASON_FOLLOW_ALIAS : SN_REASON_NONE;
}

bool sn_reconf_send(struct sn_instance *replica)
{
    const struct sn_instance *master = replica->group->master;
    enum sn_reason refusal = cannot_order(replica);
    assert(replica->kind == SN_KIND_REPLICA && replica != master);
    if (refusal != SN_REASON_NONE) {
        sn_reason_note(replica, refusal);
        return false;
    }
    if (sn_foreign_tell(replica)) {
        if (!is_forced(replica)) {
            sn_reason_note(replica, sn_foreign_claimed(replica) ? SN_REASON_FOLLOW_CLAIMED
                                                                : SN_REASON_FOLLOW_ITSELF);
            return false;
        }
        sn_out_log(replica->core, SN_LEVEL_WARNING,
                   "Ordering %s:%u to follow the new master of %s in spite of that: the operator "
                   "forces this failover.",
                   replica->addr.ip, replica->addr.port, replica->group->name);
    }
    struct sn_action_send send = {
        .order = SN_ORDER_FOLLOW,
        .tag = replica->id,
        .host = sn_instance_host(master),
        .port = master->addr.port,
        .no_rewrite = replica->cmd->no_rewrite,
    };
    sn_out_send(replica->cmd, &send);
    sn_unanswered_add(replica, SN_UNANSWERED_ORDER);
    if (replica->u.data.role_reported == SN_ROLE_MASTER)
        replica->u.data.unproven_at = replica->core->now;
    replica->u.data.ordered_at = replica->core->now;
    replica->u.data.left_out = false;
    sn_instance_ask_info(replica);
    return true;
}

/* PROTOCOL.md §15.6, §24.2. */
static bool in_progress(const struct sn_instance *replica)
{
    return !replica->s_down &&
           (replica->u.data.reconf == SN_RECONF_SENT || replica->u.data.reconf == SN_RECONF_INPROG);
}

static bool is_old_master(const struct sn_instance *replica)
{
    return sn_addr_equal(&replica->addr, replica->group->failover.old_addr);
}

/* Two leaders may promote at nearly the same time: in epochs that follow one another, or under two
 * names of the group. The one that promotes later sees the other's promotion in an INFO that it
 * asks for after its own. A replica that turns out to be a master then is left to repair.c, so that
 * two servers never follow each other (PROTOCOL.md §15.6). */
static bool has_told(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->info_asked_at != SN_MS_NEVER &&
           data->info_asked_at >= replica->group->failover.state_at;
}

/* Since when a replica has to have told its role before it is ordered: since the last one that was
 * ordered left its place. Replicas may wait long for their places, and somebody may have forced
 * another failover meanwhile (PROTOCOL.md §15.6). */
static sn_ms told_since(const struct sn_group *group)
{
    const struct sn_instance *replica;
    sn_ms switched_at = group->failover.state_at, since = switched_at;
    DL_FOREACH(group->replicas, replica) {
        const struct sn_data *data = &replica->u.data;
        if (data->reconf == SN_RECONF_DONE && data->ordered_at != SN_MS_NEVER &&
            data->ordered_at >= switched_at)
            since = sn_max(since, data->reconf_at);
    }
    return since;
}

/* True if replica reported after the switch that it follows the new master (PROTOCOL.md §15.6). */
static bool obeys_already(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->info_at != SN_MS_NEVER && data->info_at >= replica->group->failover.state_at &&
           data->role_reported == SN_ROLE_REPLICA && sn_instance_follows_master(replica) &&
           data->link_up;
}

/* The old master that still answers is demoted at once: every write it takes now will be lost. It
 * needs no slot, as it has the data (PROTOCOL.md §15.8). */
static void demote_old_master(struct sn_instance *replica)
{
    if (replica->u.data.reconf != SN_RECONF_NONE || replica->s_down || sn_rescue_holds(replica))
        return;
    if (sn_reconf_send(replica)) {
        sn_raise(replica, SN_NOTICE_CONVERT_TO_SLAVE, NULL);
        sn_attempt_set_reconf(replica, SN_RECONF_SENT);
    } else if (replica->u.data.foreign_told && !is_forced(replica)) {
        sn_attempt_set_reconf(replica, SN_RECONF_DONE);
    }
}

/* True if another leader, under another name, may order or promote the replica. */
static bool is_shared(const struct sn_instance *replica)
{
    return replica->group->aliases != NULL || sn_foreign_claimed(replica);
}

static bool may_be_master(const struct sn_instance *replica)
{
    if (is_old_master(replica))
        return false;
    return has_told(replica) ? replica->u.data.role_reported == SN_ROLE_MASTER : is_shared(replica);
}

/* True if the replica has to wait for a slot, or to tell its role, before it gets its order
 * (PROTOCOL.md §15.6). */
static bool has_to_wait(struct sn_instance *replica, unsigned busy, sn_ms since)
{
    uint32_t places = replica->group->params.parallel_syncs;
    if (busy >= places) {
        sn_reason_note_numbers(replica, SN_REASON_FOLLOW_NO_PLACE, busy, places, 0);
    } else if (replica->s_down) {
        sn_reason_note_numbers(replica, SN_REASON_FOLLOW_DOWN,
                               sn_age(replica->core, replica->s_down_at), 0, 0);
    } else if (!has_told(replica) || replica->u.data.info_asked_at < since) {
        sn_reason_note(replica, SN_REASON_FOLLOW_UNTOLD);
        sn_instance_ask_info(replica);
    } else {
        return false;
    }
    return true;
}

/* PROTOCOL.md §15.6. */
static void start_some(struct sn_group *group)
{
    struct sn_instance *replica;
    unsigned busy = 0;
    sn_ms since = told_since(group);
    DL_FOREACH(group->replicas, replica) {
        if (in_progress(replica) && !is_old_master(replica))
            busy++;
    }
    DL_FOREACH(group->replicas, replica) {
        if (is_old_master(replica)) {
            demote_old_master(replica);
            continue;
        }
        if (replica->u.data.reconf != SN_RECONF_NONE || has_to_wait(replica, busy, since))
            continue;
        bool stays = obeys_already(replica) || sn_chain_holds(replica); /* DESIGN.md D22 */
        if (stays || replica->u.data.role_reported == SN_ROLE_MASTER) {
            if (!stays)
                sn_reason_note(replica, SN_REASON_FOLLOW_IS_MASTER);
            sn_attempt_set_reconf(replica, SN_RECONF_DONE);
        } else if (sn_reconf_send(replica)) {
            sn_raise(replica, SN_NOTICE_SLAVE_RECONF_SENT, NULL);
            sn_attempt_set_reconf(replica, SN_RECONF_SENT);
            busy++;
        } else if (replica->u.data.foreign_told && !is_forced(replica)) {
            sn_attempt_set_reconf(replica, SN_RECONF_DONE);
        }
    }
}

/* A replica that does not obey in time, refuses or dies frees its slot (PROTOCOL.md §15.6,
 * §24.2). */
static void time_out_some(struct sn_group *group)
{
    struct sn_core *core = group->core;
    struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (replica->u.data.reconf != SN_RECONF_SENT ||
            sn_age(core, replica->u.data.reconf_at) < core->timings[SN_TIMING_SLAVE_RECONF_TIMEOUT])
            continue;
        sn_reason_note_numbers(replica, SN_REASON_FOLLOW_LATE,
                               sn_age(core, replica->u.data.reconf_at), 0, 0);
        sn_raise(replica, SN_NOTICE_SLAVE_RECONF_SENT_TIMEOUT, NULL);
        sn_attempt_set_reconf(replica, SN_RECONF_DONE);
    }
}

/* The failover ends when all are done or down (PROTOCOL.md §15.7). */
static bool all_done(const struct sn_group *group)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (replica->u.data.reconf != SN_RECONF_DONE && !replica->s_down)
            return false;
    }
    return true;
}

/* PROTOCOL.md §15.7. */
static void end_reconf(struct sn_group *group)
{
    struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica)
        replica->u.data.left_out |= replica->u.data.reconf == SN_RECONF_NONE;
    sn_raise(group->master, SN_NOTICE_FAILOVER_END, NULL);
    sn_attempt_clear(group);
    sn_mark_group(group, SN_MARK_PLAN);
}

/* After failover-timeout it ends, with best-effort orders to the others (PROTOCOL.md §11.3, §15.7).
 */
static void end_for_timeout(struct sn_group *group)
{
    struct sn_instance *replica;
    sn_reason_note_numbers(group->master, SN_REASON_RECONF_LATE,
                           sn_age(group->core, group->failover.state_at), 0, 0);
    sn_raise(group->master, SN_NOTICE_FAILOVER_END_FOR_TIMEOUT, NULL);
    sn_raise(group->master, SN_NOTICE_FAILOVER_END, NULL);
    DL_FOREACH(group->replicas, replica) {
        enum sn_reconf reconf = replica->u.data.reconf;
        if (reconf == SN_RECONF_DONE || reconf == SN_RECONF_SENT)
            continue;
        replica->u.data.left_out = true; /* unless the order leaves now */
        if (sn_restore_is_wanted(group))
            sn_reason_note(replica, SN_REASON_FOLLOW_MASTER_IS_REPLICA);
        else if (may_be_master(replica))
            sn_reason_note(replica, SN_REASON_FOLLOW_IS_MASTER);
        else if (!sn_rescue_holds(replica) && sn_reconf_send(replica))
            sn_raise(replica, SN_NOTICE_SLAVE_RECONF_SENT_BE, NULL);
    }
    sn_attempt_clear(group);
    sn_mark_group(group, SN_MARK_PLAN);
}

static void plan(struct sn_group *group)
{
    struct sn_core *core = group->core;
    const struct sn_instance *replica;
    sn_ms at = sn_after(group->failover.state_at, group->params.failover_timeout_ms);
    DL_FOREACH(group->replicas, replica) {
        if (replica->u.data.reconf == SN_RECONF_SENT)
            at = sn_min(at, sn_after(replica->u.data.reconf_at,
                                     core->timings[SN_TIMING_SLAVE_RECONF_TIMEOUT]));
    }
    sn_timer_set(&core->timers, &group->timeout, sn_max(at, core->now));
}

/* It ends when the new master is O_DOWN as well (PROTOCOL.md §15.7, §24.2). */
void sn_reconf_step(struct sn_group *group)
{
    struct sn_failover *failover = &group->failover;
    if (failover->state != SN_FAILOVER_RECONF || !failover->durable || group->core->tilt)
        return;
    if (group->o_down) {
        sn_reason_note(group->master, SN_REASON_RECONF_MASTER_DOWN);
        end_reconf(
            group); /* the new master is lost as well: what matters now is the next failover */
        return;
    }
    if (group->core->now >= sn_after(failover->state_at, group->params.failover_timeout_ms)) {
        end_for_timeout(group);
        return;
    }
    time_out_some(group);
    if (sn_restore_is_wanted(group)) {
        sn_reason_note(group->master, SN_REASON_FOLLOW_MASTER_IS_REPLICA);
        sn_restore_master(group);
        plan(group);
        return;
    }
    start_some(group);
    if (all_done(group))
        end_reconf(group);
    else
        plan(group);
}

void sn_reconf_info(struct sn_instance *replica)
{
    struct sn_data *data = &replica->u.data;
    struct sn_group *group = replica->group;
    assert(replica->kind == SN_KIND_REPLICA);
    if (group->failover.state != SN_FAILOVER_RECONF)
        return;
    bool follows = data->role_reported == SN_ROLE_REPLICA && sn_instance_follows_master(replica);
    if (data->reconf == SN_RECONF_SENT && follows) {
        if (is_old_master(replica)) {
            sn_attempt_set_reconf(replica, SN_RECONF_DONE);
        } else {
            sn_attempt_set_reconf(replica, SN_RECONF_INPROG);
            sn_raise(replica, SN_NOTICE_SLAVE_RECONF_INPROG, NULL);
        }
    }
    if (data->reconf == SN_RECONF_INPROG && follows && data->link_up) {
        sn_attempt_set_reconf(replica, SN_RECONF_DONE);
        sn_raise(replica, SN_NOTICE_SLAVE_RECONF_DONE, NULL);
    }
    sn_mark_group(group, SN_MARK_STEP);
}

/* The order was aborted, as if it had never been sent. Its sender decides again, because much may
 * have changed: reconf_step now (another replica may have the slot), repair with the INFO that was
 * sent after the order. */
static void forget_order(struct sn_instance *replica)
{
    struct sn_data *data = &replica->u.data;
    data->ordered_at = SN_MS_NEVER;
    if (data->reconf != SN_RECONF_SENT)
        return;
    sn_attempt_set_reconf(replica, SN_RECONF_NONE);
    sn_mark_group(replica->group, SN_MARK_STEP);
}

/* PROTOCOL.md §15.6. */
void sn_reconf_reply(struct sn_instance *replica, const struct sn_input_reply *reply)
{
    struct sn_data *data = &replica->u.data;
    const char *error = sn_order_error(reply);
    sn_unanswered_remove(replica, SN_UNANSWERED_ORDER);
    if (error != NULL && sn_order_untransacted(reply)) {
        sn_out_log(replica->core, SN_LEVEL_WARNING,
                   "Replica %s:%u of %s was ordered to follow the master without a transaction: %s",
                   replica->addr.ip, replica->addr.port, replica->group->name, error);
        error = NULL;
    }
    if (error != NULL && sn_rights_drop_rewrite(replica->cmd, reply)) {
        forget_order(replica);
        return;
    }
    data->order_refused = error != NULL && !sn_refusal_passes(error);
    data->left_out = error != NULL && !data->order_refused; /* it takes the order in a moment */
    if (error != NULL)
        sn_reason_note(replica, SN_REASON_FOLLOW_REFUSED);
    if (error == NULL) {
        sn_pause_demoted(replica);
        sn_instance_ask_info(replica);
        return;
    }
    sn_out_log(
        replica->core, SN_LEVEL_WARNING,
        "Replica %s:%u of %s refused to follow the master: %s. Check its ACL rules and renamed "
        "commands.",
        replica->addr.ip, replica->addr.port, replica->group->name, error);
    if (data->reconf == SN_RECONF_SENT) {
        sn_attempt_set_reconf(replica, SN_RECONF_DONE);
        sn_mark_group(replica->group, SN_MARK_STEP);
    }
}
