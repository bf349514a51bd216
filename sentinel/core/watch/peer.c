/* SPDX-License-Identifier: BSD-3-Clause */

/* Decides which senders of hellos are peers. A hello claims that an id is at an address:
 *
 *   new id, free address       a voter at once; its link asks for the id, and one that answers with
 *                              another id proves the hello a forgery and is removed
 *   known id, new address      followed if the old link is lost, or once the new address has
 *                              confirmed the id; a hello alone never costs a good link
 *   address of another peer    one address is one voter: the new id takes the place of the old one
 *                              once the address has told it; if it tells nothing, once the old id
 *                              has been silent for some hellos
 *   our own address            refused
 *
 * A proven voter (from our file, or one that has told its id) remains a voter even if another id
 * answers at its address, as it may have moved. Answers from there are ignored (sn_peer_speaks). */

#include "core/watch/peer.h"

#include "core/facts/asked.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/own.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/tell/told.h"
#include "core/watch/detect.h"
#include "core/watch/forget.h"
#include "core/watch/probe.h"

#include "base/alloc.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define SILENT_PERIODS  3
#define SETTLED_MS      60000 /* between two moves while both addresses speak */
#define SETTINGS_AGE_MS 30000 /* after which differences of settings are looked for again */

/* ---- whose word counts ---------------------------------------------------------------------- */

bool sn_peer_speaks(const struct sn_instance *peer)
{
    enum sn_identity identity = peer->cmd->identity;
    const struct sn_instance *other;
    bool before = true;
    if (identity == SN_IDENTITY_OTHER || sn_own_is(peer->core, &peer->addr))
        return false;
    if (identity == SN_IDENTITY_TOLD)
        return true;
    DL_FOREACH(peer->group->peers, other) {
        if (other == peer) {
            before = false;
            continue;
        }
        if ((before || other->cmd->identity == SN_IDENTITY_TOLD) &&
            other->cmd->identity != SN_IDENTITY_OTHER &&
            sn_addr_same_place(&other->addr, &peer->addr))
            return false;
    }
    return true;
}

/* Forgets the answers that came over the link: they were not those of the peer. */
static void silence(struct sn_instance *peer)
{
    peer->u.peer.master_down = false;
    peer->u.peer.vote.hex[0] = '\0';
    peer->u.peer.vote_epoch = 0;
    sn_asked_forget(peer);
}

static void recount(struct sn_group *group)
{
    sn_mark_group(group, SN_MARK_AGREE | SN_MARK_VOTES | SN_MARK_PLAN);
}

/* ---- in and out ----------------------------------------------------------------------------- */

/* Adds a peer on the word of a hello. Returns NULL if the group has too many (PROTOCOL.md §10.3,
 * §10.4). */
static struct sn_instance *take_in(struct sn_group *group, const struct sn_runid *runid,
                                   const struct sn_addr *addr)
{
    struct sn_core *core = group->core;
    assert(strlen(runid->hex) == SN_RUNID_LEN);
    if (group->peer_count >= SN_PEERS_MAX) {
        static const struct sn_runid anybody = {""};
        sn_reason_note_id(group, runid->hex, SN_REASON_PEER_TOO_MANY, (int64_t)group->peer_count,
                          0);
        if (sn_told_warn(core, group, sn_told_key(SN_TOLD_FULL, group, &anybody, "", 0)))
            sn_out_log(core, SN_LEVEL_WARNING,
                       "Group %s already has %zu peers, the maximum: sentinel %s at %s:%u and "
                       "further ones are ignored. SENTINEL RESET forgets peers that are gone.",
                       group->name, group->peer_count, runid->hex, addr->host, addr->port);
        return NULL;
    }
    struct sn_instance *peer = sn_peer_add(group, runid, addr);
    group->accept_any_peer = false;
    sn_raise(peer, SN_NOTICE_SENTINEL, NULL);
    sn_forget_returned(peer);
    sn_persist_group_changed(group, SN_RECORD_PEERS);
    sn_peer_judge_count(group);
    return peer;
}

