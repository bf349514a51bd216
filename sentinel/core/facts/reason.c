/* SPDX-License-Identifier: BSD-3-Clause */

/* The ring of recorded reasons of a group. A repeated reason is one entry with a count, so that a
 * wait of minutes does not displace the reasons that led to it. */

#include "core/facts/reason.h"
#include "core/tell/form.h"

#include "core/view.h"

#include "base/text.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* A reason that is repeated within this time belongs to the same decision. */
#define EPISODE_MS 10000

#define ROOM_FIRST 4

/* The room doubles up to SN_REASONS_MAX; from then on, the oldest entry makes way. */
struct sn_reasons {
    size_t first, count, room;
    struct sn_reason_entry entries[];
};

_Static_assert(sizeof(struct sn_reason_entry) <= 64, "a reason is small");
_Static_assert(SN_REASONS_MAX % ROOM_FIRST == 0, "the room doubles");
_Static_assert(SN_REASON_COUNT <= UINT8_MAX, "a reason fits into its entry");

/* ---- words ---------------------------------------------------------------------------------- */

/* Name, words and numbers in sequence, each with a NUL. They are found by offsets, because pointers
 * would take as much memory as the words. */
/* NOLINTBEGIN(readability-identifier-naming): the members are called as the reasons are. */
static const struct rows {
#define X(id, words, numbers) char id[sizeof(#id "\0" words "\0" numbers)];
    SN_REASONS(X)
#undef X
} rows = {
/* NOLINTEND(readability-identifier-naming) */
#define X(id, words, numbers) #id "\0" words "\0" numbers,
    SN_REASONS(X)
#undef X
};

static const uint16_t offsets[] = {
#define X(id, words, numbers) [SN_REASON_##id] = offsetof(struct rows, id),
    SN_REASONS(X)
#undef X
};

static const char *name_of(enum sn_reason reason)
{
    assert(reason > SN_REASON_NONE && reason < SN_REASON_COUNT);
    return (const char *)&rows + offsets[reason];
}

static const char *skip(const char *text)
{
    return text + strlen(text) + 1;
}

void sn_reason_name(enum sn_reason reason, char *out)
{
    const char *from = name_of(reason);
    size_t len = 0;
    for (; from[len] != '\0' && len < SN_REASON_NAME_MAX; len++)
        out[len] = from[len] == '_' ? '-' : (char)(from[len] - 'A' + 'a');
    out[len] = '\0';
}

const char *sn_reason_words(enum sn_reason reason)
{
    return skip(name_of(reason));
}

void sn_reason_sentence(const struct sn_why *why, char *out)
{
    const char *words = sn_reason_words(why->reason);
    size_t len = 0, number = 0;
    (void)sn_text_copy(out, SN_REASON_SENTENCE_MAX + 1, words);
    len = strlen(out);
    for (const char *from = skip(words); *from != '\0' && len < SN_REASON_SENTENCE_MAX; from++) {
        if (*from != '#') {
            out[len++] = *from;
            continue;
        }
        (void)snprintf(out + len, SN_REASON_SENTENCE_MAX + 1 - len, "%lld",
                       (long long)why->numbers[number++]);
        len += strlen(out + len);
    }
    out[len] = '\0';
}

/* ---- the ring ------------------------------------------------------------------------------- */

static struct sn_reason_entry *entry_at(struct sn_reasons *ring, size_t index)
{
    return &ring->entries[(ring->first + index) % ring->room];
}

static bool same(const struct sn_reason_entry *a, const struct sn_reason_entry *b)
{
    return a->reason == b->reason && a->member == b->member;
}

/* Returns the entry that `entry` repeats; NULL if it is new. */
static struct sn_reason_entry *find_same(struct sn_reasons *ring,
                                         const struct sn_reason_entry *entry)
{
    for (size_t i = ring->count; i > 0; i--) {
        struct sn_reason_entry *old = entry_at(ring, i - 1);
        if (same(old, entry) && (i == ring->count || entry->at - old->at <= EPISODE_MS))
            return old;
    }
    return NULL;
}

/* Returns the ring of group, with room for another entry as long as it may grow. */
static struct sn_reasons *ring_of(struct sn_group *group)
{
    struct sn_reasons *ring = group->reasons;
    size_t room = ring == NULL ? ROOM_FIRST : ring->room * 2;
    if (ring == NULL) {
        group->reasons = sn_alloc(sizeof(*ring) + room * sizeof(ring->entries[0]));
    } else if (ring->count == ring->room && room <= SN_REASONS_MAX) {
        assert(ring->first == 0);
        group->reasons = sn_realloc(ring, sizeof(*ring) + room * sizeof(ring->entries[0]));
    } else {
        return ring;
    }
    group->reasons->room = room;
    return group->reasons;
}

