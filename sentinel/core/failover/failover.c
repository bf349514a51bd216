/* SPDX-License-Identifier: BSD-3-Clause */

/* The failover state machine of the leader (PROTOCOL.md §15):
 *
 *   WAIT_START -> SELECT -> (SEND_PROMOTION) -> WAIT_PROMOTION -> RECONF -> done
 *
 * The promotion and its proof leave in one write: the SLAVEOF transaction and an INFO (DESIGN.md
 * D11). If the chosen replica refuses or dies, the next one is chosen. Once INFO says role:master,
 * the won epoch is saved and then announced at once (D12): clients hear of the new address before
 * the other replicas are reconfigured. Every state before RECONF can be aborted; RECONF can only
 * end. */

#include "core/failover/failover.h"

#include "core/agree/fresh.h"
#include "core/agree/select.h"
#include "core/facts/alias.h"
#include "core/facts/attempt.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/loss.h"
#include "core/facts/mark.h"
#include "core/facts/pause.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/turn.h"
#include "core/facts/unanswered.h"
#include "core/failover/drain.h"
#include "core/failover/order.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/tell/script.h"
#include "core/watch/rights.h"

#include <assert.h>
#include <string.h>
#include <utlist.h>

static void wake_at(struct sn_group *group, sn_ms at)
{
    sn_timer_set(&group->core->timers, &group->timeout, sn_max(at, group->core->now));
}

/* Back-off after an attempt that was won but could not be finished: it doubles from a second up to
 * the stock wait, so that a returning replica does not wait for minutes. The sentinels that voted
 * wait for us for the stock time. Until one of them has had its turn, only a replica that can be
 * promoted now justifies another attempt, because each vote restarts their wait (PROTOCOL.md
 * §15.9). */
static sn_ms next_try(struct sn_group *group)
{
    sn_ms others =
        2 * group->params.failover_timeout_ms + group->core->timings[SN_TIMING_ASK_PERIOD] * 3 / 2;
    sn_turn_stand_back(group, sn_after(group->failover.started_at, others));
    unsigned lost = sn_turn_lost(group), doublings = lost < 20 ? lost : 20;
    return sn_after(group->core->now,
                    sn_min((sn_ms)1000 << doublings, 2 * group->params.failover_timeout_ms));
}

/* ---- choosing and promoting ----------------------------------------------------------------- */

/* One write promotes and verifies: MULTI, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILL twice, EXEC,
 * INFO (PROTOCOL.md §15.3, §23). */
static void order_promotion(struct sn_group *group)
{
    struct sn_instance *replica = group->failover.promoted;
    assert(group->failover.state == SN_FAILOVER_WAIT_PROMOTION && replica != NULL);
    /* A replica that was promoted under another name needs no order. */
    if (!sn_alias_made_master(replica)) {
        sn_order_promotion(replica);
        group->failover.ordered = replica->runid;
    }
    group->failover.ordered_at = group->core->now;
    sn_instance_ask_info(replica);
}

/* Without a candidate the attempt ends, with the reason for each replica (PROTOCOL.md §15.2). */
static void choose(struct sn_group *group)
{
    struct sn_instance *replica =
        sn_select_wanted(group, group->failover.wanted, group->failover.mode);
    assert(group->failover.state == SN_FAILOVER_SELECT && group->failover.promoted == NULL);
    if (replica == NULL) {
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   group->replicas == NULL
                       ? "Cannot fail over %s: no replica is known. Replicas are discovered from "
                         "INFO of the master and from known-replica lines."
                       : "Cannot fail over %s: no replica can be promoted, for the reasons above. "
                         "The next attempt tries replicas that have become usable.",
                   group->name);
        const struct sn_why nobody = {SN_REASON_NO_REPLICA, {(int64_t)group->replica_count}};
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NO_GOOD_SLAVE, &nobody, next_try(group));
        return;
    }
    sn_loss_note_choice(group);
    replica->u.data.promoted = true;
    group->failover.promoted = replica;
    group->failover.acked = false;
    group->failover.doubt = false;
    group->failover.fate_told = false;
    group->failover.ordered.hex[0] = '\0';
    sn_raise(replica, SN_NOTICE_SELECTED_SLAVE, NULL);
    sn_attempt_enter(group, SN_FAILOVER_SEND_PROMOTION);
    sn_raise(replica, SN_NOTICE_FAILOVER_STATE_SEND_SLAVEOF_NOONE, NULL);
    sn_instance_plan_info(replica);
    sn_mark_group(group, SN_MARK_STEP);
}

