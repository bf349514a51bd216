/* SPDX-License-Identifier: BSD-3-Clause */

/* Links: when to connect, when to PING, when to treat a connection as dead.
 *
 * A lost link is reopened at once, because the most common cause is the CLIENT KILL of another
 * sentinel's promotion (DESIGN.md D11). Further attempts without traffic in between back off, up to
 * the PING period. */

#include "core/facts/link.h"

#include "core/facts/budget.h"
#include "core/facts/dial.h"
#include "core/facts/mark.h"
#include "core/facts/refusal.h"
#include "core/facts/silence.h"
#include "core/facts/tilt.h"
#include "core/facts/unanswered.h"
#include "core/facts/window.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/told.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RETRY_FIRST_MS     50
#define PING_PERIOD_MIN_MS 50
#define LONG_AGO           (-INT64_C(1000000000000))
#define CONNECT_MIN_MS     200
#define CONNECT_FIRST_MS   5000  /* the first attempt waits down-after, but no longer than this */
#define CONNECT_MAX_MS     15000 /* and those that follow it no longer than this */
#define DOUBLINGS_MAX      10
#define HELLO_ENDS_MAX     2

struct sn_link *sn_link_new(struct sn_core *core, enum sn_link_kind kind)
{
    struct sn_link *link = sn_alloc(sizeof(*link));
    link->core = core;
    link->kind = kind;
    link->up_at = SN_MS_NEVER;
    link->ping_sent_at = SN_MS_NEVER;
    link->tried_at = SN_MS_NEVER;
    link->closed_at = SN_MS_NEVER;
    link->refused_at = SN_MS_NEVER;
    sn_silence_traffic(link);
    link->last_avail_at = core->now;
    link->heard_at = SN_MS_NEVER;
    link->last_pong_at = core->now;
    sn_silence_count_from(link, core->now); /* also what never connects (PROTOCOL.md §13.1) */
    sn_timer_init(&link->retry, SN_TIMER_LINK_RETRY, link);
    sn_timer_init(&link->ping, SN_TIMER_LINK_PING, link);
    sn_timer_init(&link->stale, SN_TIMER_LINK_STALE, link);
    return link;
}

struct sn_link *sn_link_for_peer(struct sn_core *core, const struct sn_runid *runid)
{
    struct sn_peer_link *peer;
    HASH_FIND(hh, core->peer_links, runid->hex, SN_RUNID_LEN, peer);
    if (peer != NULL)
        return peer->link;
    peer = sn_alloc(sizeof(*peer));
    peer->link = sn_link_new(core, SN_LINK_PEER);
    peer->link->peer = peer;
    peer->runid = *runid;
    peer->answer_at = SN_MS_NEVER;
    HASH_ADD(hh, core->peer_links, runid.hex, SN_RUNID_LEN, peer);
    return peer->link;
}

void sn_link_own(struct sn_link *link, struct sn_instance *instance)
{
    LL_PREPEND2(link->owners, instance, owner_next);
    link->owner_count++;
    sn_link_reschedule(link);
}

#define STATE(state) (1U << (unsigned)(state))

static void enter_state(struct sn_link *link, enum sn_link_state state)
{
    static const unsigned legal_next[] = {
        [SN_LINK_IDLE] = STATE(SN_LINK_IDLE) | STATE(SN_LINK_CONNECTING),
        [SN_LINK_CONNECTING] = STATE(SN_LINK_IDLE) | STATE(SN_LINK_UP),
        [SN_LINK_UP] = STATE(SN_LINK_IDLE),
    };
    assert((legal_next[link->state] & STATE(state)) != 0);
    link->state = state;
}

/* A replica that comes within reach may testify about its master, and one that goes out of it no
 * longer does (evidence.c). */
static void reach_changed(const struct sn_link *link)
{
    const struct sn_instance *owner = link->kind == SN_LINK_DATA ? link->owners : NULL;
    if (owner == NULL || owner->kind != SN_KIND_REPLICA || owner->group->master == NULL)
        return;
    struct sn_instance *master = owner->group->master;
    if (master->cmd->closed_at != SN_MS_NEVER)
        sn_mark_instance(master);
}

