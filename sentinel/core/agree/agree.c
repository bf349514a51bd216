/* SPDX-License-Identifier: BSD-3-Clause */

/* Agreement: O_DOWN of masters by quorum, and the questions to peers (PROTOCOL.md §13.4, §13.5).
 * Peers are asked as soon as the master is S_DOWN here, again within milliseconds while the quorum
 * is missing, as they may notice a little later, and then once per ask period. */

#include "core/agree/agree.h"

#include "core/agree/election.h"
#include "core/agree/rank.h"
#include "core/agree/rival.h"
#include "core/facts/asked.h"
#include "core/facts/epoch.h"
#include "core/facts/group.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/turn.h"
#include "core/facts/window.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/peer.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>
#include <utlist.h>

#define QUICK_FIRST_MS 10
#define QUICK_MAX      8
#define EXPIRE_PERIODS 5

/* Sentinels that see the master down, ourselves among them. */
static uint32_t count_agreeing(const struct sn_group *group)
{
    const struct sn_instance *peer;
    uint32_t agreeing = 1;
    DL_FOREACH(group->peers, peer)
        agreeing += peer->u.peer.master_down;
    return agreeing;
}

bool sn_agree_is_down(const struct sn_group *group)
{
    return group->master->s_down && count_agreeing(group) >= group->params.quorum;
}

void sn_agree_update(struct sn_group *group)
{
    struct sn_core *core = group->core;
    bool down = sn_agree_is_down(group);
    assert(group->master->kind == SN_KIND_MASTER && group->params.quorum > 0);
    if (core->tilt)
        return;
    if (down == group->o_down)
        return;
    sn_group_set_o_down(group, down);
    if (down) {
        sn_turn_rank(group, sn_after(core->now, sn_rank_turn_ms(group)));
        sn_raise(group->master, SN_NOTICE_ODOWN, "#quorum %u/%u", count_agreeing(group),
                 group->params.quorum);
    } else {
        sn_turn_master_up(group);
        sn_raise(group->master, SN_NOTICE_ODOWN_END, NULL);
    }
    sn_mark_group(group, SN_MARK_STEP | SN_MARK_PLAN);
}

/* PROTOCOL.md §15.8. */
static bool wants_votes(const struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    return failover->state == SN_FAILOVER_WAIT_START && failover->durable &&
           failover->mode != SN_MODE_FORCED;
}

/* When to ask again, unless something happens before. */
static void plan_ask(struct sn_instance *peer, sn_ms pause)
{
    struct sn_core *core = peer->core;
    sn_ms at = sn_after(core->now, pause);
    sn_ms whom_at = sn_rival_ask_whom_at(peer->group);
    if (sn_rival_is_active(peer->group) && core->now < whom_at)
        at = sn_min(at, whom_at);
    sn_timer_set(&core->timers, &peer->u.peer.ask, at);
}

static enum sn_reason cannot_ask(const struct sn_instance *peer)
{
    if (!sn_asked_room(peer))
        return SN_REASON_ASK_TOO_MANY;
    if (!sn_link_can_send(peer->cmd))
        return SN_REASON_ASK_NO_LINK;
    return sn_peer_speaks(peer) ? SN_REASON_NONE : SN_REASON_ASK_NOT_ITSELF;
}

