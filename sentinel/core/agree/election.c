/* SPDX-License-Identifier: BSD-3-Clause */

/* Elections: epochs, votes cast and votes counted (PROTOCOL.md §14).
 *
 * Happy path: after O_DOWN the first-ranked candidate starts an attempt with a new epoch and its
 * own vote. Both are saved; then the peers are asked for their votes. The votes of a majority of
 * all known sentinels, and of at least the quorum, make it the leader. Deliberate differences from
 * stock, all local: votes are requested and counted for the attempt's own epoch, and granted by the
 * group's own last voted epoch (DESIGN.md D7); candidates take turns (D6); an unwinnable round is
 * repeated at once (D8); the sentinel does not wait for a leader that is down (D9). */

#include "core/agree/election.h"
#include "core/agree/fresh.h"
#include "core/agree/rank.h"
#include "core/agree/rival.h"
#include "core/agree/select.h"
#include "core/agree/testimony.h"
#include "core/agree/vote.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/persist.h"
#include "core/facts/refusal.h"

#include "core/facts/attempt.h"
#include "core/facts/epoch.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/facts/truce.h"
#include "core/facts/turn.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/peer.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>
#include <utlist.h>

#define BACKOFF_DOUBLINGS_MAX 20
#define ROUNDS_APART          4   /* the random part may grow to that many rounds at least */
#define STAND_BACK_LOOK_MS    500 /* interval to check whether a replica has become usable */

/* Why the attempt does not begin at once. */
static void note_wait(const struct sn_group *group)
{
    sn_ms now = group->core->now;
    if (group->rank_at > now)
        sn_reason_note_numbers(group->master, SN_REASON_NOT_OUR_TURN, sn_group_rank(group),
                               group->rank_at - now, 0);
    if (group->retry_at > now)
        sn_reason_note_numbers(group->master, SN_REASON_BACK_OFF, group->retry_at - now,
                               group->lost_rounds, 0);
    if (sn_rival_is_active(group))
        sn_reason_note_numbers(sn_group_find_peer(group, &group->rival), SN_REASON_RIVAL,
                               (int64_t)group->rival_epoch, group->rival_until - now, 0);
}

/* Returns since when the group needs another master; NEVER if it needs none: its master is O_DOWN,
 * or has lost its data set (DESIGN.md D20). Voters do not ask for the reason, nor do those of stock
 * (PROTOCOL.md §14.2), so a majority can agree on either. */
static sn_ms wanted_since(const struct sn_group *group)
{
    const struct sn_data *master = &group->master->u.data;
    if (group->o_down)
        return group->o_down_at;
    return master->reborn_empty && sn_group_params_replaces_reborn(&group->params)
               ? master->reborn_at
               : SN_MS_NEVER;
}

/* PROTOCOL.md §14.5. */
void sn_election_plan(struct sn_group *group)
{
    struct sn_core *core = group->core;
    sn_ms since = wanted_since(group);
    if (core->tilt || since == SN_MS_NEVER || group->failover.state != SN_FAILOVER_NONE ||
        sn_truce_holds(group)) {
        sn_timer_stop(&core->timers, &group->election);
        return;
    }
    sn_ms turn_at = group->o_down ? group->rank_at : sn_after(since, sn_rank_turn_ms(group));
    sn_ms at = sn_max(turn_at, group->retry_at);
    /* All sentinels that waited for the same rival would start at the same moment, so they take
     * turns again. */
    if (sn_rival_is_known(group))
        at = sn_max(at, sn_after(group->rival_until, sn_rank_turn_ms(group)));
    if (group->truce_over_at != SN_MS_NEVER) /* the same */
        at = sn_max(at, sn_after(group->truce_over_at, sn_rank_turn_ms(group)));
    note_wait(group);
    sn_timer_set(&core->timers, &group->election, sn_max(at, core->now));
}

/* Until when this sentinel lets others go first. Without a usable replica, it would only collect
 * votes for a failover that it cannot carry out, while others may have such a replica. A sentinel
 * that was just started, for example, measures the silence of the master from its start only, and
 * finds that the replicas lost their links too long before. */