/* The present connection, if any, is no longer ours (PROTOCOL.md §9.6, §24.3). */
static void forget_connection(struct sn_link *link)
{
    struct sn_core *core = link->core;
    if (link->id.v != 0)
        (void)sn_idmap_remove(&core->links, link->id.v);
    link->id.v = 0;
    enter_state(link, SN_LINK_IDLE);
    link->pending = 0;
    link->ping_pending = false;
    link->id_pending = false;
    link->trying = 0;
    link->reached = false;
    link->says_replicaof = false;
    link->no_rewrite = false;
    link->sharing = SN_SHARING_NO;
    link->up_at = SN_MS_NEVER;
    sn_timer_stop(&core->timers, &link->retry);
    sn_timer_stop(&core->timers, &link->ping);
    sn_timer_stop(&core->timers, &link->stale);
    if (link->kind == SN_LINK_SUBSCRIBE)
        return;
    struct sn_instance *owner;
    LL_FOREACH2(link->owners, owner, owner_next)
        sn_unanswered_lost(owner);
    reach_changed(link);
}

static void drop_connection(struct sn_link *link)
{
    if (link->id.v != 0)
        sn_out_add(link->core, SN_ACTION_DISCONNECT)->u.disconnect = link->id;
    forget_connection(link);
}

void sn_link_disown(struct sn_link *link, struct sn_instance *instance)
{
    LL_DELETE2(link->owners, instance, owner_next);
    assert(link->owner_count > 0);
    if (--link->owner_count > 0)
        return;
    drop_connection(link);
    sn_tilt_link_gone(link);
    if (link->kind == SN_LINK_PEER)
        HASH_DELETE(hh, link->core->peer_links, link->peer);
    free(link->peer);
    free(link->local_ip);
    free(link->note);
    free(link->dialled);
    free(link);
}

/* A shared link is as impatient as its most impatient owner (PROTOCOL.md §9.5). */
static sn_ms shortest_down_after(const struct sn_link *link)
{
    sn_ms shortest = SN_MS_NEVER;
    const struct sn_instance *owner;
    LL_FOREACH2(link->owners, owner, owner_next)
        shortest = sn_min(shortest, owner->group->params.down_after_ms);
    return shortest;
}

/* PING is due after min(PING period, down-after / 5), at least 50 ms; on a master's link more
 * often, as the budget allows (PROTOCOL.md §9.4). */
static sn_ms ping_period(const struct sn_link *link)
{
    const struct sn_instance *owner = link->owners;
    sn_ms period = sn_max(PING_PERIOD_MIN_MS, shortest_down_after(link) / 5);
    if (owner->kind == SN_KIND_MASTER)
        period = sn_min(period, sn_budget_period_ms(owner->group));
    return sn_min(period, link->core->timings[SN_TIMING_PING_PERIOD]);
}

/* How long a connection may take to open. Round trips may be longer than down-after, and a TLS
 * handshake takes several. Each failed attempt doubles the limit, and the time of the last
 * successful connection is remembered. */
static sn_ms connect_patience(const struct sn_link *link)
{
    unsigned doublings = link->given_up > DOUBLINGS_MAX ? DOUBLINGS_MAX : link->given_up;
    sn_ms first = sn_min(sn_max(shortest_down_after(link), CONNECT_MIN_MS), CONNECT_FIRST_MS);
    sn_ms took = link->took_ms;
    if (link->kind == SN_LINK_SUBSCRIBE) /* to the same node */
        took = sn_max(took, link->owners->cmd->took_ms);
    first = sn_max(first, 2 * took);
    return sn_min(first << doublings, CONNECT_MAX_MS);
}

/* How long a PING may stay unanswered before the connection counts as dead; a new connection must
 * still have time to prove life. Deliberate difference from stock, which waits half of down-after
 * (PROTOCOL.md §9.6): a slower network must not break all links at once. */
