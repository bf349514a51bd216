/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/ring.h"

#include "base/alloc.h"
#include "shell/report/event.h"
#include "shell/report/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sn_ring_event *slot(struct sn_ring *ring, uint64_t number)
{
    return &ring->events[number % SN_RING_EVENTS_MAX];
}

void sn_ring_init(struct sn_ring *ring, uint64_t start)
{
    ring->start = start;
    ring->first = ring->end = 1;
    ring->bytes = 0;
}

static void drop_first(struct sn_ring *ring)
{
    struct sn_ring_event *event = slot(ring, ring->first++);

    ring->bytes -= event->len;
    free(event->group);
    free(event->text);
}

void sn_ring_fini(struct sn_ring *ring)
{
    while (ring->first < ring->end)
        drop_first(ring);
}

static const char *level_name(enum sn_level level)
{
    switch (level) {
    case SN_LEVEL_DEBUG:
        return "debug";
    case SN_LEVEL_VERBOSE:
        return "verbose";
    case SN_LEVEL_NOTICE:
        return "notice";
    case SN_LEVEL_NONE:
    case SN_LEVEL_WARNING:
    case SN_LEVEL_NOTHING:
        break;
    }
    return "warning";
}

static json_t *make_time(uint64_t wall_ms)
{
    char text[SN_EVENT_TIME_MAX + 1];

    sn_event_time(wall_ms, text);
    return json_string(text);
}

static json_t *make_data(const struct sn_action_notice *notice, const char *group, uint64_t wall_ms)
{
    json_t *data = json_object();

    (void)json_object_set_new(data, "event", sn_json_text(notice->name));
    (void)json_object_set_new(data, "payload", sn_json_text(notice->payload));
    (void)json_object_set_new(data, "level", json_string(level_name(notice->level)));
    (void)json_object_set_new(data, "time", make_time(wall_ms));
    (void)json_object_set_new(data, "group", group != NULL ? sn_json_text(group) : json_null());
    return data;
}

void sn_ring_add(struct sn_ring *ring, const struct sn_action_notice *notice, uint64_t wall_ms)
{
    size_t len = 0;
    const char *group = sn_event_group(notice, &len);
    struct sn_buf text;

    if (ring->end - ring->first == SN_RING_EVENTS_MAX)
        drop_first(ring);
    struct sn_ring_event *event = slot(ring, ring->end);
    event->group = group != NULL ? sn_strndup(group, len) : NULL;
    sn_buf_init(&text, SIZE_MAX);
    sn_buf_printf(&text, "id: %" PRIu64 "-%" PRIu64 "\ndata: ", ring->start, ring->end);
    sn_json_put(make_data(notice, event->group, wall_ms), JSON_COMPACT, &text);
    sn_buf_puts(&text, "\n\n");
    event->len = text.len;
    event->text = sn_buf_take(&text);
    ring->end++;
    ring->bytes += event->len;
    while (ring->bytes > SN_RING_BYTES_MAX && ring->end - ring->first > 1)
        drop_first(ring);
}

const struct sn_ring_event *sn_ring_at(const struct sn_ring *ring, uint64_t number)
{
    return &ring->events[number % SN_RING_EVENTS_MAX];
}

bool sn_ring_after(const struct sn_ring *ring, const char *id, uint64_t *next)
{
    char *end = NULL;
    uint64_t start = strtoull(id, &end, 10);
    uint64_t number = *end == '-' ? strtoull(end + 1, &end, 10) : 0;

    *next = ring->first;
    if (start != ring->start || *end != '\0' || number >= ring->end || number + 1 < ring->first)
        return false;
    *next = number + 1;
    return true;
}