/* error: the answer of the replica; NULL: the words of the reason are logged (PROTOCOL.md
 * §15.3). */
static void pass_over(struct sn_group *group, enum sn_reason reason, const char *error)
{
    struct sn_instance *replica = group->failover.promoted;
    char form[SN_PAYLOAD_MAX + 1];
    assert(replica != NULL && replica->group == group);
    sn_instance_form(replica, form);
    sn_reason_note(replica, reason);
    sn_out_log(group->core, SN_LEVEL_WARNING, "%s was not promoted: %s. Trying the next candidate.",
               form, error != NULL ? error : sn_reason_words(reason));
    replica->u.data.promoted = false;
    replica->u.data.refused_epoch = group->failover.epoch;
    group->failover.promoted = NULL;
    sn_drain_next(group);
    sn_attempt_enter(group, SN_FAILOVER_SELECT);
    sn_mark_group(group, SN_MARK_STEP);
}

static void wait_until(struct sn_group *group, enum sn_reason reason, sn_ms at)
{
    sn_reason_note_numbers(group->master, reason, at - group->core->now, 0, 0);
    wake_at(group, at);
}

/* PROTOCOL.md §15.2. */
static void step_select(struct sn_group *group)
{
    sn_ms period = group->core->timings[SN_TIMING_PUBLISH_PERIOD];
    sn_ms deadline = sn_fresh_deadline(group);
    /* The wait is bounded: links that break again and again hear nothing. */
    sn_ms heard_at =
        sn_min(sn_alias_heard_at(group), sn_after(group->failover.state_at, 3 * period));
    if (sn_alias_is_promoting(group))
        wait_until(group, SN_REASON_ALIAS_PROMOTES, sn_after(group->core->now, SN_RETRY_BASE_MS));
    else if (group->failover.mode == SN_MODE_NONE && heard_at > group->core->now)
        wait_until(group, SN_REASON_HELLOS_AWAITED, heard_at);
    else if (sn_fresh_are_all(group) || group->core->now >= deadline)
        choose(group);
    else
        wait_until(group, SN_REASON_INFO_AWAITED, deadline);
}

/* The replica that got the order may be a master now. The next attempt follows without a pause if
 * another replica can be promoted; otherwise the sentinels that voted take their turn. */
static void end_in_doubt(struct sn_group *group, const struct sn_why *why)
{
    (void)next_try(group);
    sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_SLAVE_TIMEOUT, why, group->core->now);
}

/* The order has left, and the replica went down with the promotion unconfirmed. It may be a master
 * now, so no other replica is promoted in this epoch. A disconnected or restarted replica often
 * returns soon. After the wait, or if the old master answers and there is no hurry, the attempt
 * ends. The next attempt has an epoch of its own, so that its configuration outranks this replica
 * if it is alive (PROTOCOL.md §24.1). */