static struct sn_instance *peer_at(const struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (sn_addr_equal(&peer->addr, addr))
            return peer;
    }
    return NULL;
}

/* Replaces old by runid in one group. The address had a voter, and keeps one even if the new id is
 * not genuine. */
static struct sn_instance *replace_in(struct sn_instance *old, const struct sn_runid *runid,
                                      const struct sn_addr *addr)
{
    struct sn_group *group = old->group;
    sn_peer_remove(old);
    sn_persist_group_changed(group, SN_RECORD_PEERS);
    struct sn_instance *peer = sn_group_find_peer(group, runid);
    if (peer == NULL)
        peer = take_in(group, runid, addr);
    if (peer != NULL)
        peer->cmd->proven = true;
    recount(group);
    return peer;
}

/* Replaces a sentinel that was started with a new id. If the address has confirmed the new id, the
 * old id is gone and is replaced in all groups: the sentinel must be counted exactly once
 * (PROTOCOL.md §10.3). */
static struct sn_instance *displace(struct sn_instance *old, const struct sn_runid *runid,
                                    const struct sn_addr *addr, bool told)
{
    struct sn_group *group = old->group;
    struct sn_core *core = group->core;
    struct sn_runid old_id = old->runid;
    struct sn_group *other, *next;
    sn_raise(old, SN_NOTICE_SENTINEL_INVALID_ADDR, NULL);
    bool elsewhere = told && old->cmd->owner_count > 1;
    struct sn_instance *peer = replace_in(old, runid, addr);
    if (elsewhere) {
        HASH_ITER(hh, core->groups, other, next) {
            struct sn_instance *twin = sn_group_find_peer(other, &old_id);
            if (twin != NULL)
                (void)replace_in(twin, runid, addr);
        }
    }
    return peer;
}

/* ---- moves ---------------------------------------------------------------------------------- */

static bool heard_lately(const struct sn_instance *peer)
{
    const struct sn_core *core = peer->core;
    return sn_age(core, peer->u.peer.addr_heard_at) <
           SILENT_PERIODS * core->timings[SN_TIMING_PUBLISH_PERIOD];
}

/* True if no working link is lost when the peer leaves its present address. In TILT S_DOWN may
 * stay although the peer answers. */
static bool is_lost(const struct sn_instance *peer)
{
    const struct sn_link *link = peer->cmd;
    return sn_detect_is_down(peer) || link->identity == SN_IDENTITY_OTHER ||
           (link->state != SN_LINK_UP && link->failures >= 2);
}

/* Moves a known peer to its new address (PROTOCOL.md §10.3, §10.5). */
static void move(struct sn_instance *peer, const struct sn_addr *addr)
{
    struct sn_core *core = peer->core;
    struct sn_instance *owner;
    unsigned others = 0;
    sn_raise(peer->group->master, SN_NOTICE_SENTINEL_ADDRESS_SWITCH, "ip %s port %u for %s",
             addr->host, addr->port, peer->runid.hex);
    LL_FOREACH2(peer->cmd->owners, owner, owner_next) {
        owner->addr = *addr;
        owner->u.peer.addr_heard_at = owner->u.peer.moved_at = core->now;
        sn_persist_group_changed(owner->group, SN_RECORD_PEERS);
        if (owner != peer)
            others++;
    }
    peer->cmd->identity = SN_IDENTITY_NONE;
    sn_link_wake(peer->cmd);
    sn_link_renew(peer->cmd);
    if (others > 0)
        sn_raise(peer, SN_NOTICE_SENTINEL_ADDRESS_UPDATE, "%u additional matching instances",
                 others);
}

/* True if both addresses are the peer's own, and the peer was just moved from one to the other
 * (PROTOCOL.md §24.2). */
