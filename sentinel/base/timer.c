/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/timer.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 16
#define CHILDREN   4

void sn_timers_init(struct sn_timers *timers)
{
    *timers = (struct sn_timers){0};
}

void sn_timers_fini(struct sn_timers *timers)
{
    free(timers->slots);
    sn_timers_init(timers);
}

void sn_timer_init(struct sn_timer *timer, int kind, void *owner)
{
    *timer = (struct sn_timer){.at = SN_MS_NEVER, .kind = kind, .owner = owner};
}

static bool before(const struct sn_timer_slot *a, const struct sn_timer_slot *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct sn_timers *timers, size_t index, const struct sn_timer_slot *slot)
{
    timers->slots[index] = *slot;
    slot->timer->pos = index + 1;
}

/* Puts slot where it belongs, at index or above it. */
static void rise(struct sn_timers *timers, size_t index, const struct sn_timer_slot *slot)
{
    while (index > 0 && before(slot, &timers->slots[(index - 1) / CHILDREN])) {
        place(timers, index, &timers->slots[(index - 1) / CHILDREN]);
        index = (index - 1) / CHILDREN;
    }
    place(timers, index, slot);
}

static size_t first_child(const struct sn_timers *timers, size_t index)
{
    size_t first = CHILDREN * index + 1;
    size_t end = first + CHILDREN < timers->count ? first + CHILDREN : timers->count;

    for (size_t child = first + 1; child < end; child++) {
        if (before(&timers->slots[child], &timers->slots[first]))
            first = child;
    }
    return first;
}

/* Puts slot where it belongs, at index or below it. */
static void sink(struct sn_timers *timers, size_t index, const struct sn_timer_slot *slot)
{
    for (;;) {
        size_t child = first_child(timers, index);
        if (child >= timers->count || !before(&timers->slots[child], slot))
            break;
        place(timers, index, &timers->slots[child]);
        index = child;
    }
    place(timers, index, slot);
}

/* Takes the place at index away from its timer. */
static void vacate(struct sn_timers *timers, size_t index)
{
    struct sn_timer_slot last = timers->slots[--timers->count];

    timers->slots[index].timer->pos = 0;
    if (index == timers->count)
        return;
    if (before(&last, &timers->slots[index]))
        rise(timers, index, &last);
    else
        sink(timers, index, &last);
}

static struct sn_timer_slot slot_of(struct sn_timer *timer)
{
    return (struct sn_timer_slot){.at = timer->at, .order = timer->order, .timer = timer};
}

/* Moves timers that were put off or disarmed away from the top. */
static void tidy_top(struct sn_timers *timers)
{
    while (timers->count > 0 && timers->slots[0].order != timers->slots[0].timer->order) {
        struct sn_timer_slot slot = slot_of(timers->slots[0].timer);
        if (slot.at == SN_MS_NEVER)
            vacate(timers, 0);
        else
            sink(timers, 0, &slot);
    }
}

static void insert(struct sn_timers *timers, struct sn_timer *timer)
{
    struct sn_timer_slot slot = slot_of(timer);

    if (timers->count == timers->room) {
        timers->room = timers->room == 0 ? FIRST_ROOM : timers->room * 2;
        timers->slots = sn_realloc(timers->slots, timers->room * sizeof(*timers->slots));
    }
    rise(timers, timers->count++, &slot);
}

void sn_timer_set(struct sn_timers *timers, struct sn_timer *timer, sn_ms at)
{
    timer->at = at;
    timer->order = timers->next_order++;
    if (timer->pos == 0) {
        if (at != SN_MS_NEVER)
            insert(timers, timer);
        return;
    }
    size_t index = timer->pos - 1;
    assert(index < timers->count && timers->slots[index].timer == timer);
    if (at < timers->slots[index].at) {
        struct sn_timer_slot slot = slot_of(timer);
        rise(timers, index, &slot);
    } else if (index == 0) {
        tidy_top(timers);
    }
}

void sn_timer_stop(struct sn_timers *timers, struct sn_timer *timer)
{
    timer->at = SN_MS_NEVER;
    if (timer->pos == 0)
        return;
    assert(timer->pos <= timers->count && timers->slots[timer->pos - 1].timer == timer);
    vacate(timers, timer->pos - 1);
    tidy_top(timers);
}

void sn_timer_pull(struct sn_timers *timers, struct sn_timer *timer, sn_ms at)
{
    if (at < timer->at)
        sn_timer_set(timers, timer, at);
}

sn_ms sn_timers_next(const struct sn_timers *timers)
{
    return timers->count == 0 ? SN_MS_NEVER : timers->slots[0].at;
}

struct sn_timer *sn_timers_pop(struct sn_timers *timers, sn_ms now)
{
    if (timers->count == 0 || timers->slots[0].at > now)
        return NULL;
    struct sn_timer *timer = timers->slots[0].timer;
    sn_timer_stop(timers, timer);
    return timer;
}