static sn_ms ping_patience(const struct sn_link *link)
{
    return sn_max(shortest_down_after(link) * 3 / 4, 2 * link->trip_ms);
}

static void note_dialled(struct sn_link *link, const struct sn_addr *addr)
{
    if (link->dialled == NULL)
        link->dialled = sn_alloc(sizeof(*link->dialled));
    *link->dialled = *addr;
}

/* The subscription is opened once the command link is up and known to share its connection, or not
 * to. */
static bool is_ready_for_subscription(const struct sn_link *cmd)
{
    return cmd->state == SN_LINK_UP && cmd->sharing != SN_SHARING_ASKED;
}

/* One connection to each data node, if the server speaks RESP3 (DESIGN.md D27). */
static void plan_sharing(struct sn_link *link, struct sn_action_connect *connect)
{
    const struct sn_link *cmd = link->owners->cmd;
    if (link->kind == SN_LINK_SUBSCRIBE && cmd->sharing == SN_SHARING_YES)
        connect->over = cmd->id;
    if (link->kind != SN_LINK_DATA)
        return;
    connect->resp3 = link->core->globals.single_connection && link->hello_ends < HELLO_ENDS_MAX;
    link->sharing = connect->resp3 ? SN_SHARING_ASKED : SN_SHARING_NO;
}

void sn_link_open(struct sn_link *link)
{
    struct sn_core *core = link->core;
    const struct sn_addr *addr = &link->owners->addr;
    if (link->state != SN_LINK_IDLE || addr->port == 0 || link->asleep)
        return;
    if (link->kind == SN_LINK_PEER && sn_addr_is_useless(addr))
        return; /* the connection would reach this process */
    if (link->kind == SN_LINK_SUBSCRIBE && !is_ready_for_subscription(link->owners->cmd))
        return; /* one attempt suffices; the command link opens the subscription in time */
    /* Without resolve-hostnames, a configured host name is resolved once. */
    if (link->kind != SN_LINK_SUBSCRIBE && !sn_addr_is_ip(addr->host) &&
        (core->globals.resolve_hostnames || addr->ip[0] == '\0'))
        sn_out_add(core, SN_ACTION_RESOLVE)->u.resolve = sn_out_text(core, addr->host);
    if (addr->ip[0] == '\0') {
        sn_timer_set(&core->timers, &link->retry,
                     sn_after(core->now, core->timings[SN_TIMING_PING_PERIOD]));
        return;
    }
    assert(link->id.v == 0);
    if (link->kind == SN_LINK_PEER)
        note_dialled(link, addr);
    enter_state(link, SN_LINK_CONNECTING);
    link->opened_at = core->now;
    link->id.v = ++core->next_id;
    sn_idmap_put(&core->links, link->id.v, link);
    link->failures++;
    reach_changed(link);
    sn_silence_begin(link);

    struct sn_action_connect *connect = &sn_out_add(core, SN_ACTION_CONNECT)->u.connect;
    sn_dial_describe(link, connect);
    connect->link = link->id;
    plan_sharing(link, connect);
    connect->minor = link->owners->kind == SN_KIND_REPLICA && connect->over.v == 0;
    sn_timer_set(&core->timers, &link->retry, sn_after(core->now, connect_patience(link)));
    sn_mark_link(link);
}

void sn_link_sleep(struct sn_link *link)
{
    link->asleep = true;
    sn_silence_count_from(link, LONG_AGO);
}

void sn_link_wake(struct sn_link *link)
{
    if (!link->asleep)
        return;
    link->asleep = false;
    sn_silence_count_from(link, link->core->now);
    sn_link_open(link);
    sn_mark_link(link);
}

void sn_link_renew(struct sn_link *link)
{
    drop_connection(link);
    link->failures = 0;
    link->identity = SN_IDENTITY_NONE;
    sn_link_open(link);
}

void sn_link_reset(struct sn_link *link)
{
    sn_silence_count_from(link, link->core->now);
    sn_link_renew(link);
}