static sn_ms stand_back_until(struct sn_group *group)
{
    const struct sn_core *core = group->core;
    sn_ms turn_over = sn_after(wanted_since(group), core->timings[SN_TIMING_ASK_PERIOD] * 3 / 2);
    bool known = sn_fresh_are_all(group) || core->now >= sn_fresh_deadline(group);
    const struct sn_instance *best = known ? sn_select_replica(group) : NULL;
    if (known && best == NULL)
        return sn_max(turn_over, group->stand_back_until);
    /* A sentinel that has watched for longer may know a better replica, or that this one is bad. */
    return known && sn_select_is_last_resort(best) ? turn_over : core->now;
}

static void note_standing_back(const struct sn_group *group, sn_ms until)
{
    bool nobody = sn_select_replica(group) == NULL;
    if (nobody)
        sn_select_note_refused(group);
    sn_reason_note_numbers(group->master,
                           nobody ? SN_REASON_NOBODY_TO_PROMOTE : SN_REASON_LAST_RESORT,
                           until - group->core->now, 0, 0);
}

/* True if the peer can be asked for its vote now. S_DOWN depends on PONGs, but a peer that refuses
 * PING and answers questions votes all the same (PROTOCOL.md §14.5). */
static bool can_vote(const struct sn_instance *peer)
{
    bool answers = !peer->s_down || (peer->u.peer.answered_at != SN_MS_NEVER &&
                                     peer->u.peer.answered_at >= peer->s_down_at);
    return answers && peer->cmd->state == SN_LINK_UP && sn_peer_speaks(peer) &&
           !sn_link_refuses(peer->cmd, SN_ORDER_ASK);
}

static size_t voters_up(const struct sn_group *group)
{
    size_t up = 1;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer)
        up += can_vote(peer);
    return up;
}

/* A hello can bring a configuration from above the current epoch; an election won below that epoch
 * would have no effect (PROTOCOL.md §14.1). */
static uint64_t highest_epoch(const struct sn_group *group)
{
    uint64_t epoch = group->core->current_epoch;
    const struct sn_group *name = NULL;
    while ((name = sn_vote_next_name(group, name)) != NULL) {
        epoch = epoch < name->leader_epoch ? name->leader_epoch : epoch;
        epoch = epoch < name->config_epoch ? name->config_epoch : epoch;
    }
    return epoch;
}

bool sn_election_possible(const struct sn_group *group)
{
    return highest_epoch(group) < SN_EPOCH_MAX;
}

static void hold(struct sn_group *group, const struct sn_why *why)
{
    char sentence[SN_REASON_SENTENCE_MAX + 1];
    sn_reason_note_why(group->master, why);
    if (!sn_turn_hold(group))
        return; /* logged already */
    sn_reason_sentence(why, sentence);
    sn_out_log(group->core, SN_LEVEL_WARNING, "Failover of %s not started: %s", group->name,
               sentence);
}

/* An attempt that cannot be won would cost an epoch, a save, and the votes of the peers that can be
 * reached. The return of the peer that completes the voters plans the attempt (PROTOCOL.md
 * §14.5). */
static bool held_back(struct sn_group *group)
{
    size_t up = voters_up(group), needed = sn_group_votes_needed(group);
    struct sn_why why = {SN_REASON_TOO_FEW_VOTERS,
                         {(int64_t)up, (int64_t)group->peer_count + 1, (int64_t)needed}};
    if (!sn_election_possible(group))
        why.reason = SN_REASON_NO_EPOCH;
    else if (up >= needed)
        return false;
    hold(group, &why);
    return true;
}

void sn_election_peer_flipped(struct sn_instance *peer)
{
    struct sn_group *group = peer->group;
    if (peer->s_down) {
        /* If it was the turn of this peer, the turn passes on (DESIGN.md D9). */
        sn_turn_rank(group, sn_after(group->core->now, sn_rank_turn_ms(group)));
        sn_mark_group(group, SN_MARK_VOTES);
    } else {
        sn_turn_peer_up(group);
        sn_mark_group(group, SN_MARK_VOTER);
    }
    sn_mark_group(group, SN_MARK_PLAN);
}

void sn_election_voter_up(struct sn_group *group)
{
    if (!group->held)
        return;
    /* All sentinels that waited for enough voters would start at the same moment, so they take
     * turns. */
    sn_turn_rank(group, sn_after(group->core->now, sn_rank_turn_ms(group)));
    sn_election_plan(group);
}

/* Until when the master may still answer. On its first connection after an outage it has had no
 * time to answer yet. Slow links need longer than the others need to say that they have not heard
 * from the master either. */
