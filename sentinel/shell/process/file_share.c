/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/file_share.h"

#include "base/error.h"

#define OWN_FILES    32  /* log, state file, pipes, files of libuv */
#define SPARE_FILES  224 /* reserve for links to new groups, and for links being replaced */
#define SPARE_PART   8   /* the reserve takes at most 1/8 of the remaining files */
#define GROWTH_PART  2   /* links to discovered members take at most 1/2 of the remaining files */
#define CLIENTS_MIN  4   /* fewer clients would be useless */
#define CLIENTS_FEW  64  /* clients that keep their places before links to replicas … */
#define CLIENTS_PART 4   /* … but at most 1/4 of the remaining files */
#define KEPT_PART    4   /* of their places clients keep 1/4, whatever servers tell of replicas */
#define LENT_PART    8   /* of unused places of clients, links get 1/8 at a time … */
#define LENT_MIN     64  /* … or that many */
#define PEERS_MIN    8
#define PEERS_MAX    64

/* Two places a peer: one that lost its connection may open the next one before the old one is
 * closed. */
static uint64_t places_of(uint64_t peers)
{
    uint64_t places = 2 * peers;

    return places < PEERS_MIN ? PEERS_MIN : places > PEERS_MAX ? PEERS_MAX : places;
}

/* What clients and links cannot have. */
static uint64_t own_files(const struct sn_file_needs *needs)
{
    return OWN_FILES + needs->http;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t sn_file_share_wanted(const struct sn_file_needs *needs)
{
    return own_files(needs) + needs->links + needs->growth + SPARE_FILES + places_of(needs->peers) +
           needs->maxclients;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

int sn_file_share(uint64_t allowed, const struct sn_file_needs *needs, struct sn_file_share *share)
{
    uint64_t places = places_of(needs->peers);
    uint64_t fixed = own_files(needs) + (needs->links - needs->minor) + places;

    if (allowed < fixed + CLIENTS_MIN)
        return SN_EFULL;
    uint64_t left = allowed - fixed;
    uint64_t few =
        smaller(larger(smaller(left / CLIENTS_PART, CLIENTS_FEW), CLIENTS_MIN), needs->maxclients);
    uint64_t minor = smaller(needs->minor, left - few);
    uint64_t growth = minor < needs->minor ? 0 : needs->growth;
    left -= minor;
    uint64_t spare = smaller(left / SPARE_PART, SPARE_FILES);
    uint64_t unknown = spare + smaller(left / GROWTH_PART, growth);
    share->clients = (uint32_t)smaller(left - unknown, needs->maxclients);
    share->clients_min = (uint32_t)larger(smaller(few, share->clients), share->clients / KEPT_PART);
    share->peer_places = (uint32_t)places;
    share->spare = spare;
    share->reserved = own_files(needs) + needs->links - needs->minor + minor + unknown;
    /* The remaining files are for masters that are added later, and for links being replaced. */
    left -= share->clients;
    share->minor_max = minor + left - smaller(left, SPARE_FILES) / 2;
    return 0;
}

uint32_t sn_file_share_lend(const struct sn_file_share *share, uint32_t maxclients,
                            uint64_t clients)
{
    uint64_t kept = larger(clients, share->clients_min);
    uint64_t unused = maxclients > kept ? maxclients - kept : 0;

    return (uint32_t)smaller(unused, larger(unused / LENT_PART, LENT_MIN));
}
