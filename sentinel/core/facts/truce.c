/* SPDX-License-Identifier: BSD-3-Clause */

/* Truces between an operator and the automatic failover. A truce that was ended early is kept, as
 * ended, until its time is over: a peer that was away has to learn of that, too. */

#include "core/facts/truce.h"

#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/tell/raise.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define LONGEST_MS  ((sn_ms)SN_TRUCE_MAX_S * 1000)
#define VERSION_MAX (UINT64_C(1) << 52) /* a forged one leaves room for later orders */

bool sn_truce_is_on(const struct sn_group *group)
{
    return group->truce != NULL && group->truce->on;
}

int64_t sn_truce_left_s(const struct sn_group *group)
{
    return (group->truce->until - group->core->now + 999) / 1000;
}

bool sn_truce_holds(const struct sn_group *group)
{
    if (!sn_truce_is_on(group))
        return false;
    sn_reason_note_numbers(group->master, SN_REASON_PAUSED, sn_truce_left_s(group), 0, 0);
    return true;
}

bool sn_truce_ends_attempt(const struct sn_group *group)
{
    enum sn_failover_mode mode = group->failover.mode;
    return sn_truce_is_on(group) && (mode == SN_MODE_NONE || mode == SN_MODE_REBORN);
}

bool sn_truce_denies(const struct sn_group *group, const char *candidate)
{
    struct sn_runid runid = {""};
    if (!sn_truce_is_on(group))
        return false;
    if (!sn_text_copy(runid.hex, sizeof(runid.hex), candidate))
        return true;
    const struct sn_instance *peer = sn_group_find_peer(group, &runid);
    return peer == NULL || peer->u.peer.truce_version < group->truce->version;
}

/* What depends on it, is judged again. */
static void changed(struct sn_group *group)
{
    struct sn_instance *peer;
    DL_FOREACH(group->peers, peer)
        sn_timer_pull(&group->core->timers, &peer->hello, group->core->now);
    sn_mark_group(group, SN_MARK_ASK | SN_MARK_STEP | SN_MARK_PLAN);
    sn_persist_group_changed(group, SN_RECORD_TRUCE);
}

static void announce(struct sn_group *group)
{
    const struct sn_truce *truce = group->truce;
    sn_raise(group->master, SN_NOTICE_PAUSE, "#for %lld s by %s%s%s",
             (long long)sn_truce_left_s(group), truce->by.hex, truce->reason[0] != '\0' ? ": " : "",
             truce->reason);
}

static struct sn_truce *need(struct sn_group *group)
{
    if (group->truce == NULL) {
        group->truce = sn_alloc(sizeof(*group->truce));
        group->truce->group = group;
        sn_timer_init(&group->truce->timer, SN_TIMER_TRUCE, group->truce);
    }
    return group->truce;
}

/* A truce that is over is kept for those who were away. */
static void keep_ended(struct sn_truce *truce)
{
    truce->on = false;
    truce->until = truce->kept_until;
    truce->until_s = truce->kept_until_s;
    sn_timer_set(&truce->group->core->timers, &truce->timer, truce->until);
}

/* Stores what an order says. Its reason is copied. */
static void put_order(struct sn_group *group, const struct sn_truce *order, const char *reason)
{
    struct sn_truce *truce = need(group);
    truce->version = order->version;
    truce->until_s = order->until_s;
    truce->until = order->until;
    truce->on = order->on;
    truce->by = order->by;
    if (order->until > truce->kept_until) {
        truce->kept_until = order->until;
        truce->kept_until_s = order->until_s;
    }
    sn_strset(&truce->reason, reason);
    if (truce->reason == NULL)
        truce->reason = sn_strdup("");
    if (truce->on)
        sn_timer_set(&group->core->timers, &truce->timer, truce->until);
    else
        keep_ended(truce);
}