static sn_ms master_answers_until(const struct sn_group *group)
{
    const struct sn_link *link = group->master->cmd;
    if (!group->o_down)
        return group->core->now; /* it does answer */
    sn_ms trip = sn_max(sn_rank_longest_trip(group), sn_max(link->took_ms, link->trip_ms));
    sn_ms wait = sn_min(2 * trip, SN_LAST_LOOK_MAX_MS) + SN_RANK_GRACE_MS;
    if (link->state == SN_LINK_UP && link->last_pong_at < link->up_at)
        return sn_after(link->up_at, wait);
    if (link->state == SN_LINK_CONNECTING && link->failures <= 1)
        return sn_after(link->opened_at, wait);
    return group->core->now;
}

/* The turn was planned when another master was wanted. If answers and saves have become slower
 * since, those who go first need longer, too (DESIGN.md D6). */
static bool is_too_early(struct sn_group *group)
{
    sn_ms at = sn_after(wanted_since(group), sn_rank_turn_ms(group));
    if (at <= group->core->now)
        return false;
    sn_turn_rank(group, at);
    sn_election_plan(group);
    return true;
}

void sn_election_due(struct sn_group *group)
{
    if (group->core->tilt || wanted_since(group) == SN_MS_NEVER ||
        group->failover.state != SN_FAILOVER_NONE || sn_truce_is_on(group))
        return; /* all reported already */
    if (held_back(group) || is_too_early(group))
        return;
    if (sn_testimony_holds(group)) {
        sn_timer_set(&group->core->timers, &group->election,
                     sn_after(group->core->now, STAND_BACK_LOOK_MS));
        return;
    }
    sn_ms back_until = stand_back_until(group), answer_until = master_answers_until(group);
    sn_ms at = sn_max(back_until, answer_until);
    if (back_until > group->core->now)
        note_standing_back(group, back_until);
    if (answer_until > group->core->now)
        sn_reason_note_numbers(group->master, SN_REASON_MASTER_MAY_ANSWER,
                               answer_until - group->core->now, 0, 0);
    if (at > group->core->now) {
        sn_ms look_again_at = sn_after(group->core->now, STAND_BACK_LOOK_MS);
        sn_timer_set(&group->core->timers, &group->election, sn_min(at, look_again_at));
        return;
    }
    sn_testimony_note(group);
    sn_election_start(group, group->o_down ? SN_MODE_NONE : SN_MODE_REBORN, NULL);
}

void sn_election_start(struct sn_group *group, enum sn_failover_mode mode,
                       const struct sn_addr *wanted)
{
    struct sn_core *core = group->core;
    struct sn_failover *failover = &group->failover;
    uint64_t epoch = highest_epoch(group) + 1;
    assert(sn_election_possible(group));
    failover->epoch = epoch;
    failover->mode = mode;
    if (wanted != NULL)
        failover->wanted = sn_addr_dup(wanted);
    failover->durable = false;
    failover->started_at = core->now;
    sn_turn_release(group);
    sn_turn_wait_for_nobody(group);
    sn_attempt_enter(group, SN_FAILOVER_WAIT_START);
    sn_epoch_raise(group, epoch);
    sn_raise(group->master, SN_NOTICE_TRY_FAILOVER, NULL);
    sn_vote_for_self(group, epoch);
    sn_persist_defer(core, SN_DEFERRED_ATTEMPT, group, epoch);
    sn_mark_group(group, SN_MARK_STEP);
}

void sn_election_collect(struct sn_group *group, uint64_t epoch)
{
    if (group->failover.state != SN_FAILOVER_WAIT_START || group->failover.epoch != epoch)
        return;
    group->failover.durable = true;
    sn_vote_announce(group, group->core->myid.hex, epoch);
    if (group->failover.mode != SN_MODE_FORCED)
        sn_mark_group(group, SN_MARK_ASK);
    /* The time for votes may have expired while the disk was busy. */
    sn_mark_group(group, SN_MARK_VOTES | SN_MARK_STEP);
}

void sn_election_unsaved(struct sn_group *group, uint64_t epoch)
{
    struct sn_core *core = group->core;
    if (group->failover.state != SN_FAILOVER_WAIT_START || group->failover.epoch != epoch)
        return;
    sn_out_log(
        core, SN_LEVEL_WARNING,
        "Gave up failover attempt for %s, epoch %llu: our vote could not be saved. Free disk "
        "space or fix permissions.",
        group->name, (unsigned long long)epoch);
    const struct sn_why why = {SN_REASON_NOT_SAVED, {(int64_t)epoch}};
    sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &why,
                     sn_after(core->now, SN_RETRY_SAVE_MS));
}

