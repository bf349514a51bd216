/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/riders.h"

#include "base/alloc.h"
#include "base/hashtable.h"

#include <stdlib.h>

struct sn_rider {
    UT_hash_handle hh;
    uint64_t id;
    struct sn_link_id carrier;
};

void sn_riders_add(struct sn_riders *riders, struct sn_link_id rider, struct sn_link_id carrier)
{
    struct sn_rider *item = sn_alloc(sizeof(*item));

    item->id = rider.v;
    item->carrier = carrier;
    HASH_ADD(hh, riders->by_id, id, sizeof(item->id), item);
}

bool sn_riders_remove(struct sn_riders *riders, struct sn_link_id rider, struct sn_link_id *carrier)
{
    struct sn_rider *item = NULL;

    HASH_FIND(hh, riders->by_id, &rider.v, sizeof(rider.v), item);
    if (item == NULL)
        return false;
    *carrier = item->carrier;
    HASH_DEL(riders->by_id, item);
    free(item);
    return true;
}
