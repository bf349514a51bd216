/* SPDX-License-Identifier: BSD-3-Clause */

/* Open addressing with linear probing, at most half full. */

#include "base/textmap.h"

#include "base/alloc.h"
#include "base/prng.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

struct sn_textmap_item {
    char *text; /* NULL: free */
    size_t number;
};

static struct sn_textmap_item *find(const struct sn_textmap *map, const char *text)
{
    uint64_t hash = sn_hash_finish(sn_hash_bytes(SN_HASH_START, text, strlen(text)));
    size_t at = (size_t)hash & (map->room - 1);
    while (map->items[at].text != NULL && strcmp(map->items[at].text, text) != 0)
        at = (at + 1) & (map->room - 1);
    return &map->items[at];
}

static void grow(struct sn_textmap *map)
{
    struct sn_textmap bigger = {.room = map->room == 0 ? ROOM_FIRST : 2 * map->room,
                                .count = map->count};
    bigger.items = sn_alloc_array(bigger.room, sizeof(*bigger.items));
    for (size_t i = 0; i < map->room; i++) {
        if (map->items[i].text != NULL)
            *find(&bigger, map->items[i].text) = map->items[i];
    }
    free(map->items);
    *map = bigger;
}

size_t *sn_textmap_put(struct sn_textmap *map, const char *text, size_t number, bool *added)
{
    if (2 * (map->count + 1) > map->room)
        grow(map);
    struct sn_textmap_item *item = find(map, text);
    *added = item->text == NULL;
    if (*added) {
        item->text = sn_strdup(text);
        item->number = number;
        map->count++;
    }
    return &item->number;
}

void sn_textmap_fini(struct sn_textmap *map)
{
    for (size_t i = 0; i < map->room; i++)
        free(map->items[i].text);
    free(map->items);
    *map = (struct sn_textmap){0};
}