void sn_link_hurry(struct sn_link *link, const struct sn_link *other)
{
    /* An earlier attempt would wait for the retransmission of its first packet, which takes
     * seconds. An attempt that may still be answered, in a network as slow as for the other link,
     * must not be aborted. */
    sn_ms trip = sn_max(sn_max(link->took_ms, other->took_ms), other->trip_ms);
    bool old = link->core->now > sn_after(link->opened_at, 2 * trip + RETRY_FIRST_MS);
    if (link->state == SN_LINK_IDLE || (link->state == SN_LINK_CONNECTING && old))
        sn_link_renew(link);
    else if (link->state == SN_LINK_CONNECTING)
        link->failures = 1; /* earlier failures belong to the outage */
}

void sn_link_begin_anew(struct sn_link *link)
{
    struct sn_core *core = link->core;
    bool silent = link->silence_at != SN_MS_NEVER &&
                  sn_age(core, link->silence_at) > core->timings[SN_TIMING_PING_PERIOD];
    sn_silence_restart(link);
    if (silent || link->state != SN_LINK_UP)
        sn_link_renew(link);
}

/* Reconnects at once after a connection that lived for more than a moment, else after a growing
 * pause (PROTOCOL.md §9.2, §15.3, §23). */
static void plan_retry(struct sn_link *link, bool was_brief)
{
    sn_ms delay = was_brief ? RETRY_FIRST_MS : 0;
    if (link->failures > 0) {
        unsigned doublings = link->failures > DOUBLINGS_MAX ? DOUBLINGS_MAX : link->failures - 1;
        delay =
            sn_min((sn_ms)RETRY_FIRST_MS << doublings, link->core->timings[SN_TIMING_PING_PERIOD]);
    }
    sn_timer_set(&link->core->timers, &link->retry, sn_after(link->core->now, delay));
}

void sn_link_retry(struct sn_link *link)
{
    if (link->state == SN_LINK_IDLE) {
        sn_link_open(link);
    } else if (link->state == SN_LINK_CONNECTING) {
        link->given_up++;
        if (link->reached)
            sn_link_refused_tls(link,
                                "the other side does not complete the TLS handshake; maybe it "
                                "does not speak TLS on this port");
        drop_connection(link);
        plan_retry(link, false);
        sn_mark_link(link);
    }
}

/* PROTOCOL.md §13.1. */
void sn_link_on_up(struct sn_link *link, const char *local_ip)
{
    struct sn_core *core = link->core;
    enter_state(link, SN_LINK_UP);
    reach_changed(link);
    link->up_at = core->now;
    link->took_ms = sn_age(core, link->opened_at);
    link->given_up = 0;
    link->opening_refused = false;
    sn_timer_stop(&core->timers, &link->retry);
    if (link->kind == SN_LINK_SUBSCRIBE) {
        sn_silence_traffic(link);
        sn_link_stale(link);
        return;
    }
    sn_strset(&link->local_ip, local_ip);
    sn_link_ping(link);
    sn_mark_link(link);
}

void sn_link_on_protocol(struct sn_link *link, bool resp3)
{
    if (link->sharing != SN_SHARING_ASKED)
        return;
    link->sharing = resp3 ? SN_SHARING_YES : SN_SHARING_NO;
    sn_link_open(link->owners->sub);
}

/* Missing knowledge of a replica costs less than missing files for clients, peers and other
 * groups. */
static void wait_for_room(struct sn_link *link)
{
    static const struct sn_runid anybody = {""};
    struct sn_core *core = link->core;
    sn_timer_set(&core->timers, &link->retry,
                 sn_after(core->now, core->timings[SN_TIMING_MIN_LINK_RECONNECT_PERIOD]));
    if (!sn_told_warn(core, NULL, sn_told_key(SN_TOLD_NO_ROOM, NULL, &anybody, "", 0)))
        return;
    char form[SN_PAYLOAD_MAX + 1];
    sn_instance_form(link->owners, form);
    sn_out_log(core, SN_LEVEL_WARNING,
               "Cannot connect to %s, and maybe to others: links to replicas use all open files "
               "that they may. The next attempts follow every %lld seconds. Raise the limit "
               "(ulimit -n, LimitNOFILE=), or let SENTINEL RESET forget replicas that are gone.",
               form, (long long)core->timings[SN_TIMING_MIN_LINK_RECONNECT_PERIOD] / 1000);
}