static bool has_two_addresses(const struct sn_instance *peer)
{
    const struct sn_peer *facts = &peer->u.peer;
    return !is_lost(peer) && heard_lately(peer) && facts->moved_at != SN_MS_NEVER &&
           sn_age(peer->core, facts->moved_at) < SETTLED_MS;
}

static void tell_two_addresses(const struct sn_instance *peer, const struct sn_addr *addr)
{
    static const char nowhere[] = "";
    struct sn_core *core = peer->core;
    sn_reason_note(peer, SN_REASON_PEER_TWO_ADDRS);
    if (sn_told_warn(core, peer->group, sn_told_key(SN_TOLD_TWO, NULL, &peer->runid, nowhere, 0)))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Sentinel %s announces two addresses, %s:%u and %s:%u; we keep the first. If "
                   "two sentinels have the same id, only one of them is a voter here: remove "
                   "\"sentinel myid\" or the state file of one and restart it. If one sentinel has "
                   "several addresses, set its announce-ip.",
                   peer->runid.hex, peer->addr.host, peer->addr.port, addr->host, addr->port);
}

static void tell_forged(struct sn_group *group, const struct sn_runid *runid,
                        const struct sn_addr *addr, const struct sn_runid *says)
{
    struct sn_core *core = group->core;
    bool ours = sn_runid_equal(says, &core->myid);
    sn_reason_note_id(group, runid->hex, SN_REASON_PEER_FORGED, 0, 0);
    if (sn_told_warn(core, group, sn_told_key(SN_TOLD_FORGED, group, runid, addr->ip, addr->port)))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Ignored a hello for %s: it announces sentinel %s at %s:%u, but %s answers "
                   "there%s. The announced sentinel is not counted as a voter at that address. The "
                   "hello was forged, or its sender announces a wrong address: check its "
                   "announce-ip and announce-port, and who may PUBLISH to the monitored servers.",
                   group->name, runid->hex, addr->host, addr->port, says->hex,
                   ours ? " (this sentinel)" : "");
}

static void tell_own_addr(struct sn_group *group, const struct sn_runid *runid,
                          const struct sn_addr *addr)
{
    struct sn_core *core = group->core;
    sn_reason_note_id(group, runid->hex, SN_REASON_PEER_OWN_ADDR, 0, 0);
    if (sn_told_warn(core, group,
                     sn_told_key(SN_TOLD_OWN_ADDR, group, runid, addr->host, addr->port)))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Ignored a hello for %s: sentinel %s announces our own address %s:%u. It is not "
                   "counted as a voter here. If that sentinel exists, set its announce-ip and "
                   "announce-port to an address that we can reach.",
                   group->name, runid->hex, addr->host, addr->port);
}

/* ---- claims --------------------------------------------------------------------------------- */

/* Handles a known peer at an address that is free here (PROTOCOL.md §10.3, §23). */
static struct sn_instance *claim_free(struct sn_instance *peer, const struct sn_addr *addr)
{
    struct sn_runid says;
    if (is_lost(peer) && !sn_probe_denies(peer->core, addr, &peer->runid, &says)) {
        move(peer, addr);
        return peer;
    }
    if (addr->ip[0] == '\0') {
        sn_reason_note(peer, SN_REASON_PEER_UNPROVEN);
        sn_out_add(peer->core, SN_ACTION_RESOLVE)->u.resolve = sn_out_text(peer->core, addr->host);
        return peer;
    }
    enum sn_verdict verdict = sn_probe_ask(peer->group, addr, &peer->runid, &says);
    if (verdict == SN_VERDICT_TOLD && !sn_runid_equal(&says, &peer->runid)) {
        tell_forged(peer->group, &peer->runid, addr, &says);
        return NULL;
    }
    if (verdict == SN_VERDICT_TOLD && has_two_addresses(peer))
        tell_two_addresses(peer, addr);
    else if (verdict == SN_VERDICT_TOLD)
        move(peer, addr);
    else if (verdict == SN_VERDICT_UNTOLD && peer->cmd->identity != SN_IDENTITY_TOLD &&
             !heard_lately(peer))
        move(peer, addr);
    else
        sn_reason_note(peer, SN_REASON_PEER_UNPROVEN);
    return peer;
}

