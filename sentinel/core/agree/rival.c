/* SPDX-License-Identifier: BSD-3-Clause */

/* Rivals: while another sentinel may be failing a group over, this one starts no attempt
 * (PROTOCOL.md §14.2, DESIGN.md D8, D9). */

#include "core/agree/rival.h"

#include "core/agree/rank.h"
#include "core/facts/asked.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/facts/turn.h"
#include "core/tell/out.h"

#include <utlist.h>

/* PROTOCOL.md §11.3, §14.2. */
bool sn_rival_is_known(const struct sn_group *group)
{
    if (group->rival_until == SN_MS_NEVER)
        return false;
    const struct sn_instance *peer = sn_group_find_peer(group, &group->rival);
    return peer != NULL && !peer->s_down;
}

bool sn_rival_is_active(const struct sn_group *group)
{
    return sn_rival_is_known(group) && group->core->now < group->rival_until;
}

sn_ms sn_rival_ask_whom_at(const struct sn_group *group)
{
    const struct sn_core *core = group->core;
    sn_ms voted_at = group->rival_until - 2 * group->params.failover_timeout_ms;
    return sn_after(voted_at, sn_max(SN_POLL_FAST_MS, 3 * core->save_took_ms));
}

/* Yields deliberately only to a known rival, because anybody can request a vote for an unknown id
 * (DESIGN.md D8) (PROTOCOL.md §11.3, §14.2). */
bool sn_rival_yield_to(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                       sn_ms since)
{
    struct sn_core *core = group->core;
    struct sn_instance *peer = sn_group_find_peer(group, rival);
    if (peer == NULL) {
        sn_reason_note_id(group, rival->hex, SN_REASON_RIVAL_UNKNOWN, (int64_t)epoch, 0);
        sn_out_log(core, SN_LEVEL_VERBOSE,
                   "Sentinel %.8s may be failing over %s, but is not known to watch it: our "
                   "attempts do not wait for it.",
                   rival->hex, group->name);
        return false;
    }
    sn_turn_wait_for(group, rival, epoch, sn_after(since, 2 * group->params.failover_timeout_ms));
    sn_reason_note_numbers(peer, SN_REASON_RIVAL, (int64_t)epoch, group->rival_until - core->now,
                           0);
    sn_out_log(core, SN_LEVEL_NOTICE,
               "Next failover delay: sentinel %.8s may be failing over %s. Our next attempt waits "
               "%lld ms, unless that sentinel goes down.",
               rival->hex, group->name, (long long)(group->rival_until - core->now));
    sn_asked_forget_votes(peer);
    if (group->master->s_down)
        sn_timer_pull(&core->timers, &peer->u.peer.ask, sn_rival_ask_whom_at(group));
    return true;
}

static void end_wait(struct sn_group *group, const char *why)
{
    sn_out_log(group->core, SN_LEVEL_NOTICE,
               "Sentinel %.8s %s election %llu for %s: our next attempt does not wait for it.",
               group->rival.hex, why, (unsigned long long)group->rival_epoch, group->name);
    sn_turn_wait_for_nobody(group);
    /* Other sentinels find out at the same moment, so the candidates take turns. */
    sn_turn_rank(group, sn_max(group->rank_at, sn_after(group->core->now, sn_rank_turn_ms(group))));
    sn_mark_group(group, SN_MARK_PLAN);
}

/* Upper limit of the votes for candidate in the rival's epoch, by the votes that are known here. */
static size_t possible_votes(const struct sn_group *group, const struct sn_runid *candidate)
{
    uint64_t epoch = group->rival_epoch;
    size_t possible = group->leader_epoch == epoch && sn_runid_equal(&group->leader, candidate);
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        const struct sn_peer *facts = &peer->u.peer;
        bool known = facts->vote_epoch == epoch ||
                     (facts->answered_epoch >= epoch && facts->vote_epoch < epoch);
        bool for_it = facts->vote_epoch == epoch && sn_runid_equal(&facts->vote, candidate);
        possible += !known || for_it;
    }
    return possible;
}

/* Returns another peer that may have won the rival's epoch; NULL if there is none. */
static const struct sn_instance *other_winner(const struct sn_group *group)
{
    const struct sn_instance *peer;
    size_t majority = sn_group_majority(group);
    DL_FOREACH(group->peers, peer) {
        if (!peer->s_down && !sn_runid_equal(&peer->runid, &group->rival) &&
            peer->u.peer.vote_epoch == group->rival_epoch &&
            sn_runid_equal(&peer->u.peer.vote, &peer->runid) &&
            possible_votes(group, &peer->runid) >= majority)
            return peer;
    }
    return NULL;
}

void sn_rival_late_vote(struct sn_group *group)
{
    if (group->rival_until == SN_MS_NEVER ||
        possible_votes(group, &group->rival) >= sn_group_majority(group))
        return;
    const struct sn_instance *other = other_winner(group);
    if (other != NULL)
        sn_turn_wait_for_other(group, &other->runid);
    else
        end_wait(group, "has lost");
}

void sn_rival_told(struct sn_instance *peer, uint64_t vote_epoch)
{
    struct sn_group *group = peer->group;
    /* A candidate votes for itself before it asks any peer (PROTOCOL.md §14.3). */
    if (group->rival_until != SN_MS_NEVER && sn_runid_equal(&peer->runid, &group->rival) &&
        vote_epoch < group->rival_epoch)
        end_wait(group, "has not voted in");
}