/* PROTOCOL.md §13.5, §23. */
void sn_agree_ask(struct sn_instance *peer)
{
    struct sn_core *core = peer->core;
    struct sn_group *group = peer->group;
    bool vote = wants_votes(group);
    /* A request for epoch 0 gets no vote, here and from stock. Its answer contains the last vote
     * (PROTOCOL.md §4.4). */
    bool whom = !vote && sn_persist_has_identity(core) && sn_rival_is_active(group) &&
                core->now >= sn_rival_ask_whom_at(group);
    if (core->tilt || (!group->master->s_down && !vote))
        return;
    enum sn_reason refusal = cannot_ask(peer);
    if (refusal != SN_REASON_NONE) {
        sn_reason_note(peer, refusal);
        if (refusal == SN_REASON_ASK_NO_LINK && peer->cmd->state == SN_LINK_UP)
            sn_window_wait_to_ask(peer);
        return;
    }
    struct sn_action_send send = {
        .order = SN_ORDER_ASK,
        .tag = peer->id,
        .host = sn_instance_host(group->master),
        .port = group->master->addr.port,
        .epoch = vote   ? group->failover.epoch
                 : whom ? 0
                        : sn_persist_epoch(core, group),
        .runid = vote || whom ? core->myid.hex : "*",
    };
    sn_out_send(peer->cmd, &send);
    sn_asked_push(peer, vote ? group->failover.epoch : whom ? SN_ASKED_VOTED : 0);
    plan_ask(peer, core->timings[SN_TIMING_ASK_PERIOD]);
}

void sn_agree_ask_all(struct sn_group *group)
{
    struct sn_instance *peer;
    DL_FOREACH(group->peers, peer)
        sn_agree_ask(peer);
}

/* A silent peer gets one question at a time, and none once the master is back (PROTOCOL.md §13.5,
 * §23, §24.2). */
void sn_agree_ask_due(struct sn_instance *peer)
{
    struct sn_core *core = peer->core;
    if (!peer->group->master->s_down && !wants_votes(peer->group))
        return;
    sn_timer_set(&core->timers, &peer->u.peer.ask,
                 sn_after(core->now, core->timings[SN_TIMING_ASK_PERIOD]));
    /* One question at a time: a peer that never answers loses its link in the end. */
    if (peer->u.peer.asks == 0)
        sn_agree_ask(peer);
    else
        sn_reason_note(peer, SN_REASON_ASK_TOO_MANY);
}

void sn_agree_master_flipped(struct sn_group *group)
{
    struct sn_core *core = group->core;
    struct sn_instance *instance;
    DL_FOREACH(group->peers, instance) {
        instance->u.peer.quick = 0;
        if (!group->master->s_down)
            sn_timer_stop(&core->timers, &instance->u.peer.ask);
    }
    if (group->master->s_down) {
        sn_agree_ask_all(group);
        sn_group_ask_info_all(group);
    }
    /* Rules that wait for the master, or act without it, depend on S_DOWN even if O_DOWN stays as
     * it is. */
    sn_mark_group(group, SN_MARK_AGREE | SN_MARK_STEP);
}

void sn_agree_hint(struct sn_group *group)
{
    struct sn_instance *peer;
    bool decided = group->o_down && group->core->now >= group->rank_at;
    if (!group->master->s_down || decided)
        return;
    DL_FOREACH(group->peers, peer) {
        if (peer->u.peer.master_down || peer->u.peer.quick >= QUICK_MAX)
            continue;
        peer->u.peer.quick++;
        sn_agree_ask(peer);
    }
}

/* Questions repeat quickly while the quorum is missing, then once per ask period (PROTOCOL.md
 * §13.5, §23). */
static void plan_next(struct sn_instance *peer)
{
    struct sn_core *core = peer->core;
    struct sn_peer *facts = &peer->u.peer;
    sn_ms pause = core->timings[SN_TIMING_ASK_PERIOD];
    if (!peer->group->master->s_down && !wants_votes(peer->group))
        return;
    if (wants_votes(peer->group) && !sn_asked_for_vote(peer, peer->group->failover.epoch))
        sn_agree_ask(peer); /* too many questions were under way when the attempt began */
    if (!peer->group->o_down && !facts->master_down && facts->quick < QUICK_MAX)
        pause = sn_min(pause, (sn_ms)QUICK_FIRST_MS << facts->quick++);
    plan_ask(peer, pause);
}

/* True if the answer has three elements: integer, text, integer. Any other answer changes nothing
 * (PROTOCOL.md §13.5). */
