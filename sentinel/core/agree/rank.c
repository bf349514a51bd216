/* SPDX-License-Identifier: BSD-3-Clause */

/* Turns of candidates, by rank (DESIGN.md D6). */

#include "core/agree/rank.h"

#include "core/facts/asked.h"
#include "core/facts/group.h"
#include "core/facts/persist.h"

#include <utlist.h>

sn_ms sn_rank_longest_trip(const struct sn_group *group)
{
    sn_ms trip = 0;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (!peer->s_down)
            trip = sn_max(trip, peer->cmd->trip_ms);
    }
    return trip;
}

/* How long the quickest peer takes for an answer at present; 0 if that is not known. Where many
 * groups fail at once, answers wait for the work on all of them, which no PING has shown before.
 * Not the slowest peer: one that is gone must not delay those who are left. */
static sn_ms shortest_answer(const struct sn_group *group)
{
    sn_ms shortest = SN_MS_NEVER;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (!peer->s_down)
            shortest = sn_min(shortest, sn_asked_answer_ms(peer));
    }
    return shortest == SN_MS_NEVER ? 0 : shortest;
}

/* The candidate hears of the quorum, saves its vote, and asks. */
sn_ms sn_rank_step_ms(const struct sn_group *group)
{
    sn_ms trip = sn_max(sn_rank_longest_trip(group), shortest_answer(group));
    sn_ms step = SN_RANK_GRACE_MS + 2 * trip + sn_persist_takes_ms(group->core);
    return sn_min(sn_max(step, SN_RANK_STEP_MS), SN_RANK_STEP_MAX_MS);
}

/* True if the peer has reported since our S_DOWN that the master is up: it cannot be a candidate
 * yet. */
static bool sees_master_up(const struct sn_instance *peer)
{
    const struct sn_instance *master = peer->group->master;
    return !peer->u.peer.master_down && peer->u.peer.answered_at != SN_MS_NEVER &&
           peer->u.peer.answered_at >= master->s_down_at;
}

/* PROTOCOL.md §14.5. */
sn_ms sn_rank_turn_ms(const struct sn_group *group)
{
    sn_ms candidates = 0;
    bool others = false;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (!sn_group_goes_first(peer))
            continue;
        if (sees_master_up(peer))
            others = true;
        else
            candidates++;
    }
    sn_ms grace =
        sn_min(sn_max(sn_rank_longest_trip(group), SN_RANK_GRACE_MS), SN_RANK_STEP_MAX_MS);
    return candidates * sn_rank_step_ms(group) + (others ? grace : 0);
}
