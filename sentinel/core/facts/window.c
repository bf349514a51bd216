/* SPDX-License-Identifier: BSD-3-Clause */

/* A link to a peer carries the questions and hellos of every group that knows the peer, and all of
 * them may be due at one moment. Whatever exceeds the window waits here: a limit that broke the
 * link instead would take the peer away from all groups (DESIGN.md D26). */

#include "core/facts/window.h"

#include <assert.h>
#include <utlist.h>

bool sn_window_has_room(const struct sn_link *link)
{
    unsigned limit = link->kind == SN_LINK_PEER ? SN_PENDING_PEER_MAX : SN_PENDING_MAX;
    return link->state == SN_LINK_UP && link->pending < limit;
}

bool sn_window_has_room_for_hello(const struct sn_link *link)
{
    return sn_window_has_room(link) &&
           (link->kind != SN_LINK_PEER || link->pending < SN_PENDING_HELLOS_MAX);
}

void sn_window_wait_to_ask(struct sn_instance *peer)
{
    struct sn_peer *facts = &peer->u.peer;
    assert(peer->kind == SN_KIND_PEER);
    if (!facts->waits_to_ask)
        DL_APPEND2(peer->cmd->peer->to_ask, peer, u.peer.ask_prev, u.peer.ask_next);
    facts->waits_to_ask = true;
}

void sn_window_wait_to_publish(struct sn_instance *peer)
{
    struct sn_peer *facts = &peer->u.peer;
    assert(peer->kind == SN_KIND_PEER);
    if (!facts->waits_to_publish)
        DL_APPEND2(peer->cmd->peer->to_publish, peer, u.peer.publish_prev, u.peer.publish_next);
    facts->waits_to_publish = true;
}

static void stop_asking(struct sn_instance *peer)
{
    if (peer->u.peer.waits_to_ask)
        DL_DELETE2(peer->cmd->peer->to_ask, peer, u.peer.ask_prev, u.peer.ask_next);
    peer->u.peer.waits_to_ask = false;
}

static void stop_publishing(struct sn_instance *peer)
{
    if (peer->u.peer.waits_to_publish)
        DL_DELETE2(peer->cmd->peer->to_publish, peer, u.peer.publish_prev, u.peer.publish_next);
    peer->u.peer.waits_to_publish = false;
}

struct sn_instance *sn_window_next_to_ask(struct sn_link *link)
{
    struct sn_instance *peer = link->peer == NULL ? NULL : link->peer->to_ask;
    if (peer == NULL || !sn_window_has_room(link))
        return NULL;
    stop_asking(peer);
    return peer;
}

struct sn_instance *sn_window_next_to_publish(struct sn_link *link)
{
    struct sn_instance *peer = link->peer == NULL ? NULL : link->peer->to_publish;
    if (peer == NULL || !sn_window_has_room_for_hello(link))
        return NULL;
    stop_publishing(peer);
    return peer;
}

void sn_window_forget(struct sn_instance *peer)
{
    stop_asking(peer);
    stop_publishing(peer);
}
