/* SPDX-License-Identifier: BSD-3-Clause */

/* Whoever may PUBLISH on a watched server, or reach an open sentinel, can send a hello in the name
 * of any sentinel. So a hello that claims a newer configuration is only a reason to ask (DESIGN.md
 * D30):
 *
 *   the sender      on our own link to it, whose other end has told its id: its config epoch, then
 *                   its master. What it answers is adopted, if the hello had said the same, or if
 *                   it gives the same answer twice. A lower epoch proves the hello a forgery.
 *   the server      where the sender cannot be asked, or the master is down: a replica of the
 *                   group whose process was seen as a replica, and whose INFO says role:master
 *                   since the hello came. Somebody has promoted it. An old master that returns as
 *                   a master, or a server that is no member of the group, is not believed.
 *
 * Both take one round trip. Stock sentinels answer all of it. Forged hellos in numbers cause one
 * question at a time and, after answers that deny them, a pause of 100 ms at most. */

#include "core/watch/confirm.h"

#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/told.h"
#include "core/watch/adopt.h"
#include "core/watch/peer.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

#define PATIENCE_MS   500 /* a sender that does not answer so long counts as out of reach */
#define RETRY_MS      2   /* while the link is full */
#define PAUSE_MIN_MS  2
#define PAUSE_MAX_MS  100
#define ASKED_MAX     2 /* questions to a sender that does not answer */
#define QUIET_PERIODS 4 /* hello periods after which an answer that denied a hello is forgotten */

static void turn_to(struct sn_instance *peer, enum sn_confirm_stage stage, sn_ms after)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    confirm->stage = stage;
    sn_timer_set(&peer->core->timers, &confirm->timer, sn_after(peer->core->now, after));
}

static void set_claim(struct sn_instance *peer, const struct sn_addr *master, uint64_t epoch)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    confirm->claim.master = *master;
    confirm->claim.epoch = epoch;
    confirm->composed = false;
    confirm->heard_at = peer->core->now;
}

static bool claims(const struct sn_claimed *claimed, const struct sn_addr *master, uint64_t epoch)
{
    return claimed->epoch == epoch && sn_addr_equal(&claimed->master, master);
}

/* True if the configuration, or a newer one, has come in another way. */
static bool is_settled(const struct sn_instance *peer)
{
    return peer->u.peer.confirm->claim.epoch <= peer->group->config_epoch;
}

/* Ends the question about the claim, and turns to what else was claimed meanwhile. */
static void end(struct sn_instance *peer)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    struct sn_claimed next = confirm->next;
    confirm->stage = SN_CONFIRM_NONE;
    confirm->next.epoch = 0;
    sn_timer_stop(&peer->core->timers, &confirm->timer);
    if (next.epoch <= peer->group->config_epoch)
        return;
    set_claim(peer, &next.master, next.epoch);
    turn_to(peer, SN_CONFIRM_PAUSED, sn_max(confirm->pause_ms, PAUSE_MIN_MS));
}

static void adopt(struct sn_instance *peer)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    struct sn_claimed claim = confirm->claim;
    confirm->pause_ms = 0;
    (void)sn_adopt_config(peer, &claim.master, claim.epoch);
    end(peer);
}

/* ---- the server ----------------------------------------------------------------------------- */

static void ask_info(struct sn_instance *peer)
{
    const struct sn_claimed *claim = &peer->u.peer.confirm->claim;
    struct sn_instance *replica = sn_group_find_replica(peer->group, &claim->master);
    if (replica != NULL)
        sn_instance_ask_info(replica);
}

/* The server knows no epoch: it cannot speak for one that may belong to another master. */
static void ask_server(struct sn_instance *peer)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    if (confirm->composed) {
        end(peer);
        return;
    }
    confirm->stage = SN_CONFIRM_SERVER;
    sn_timer_stop(&peer->core->timers, &confirm->timer);
    ask_info(peer);
}

/* True if the word of the server is enough. While a master answers, a replica that was promoted
 * may be one of two, and only a sentinel knows which of them stays. */
static bool may_ask_server(const struct sn_instance *peer)
{
    const struct sn_confirm *confirm = peer->u.peer.confirm;
    return confirm->stage == SN_CONFIRM_SERVER ||
           (confirm->stage == SN_CONFIRM_SENDER && peer->group->master->s_down &&
            !confirm->composed);
}

