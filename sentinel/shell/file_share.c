/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/file_share.h"

#include "base/error.h"

#define OWN_FILES   32  /* log, state, pipes, libuv's own */
#define SPARE_FILES 224 /* for links that are not known yet, and that are being replaced */
#define SPARE_PART  8   /* … at most this part of what is left, where that is less */
#define CLIENTS_MIN 4   /* fewer are of no use to anybody */
#define PEERS_MIN   8
#define PEERS_MAX   64

/* A peer that lost its connection may open the next one before the old one is gone. */
static uint64_t places_of(uint64_t peers)
{
    uint64_t places = 2 * peers;

    return places < PEERS_MIN ? PEERS_MIN : places > PEERS_MAX ? PEERS_MAX : places;
}

uint64_t sn_file_share_wanted(uint32_t maxclients, uint64_t links, uint64_t peers)
{
    return OWN_FILES + links + SPARE_FILES + places_of(peers) + maxclients;
}

int sn_file_share(uint64_t allowed, uint32_t maxclients, uint64_t links, uint64_t peers,
                  struct sn_file_share *share)
{
    uint64_t places = places_of(peers), needed = OWN_FILES + links + places;

    if (allowed < needed + CLIENTS_MIN)
        return SN_EFULL;
    uint64_t left = allowed - needed;
    uint64_t spare = left / SPARE_PART < SPARE_FILES ? left / SPARE_PART : SPARE_FILES;
    share->clients = left - spare < maxclients ? (uint32_t)(left - spare) : maxclients;
    share->peer_places = (uint32_t)places;
    share->spare = spare;
    share->reserved = OWN_FILES + links + spare;
    return 0;
}