static void await_fate(struct sn_group *group)
{
    struct sn_failover *failover = &group->failover;
    struct sn_instance *replica = failover->promoted;
    sn_ms until = sn_after(replica->s_down_at, sn_min(group->params.down_after_ms, SN_FATE_MAX_MS));
    bool waits = group->master->s_down && group->core->now < until;
    char form[SN_PAYLOAD_MAX + 1];
    assert(replica->s_down && failover->state == SN_FAILOVER_WAIT_PROMOTION);
    sn_instance_form(replica, form);
    if (waits && !failover->fate_told)
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "%s may have been promoted: it went down with the promotion unconfirmed. No "
                   "other replica is chosen for %lld ms.",
                   form, (long long)(until - group->core->now));
    failover->fate_told = true;
    if (waits) {
        sn_reason_note_numbers(replica, SN_REASON_FATE_AWAITED, until - group->core->now, 0, 0);
        wake_at(group, until);
        return;
    }
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "%s may have been promoted and is down: this attempt ends, and the next one chooses "
               "anew. If it returns as a master, it is demoted.",
               form);
    end_in_doubt(
        group, &(struct sn_why){SN_REASON_FATE_UNKNOWN, {sn_age(group->core, replica->s_down_at)}});
}

/* True if the promotion may be sent. */
static bool is_drained(struct sn_group *group)
{
    sn_ms deadline = sn_after(group->failover.state_at, group->params.failover_timeout_ms);
    switch (sn_drain_step(group)) {
    case SN_DRAIN_PROMOTE:
        return true;
    case SN_DRAIN_WAIT:
        wake_at(group, sn_min(deadline, sn_drain_deadline(group)));
        break;
    case SN_DRAIN_CHOOSE_AGAIN:
        pass_over(group, SN_REASON_CATCH_UP_LATE, NULL);
        break;
    case SN_DRAIN_GIVE_UP:
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_MASTER_TIMEOUT,
                         &(struct sn_why){.reason = SN_REASON_WRITES_AT_RISK}, group->core->now);
        break;
    }
    return false;
}

/* Gives up a candidate that is silent for failover-timeout (PROTOCOL.md §11.3, §15.4, §16). */
static void step_promotion(struct sn_group *group)
{
    struct sn_failover *failover = &group->failover;
    sn_ms deadline = sn_after(failover->state_at, group->params.failover_timeout_ms);
    assert(failover->promoted != NULL && failover->promoted->group == group);
    if (failover->promoted->s_down) {
        if (failover->state == SN_FAILOVER_WAIT_PROMOTION)
            await_fate(group);
        else
            pass_over(group, SN_REASON_WENT_DOWN, NULL);
        return;
    }
    if (group->core->now >= deadline) {
        sn_ms retry_at = next_try(group);
        if (group->peer_count > 0)
            retry_at = sn_max(retry_at, group->stand_back_until);
        const struct sn_why late = {SN_REASON_PROMOTION_LATE,
                                    {sn_age(group->core, failover->state_at)}};
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_SLAVE_TIMEOUT, &late, retry_at);
        return;
    }
    if (failover->state == SN_FAILOVER_SEND_PROMOTION && failover->promoted->u.data.priority == 0 &&
        !sn_alias_made_master(failover->promoted)) {
        pass_over(group, SN_REASON_PRIORITY_ZERO_NOW, NULL);
        return;
    }
    if (failover->state == SN_FAILOVER_SEND_PROMOTION && !is_drained(group))
        return;
    if (failover->state == SN_FAILOVER_SEND_PROMOTION &&
        sn_link_can_send(failover->promoted->cmd)) {
        sn_raise(failover->promoted, SN_NOTICE_FAILOVER_STATE_WAIT_PROMOTION, NULL);
        sn_attempt_enter(group, SN_FAILOVER_WAIT_PROMOTION);
        order_promotion(group);
        deadline = sn_after(failover->state_at, group->params.failover_timeout_ms);
    } else if (failover->state == SN_FAILOVER_SEND_PROMOTION) {
        sn_reason_note(failover->promoted, SN_REASON_LINK_AWAITED);
    }
    wake_at(group, deadline);
}

void sn_failover_step(struct sn_group *group)
{
    if (group->core->tilt)
        return;
    if (group->failover.state == SN_FAILOVER_SELECT)
        step_select(group);
    else
        step_promotion(group);
}

/* The link broke before EXEC was answered and the server is still a replica, or the order was
 * aborted: sends the order again, unless its precondition no longer holds (PROTOCOL.md §15.4). */