/* True if nothing confirms holder any more, at an address that reports no id: it sent no hello for
 * a while, or it was only known from a hello and cannot be reached. */
static bool has_left(const struct sn_instance *holder)
{
    return holder->cmd->identity != SN_IDENTITY_TOLD &&
           (!heard_lately(holder) || (!holder->cmd->proven && is_lost(holder)));
}

/* Handles a hello with the address of holder; peer is NULL if the id is new (PROTOCOL.md §10.3). */
static struct sn_instance *claim_taken(struct sn_instance *holder, struct sn_instance *peer,
                                       const struct sn_runid *runid, const struct sn_addr *addr)
{
    struct sn_group *group = holder->group;
    struct sn_runid says;
    enum sn_verdict verdict = SN_VERDICT_NONE;
    if (addr->ip[0] != '\0')
        verdict = sn_probe_ask(group, addr, runid, &says);
    if (verdict == SN_VERDICT_TOLD && !sn_runid_equal(&says, runid)) {
        tell_forged(group, runid, addr, &says);
        return NULL;
    }
    bool told = verdict == SN_VERDICT_TOLD;
    bool left = (verdict == SN_VERDICT_UNTOLD || verdict == SN_VERDICT_SILENT) && has_left(holder);
    if (!told && !left) {
        sn_reason_note_id(group, runid->hex, SN_REASON_PEER_ADDR_TAKEN, 0, 0);
        return peer;
    }
    if (peer == NULL)
        return displace(holder, runid, addr, told);
    /* An unconfirmed hello does not move a peer with a working link. */
    if (!told && !is_lost(peer) &&
        (peer->cmd->identity == SN_IDENTITY_TOLD || heard_lately(peer))) {
        sn_reason_note(peer, SN_REASON_PEER_UNPROVEN);
        return peer;
    }
    if (told && has_two_addresses(peer)) {
        tell_two_addresses(peer, addr);
        return peer;
    }
    /* The holder has left for an unknown address. It stays a voter, but this link no longer reaches
     * it. */
    move(peer, addr);
    sn_peer_identify(holder->cmd);
    return peer;
}

/* Handles a new id at a free address (PROTOCOL.md §10.3). */
static struct sn_instance *claim_new(struct sn_group *group, const struct sn_runid *runid,
                                     const struct sn_addr *addr)
{
    struct sn_runid says;
    if (!sn_probe_denies(group->core, addr, runid, &says))
        return take_in(group, runid, addr);
    /* The address may report another id by now. */
    if (sn_probe_ask(group, addr, runid, &says) == SN_VERDICT_TOLD)
        tell_forged(group, runid, addr, &says);
    return NULL;
}

struct sn_instance *sn_peer_meet(struct sn_group *group, const struct sn_runid *runid,
                                 const struct sn_addr *addr)
{
    struct sn_instance *peer = sn_group_find_peer(group, runid);
    if (sn_own_is(group->core, addr)) {
        tell_own_addr(group, runid, addr);
        return NULL;
    }
    if (peer != NULL && sn_addr_is_useless(addr) && !sn_addr_equal(&peer->addr, addr)) {
        sn_reason_note(peer, SN_REASON_PEER_NO_ADDR);
        return peer; /* the peer stays at the address where it was reached */
    }
    if (peer != NULL && sn_addr_equal(&peer->addr, addr)) {
        peer->u.peer.addr_heard_at = group->core->now;
        sn_link_wake(peer->cmd);
        return peer;
    }
    struct sn_instance *holder = peer_at(group, addr);
    if (holder != NULL)
        return claim_taken(holder, peer, runid, addr);
    return peer == NULL ? claim_new(group, runid, addr) : claim_free(peer, addr);
}