/* Votes of the peers in one epoch. */
struct tally {
    size_t voters;     /* all known sentinels */
    size_t needed;     /* to be elected */
    size_t mine;       /* for this sentinel, its own included */
    size_t best_other; /* for the strongest rival */
    const struct sn_runid *rival;
    size_t silent;  /* peers without an answer to this request; they may have voted otherwise */
    size_t awaited; /* silent peers that may still answer */
};

static size_t votes_for(const struct sn_group *group, const struct sn_runid *runid, uint64_t epoch)
{
    size_t votes = 0;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (peer->u.peer.vote_epoch == epoch && sn_runid_equal(&peer->u.peer.vote, runid))
            votes++; /* PROTOCOL.md §14.3 */
    }
    return votes;
}

/* A peer that was down when the attempt began has not voted for a rival either. One sentinel that
 * is gone for good must not make the others wait for each other after every tie. */
static bool may_have_voted(const struct sn_group *group, const struct sn_instance *peer)
{
    return !peer->s_down || peer->s_down_at >= group->failover.started_at || can_vote(peer);
}

static void count_votes(const struct sn_group *group, struct tally *tally)
{
    uint64_t epoch = group->failover.epoch; /* not the current one (PROTOCOL.md §14.3, §24.1) */
    const struct sn_instance *peer;
    memset(tally, 0, sizeof(*tally));
    tally->voters = group->peer_count + 1;
    tally->needed = sn_group_votes_needed(group);
    tally->mine = 1 + votes_for(group, &group->core->myid, epoch);
    DL_FOREACH(group->peers, peer) {
        const struct sn_peer *facts = &peer->u.peer;
        if (facts->vote_epoch == epoch && facts->vote.hex[0] != '\0') {
            size_t votes = votes_for(group, &facts->vote, epoch);
            if (!sn_runid_equal(&facts->vote, &group->core->myid) && votes > tally->best_other) {
                tally->best_other = votes;
                tally->rival = &facts->vote;
            }
        } else if (facts->answered_epoch < epoch && may_have_voted(group, peer)) {
            tally->silent++;
            if ((!peer->s_down && sn_peer_speaks(peer)) || can_vote(peer))
                tally->awaited++;
        }
    }
}

/* Pause before the next round (D8): the candidates take turns again, and the random part doubles in
 * case they disagree about the turns. The unit is the duration of a round here: with slow links or
 * disks, shorter pauses would only make the candidates collide again (PROTOCOL.md §14.4). The limit
 * applies to the random part: pauses that all end at the limit would collide for ever. */
static sn_ms backoff(struct sn_group *group)
{
    sn_ms round = sn_max(SN_RETRY_BASE_MS, sn_age(group->core, group->failover.started_at));
    sn_ms unit = sn_min(round, SN_RETRY_UNIT_MAX_MS);
    sn_ms most = sn_max(group->params.failover_timeout_ms, ROUNDS_APART * round);
    unsigned doublings = sn_turn_lost(group);
    if (doublings > BACKOFF_DOUBLINGS_MAX)
        doublings = BACKOFF_DOUBLINGS_MAX;
    sn_ms turn = unit * (sn_ms)sn_group_rank(group);
    sn_ms spread = sn_min(unit << doublings, most);
    sn_ms pause = spread / 2 + (sn_ms)sn_prng_below(&group->core->prng, (uint64_t)(spread / 2 + 1));
    return turn + pause;
}

/* The attempt cannot be won any more (PROTOCOL.md §14.4). */
static void give_up(struct sn_group *group, const struct tally *tally)
{
    struct sn_core *core = group->core;
    sn_out_log(core, SN_LEVEL_NOTICE,
               "Cannot win election %llu for %s: %zu of %zu votes are for us, %zu are needed, %zu "
               "peers did not answer.",
               (unsigned long long)group->failover.epoch, group->name, tally->mine, tally->voters,
               tally->needed, tally->silent);
    if (tally->rival != NULL && tally->best_other + tally->silent >= tally->voters / 2 + 1) {
        /* A rival may have won: wait as stock does, unless that rival is down. */
        (void)sn_rival_yield_to(group, tally->rival, group->failover.epoch,
                                group->failover.started_at);
    }
    const struct sn_why why = {
        SN_REASON_CANNOT_WIN,
        {(int64_t)group->failover.epoch, (int64_t)tally->mine, (int64_t)tally->needed}};
    sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &why,
                     sn_after(core->now, backoff(group)));
}

