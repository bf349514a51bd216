/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TIMER_H
#define SN_BASE_TIMER_H

/* Deadlines in one indexed binary heap: arming, re-arming and disarming cost O(log n), the next
 * deadline O(1). Ties fire in the order of arming, so that equal inputs give equal traces.
 * A timer is embedded in its owner; the heap owns no timers. */

#include "base/types.h"

struct sn_timer {
    sn_ms at;       /* deadline; SN_MS_NEVER while disarmed */
    uint64_t order; /* of arming; breaks ties */
    size_t pos;     /* index in the heap + 1; 0 while disarmed */
    int kind;       /* set by the owner: which of its timers this is */
    void *owner;    /* for the owner */
};

struct sn_timers {
    struct sn_timer **items;
    size_t count;
    size_t room;
    uint64_t next_order;
};

void sn_timers_init(struct sn_timers *timers);
/* Precondition: every timer is disarmed, or never used again. */
void sn_timers_fini(struct sn_timers *timers);
/* A disarmed timer. */
void sn_timer_init(struct sn_timer *timer, int kind, void *owner);
/* Arms or re-arms for at; SN_MS_NEVER disarms. */
void sn_timer_set(struct sn_timers *timers, struct sn_timer *timer, sn_ms at);
void sn_timer_stop(struct sn_timers *timers, struct sn_timer *timer);
/* Arms for at, unless the timer is armed for an earlier instant. */
void sn_timer_pull(struct sn_timers *timers, struct sn_timer *timer, sn_ms at);
/* The earliest deadline, SN_MS_NEVER if none. */
sn_ms sn_timers_next(const struct sn_timers *timers);
/* Disarms and returns the earliest timer with at <= now; NULL if none is due (PROTOCOL.md §11.1,
 * §24.2). */
struct sn_timer *sn_timers_pop(struct sn_timers *timers, sn_ms now);

#endif