/* DESIGN.md D30. */
static bool was_promoted(const struct sn_instance *replica, sn_ms since)
{
    const struct sn_data *data = &replica->u.data;
    return data->role_reported == SN_ROLE_MASTER && data->was_replica &&
           data->info_asked_at != SN_MS_NEVER && data->info_asked_at >= since;
}

/* True until the next hello of a sentinel that stands by the claim must have come. */
static bool is_fresh(const struct sn_instance *peer)
{
    sn_ms memory = peer->core->timings[SN_TIMING_PUBLISH_PERIOD] * 3 / 2;
    return sn_age(peer->core, peer->u.peer.confirm->heard_at) <= memory;
}

/* True if anybody has told of a newer configuration than that of the claim. Only a sender knows
 * then. */
static bool is_overtaken(const struct sn_instance *peer)
{
    uint64_t epoch = peer->u.peer.confirm->claim.epoch;
    const struct sn_instance *other;
    DL_FOREACH(peer->group->peers, other) {
        const struct sn_confirm *confirm = other->u.peer.confirm;
        if (confirm != NULL && confirm->stage != SN_CONFIRM_NONE && is_fresh(other) &&
            (confirm->claim.epoch > epoch || confirm->next.epoch > epoch))
            return true;
    }
    return false;
}

static bool waits_for(const struct sn_instance *peer, const struct sn_instance *replica)
{
    const struct sn_confirm *confirm = peer->u.peer.confirm;
    return confirm != NULL && may_ask_server(peer) && !is_settled(peer) &&
           sn_addr_equal(&confirm->claim.master, &replica->addr) && is_fresh(peer);
}

/* DESIGN.md D30. */
void sn_confirm_server_told(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (!waits_for(peer, replica))
            continue;
        sn_ms heard_at = peer->u.peer.confirm->heard_at;
        if (was_promoted(replica, heard_at) && !is_overtaken(peer)) {
            adopt(peer);
            return; /* replica is none any more */
        }
        if (replica->u.data.info_asked_at < heard_at)
            sn_instance_ask_info(replica);
    }
}

/* ---- the sender ----------------------------------------------------------------------------- */

/* True if a question is under way to peer. */
static bool is_asked(const struct sn_instance *peer)
{
    struct sn_link_id on = peer->u.peer.confirm->asked_on;
    return on.v != 0 && on.v == peer->cmd->id.v && peer->cmd->state == SN_LINK_UP;
}

static void ask_sender(struct sn_instance *peer)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    struct sn_action_send send = {
        .order = SN_ORDER_CONFIG, .tag = peer->id, .message = peer->group->name};
    if (peer->cmd->state != SN_LINK_UP || peer->cmd->id_pending || !sn_peer_speaks(peer)) {
        ask_server(peer);
        return;
    }
    if (!sn_link_can_send(peer->cmd)) {
        turn_to(peer, SN_CONFIRM_PAUSED, RETRY_MS);
        return;
    }
    confirm->asked = is_asked(peer) ? confirm->asked + 1 : 1;
    confirm->asked_on = peer->cmd->id;
    /* In this order: a master that is told with an older epoch is not adopted, as the next answer
     * differs. */
    sn_out_send(peer->cmd, &send);
    send.order = SN_ORDER_WHERE;
    sn_out_send(peer->cmd, &send);
    turn_to(peer, SN_CONFIRM_SENDER, PATIENCE_MS);
    if (may_ask_server(peer))
        ask_info(peer);
}

static struct sn_confirm *ensure(struct sn_instance *peer)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    if (confirm != NULL)
        return confirm;
    confirm = peer->u.peer.confirm = sn_alloc(sizeof(*confirm));
    confirm->denied_at = SN_MS_NEVER;
    sn_timer_init(&confirm->timer, SN_TIMER_CONFIRM, peer);
    return confirm;
}

/* A hello comes while the answer about an earlier one is under way. */
static void hear_meanwhile(struct sn_instance *peer, const struct sn_addr *master, uint64_t epoch)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    if (claims(&confirm->claim, master, epoch) || epoch < confirm->next.epoch)
        return;
    confirm->next.master = *master;
    confirm->next.epoch = epoch;
}

