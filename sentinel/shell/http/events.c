/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/events.h"

#include "base/alloc.h"
#include "shell/http/respond.h"
#include "shell/http/ring.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RETRY_MS "2000" /* how long a browser waits before it comes back */

struct listener {
    struct sn_events *events;
    struct MHD_Connection *connection;
    char *group;        /* only its events; NULL: all */
    uint64_t next_one;  /* the number of the next event */
    struct sn_buf made; /* and not sent yet */
    uint64_t read_at;   /* loop time at which it took something last */
    bool suspended;
    bool beat_due;
    bool ended;
    struct listener *prev, *next;
};

struct sn_events {
    const uv_loop_t *loop;
    uint64_t beat_ms;
    struct listener *listeners;
    struct sn_events_figures figures;
    struct sn_ring ring;
};

static uint64_t wall_ms(void)
{
    uv_timeval64_t wall = {0};

    (void)uv_gettimeofday(&wall);
    return (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_usec / 1000;
}

struct sn_events *sn_events_new(const uv_loop_t *loop, uint64_t beat_ms)
{
    struct sn_events *events = sn_alloc(sizeof(*events));

    events->loop = loop;
    events->beat_ms = beat_ms;
    sn_ring_init(&events->ring, wall_ms());
    return events;
}

void sn_events_free(struct sn_events *events)
{
    sn_ring_fini(&events->ring);
    free(events);
}

/* ---- one listener ---- */

static bool wants(const struct listener *listener, const struct sn_ring_event *event)
{
    return listener->group == NULL ||
           (event->group != NULL && strcmp(event->group, listener->group) == 0);
}

static void resume(struct listener *listener)
{
    if (!listener->suspended)
        return;
    listener->suspended = false;
    listener->read_at = uv_now(listener->events->loop);
    MHD_resume_connection(listener->connection);
}

/* Makes no more than there is room for, and the rest of one event. */
static void make(struct listener *listener, size_t size)
{
    const struct sn_ring *ring = &listener->events->ring;

    while (listener->made.len < size && listener->next_one < ring->end) {
        const struct sn_ring_event *event = sn_ring_at(ring, listener->next_one++);
        if (wants(listener, event))
            sn_buf_append(&listener->made, event->text, event->len);
    }
    if (listener->beat_due && listener->made.len == 0)
        sn_buf_puts(&listener->made, ":\n\n");
    listener->beat_due = false;
}

static ssize_t read_events(void *arg, uint64_t at, char *room, size_t size)
{
    struct listener *listener = arg;
    struct sn_events *events = listener->events;

    (void)at;
    if (listener->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (listener->next_one < events->ring.first) {
        listener->ended = true;
        events->figures.dropped++;
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    listener->read_at = uv_now(events->loop);
    make(listener, size);
    if (listener->made.len == 0) {
        listener->suspended = true;
        MHD_suspend_connection(listener->connection);
        return 0;
    }
    size_t len = listener->made.len < size ? listener->made.len : size;
    memcpy(room, listener->made.data, len);
    sn_buf_consume(&listener->made, len);
    return (ssize_t)len;
}

static void free_listener(void *arg)
{
    struct listener *listener = arg;

    DL_DELETE(listener->events->listeners, listener);
    listener->events->figures.listeners--;
    sn_buf_fini(&listener->made);
    free(listener->group);
    free(listener);
}

/* ---- all of them ---- */

static struct listener *find_listener(const struct sn_events *events,
                                      const struct MHD_Connection *connection)
{
    struct listener *listener;

    DL_FOREACH(events->listeners, listener) {
        if (listener->connection == connection)
            break;
    }
    return listener;
}

/* A listener that waits for others than this event has passed it, and is not woken. */
bool sn_events_add(struct sn_events *events, const struct sn_action_notice *notice)
{
    uint64_t number = events->ring.end;
    struct listener *listener;
    bool resumed = false;

    sn_ring_add(&events->ring, notice, wall_ms());
    DL_FOREACH(events->listeners, listener) {
        if (!wants(listener, sn_ring_at(&events->ring, number))) {
            listener->next_one += listener->next_one == number;
            continue;
        }
        resumed = resumed || listener->suspended;
        resume(listener);
    }
    return resumed;
}

bool sn_events_is_well(const struct sn_events *events, const struct MHD_Connection *connection)
{
    const struct listener *listener = find_listener(events, connection);

    return listener != NULL && !listener->ended &&
           (listener->suspended || uv_now(events->loop) - listener->read_at < events->beat_ms);
}

void sn_events_end(struct sn_events *events, const struct MHD_Connection *connection)
{
    struct listener *listener = find_listener(events, connection);

    if (listener == NULL)
        return;
    events->figures.dropped += !listener->ended;
    listener->ended = true;
    resume(listener);
}

void sn_events_end_all(struct sn_events *events)
{
    struct listener *listener;

    DL_FOREACH(events->listeners, listener) {
        listener->ended = true;
        resume(listener);
    }
}

void sn_events_tick(struct sn_events *events)
{
    struct listener *listener;

    DL_FOREACH(events->listeners, listener) {
        if (uv_now(events->loop) - listener->read_at < events->beat_ms || !listener->suspended)
            continue;
        listener->beat_due = true;
        resume(listener);
    }
}

void sn_events_measure(const struct sn_events *events, struct sn_events_figures *figures)
{
    *figures = events->figures;
}

/* ---- the request ---- */

/* Where a listener begins: behind the event that it has seen last, or some events ago, or now. */
static void find_begin(struct listener *listener)
{
    const struct sn_ring *ring = &listener->events->ring;
    const char *id =
        MHD_lookup_connection_value(listener->connection, MHD_HEADER_KIND, "Last-Event-ID");
    const char *last =
        MHD_lookup_connection_value(listener->connection, MHD_GET_ARGUMENT_KIND, "last");

    listener->next_one = ring->end;
    if (id != NULL && !sn_ring_after(ring, id, &listener->next_one)) {
        sn_buf_puts(&listener->made, "event: gap\ndata: {\"reason\":\"some events since the last "
                                     "one are no longer known\"}\n\n");
    } else if (id == NULL && last != NULL) {
        uint64_t count = strtoull(last, NULL, 10), here = ring->end - ring->first;
        listener->next_one -= count < here ? count : here;
    }
}

static struct listener *new_listener(struct sn_events *events, struct MHD_Connection *connection)
{
    const char *group = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "group");
    struct listener *listener = sn_alloc(sizeof(*listener));

    listener->events = events;
    listener->connection = connection;
    listener->group = group != NULL ? sn_strdup(group) : NULL;
    listener->read_at = uv_now(events->loop);
    sn_buf_init(&listener->made, SIZE_MAX);
    sn_buf_puts(&listener->made, "retry: " RETRY_MS "\n\n");
    find_begin(listener);
    DL_APPEND(events->listeners, listener);
    events->figures.listeners++;
    return listener;
}

enum MHD_Result sn_events_answer(struct sn_events *events, struct MHD_Connection *connection,
                                 bool head_only)
{
    if (events->figures.listeners >= SN_EVENTS_LISTENERS_MAX)
        return sn_respond_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                               "There are too many listeners. Try again later.\n");
    struct listener *listener = new_listener(events, connection);
    return sn_respond_stream(connection, head_only, "text/event-stream", read_events, free_listener,
                             listener);
}