static bool well_formed(const struct sn_reply *reply)
{
    return reply->type == SN_REPLY_ARRAY && reply->count == 3 &&
           reply->items[0].type == SN_REPLY_INTEGER && reply->items[1].type == SN_REPLY_STRING &&
           reply->items[2].type == SN_REPLY_INTEGER && reply->items[2].integer >= 0 &&
           (uint64_t)reply->items[2].integer <= SN_EPOCH_MAX;
}

static bool names_somebody(const struct sn_reply *vote)
{
    return vote->len > 0 && vote->len <= SN_RUNID_LEN && strlen(vote->text) == vote->len &&
           strcmp(vote->text, "*") != 0 && !sn_text_has_control(vote->text, vote->len);
}

/* True if the peer knows the master that it was asked about. A peer that has switched already does
 * not know it, and its answer contains no vote. */
static bool knows_master(const struct sn_reply *reply)
{
    return reply->items[0].integer == 1 || reply->items[2].integer > 0 ||
           names_somebody(&reply->items[1]);
}

/* A candidate uses an epoch above every vote that it has heard of (PROTOCOL.md §13.5, §23). */
void sn_agree_answer(struct sn_instance *peer, const struct sn_reply *reply)
{
    struct sn_core *core = peer->core;
    struct sn_group *group = peer->group;
    struct sn_peer *facts = &peer->u.peer;
    uint64_t asked;
    if (!sn_asked_pop(peer, &asked) || asked == SN_ASKED_STALE) {
        sn_reason_note(peer, SN_REASON_ANSWER_STALE);
        return;
    }
    if (!well_formed(reply))
        sn_reason_note(peer, SN_REASON_ANSWER_BAD);
    else if (!sn_peer_speaks(peer))
        sn_reason_note(peer, SN_REASON_ANSWER_NOT_ITSELF);
    if (asked != SN_ASKED_VOTED && asked > facts->answered_epoch)
        facts->answered_epoch = asked;
    if (well_formed(reply) && sn_peer_speaks(peer)) {
        const struct sn_reply *vote = &reply->items[1];
        facts->master_down = reply->items[0].integer == 1;
        facts->answered_at = core->now;
        sn_timer_set(&core->timers, &facts->answer_old,
                     sn_after(core->now, EXPIRE_PERIODS * core->timings[SN_TIMING_ASK_PERIOD]));
        if (names_somebody(vote)) {
            uint64_t epoch = (uint64_t)reply->items[2].integer;
            if (facts->vote_epoch != epoch || strcmp(facts->vote.hex, vote->text) != 0)
                sn_out_log(core, SN_LEVEL_NOTICE, "%s voted for %s %llu", peer->runid.hex,
                           vote->text, (unsigned long long)epoch);
            memcpy(facts->vote.hex, vote->text, vote->len + 1);
            facts->vote_epoch = epoch;
            /* The peer refused because it has seen a newer epoch. */
            (void)sn_epoch_take(group, NULL, epoch);
        }
    }
    if (asked == SN_ASKED_VOTED && well_formed(reply) && knows_master(reply) &&
        sn_peer_speaks(peer))
        sn_rival_told(peer, (uint64_t)reply->items[2].integer);
    sn_agree_update(group);
    if (group->o_down && group->failover.state == SN_FAILOVER_NONE) {
        /* Our turn depends on who else sees the master down. */
        sn_turn_rank(group, sn_after(group->o_down_at, sn_rank_turn_ms(group)));
        sn_mark_group(group, SN_MARK_PLAN);
    }
    sn_mark_group(group, SN_MARK_VOTES);
    sn_rival_late_vote(group);
    plan_next(peer);
}

/* An answer is forgotten after five ask periods (PROTOCOL.md §13.5). */
void sn_agree_answer_old(struct sn_instance *peer)
{
    peer->u.peer.master_down = false;
    peer->u.peer.vote.hex[0] = '\0';
    sn_mark_group(peer->group, SN_MARK_AGREE);
}