/* True if another question to a sender that has answered none so far would be of no use. */
static bool is_silent(const struct sn_instance *peer, bool heard)
{
    const struct sn_confirm *confirm = peer->u.peer.confirm;
    return confirm->stage == SN_CONFIRM_SERVER && is_asked(peer) &&
           (heard || confirm->asked >= ASKED_MAX);
}

/* DESIGN.md D30. */
void sn_confirm_hear(struct sn_instance *peer, const struct sn_addr *master, uint64_t config_epoch)
{
    struct sn_confirm *confirm = ensure(peer);
    sn_ms quiet = QUIET_PERIODS * peer->core->timings[SN_TIMING_PUBLISH_PERIOD];
    sn_reason_note_numbers(peer, SN_REASON_HELLO_UNCONFIRMED, (int64_t)config_epoch,
                           (int64_t)peer->group->config_epoch, 0);
    if (is_asked(peer) &&
        (confirm->stage == SN_CONFIRM_SENDER || confirm->stage == SN_CONFIRM_PAUSED)) {
        hear_meanwhile(peer, master, config_epoch);
        return;
    }
    /* Hellos on several ways overtake each other. */
    if (confirm->stage == SN_CONFIRM_SERVER && config_epoch < confirm->claim.epoch &&
        is_fresh(peer))
        return;
    bool silent = is_silent(peer, claims(&confirm->claim, master, config_epoch));
    set_claim(peer, master, config_epoch);
    if (confirm->denied_at == SN_MS_NEVER || sn_age(peer->core, confirm->denied_at) > quiet)
        confirm->pause_ms = 0;
    if (confirm->stage == SN_CONFIRM_PAUSED)
        return;
    if (silent)
        ask_server(peer);
    else if (confirm->pause_ms > 0)
        turn_to(peer, SN_CONFIRM_PAUSED, confirm->pause_ms);
    else
        ask_sender(peer);
}

bool sn_confirm_is_denied(const struct sn_instance *peer)
{
    const struct sn_confirm *confirm = peer->u.peer.confirm;
    return confirm != NULL && confirm->stage == SN_CONFIRM_PAUSED && confirm->pause_ms > 0;
}

/* PROTOCOL.md §17.2. */
bool sn_confirm_is_open(const struct sn_group *group)
{
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        const struct sn_confirm *confirm = peer->u.peer.confirm;
        if (confirm != NULL && confirm->stage != SN_CONFIRM_NONE && !sn_confirm_is_denied(peer) &&
            !is_settled(peer) && is_fresh(peer))
            return true;
    }
    return false;
}

bool sn_confirm_is_claimed(const struct sn_group *group, const struct sn_addr *master)
{
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        const struct sn_confirm *confirm = peer->u.peer.confirm;
        if (confirm != NULL && confirm->stage != SN_CONFIRM_NONE && !is_settled(peer) &&
            is_fresh(peer) && sn_addr_equal(&confirm->claim.master, master))
            return true;
    }
    return false;
}

void sn_confirm_due(struct sn_instance *peer)
{
    if (is_settled(peer))
        end(peer);
    else if (peer->u.peer.confirm->stage == SN_CONFIRM_PAUSED)
        ask_sender(peer);
    else
        ask_server(peer); /* PATIENCE_MS are over; a late answer counts too */
}

void sn_confirm_link_ready(struct sn_link *link)
{
    struct sn_instance *peer, *next;
    for (peer = link->owners; peer != NULL; peer = next) {
        const struct sn_confirm *confirm = peer->u.peer.confirm;
        next = peer->owner_next;
        if (confirm == NULL || confirm->stage == SN_CONFIRM_NONE ||
            confirm->stage == SN_CONFIRM_PAUSED)
            continue;
        if (is_settled(peer))
            end(peer);
        else
            ask_sender(peer);
    }
}

