/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/tally.h"

#include "base/alloc.h"
#include "base/hashtable.h"

#include <stdlib.h>

struct sn_tally_event {
    char *name;
    uint64_t count;
    UT_hash_handle hh;
};

void sn_tally_fini(struct sn_tally *tally)
{
    struct sn_tally_event *event, *next;

    HASH_ITER(hh, tally->events, event, next) {
        HASH_DEL(tally->events, event);
        free(event->name);
        free(event);
    }
}

static struct sn_tally_event *find(const struct sn_tally *tally, const char *name)
{
    struct sn_tally_event *event;

    HASH_FIND_STR(tally->events, name, event);
    return event;
}

/* The table of notices bounds their number. */
void sn_tally_event(struct sn_tally *tally, const char *name)
{
    struct sn_tally_event *event = find(tally, name);

    if (event == NULL) {
        event = sn_alloc(sizeof(*event));
        event->name = sn_strdup(name);
        HASH_ADD_KEYPTR(hh, tally->events, event->name, strlen(event->name), event);
    }
    event->count++;
}

uint64_t sn_tally_of(const struct sn_tally *tally, const char *name)
{
    const struct sn_tally_event *event = find(tally, name);

    return event != NULL ? event->count : 0;
}

void sn_tally_walk(const struct sn_tally *tally,
                   void (*each)(void *arg, const char *name, uint64_t count), void *arg)
{
    for (const struct sn_tally_event *event = tally->events; event != NULL; event = event->hh.next)
        each(arg, event->name, event->count);
}