/* There are proxies that close at a command that they do not know. One connection may also end just
 * then because somebody kills it, as every order to follow does. */
static void note_hello(struct sn_link *link, bool was_up)
{
    if (was_up && link->sharing == SN_SHARING_ASKED)
        link->hello_ends++;
    else
        link->hello_ends = 0;
}

/* PROTOCOL.md §13.1. */
void sn_link_on_down(struct sn_link *link, const struct sn_input_link *input)
{
    struct sn_core *core = link->core;
    bool was_up = link->state == SN_LINK_UP;
    bool was_brief = was_up && sn_age(core, link->up_at) < RETRY_FIRST_MS;
    note_hello(link, was_up);
    forget_connection(link);
    char form[SN_PAYLOAD_MAX + 1];
    sn_instance_form(link->owners, form);
    bool first = was_up || link->failures == 1;
    sn_out_log(core, first ? SN_LEVEL_VERBOSE : SN_LEVEL_DEBUG, "%s link to %s %s: %s",
               link->kind == SN_LINK_SUBSCRIBE ? "Pub/Sub" : "Command", form,
               was_up ? "lost" : "not established", input->reason);
    if (input->tls)
        sn_link_refused_tls(link, input->reason);
    sn_silence_begin(link);
    if (input->no_room)
        wait_for_room(link);
    else
        plan_retry(link, was_brief);
    sn_mark_link(link);
}

void sn_link_on_traffic(struct sn_link *link)
{
    sn_silence_traffic(link);
    link->failures = 0;
}

/* PROTOCOL.md §9.4, §11.2. */
bool sn_link_can_send(const struct sn_link *link)
{
    return sn_window_has_room(link);
}

/* One PING, one INFO and one hello at a time (PROTOCOL.md §9.4, §13.1, §18, §24.2). */
void sn_link_ping(struct sn_link *link)
{
    struct sn_core *core = link->core;
    if (link->state != SN_LINK_UP || link->ping_pending)
        return;
    /* A full window of a peer says nothing about whether it answers. */
    if (link->kind == SN_LINK_PEER || sn_link_can_send(link)) {
        struct sn_action_send send = {.order = SN_ORDER_PING};
        sn_out_send(link, &send);
        link->ping_pending = true;
        link->ping_sent_at = core->now;
        sn_silence_ping(link);
        sn_mark_link(link);
        sn_link_stale(link);
    }
    sn_timer_set(&core->timers, &link->ping, sn_next_beat(core->now, ping_period(link)));
}

/* PONG, LOADING and MASTERDOWN are valid answers to PING, as a status or an error; nothing else is
 * (PROTOCOL.md §13.1). */
static bool acceptable(const struct sn_reply *reply)
{
    if (reply->type != SN_REPLY_STATUS && reply->type != SN_REPLY_ERROR)
        return false;
    return strncmp(reply->text, "PONG", 4) == 0 || strncmp(reply->text, "LOADING", 7) == 0 ||
           strncmp(reply->text, "MASTERDOWN", 10) == 0;
}

/* A PING answered by -BUSY from an instance in S_DOWN: end its script, once (PROTOCOL.md §13.3).
 * Deliberately not on sentinels, unlike stock: they have no scripts. */
static void kill_busy_script(struct sn_link *link)
{
    struct sn_instance *owner = link->owners;
    if (!sn_is_data(owner) || !owner->s_down || owner->u.data.script_kill_sent ||
        !sn_link_can_send(link))
        return;
    struct sn_action_send send = {.order = SN_ORDER_SCRIPT_KILL, .tag = owner->id};
    sn_out_send(link, &send);
    owner->u.data.script_kill_sent = true;
}