/* PROTOCOL.md §14.4. */
static void win(struct sn_group *group)
{
    assert(group->failover.state == SN_FAILOVER_WAIT_START && group->failover.durable);
    sn_raise(group->master, SN_NOTICE_ELECTED_LEADER, NULL);
    if ((group->core->simulate & SN_SIMULATE_AFTER_ELECTION) != 0) {
        sn_out_add(group->core, SN_ACTION_EXIT)->u.exit_status = 99; /* PROTOCOL.md §4.14 */
        return;
    }
    sn_attempt_enter(group, SN_FAILOVER_SELECT);
    sn_raise(group->master, SN_NOTICE_FAILOVER_STATE_SELECT_SLAVE, NULL);
    sn_mark_group(group, SN_MARK_STEP);
}

/* An operator's order does not need the votes (stock asks nobody). But votes raise the epoch at the
 * peers, so that two orders on two sentinels cannot use the same epoch: a single vote for another
 * sentinel in this epoch stops the order (PROTOCOL.md §15.8, §22.4, §24.1). */
static bool goes_without_votes(const struct sn_group *group, const struct tally *tally)
{
    enum sn_failover_mode mode = group->failover.mode;
    return mode == SN_MODE_FORCED || (mode == SN_MODE_PLANNED && tally->best_other == 0);
}

void sn_election_count(struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    struct tally tally;
    if (failover->state != SN_FAILOVER_WAIT_START || !failover->durable || group->core->tilt)
        return;
    count_votes(group, &tally);
    bool lost = tally.mine + tally.awaited < tally.needed;
    if (failover->mode == SN_MODE_FORCED || tally.mine >= tally.needed ||
        (lost && goes_without_votes(group, &tally)))
        win(group);
    else if (lost)
        give_up(group, &tally);
}

/* How long an attempt may collect votes (PROTOCOL.md §11.3, §14.4). */
static sn_ms patience(const struct sn_group *group)
{
    sn_ms usual =
        sn_min(group->core->timings[SN_TIMING_ELECTION_TIMEOUT], group->params.failover_timeout_ms);
    sn_ms votes = sn_max(SN_VOTES_MAX_MS, 3 * sn_rank_longest_trip(group));
    return group->failover.mode == SN_MODE_PLANNED ? sn_min(usual, votes) : usual;
}

static void time_out(struct sn_group *group)
{
    struct tally tally;
    count_votes(group, &tally);
    if (group->failover.durable && goes_without_votes(group, &tally))
        win(group);
    else if (!group->failover.durable && group->failover.mode != SN_MODE_NONE)
        return; /* an operator's order waits until its save succeeds or fails (PROTOCOL.md §14.4) */
    else
        give_up(group, &tally);
}

/* True if the master is up again, or if its data set was judged anew. A lost quorum alone ends
 * nothing, because silent peers lose it too, and then the state of the master is unknown
 * (PROTOCOL.md §24.2). */
static bool is_over(const struct sn_group *group)
{
    enum sn_failover_mode mode = group->failover.mode;
    return (mode == SN_MODE_NONE || mode == SN_MODE_REBORN) && wanted_since(group) == SN_MS_NEVER &&
           !group->master->s_down;
}

void sn_election_step(struct sn_group *group)
{
    struct sn_core *core = group->core;
    sn_ms deadline = sn_after(group->failover.started_at, patience(group));
    if (is_over(group)) {
        /* Our vote for ourselves stays given, and the peers that voted for us wait for no other
         * sentinel: if the master goes down again, our next attempt starts at once. */
        sn_out_log(core, SN_LEVEL_NOTICE,
                   "Gave up failover attempt for %s, epoch %llu: the master is up again.",
                   group->name, (unsigned long long)group->failover.epoch);
        const struct sn_why why = {SN_REASON_MASTER_BACK, {(int64_t)group->failover.epoch}};
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &why, core->now);
    } else if (sn_truce_ends_attempt(group)) {
        const struct sn_why why = {SN_REASON_PAUSED, {sn_truce_left_s(group)}};
        sn_attempt_abort(group, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &why, core->now);
    } else if (core->now >= deadline) {
        time_out(group);
    } else {
        sn_timer_set(&core->timers, &group->timeout, deadline);
    }
}
