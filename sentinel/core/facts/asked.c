/* SPDX-License-Identifier: BSD-3-Clause */

/* Questions to a peer, in order, because answers do not name their question. */

#include "core/facts/asked.h"

#include <assert.h>
#include <string.h>

#define RECENT_MS 2000

bool sn_asked_room(const struct sn_instance *peer)
{
    return peer->u.peer.asks < SN_ASKS_MAX;
}

void sn_asked_push(struct sn_instance *peer, uint64_t about)
{
    struct sn_peer *facts = &peer->u.peer;
    assert(sn_asked_room(peer));
    if (facts->asks == 0)
        facts->asked_at = peer->core->now;
    facts->asked[facts->asks++] = about;
}

bool sn_asked_pop(struct sn_instance *peer, uint64_t *about)
{
    struct sn_peer *facts = &peer->u.peer;
    if (facts->asks == 0)
        return false;
    *about = facts->asked[0];
    facts->asks--;
    peer->cmd->peer->answer_ms = sn_age(peer->core, facts->asked_at);
    facts->asked_at = peer->cmd->peer->answer_at = peer->core->now;
    memmove(facts->asked, facts->asked + 1, facts->asks * sizeof(facts->asked[0]));
    return true;
}

sn_ms sn_asked_answer_ms(const struct sn_instance *peer)
{
    const struct sn_peer_link *link = peer->cmd->peer;
    sn_ms overdue = peer->u.peer.asks > 0 ? sn_age(peer->core, peer->u.peer.asked_at) : 0;
    bool known = link->answer_at != SN_MS_NEVER && sn_age(peer->core, link->answer_at) <= RECENT_MS;
    return sn_max(overdue, known ? link->answer_ms : 0);
}

bool sn_asked_for_vote(const struct sn_instance *peer, uint64_t epoch)
{
    const struct sn_peer *facts = &peer->u.peer;
    for (unsigned i = 0; i < facts->asks; i++) {
        if (facts->asked[i] == epoch)
            return true;
    }
    return facts->answered_epoch >= epoch;
}

void sn_asked_forget(struct sn_instance *peer)
{
    struct sn_peer *facts = &peer->u.peer;
    for (unsigned i = 0; i < facts->asks; i++)
        facts->asked[i] = SN_ASKED_STALE;
    facts->answered_epoch = 0;
    sn_timer_stop(&peer->core->timers, &facts->ask);
}

void sn_asked_forget_votes(struct sn_instance *peer)
{
    struct sn_peer *facts = &peer->u.peer;
    for (unsigned i = 0; i < facts->asks; i++) {
        if (facts->asked[i] == SN_ASKED_VOTED)
            facts->asked[i] = 0;
    }
}

void sn_asked_lost(struct sn_instance *peer)
{
    peer->u.peer.asks = 0;
    peer->u.peer.settings_asked = false;
    peer->u.peer.settings_pending = false;
    peer->u.peer.truce_hinted = 0;
    peer->u.peer.quick = 0; /* the peer may return with another view */
}