/* ---- the id on a link ----------------------------------------------------------------------- */

void sn_peer_identify(struct sn_link *link)
{
    struct sn_action_send send = {.order = SN_ORDER_MYID};
    if (link->state != SN_LINK_UP || link->id_pending || !sn_link_can_send(link))
        return;
    sn_out_send(link, &send);
    link->id_pending = true;
}

/* The hello that named the address of peer was forged. */
static void unmask(struct sn_instance *peer)
{
    struct sn_group *group = peer->group;
    sn_raise(peer, SN_NOTICE_SENTINEL_INVALID_ADDR, NULL);
    sn_peer_remove(peer);
    sn_persist_group_changed(group, SN_RECORD_PEERS);
    sn_peer_judge_count(group);
    recount(group);
}

/* Groups may have been told different addresses of one peer; only what was dialled is proved wrong.
 * The others are dialled next. */
static void unmask_all(struct sn_link *link, const struct sn_addr *addr,
                       const struct sn_runid *says)
{
    struct sn_instance *owner = link->owners, *next;
    bool told_another = false;
    for (const struct sn_instance *other = owner; other != NULL; other = other->owner_next)
        told_another = told_another || !sn_addr_equal(&other->addr, addr);
    for (; owner != NULL; owner = next) {
        next = owner->owner_next;
        if (!sn_addr_equal(&owner->addr, addr))
            continue;
        tell_forged(owner->group, &owner->runid, addr, says);
        unmask(owner);
    }
    if (told_another)
        sn_link_renew(link);
}

/* Another sentinel answers at the address of the peer. */
static void found_other(struct sn_link *link, const struct sn_runid *says)
{
    struct sn_core *core = link->core;
    struct sn_instance *owner = link->owners;
    const struct sn_addr addr = *link->dialled;
    sn_probe_note(core, &addr, says);
    if (!link->proven) {
        unmask_all(link, &addr, says);
        return;
    }
    uint64_t key = sn_told_key(SN_TOLD_FORGED, NULL, &owner->runid, addr.ip, addr.port);
    if (sn_told_warn(core, owner->group, key))
        sn_out_log(core, SN_LEVEL_WARNING,
                   "Sentinel %s is expected at %s:%u, but %s answers there%s. The expected "
                   "sentinel stays a voter; answers from that address are ignored until its own "
                   "hello announces where it is. If it is gone for good, run SENTINEL RESET.",
                   owner->runid.hex, addr.host, addr.port, says->hex,
                   sn_runid_equal(says, &core->myid) ? " (this sentinel)" : "");
    LL_FOREACH2(link->owners, owner, owner_next) {
        sn_reason_note(owner, SN_REASON_PEER_FORGED);
        silence(owner);
        recount(owner->group);
    }
}

void sn_peer_identified(struct sn_link *link, const struct sn_reply *reply)
{
    struct sn_runid says;
    struct sn_instance *owner;
    enum sn_identity before = link->identity;
    link->id_pending = false;
    sn_probe_read_id(reply, &says);
    if (says.hex[0] == '\0') {
        link->identity = SN_IDENTITY_UNTOLD;
    } else if (!sn_runid_equal(&says, &link->peer->runid)) {
        link->identity = SN_IDENTITY_OTHER;
        found_other(link, &says);
        return;
    } else {
        link->identity = SN_IDENTITY_TOLD;
        link->proven = true;
    }
    if (before != SN_IDENTITY_OTHER)
        return;
    LL_FOREACH2(link->owners, owner, owner_next) {
        sn_told_take_back(link->core, sn_told_key(SN_TOLD_FORGED, NULL, &owner->runid,
                                                  link->dialled->ip, link->dialled->port));
        sn_mark_group(owner->group, SN_MARK_VOTER);
    }
}

/* ---- settings ------------------------------------------------------------------------------- */