static void apply(struct sn_group *group, const struct sn_truce *order, const char *reason)
{
    bool was_on = sn_truce_is_on(group);
    put_order(group, order, reason);
    if (order->on) {
        announce(group);
    } else if (was_on) {
        group->truce_over_at = group->core->now;
        sn_raise(group->master, SN_NOTICE_PAUSE_END, "#resumed by %s", order->by.hex);
    }
    changed(group);
}

static uint64_t next_version(const struct sn_group *group, int64_t wall_ms)
{
    uint64_t known = group->truce != NULL ? group->truce->version : 0;
    uint64_t wall = wall_ms > 0 ? (uint64_t)wall_ms : 0;
    return wall > known ? wall : known + 1;
}

void sn_truce_begin(struct sn_group *group, uint32_t seconds, const char *reason, int64_t wall_ms)
{
    assert(seconds > 0 && seconds <= SN_TRUCE_MAX_S);
    const struct sn_truce order = {.version = next_version(group, wall_ms),
                                   .until_s = wall_ms / 1000 + seconds,
                                   .until = sn_after(group->core->now, (sn_ms)seconds * 1000),
                                   .on = true,
                                   .by = group->core->myid};
    apply(group, &order, reason);
}

bool sn_truce_end(struct sn_group *group, int64_t wall_ms)
{
    if (!sn_truce_is_on(group))
        return false;
    struct sn_truce order = *group->truce;
    order.version = next_version(group, wall_ms);
    order.on = false;
    order.by = group->core->myid;
    apply(group, &order, NULL);
    return true;
}

void sn_truce_due(struct sn_truce *truce)
{
    struct sn_group *group = truce->group;
    bool was_on = truce->on;
    /* An order for less time has replaced an earlier one, of which somebody may still know. */
    if (was_on && truce->kept_until > group->core->now)
        keep_ended(truce);
    else
        sn_truce_free(group);
    if (was_on) {
        group->truce_over_at = group->core->now;
        sn_raise(group->master, SN_NOTICE_PAUSE_END, "#expired");
    }
    changed(group);
}

void sn_truce_free(struct sn_group *group)
{
    if (group->truce == NULL)
        return;
    sn_timer_stop(&group->core->timers, &group->truce->timer);
    free(group->truce->reason);
    free(group->truce);
    group->truce = NULL;
}

/* ---- peers ---------------------------------------------------------------------------------- */

static const struct sn_reply *field(const struct sn_reply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        if (reply->items[i].type == SN_REPLY_STRING &&
            reply->items[i + 1].type == SN_REPLY_STRING && strcmp(reply->items[i].text, name) == 0)
            return &reply->items[i + 1];
    }
    return NULL;
}

static bool read_number(const struct sn_reply *reply, const char *name, int64_t most,
                        int64_t *number)
{
    const struct sn_reply *value = field(reply, name);
    return value != NULL && sn_text_to_i64(value->text, value->len, number) == 0 && *number >= 0 &&
           *number <= most;
}

/* False if the answer has no truce. Text points into reply. */
static bool read_truce(const struct sn_core *core, const struct sn_reply *reply,
                       struct sn_truce *truce, const char **reason)
{
    const struct sn_reply *on = field(reply, "paused"), *by = field(reply, "pause-by");
    const struct sn_reply *why = field(reply, "pause-reason");
    int64_t version, left_ms;
    memset(truce, 0, sizeof(*truce));
    *reason =
        why != NULL && why->len <= SN_TRUCE_REASON_MAX && !sn_text_has_control(why->text, why->len)
            ? why->text
            : "";
    if (on == NULL || by == NULL || !sn_text_copy(truce->by.hex, sizeof(truce->by.hex), by->text) ||
        !sn_text_is_runid(truce->by.hex) ||
        !read_number(reply, "pause-version", (int64_t)VERSION_MAX, &version) ||
        !read_number(reply, "pause-left", LONGEST_MS, &left_ms) ||
        !read_number(reply, "pause-until", INT64_MAX / 1000, &truce->until_s))
        return false;
    truce->version = (uint64_t)version;
    truce->until = sn_after(core->now, left_ms);
    truce->on = strcmp(on->text, "yes") == 0;
    return true;
}

