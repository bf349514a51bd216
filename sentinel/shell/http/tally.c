/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/tally.h"

#include "base/alloc.h"
#include "base/hashtable.h"
#include "shell/report/event.h"

#include <stdlib.h>
#include <string.h>

struct sn_tally_attempt {
    char *group;
    sn_ms began_at;
    UT_hash_handle hh;
};

struct sn_tally_event {
    char *name;
    uint64_t count;
    UT_hash_handle hh;
};

static void drop_attempt(struct sn_tally *tally, struct sn_tally_attempt *attempt)
{
    HASH_DEL(tally->attempts, attempt);
    free(attempt->group);
    free(attempt);
}

void sn_tally_fini(struct sn_tally *tally)
{
    struct sn_tally_attempt *attempt, *after;
    struct sn_tally_event *event, *next;

    HASH_ITER(hh, tally->attempts, attempt, after)
        drop_attempt(tally, attempt);
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

/* group: len bytes, no more than that. */
static struct sn_tally_attempt *find_attempt(const struct sn_tally *tally, const char *group,
                                             size_t len)
{
    struct sn_tally_attempt *attempt;

    HASH_FIND(hh, tally->attempts, group, len, attempt);
    return attempt;
}

static void begin_attempt(struct sn_tally *tally, const char *group, size_t len, sn_ms now)
{
    struct sn_tally_attempt *attempt = find_attempt(tally, group, len);

    if (attempt == NULL) {
        attempt = sn_alloc(sizeof(*attempt));
        attempt->group = sn_strndup(group, len);
        HASH_ADD_KEYPTR(hh, tally->attempts, attempt->group, len, attempt);
    }
    attempt->began_at = now;
}

static void end_attempt(struct sn_tally *tally, const char *group, size_t len, bool won, sn_ms now)
{
    struct sn_tally_attempt *attempt = find_attempt(tally, group, len);

    if (attempt == NULL)
        return; /* of another sentinel */
    if (won)
        sn_histogram_add(&tally->failovers, (uint64_t)(now - attempt->began_at) * 1000000);
    drop_attempt(tally, attempt);
}

/* An attempt that another sentinel has overtaken, or that SENTINEL RESET forgets, ends without an
 * event of its own. */
static void follow_attempt(struct sn_tally *tally, const struct sn_action_notice *event, sn_ms now)
{
    bool won = strcmp(event->name, "+switch-master") == 0;
    bool begun = strcmp(event->name, "+try-failover") == 0;
    bool lost = strncmp(event->name, "-failover-abort", strlen("-failover-abort")) == 0 ||
                strcmp(event->name, "-monitor") == 0 || strcmp(event->name, "+reset-master") == 0 ||
                strcmp(event->name, "+config-update-from") == 0;
    size_t len = 0;
    const char *group = sn_event_group(event, &len);

    if (group == NULL || (!won && !begun && !lost))
        return;
    if (begun)
        begin_attempt(tally, group, len, now);
    else
        end_attempt(tally, group, len, won, now);
}

/* The table of notices bounds the number of names. */
static void count(struct sn_tally *tally, const char *name)
{
    struct sn_tally_event *event = find(tally, name);

    if (event == NULL) {
        event = sn_alloc(sizeof(*event));
        event->name = sn_strdup(name);
        HASH_ADD_KEYPTR(hh, tally->events, event->name, strlen(event->name), event);
    }
    event->count++;
}

void sn_tally_event(struct sn_tally *tally, const struct sn_action_notice *event, sn_ms now)
{
    count(tally, event->name);
    follow_attempt(tally, event, now);
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