void sn_confirm_epoch_told(struct sn_instance *peer, const struct sn_reply *reply)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    if (confirm == NULL)
        return;
    bool unsaved = false; /* the epoch is not that of the master which is told */
    confirm->epoch_said = false;
    if (reply->type != SN_REPLY_ARRAY)
        return;
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        const struct sn_reply *field = &reply->items[i], *value = &reply->items[i + 1];
        if (field->type != SN_REPLY_STRING || value->type != SN_REPLY_STRING)
            continue;
        unsaved |= strcmp(field->text, "switch-unsaved") == 0;
        if (strcmp(field->text, "config-epoch") == 0)
            confirm->epoch_said =
                sn_text_to_u64(value->text, value->len, &confirm->said_epoch) == 0 &&
                confirm->said_epoch <= SN_EPOCH_MAX;
    }
    confirm->epoch_said &= !unsaved;
}

/* Reads the master from the answer; a host name is that of the claim, or unknown here. */
static bool read_master(const struct sn_instance *peer, const struct sn_reply *reply,
                        struct sn_addr *master)
{
    const struct sn_addr *claimed = &peer->u.peer.confirm->claim.master;
    int64_t port;
    if (reply->type != SN_REPLY_ARRAY || reply->count != 2 ||
        reply->items[0].type != SN_REPLY_STRING || reply->items[1].type != SN_REPLY_STRING ||
        sn_text_to_i64(reply->items[1].text, reply->items[1].len, &port) != 0 || port == 0 ||
        sn_addr_make(reply->items[0].text, port, master) != 0)
        return false;
    if (master->ip[0] == '\0' && strcasecmp(master->host, claimed->host) == 0)
        memcpy(master->ip, claimed->ip, sizeof(master->ip));
    return master->ip[0] != '\0' &&
           (!sn_addr_is_useless(master) || sn_addr_equal(master, &peer->group->master->addr));
}

static void tell_denied(struct sn_instance *peer, const struct sn_addr *master, uint64_t epoch)
{
    const struct sn_claimed *claim = &peer->u.peer.confirm->claim;
    struct sn_core *core = peer->core;
    sn_reason_note_numbers(peer, SN_REASON_HELLO_DENIED, (int64_t)claim->epoch, (int64_t)epoch, 0);
    if (sn_told_warn(core, peer->group,
                     sn_told_key(SN_TOLD_DENIED, peer->group, &peer->runid, "", 0)))
        sn_out_log(
            core, SN_LEVEL_WARNING,
            "Ignored a hello in the name of sentinel %s: it announces %s:%u as the master of "
            "%s with config epoch %llu, but that sentinel itself has %s:%u with %llu. The "
            "hello was forged: check who may PUBLISH to the monitored servers, and who can "
            "reach this sentinel.",
            peer->runid.hex, claim->master.host, claim->master.port, peer->group->name,
            (unsigned long long)claim->epoch, master->host, master->port,
            (unsigned long long)epoch);
}

/* The sender has no newer configuration than we have. Its own word outweighs what was said in its
 * name. */
static void deny(struct sn_instance *peer, const struct sn_addr *master, uint64_t epoch)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    if (!is_settled(peer)) {
        tell_denied(peer, master, epoch);
        confirm->denied_at = peer->core->now;
        confirm->pause_ms = sn_min(sn_max(2 * confirm->pause_ms, PAUSE_MIN_MS), PAUSE_MAX_MS);
    }
    peer->u.peer.hello_config_epoch = epoch;
    peer->u.peer.hello_agrees = sn_addr_equal(master, &peer->group->master->addr);
    end(peer);
}

/* DESIGN.md D30. */
void sn_confirm_master_told(struct sn_instance *peer, const struct sn_reply *reply)
{
    struct sn_confirm *confirm = peer->u.peer.confirm;
    struct sn_addr master;
    if (confirm == NULL)
        return;
    if (confirm->asked > 1) { /* a later question is under way */
        confirm->asked--;
        return;
    }
    confirm->asked = 0;
    confirm->asked_on.v = 0;
    if (!sn_peer_speaks(peer) || !confirm->epoch_said || !read_master(peer, reply, &master)) {
        ask_server(peer);
        return;
    }
    uint64_t epoch = confirm->said_epoch;
    if (epoch <= peer->group->config_epoch) {
        deny(peer, &master, epoch);
        return;
    }
    bool heard = claims(&confirm->claim, &master, epoch) || claims(&confirm->next, &master, epoch);
    set_claim(peer, &master, epoch);
    if (heard) {
        adopt(peer);
    } else {
        confirm->composed = true; /* it may have switched between the two answers */
        ask_sender(peer);
    }
}
