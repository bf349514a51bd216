/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_RING_H
#define SN_SHELL_HTTP_RING_H

/* The last events, as they stand in /events, for listeners that come back. Bounded by number and by
 * bytes; the oldest goes first. */

#include "base/buf.h"
#include "core/action.h"

#define SN_RING_EVENTS_MAX 1024
#define SN_RING_BYTES_MAX  ((size_t)512 << 10)

struct sn_ring_event {
    char *group; /* NULL: about no group */
    char *text;  /* the whole event: its id, its data, the empty line */
    size_t len;
};

/* Events are numbered from 1. Those from `first` to `end`, without `end`, are here. */
struct sn_ring {
    uint64_t start; /* tells this process from those before it: its start, as the clock went */
    uint64_t first, end;
    size_t bytes;
    struct sn_ring_event events[SN_RING_EVENTS_MAX];
};

/* start: milliseconds since 1970. */
void sn_ring_init(struct sn_ring *ring, uint64_t start);
void sn_ring_fini(struct sn_ring *ring);
/* Adds an event that happened at wall_ms, in milliseconds since 1970. */
void sn_ring_add(struct sn_ring *ring, const struct sn_action_notice *notice, uint64_t wall_ms);
/* Precondition: first <= number < end. */
const struct sn_ring_event *sn_ring_at(const struct sn_ring *ring, uint64_t number);
/* The number of the event behind the one with this id. False: that one, or those behind it, may be
 * gone; *next is the first that is here. */
bool sn_ring_after(const struct sn_ring *ring, const char *id, uint64_t *next);

#endif