static void add_entry(struct sn_group *group, struct sn_reason_entry *entry)
{
    struct sn_reasons *ring = ring_of(group);
    assert(ring->room >= ROOM_FIRST);
    entry->at = entry->since = group->core->now;
    struct sn_reason_entry *old = find_same(ring, entry);
    entry->count = 1;
    if (old != NULL) {
        entry->since = old->since;
        entry->count = old->count < UINT32_MAX ? old->count + 1 : UINT32_MAX;
        *old = *entry;
        return;
    }
    if (ring->count == ring->room)
        ring->first = (ring->first + 1) % ring->room;
    else
        ring->count++;
    *entry_at(ring, ring->count - 1) = *entry;
}

void sn_reason_note_why(const struct sn_instance *about, const struct sn_why *why)
{
    struct sn_reason_entry entry = {.member = about->id, .reason = (uint8_t)why->reason};
    assert(why->reason != SN_REASON_NONE);
    memcpy(entry.numbers, why->numbers, sizeof(entry.numbers));
    add_entry(about->group, &entry);
}

void sn_reason_note(const struct sn_instance *about, enum sn_reason reason)
{
    const struct sn_why why = {.reason = reason};
    sn_reason_note_why(about, &why);
}

void sn_reason_note_numbers(const struct sn_instance *about, enum sn_reason reason, int64_t a,
                            int64_t b, int64_t c)
{
    const struct sn_why why = {.reason = reason, .numbers = {a, b, c}};
    sn_reason_note_why(about, &why);
}

void sn_reason_note_id(struct sn_group *group, const char *id, enum sn_reason reason, int64_t a,
                       int64_t b)
{
    struct sn_reason_entry entry = {.reason = (uint8_t)reason, .numbers = {a, b}};
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        if (strcmp(peer->runid.hex, id) == 0) {
            sn_reason_note_numbers(peer, reason, a, b, 0);
            return;
        }
    }
    for (size_t i = 0; i < SN_REASON_ID_MAX && id[i] != '\0'; i++)
        entry.id[i] = id[i] > ' ' && id[i] <= '~' ? id[i] : '?';
    add_entry(group, &entry);
}

void sn_reason_free(struct sn_group *group)
{
    free(group->reasons);
    group->reasons = NULL;
}

/* ---- shown ---------------------------------------------------------------------------------- */

size_t sn_group_reasons(const struct sn_group *group, const struct sn_reason_entry **out)
{
    struct sn_reasons *ring = group->reasons;
    size_t count = ring == NULL ? 0 : ring->count;
    for (size_t i = 0; i < count && i < SN_REASONS_MAX; i++)
        out[i] = entry_at(ring, i);
    return count;
}

const struct sn_instance *sn_reason_about(const struct sn_group *group,
                                          const struct sn_reason_entry *entry)
{
    const struct sn_instance *member;
    if (group->master->id == entry->member)
        return group->master;
    DL_FOREACH(group->replicas, member) {
        if (member->id == entry->member)
            return member;
    }
    DL_FOREACH(group->peers, member) {
        if (member->id == entry->member)
            return member;
    }
    return NULL;
}

void sn_reason_text(const struct sn_group *group, const struct sn_reason_entry *entry, char *out)
{
    const struct sn_instance *about = sn_reason_about(group, entry);
    struct sn_why why = {.reason = (enum sn_reason)entry->reason};
    char sentence[SN_REASON_SENTENCE_MAX + 1], form[SN_PAYLOAD_MAX + 1];
    memcpy(why.numbers, entry->numbers, sizeof(why.numbers));
    sn_reason_sentence(&why, sentence);
    if (about != NULL) {
        sn_instance_form(about, form);
        (void)snprintf(out, SN_REASON_TEXT_MAX + 1, "%s: %s", form, sentence);
    } else if (entry->member != 0) {
        (void)snprintf(out, SN_REASON_TEXT_MAX + 1, "a former member: %s", sentence);
    } else {
        (void)snprintf(out, SN_REASON_TEXT_MAX + 1, "sentinel %s: %s", entry->id, sentence);
    }
}