/* True if a difference may be gone, or be new. */
static bool is_stale(const struct sn_instance *peer)
{
    const struct sn_peer *facts = &peer->u.peer;
    return (facts->settings_told != NULL || facts->settings_doubted) && !facts->settings_pending &&
           peer->core->now >= facts->settings_stale_at;
}

void sn_peer_ask_settings(struct sn_instance *peer)
{
    struct sn_action_send send = {
        .order = SN_ORDER_SETTINGS, .tag = peer->id, .message = peer->group->name};
    struct sn_peer *facts = &peer->u.peer;
    if ((facts->settings_asked && !is_stale(peer)) || !sn_link_can_send(peer->cmd) ||
        !sn_peer_speaks(peer))
        return;
    sn_out_send(peer->cmd, &send);
    facts->settings_asked = facts->settings_pending = true;
    facts->settings_again = facts->settings_doubted = false;
    facts->settings_asked_at = peer->core->now;
    facts->settings_stale_at = sn_after(peer->core->now, SETTINGS_AGE_MS);
}

void sn_peer_doubt_settings(struct sn_group *group)
{
    struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        peer->u.peer.settings_doubted = true;
        /* The others may be about to be set in the same way. */
        peer->u.peer.settings_stale_at = sn_after(group->core->now, SETTINGS_AGE_MS);
    }
}

void sn_peer_ask_settings_anew(struct sn_instance *peer)
{
    peer->u.peer.settings_again = peer->u.peer.settings_pending;
    if (peer->u.peer.settings_pending)
        return; /* one question at a time, whoever wants it */
    peer->u.peer.settings_asked = false;
    sn_peer_ask_settings(peer);
}

void sn_peer_settings_answered(struct sn_instance *peer)
{
    peer->u.peer.settings_pending = false;
    if (peer->u.peer.settings_again)
        sn_peer_ask_settings_anew(peer);
}

/* Adds "name theirs (here ours)" if the field is there and differs. */
static void compare(const struct sn_reply *reply, const char *name, int64_t ours, char *out,
                    size_t size)
{
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        const struct sn_reply *field = &reply->items[i], *value = &reply->items[i + 1];
        int64_t theirs;
        if (field->type != SN_REPLY_STRING || value->type != SN_REPLY_STRING ||
            strcmp(field->text, name) != 0)
            continue;
        size_t len = strlen(out);
        if (sn_text_to_i64(value->text, value->len, &theirs) == 0 && theirs != ours)
            (void)snprintf(out + len, size - len, "%s%s %lld (here %lld)", len > 0 ? ", " : "",
                           name, (long long)theirs, (long long)ours);
        return;
    }
}

/* Peers may differ in settings and move (PROTOCOL.md §23). */
void sn_peer_compare_settings(struct sn_instance *peer, const struct sn_reply *reply)
{
    const struct sn_group_params *params = &peer->group->params;
    char text[512] = "";
    if (reply->type != SN_REPLY_ARRAY)
        return;
    compare(reply, "quorum", params->quorum, text, sizeof(text));
    compare(reply, "down-after-milliseconds", params->down_after_ms, text, sizeof(text));
    compare(reply, "failover-timeout", params->failover_timeout_ms, text, sizeof(text));
    compare(reply, "parallel-syncs", params->parallel_syncs, text, sizeof(text));
    const char *told = peer->u.peer.settings_told;
    if (text[0] != '\0' && (told == NULL || strcmp(told, text) != 0))
        sn_out_log(peer->core, SN_LEVEL_WARNING,
                   "Sentinel %s at %s:%u has other settings for %s than we have: %s. Sentinels do "
                   "not copy settings from each other: set the same values on all of them, in "
                   "their files or by SENTINEL SET.",
                   peer->runid.hex, sn_instance_host(peer), peer->addr.port, peer->group->name,
                   text);
    sn_strset(&peer->u.peer.settings_told, text);
}
