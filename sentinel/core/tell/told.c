/* SPDX-License-Identifier: BSD-3-Clause */

/* Warnings that the log gives once per sender and reason. Senders can be forged without limit, so
 * the number of entries and lines is bounded: per group, so that a flood in one group does not hide
 * problems of another, and in total. Beyond a bound, one line says that there are more. An entry
 * that is not repeated for an hour makes room. */

#include "core/tell/told.h"
#include "core/tell/out.h"

#include <stdlib.h>
#include <string.h>

#define FORGET_MS 3600000

struct item {
    uint64_t key;
    uint64_t group; /* id of the group; 0: none */
    sn_ms heard_at;
    bool more; /* stands for the line that there are more */
};

struct sn_told {
    struct item *items;
    size_t count, room;
};

void sn_told_fini(struct sn_core *core)
{
    if (core->told != NULL)
        free(core->told->items);
    free(core->told);
}

static bool is_old(const struct sn_core *core, const struct item *item)
{
    return sn_age(core, item->heard_at) >= FORGET_MS;
}

/* Drops old items; O(number of items). */
static void drop_old(const struct sn_core *core, struct sn_told *told)
{
    size_t kept = 0;
    for (size_t i = 0; i < told->count; i++) {
        if (!is_old(core, &told->items[i]))
            told->items[kept++] = told->items[i];
    }
    told->count = kept;
}

static struct item *find_key(const struct sn_told *told, uint64_t key)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->items[i].key == key)
            return &told->items[i];
    }
    return NULL;
}

static bool has_room(const struct sn_told *told, uint64_t group)
{
    size_t its = 0;
    for (size_t i = 0; i < told->count; i++)
        its += told->items[i].group == group && !told->items[i].more;
    return its < SN_TOLD_MAX && (told->count < SN_TOLD_TOTAL_MAX || its < SN_TOLD_FEW);
}

static void add_key(const struct sn_core *core, uint64_t key, uint64_t group, bool more)
{
    struct sn_told *told = core->told;
    if (told->count == told->room) {
        told->room = told->room == 0 ? 16 : 2 * told->room;
        told->items = sn_realloc(told->items, told->room * sizeof(*told->items));
    }
    told->items[told->count++] =
        (struct item){.key = key, .group = group, .heard_at = core->now, .more = more};
}

enum sn_telling sn_told_first(struct sn_core *core, const struct sn_group *group, uint64_t key)
{
    static const struct sn_runid anybody = {""};
    uint64_t id = group == NULL ? 0 : group->id;
    if (core->told == NULL)
        core->told = sn_alloc(sizeof(*core->told));
    struct sn_told *told = core->told;
    struct item *item = find_key(told, key);
    if (item != NULL && !is_old(core, item)) {
        item->heard_at = core->now;
        return SN_TELL_NOTHING;
    }
    if (!has_room(told, id) || item != NULL)
        drop_old(core, told);
    if (has_room(told, id)) {
        add_key(core, key, id, false);
        return SN_TELL_IT;
    }
    uint64_t more = sn_told_key(SN_TOLD_MORE, group, &anybody, "", 0);
    if (find_key(told, more) != NULL)
        return SN_TELL_NOTHING;
    add_key(core, more, id, true);
    return SN_TELL_MORE;
}

bool sn_told_take_back(struct sn_core *core, uint64_t key)
{
    struct item *item = core->told == NULL ? NULL : find_key(core->told, key);
    if (item == NULL)
        return false;
    *item = core->told->items[--core->told->count];
    return true;
}

bool sn_told_has(const struct sn_core *core, uint64_t key)
{
    return core->told != NULL && find_key(core->told, key) != NULL;
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

bool sn_told_warn(struct sn_core *core, const struct sn_group *group, uint64_t key)
{
    enum sn_telling telling = sn_told_first(core, group, key);
    if (telling == SN_TELL_MORE)
        sn_out_log(
            core, SN_LEVEL_WARNING,
            "Many senders of bad hellos for %s were named within an hour; further ones are not "
            "named. The hellos may be forged: check who may PUBLISH to the monitored servers.",
            group == NULL ? "unknown groups" : group->name);
    return telling == SN_TELL_IT;
}
