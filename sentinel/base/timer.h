/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TIMER_H
#define SN_BASE_TIMER_H

/* Deadlines in one indexed heap with four children a node: arming for an earlier instant costs
 * O(log n), the next deadline O(1). Ties fire in the order of arming, so that equal inputs give
 * equal traces. A timer is embedded in its owner; the heap owns no timers.
 *
 * Most deadlines are put off, or lifted, long before they come. That costs O(1): the timer keeps
 * its old place, which is moved once it reaches the top. */

#include "base/types.h"

struct sn_timer {
    sn_ms at;       /* deadline; SN_MS_NEVER while disarmed */
    uint64_t order; /* of arming; breaks ties */
    size_t pos;     /* index in the heap + 1; 0 while it has no place there */
    int kind;       /* set by the owner: which of its timers this is */
    void *owner;    /* for the owner */
};

/* A place in the heap: never later than its timer's deadline, and exact for the first one. */
struct sn_timer_slot {
    sn_ms at;
    uint64_t order;
    struct sn_timer *timer;
};

struct sn_timers {
    struct sn_timer_slot *slots;
    size_t count;
    size_t room;
    uint64_t next_order;
};

void sn_timers_init(struct sn_timers *timers);
/* Precondition: every timer is stopped, or never used again. */
void sn_timers_fini(struct sn_timers *timers);
/* A disarmed timer. */
void sn_timer_init(struct sn_timer *timer, int kind, void *owner);
/* Arms or re-arms for at; SN_MS_NEVER disarms, but the heap may still point to the timer. */
void sn_timer_set(struct sn_timers *timers, struct sn_timer *timer, sn_ms at);
/* Disarms, and makes the heap forget the timer. Needed before its memory is freed. */
void sn_timer_stop(struct sn_timers *timers, struct sn_timer *timer);
/* Arms for at, unless the timer is armed for an earlier instant. */
void sn_timer_pull(struct sn_timers *timers, struct sn_timer *timer, sn_ms at);
/* The earliest deadline, SN_MS_NEVER if none. */
sn_ms sn_timers_next(const struct sn_timers *timers);
/* Disarms and returns the earliest timer with at <= now; NULL if none is due (PROTOCOL.md §11.1,
 * §24.2). */
struct sn_timer *sn_timers_pop(struct sn_timers *timers, sn_ms now);

#endif