static bool is_newer(const struct sn_truce *order, const struct sn_truce *known)
{
    if (known == NULL || order->version != known->version)
        return known == NULL || order->version > known->version;
    return strcmp(order->by.hex, known->by.hex) > 0;
}

void sn_truce_told(struct sn_instance *peer, const struct sn_reply *reply)
{
    struct sn_group *group = peer->group;
    struct sn_truce order;
    const char *reason;
    peer->u.peer.truce_version = 0;
    if (reply->type != SN_REPLY_ARRAY || !read_truce(group->core, reply, &order, &reason))
        return;
    peer->u.peer.truce_version = order.version;
    /* One that was ended, and that we have never heard of, changes nothing. */
    if (is_newer(&order, group->truce) && (order.on || group->truce != NULL) &&
        order.until > group->core->now)
        apply(group, &order, reason);
}

bool sn_truce_wants_hint(const struct sn_instance *peer)
{
    const struct sn_truce *truce = peer->group->truce;
    const struct sn_peer *facts = &peer->u.peer;
    /* A stock sentinel never tells: it hears of a truce while that lasts, and not of its end. */
    if (truce == NULL || (!truce->on && facts->truce_version == 0))
        return false;
    /* Once at least, so that whoever has told us of it learns that we know it. */
    return facts->truce_version < truce->version || facts->truce_hinted < truce->version;
}

/* ---- state ---------------------------------------------------------------------------------- */

/* "VERSION UNTIL on|off ID REASON" */
char *sn_truce_text(const struct sn_group *group)
{
    const struct sn_truce *truce = group->truce;
    struct sn_buf text;
    if (truce == NULL)
        return NULL;
    sn_buf_init(&text, SIZE_MAX);
    sn_buf_printf(&text, "%" PRIu64 " %" PRId64 " %s %s %s", truce->version, truce->until_s,
                  truce->on ? "on" : "off", truce->by.hex, truce->reason);
    return sn_buf_take(&text);
}

/* Returns the next word of *text, which ends in a blank, and its length. */
static const char *take_word(const char **text, size_t *len)
{
    const char *word = *text;
    *len = strcspn(word, " ");
    *text += *len + (word[*len] == ' ');
    return word;
}

/* How much is left of it by the wall clock; no more than it lasted. */
static sn_ms left_of(const struct sn_truce *order, int64_t wall_ms)
{
    sn_ms left = order->until_s * 1000 - wall_ms;
    return wall_ms <= 0 || left <= 0 ? 0 : sn_min(left, LONGEST_MS);
}

void sn_truce_load(struct sn_group *group, const char *text, int64_t wall_ms)
{
    struct sn_truce order = {0};
    size_t len;
    const char *word = take_word(&text, &len);
    if (sn_text_to_u64(word, len, &order.version) < 0 || order.version > VERSION_MAX)
        return;
    word = take_word(&text, &len);
    if (sn_text_to_i64(word, len, &order.until_s) < 0 || order.until_s < 0 ||
        order.until_s > INT64_MAX / 1000)
        return;
    word = take_word(&text, &len);
    order.on = len == 2 && memcmp(word, "on", 2) == 0;
    word = take_word(&text, &len);
    if (len != SN_RUNID_LEN)
        return;
    memcpy(order.by.hex, word, len);
    sn_ms left = left_of(&order, wall_ms);
    if (left == 0 || strlen(text) > SN_TRUCE_REASON_MAX || !sn_text_is_runid(order.by.hex) ||
        sn_text_has_control(text, strlen(text)))
        return;
    order.until = sn_after(group->core->now, left);
    put_order(group, &order, text);
}

void sn_truce_announce(struct sn_group *group)
{
    if (sn_truce_is_on(group))
        announce(group);
}