/* A valid answer ends the silence; any answer ends the PING (PROTOCOL.md §13.1). */
void sn_link_on_pong(struct sn_link *link, const struct sn_reply *reply)
{
    struct sn_core *core = link->core;
    link->ping_pending = false;
    link->failures = 0;
    link->last_pong_at = core->now;
    link->trip_ms = sn_age(core, link->ping_sent_at);
    sn_timer_set(&core->timers, &link->stale, SN_MS_NEVER);
    link->loading = strncmp(reply->text, "LOADING", 7) == 0;
    if (acceptable(reply)) {
        link->gone = false;
        sn_silence_end(link);
        link->last_avail_at = core->now;
        link->heard_at = core->now;
        if (strncmp(reply->text, "PONG", 4) == 0) {
            sn_link_accepted(link, SN_ORDER_PING);
            sn_link_accepted(link, SN_ORDER_SCRIPT_KILL); /* no longer needed */
            sn_link_opening_judged(link);
            if (sn_is_data(link->owners))
                link->owners->u.data.rebooting = false;
        }
    } else if (reply->type == SN_REPLY_ERROR && strncmp(reply->text, "BUSY", 4) == 0) {
        kill_busy_script(link);
    } else {
        sn_link_refused(link, SN_ORDER_PING, reply->text);
    }
    sn_link_reschedule(link);
    sn_tilt_link_answered(link);
    sn_mark_link(link);
}

/* The server says that it speaks RESP3, and yet nothing comes: as long as this connection lives,
 * the subscription gets one of its own (PROTOCOL.md §9.6). */
static void stop_sharing(const struct sn_link *sub)
{
    struct sn_link *cmd = sub->owners->cmd;
    char form[SN_PAYLOAD_MAX + 1];
    if (cmd->sharing != SN_SHARING_YES)
        return;
    cmd->sharing = SN_SHARING_NO;
    sn_instance_form(sub->owners, form);
    sn_out_log(sub->core, SN_LEVEL_VERBOSE,
               "No Pub/Sub message of %s arrives on the connection of its commands: the "
               "subscription gets a connection of its own.",
               form);
}

/* Closes a connection that looks dead, or plans the next check (PROTOCOL.md §9.6). */
void sn_link_stale(struct sn_link *link)
{
    struct sn_core *core = link->core;
    if (link->state != SN_LINK_UP)
        return;
    sn_ms at = sn_after(link->up_at, core->timings[SN_TIMING_MIN_LINK_RECONNECT_PERIOD]);
    if (link->kind == SN_LINK_SUBSCRIBE) {
        /* Our own hellos come back on it, so silence means a dead link. */
        at = sn_max(at, sn_after(link->traffic_at, 3 * core->timings[SN_TIMING_PUBLISH_PERIOD]));
    } else if (link->ping_pending) {
        at = sn_max(at,
                    sn_after(sn_max(link->ping_sent_at, link->last_pong_at), ping_patience(link)));
    } else {
        return;
    }
    if (core->now < at || core->tilt) {
        sn_timer_set(&core->timers, &link->stale,
                     sn_max(at, sn_after(core->now, core->tilt ? SN_RETRY_SAVE_MS : 1)));
        return;
    }
    if (link->kind == SN_LINK_SUBSCRIBE)
        stop_sharing(link);
    drop_connection(link);
    plan_retry(link, false);
    sn_mark_link(link);
}

void sn_link_reschedule(struct sn_link *link)
{
    struct sn_core *core = link->core;
    if (link->kind == SN_LINK_SUBSCRIBE || link->state != SN_LINK_UP)
        return;
    if (link->ping_pending)
        sn_timer_pull(&core->timers, &link->stale, core->now);
    else
        sn_timer_pull(&core->timers, &link->ping, sn_after(link->ping_sent_at, ping_period(link)));
}

struct sn_link *sn_link_find(struct sn_core *core, struct sn_link_id id)
{
    return sn_idmap_find(&core->links, id.v);
}