static void order_again(struct sn_group *group)
{
    if (group->failover.promoted->u.data.priority == 0) {
        pass_over(group, SN_REASON_PRIORITY_ZERO_NOW, NULL);
    } else if (group->failover.mode == SN_MODE_COORDINATED && !sn_pause_is_on(group->master)) {
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Gave up coordinated failover of %s because writes could be lost: the pause of "
                   "the master ended before the replica obeyed.",
                   group->name);
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_MASTER_TIMEOUT,
                         &(struct sn_why){.reason = SN_REASON_PAUSE_ENDED}, group->core->now);
    } else {
        order_promotion(group);
    }
}

/* A refusal is logged with its text, and the next candidate is tried (PROTOCOL.md §15.3). */
void sn_failover_promote_reply(struct sn_instance *replica, const struct sn_input_reply *reply)
{
    struct sn_group *group = replica->group;
    sn_unanswered_remove(replica, SN_UNANSWERED_ORDER);
    if (group->failover.state != SN_FAILOVER_WAIT_PROMOTION || group->failover.promoted != replica)
        return;
    const char *error = sn_order_error(reply);
    if (error != NULL && sn_order_untransacted(reply)) {
        /* Passing the replica over now could make two masters. */
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "%s:%u of %s executed the promotion without a transaction, possibly only a part "
                   "of it: %s",
                   replica->addr.ip, replica->addr.port, group->name, error);
        group->failover.doubt = true;
        sn_instance_ask_info(replica);
        return;
    }
    if (error != NULL && sn_rights_drop_rewrite(replica->cmd, reply)) {
        if (!group->core->tilt) /* in TILT the next INFO decides */
            order_again(group);
        return;
    }
    if (error != NULL) {
        pass_over(group, SN_REASON_ORDER_REFUSED, error);
        return;
    }
    group->failover.acked = true;
    if (replica->cmd->no_rewrite)
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Promoted %s:%u without CONFIG REWRITE, which it refuses: a restart restores "
                   "its old role. Grant +config|rewrite.",
                   replica->addr.ip, replica->addr.port);
    for (size_t i = 1; i < reply->reply->count; i++) {
        if (reply->reply->items[i].type == SN_REPLY_ERROR)
            sn_out_log(group->core, SN_LEVEL_NOTICE,
                       "Promoted %s:%u, although a part of the order failed: %s", replica->addr.ip,
                       replica->addr.port, reply->reply->items[i].text);
    }
    sn_instance_ask_info(replica);
}

/* ---- the switch ----------------------------------------------------------------------------- */

/* A confirmed promotion gives the group the won epoch, and switches it (PROTOCOL.md §15.5, §23,
 * §24.1). */
static void confirm_promotion(struct sn_group *group)
{
    struct sn_failover won = group->failover;
    struct sn_addr new_addr = won.promoted->addr;
    assert(won.state == SN_FAILOVER_WAIT_PROMOTION && won.promoted->kind == SN_KIND_REPLICA);
    sn_raise(won.promoted, SN_NOTICE_PROMOTED_SLAVE, NULL);
    sn_raise(group->master, SN_NOTICE_FAILOVER_STATE_RECONF_SLAVES, NULL);
    won.old_addr = sn_addr_dup(&group->master->addr);
    won.wanted = NULL; /* freed with the attempt that the switch ends */
    won.promoted = NULL;
    won.durable = false;
    if (group->unannounced_old_master == NULL) {
        group->unannounced_old_master = sn_addr_dup(won.old_addr);
        group->unannounced_old_epoch = group->config_epoch;
    }
    sn_group_raise_config(group, won.epoch);
    sn_group_switch(group, &new_addr);
    group->promoted_at = group->core->now;
    group->failover = won;
    group->failover.state = SN_FAILOVER_NONE;
    sn_attempt_enter(group, SN_FAILOVER_RECONF);
    wake_at(group, sn_after(group->core->now, group->params.failover_timeout_ms));
    sn_persist_defer(group->core, SN_DEFERRED_SWITCH, group, won.epoch);
}

