/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_IDMAP_H
#define SN_BASE_IDMAP_H

/* Values by a number that is never 0: a table of slots with linear probing, at most half full. A
 * look-up reads one or two neighbouring slots and nothing of the values, which matters where
 * thousands are looked up once in a while and none of them is in a cache. */

#include "base/types.h"

struct sn_idmap_slot {
    uint64_t id; /* 0: free */
    void *value;
};

/* Starts zeroed. */
struct sn_idmap {
    struct sn_idmap_slot *slots;
    size_t room; /* 0, or a power of two */
    size_t count;
};

void sn_idmap_fini(struct sn_idmap *map);
/* Precondition: id is not 0 and not in the map. The value is borrowed. */
void sn_idmap_put(struct sn_idmap *map, uint64_t id, void *value);
/* NULL: there is none. */
void *sn_idmap_find(const struct sn_idmap *map, uint64_t id);
/* Returns the value that was there; NULL if there was none. */
void *sn_idmap_remove(struct sn_idmap *map, uint64_t id);
/* Returns the first value at *place or behind it, and sets *place to where it is; NULL: no more.
 * Begin with 0. The next one is at the same place if this one is removed, else behind it. */
void *sn_idmap_next(const struct sn_idmap *map, size_t *place);

#endif
