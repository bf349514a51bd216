/* SPDX-License-Identifier: BSD-3-Clause */

/* What is told in the log once for each sender and reason. Senders can be invented without end, so
 * their number is bounded, in memory and in lines: beyond it one line says that there are more, and
 * what was not heard of for an hour makes room. */

#include "core/hello.h"

#include <stdlib.h>
#include <string.h>

#define FORGET_MS 3600000

struct sn_told {
    uint64_t keys[SN_TOLD_MAX];
    sn_ms heard_at[SN_TOLD_MAX];
    size_t count;
    sn_ms full_at; /* when the log said last that there are more */
};

void sn_told_fini(struct sn_core *core)
{
    free(core->told);
}

/* Drops what is old; O(SN_TOLD_MAX). */
static void make_room(const struct sn_core *core, struct sn_told *told)
{
    size_t kept = 0;
    for (size_t i = 0; i < told->count; i++) {
        if (sn_age(core, told->heard_at[i]) >= FORGET_MS)
            continue;
        told->keys[kept] = told->keys[i];
        told->heard_at[kept++] = told->heard_at[i];
    }
    told->count = kept;
}

enum sn_telling sn_told_first(struct sn_core *core, uint64_t key)
{
    if (core->told == NULL) {
        core->told = sn_alloc(sizeof(*core->told));
        core->told->full_at = SN_MS_NEVER;
    }
    struct sn_told *told = core->told;
    for (size_t i = 0; i < told->count; i++) {
        if (told->keys[i] == key && sn_age(core, told->heard_at[i]) < FORGET_MS) {
            told->heard_at[i] = core->now;
            return SN_TELL_NOTHING;
        }
    }
    if (told->count == SN_TOLD_MAX)
        make_room(core, told);
    if (told->count < SN_TOLD_MAX) {
        told->keys[told->count] = key;
        told->heard_at[told->count++] = core->now;
        return SN_TELL_IT;
    }
    if (told->full_at != SN_MS_NEVER && sn_age(core, told->full_at) < FORGET_MS)
        return SN_TELL_NOTHING;
    told->full_at = core->now;
    return SN_TELL_MORE;
}

void sn_told_take_back(struct sn_core *core, uint64_t key)
{
    struct sn_told *told = core->told;
    for (size_t i = 0; told != NULL && i < told->count; i++) {
        if (told->keys[i] != key)
            continue;
        told->count--;
        told->keys[i] = told->keys[told->count];
        told->heard_at[i] = told->heard_at[told->count];
        return;
    }
}

uint64_t sn_told_key(enum sn_told_reason reason, const struct sn_group *group,
                     const struct sn_runid *runid, const char *host, uint16_t port)
{
    uint64_t id = group == NULL ? 0 : group->id;
    int number = (int)reason;
    uint64_t hash = sn_hash_bytes(SN_HASH_START, &number, sizeof(number));
    hash = sn_hash_bytes(hash, &id, sizeof(id));
    hash = sn_hash_bytes(hash, runid->hex, strlen(runid->hex));
    hash = sn_hash_bytes(hash, host, strlen(host));
    return sn_hash_finish(sn_hash_bytes(hash, &port, sizeof(port)));
}