/* True if the process that got the order no longer answers at this address: it was restarted, or
 * another process has its address. */
static bool is_replaced(const struct sn_group *group)
{
    const struct sn_runid *ordered = &group->failover.ordered;
    return ordered->hex[0] != '\0' && !sn_runid_equal(ordered, &group->failover.promoted->runid);
}

/* The same order for another process could make a second master in this epoch. */
static void give_up_replaced(struct sn_group *group)
{
    char form[SN_PAYLOAD_MAX + 1];
    assert(group->failover.state == SN_FAILOVER_WAIT_PROMOTION);
    sn_instance_form(group->failover.promoted, form);
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "%s was restarted or replaced by another server before it confirmed its promotion, "
               "and is a replica: this attempt ends, and the next one chooses anew.",
               form);
    end_in_doubt(group, &(struct sn_why){.reason = SN_REASON_FATE_REPLACED});
}

/* True if the INFO was asked for before the order: a stray master that was chosen may have been
 * demoted between the two. */
static bool is_older_than_order(const struct sn_instance *replica)
{
    const struct sn_failover *failover = &replica->group->failover;
    return failover->ordered.hex[0] != '\0' && replica->u.data.info_asked_at < failover->ordered_at;
}

/* INFO alone proves that an order was obeyed; an order with a lost answer is sent again
 * (PROTOCOL.md §15.4, §23). */
void sn_failover_promoted_info(struct sn_instance *replica, enum sn_role role)
{
    struct sn_group *group = replica->group;
    if (group->failover.state != SN_FAILOVER_WAIT_PROMOTION || group->failover.promoted != replica)
        return;
    /* Replies come in order: the process that sent this INFO will still get the order on the same
     * connection. */
    if (sn_unanswered_has(replica, SN_UNANSWERED_ORDER))
        group->failover.ordered = replica->runid;
    if (role == SN_ROLE_MASTER && is_older_than_order(replica))
        sn_instance_ask_info(replica);
    else if (role == SN_ROLE_MASTER)
        confirm_promotion(group);
    else if (is_replaced(group))
        give_up_replaced(group);
    else if (group->failover.doubt)
        pass_over(group, SN_REASON_ORDER_REFUSED_PARTLY, NULL);
    else if (!sn_unanswered_has(replica, SN_UNANSWERED_ORDER) && !group->failover.acked &&
             sn_link_can_send(replica->cmd) &&
             sn_age(group->core, group->failover.ordered_at) >= SN_POLL_FAST_MS)
        order_again(group);
    else
        sn_reason_note_numbers(replica, SN_REASON_ROLE_AWAITED,
                               sn_age(group->core, group->failover.ordered_at), 0, 0);
}

/* A switch is announced only once it is on disk (PROTOCOL.md §4.14, §15.5, §24.2). */
void sn_failover_switch_durable(struct sn_group *group, uint64_t epoch)
{
    struct sn_failover *failover = &group->failover;
    bool ours = failover->state == SN_FAILOVER_RECONF && failover->epoch == epoch;
    if (group->unannounced_old_master == NULL) { /* a newer configuration came meanwhile */
        sn_reason_note_numbers(group->master, SN_REASON_SWITCH_OVERTAKEN, (int64_t)epoch, 0, 0);
        return;
    }
    if ((group->core->simulate & SN_SIMULATE_AFTER_PROMOTION) != 0) {
        sn_out_add(group->core, SN_ACTION_EXIT)->u.exit_status = 99;
        return;
    }
    struct sn_addr old_addr = *group->unannounced_old_master;
    sn_group_forget_unannounced(group);
    /* A RESET may have ended the attempt meanwhile; the switch is still in force. */
    failover->durable = ours;
    if (group->promoted_at != SN_MS_NEVER)
        group->promoted_at = group->core->now;
    sn_group_push_hello(group);
    sn_script_reconfig(group, true, &old_addr, &group->master->addr);
    sn_group_announce_switch(group, &old_addr);
    if (ours)
        sn_mark_group(group, SN_MARK_STEP);
}
