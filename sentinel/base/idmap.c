/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/idmap.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 8

void sn_idmap_fini(struct sn_idmap *map)
{
    free(map->slots);
    *map = (struct sn_idmap){0};
}

/* Ids are mostly given in turn, so neighbours are spread by an odd factor (Knuth's multiplicative
 * hashing); the high bits are the good ones. */
static size_t home(const struct sn_idmap *map, uint64_t id)
{
    return (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (map->room - 1);
}

static size_t next_place(const struct sn_idmap *map, size_t place)
{
    return (place + 1) & (map->room - 1);
}

/* Where id is, or else where it would be put. Precondition: there is room. */
static size_t place_of(const struct sn_idmap *map, uint64_t id)
{
    size_t place = home(map, id);

    while (map->slots[place].id != 0 && map->slots[place].id != id)
        place = next_place(map, place);
    return place;
}

static void widen(struct sn_idmap *map)
{
    struct sn_idmap before = *map;

    map->room = before.room == 0 ? FIRST_ROOM : 2 * before.room;
    map->slots = sn_alloc_array(map->room, sizeof(*map->slots));
    for (size_t i = 0; i < before.room; i++) {
        if (before.slots[i].id != 0)
            map->slots[place_of(map, before.slots[i].id)] = before.slots[i];
    }
    free(before.slots);
}

void sn_idmap_put(struct sn_idmap *map, uint64_t id, void *value)
{
    assert(id != 0);
    if (2 * (map->count + 1) > map->room)
        widen(map);
    size_t place = place_of(map, id);
    assert(map->slots[place].id == 0);
    map->slots[place] = (struct sn_idmap_slot){id, value};
    map->count++;
}

void *sn_idmap_find(const struct sn_idmap *map, uint64_t id)
{
    if (map->count == 0 || id == 0)
        return NULL;
    return map->slots[place_of(map, id)].value;
}

/* True if what is at from may also be at the free place: that is not in front of its home. */
static bool may_move(const struct sn_idmap *map, size_t from, size_t free_place)
{
    size_t way_from_home = (from - home(map, map->slots[from].id)) & (map->room - 1);
    size_t way_from_free = (from - free_place) & (map->room - 1);

    return way_from_home >= way_from_free;
}

/* Those behind it move up, so that every search still ends at a free slot. */
void *sn_idmap_remove(struct sn_idmap *map, uint64_t id)
{
    if (map->count == 0 || id == 0)
        return NULL;
    size_t place = place_of(map, id);
    void *value = map->slots[place].value;
    if (map->slots[place].id == 0)
        return NULL;
    for (size_t from = next_place(map, place); map->slots[from].id != 0;
         from = next_place(map, from)) {
        if (!may_move(map, from, place))
            continue;
        map->slots[place] = map->slots[from];
        place = from;
    }
    map->slots[place] = (struct sn_idmap_slot){0};
    map->count--;
    return value;
}

void *sn_idmap_next(const struct sn_idmap *map, size_t *place)
{
    while (*place < map->room && map->slots[*place].id == 0)
        (*place)++;
    return *place < map->room ? map->slots[*place].value : NULL;
}
