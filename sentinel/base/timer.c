/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/timer.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 16

void sn_timers_init(struct sn_timers *timers)
{
    *timers = (struct sn_timers){0};
}

void sn_timers_fini(struct sn_timers *timers)
{
    free(timers->items);
    sn_timers_init(timers);
}

void sn_timer_init(struct sn_timer *timer, int kind, void *owner)
{
    *timer = (struct sn_timer){.at = SN_MS_NEVER, .kind = kind, .owner = owner};
}

static bool before(const struct sn_timer *a, const struct sn_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct sn_timers *timers, size_t index, struct sn_timer *timer)
{
    timers->items[index] = timer;
    timer->pos = index + 1;
}

/* Moves the timer at index to its new position after a change of its deadline. */
static void settle(struct sn_timers *timers, size_t index)
{
    struct sn_timer *timer = timers->items[index];

    while (index > 0 && before(timer, timers->items[(index - 1) / 2])) {
        place(timers, index, timers->items[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && before(timers->items[child + 1], timers->items[child]))
            child++;
        if (!before(timers->items[child], timer))
            break;
        place(timers, index, timers->items[child]);
        index = child;
    }
    place(timers, index, timer);
}

void sn_timer_set(struct sn_timers *timers, struct sn_timer *timer, sn_ms at)
{
    if (at == SN_MS_NEVER) {
        sn_timer_stop(timers, timer);
        return;
    }
    if (timer->pos == 0) {
        if (timers->count == timers->room) {
            timers->room = timers->room == 0 ? FIRST_ROOM : timers->room * 2;
            timers->items = sn_realloc(timers->items, timers->room * sizeof(struct sn_timer *));
        }
        place(timers, timers->count++, timer);
    }
    timer->at = at;
    timer->order = timers->next_order++;
    settle(timers, timer->pos - 1);
}

void sn_timer_stop(struct sn_timers *timers, struct sn_timer *timer)
{
    if (timer->pos == 0)
        return;
    size_t index = timer->pos - 1;
    assert(index < timers->count && timers->items[index] == timer);

    struct sn_timer *last = timers->items[--timers->count];
    timer->pos = 0;
    timer->at = SN_MS_NEVER;
    if (last != timer) {
        place(timers, index, last);
        settle(timers, index);
    }
}

void sn_timer_pull(struct sn_timers *timers, struct sn_timer *timer, sn_ms at)
{
    if (at < timer->at)
        sn_timer_set(timers, timer, at);
}

sn_ms sn_timers_next(const struct sn_timers *timers)
{
    return timers->count == 0 ? SN_MS_NEVER : timers->items[0]->at;
}

struct sn_timer *sn_timers_pop(struct sn_timers *timers, sn_ms now)
{
    if (timers->count == 0 || timers->items[0]->at > now)
        return NULL;
    struct sn_timer *timer = timers->items[0];
    sn_timer_stop(timers, timer);
    return timer;
}
