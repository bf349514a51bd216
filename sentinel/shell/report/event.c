/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/event.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *sn_event_word(const char *text, size_t number, size_t *len)
{
    while (number-- > 0) {
        text += strcspn(text, " ");
        text += *text == ' ';
    }
    *len = strcspn(text, " ");
    return text;
}

static bool is_word(const char *text, size_t number, const char *expected)
{
    size_t len;
    const char *found = sn_event_word(text, number, &len);

    return len == strlen(expected) && memcmp(found, expected, len) == 0;
}

static bool begins_with_group(const char *name)
{
    return strcmp(name, "+switch-master") == 0 || strcmp(name, "+lost-writes") == 0 ||
           strcmp(name, "+rescued-writes") == 0 || strcmp(name, "-rescued-writes") == 0;
}

/* The forms of PROTOCOL.md §7.1: "master GROUP …", and "slave …" or "sentinel NAME IP PORT @
 * GROUP …". */
const char *sn_event_group(const struct sn_action_notice *event, size_t *len)
{
    const char *payload = event->payload;
    const char *group = NULL;

    if (begins_with_group(event->name))
        group = sn_event_word(payload, 0, len);
    else if (is_word(payload, 0, "master"))
        group = sn_event_word(payload, 1, len);
    else if ((is_word(payload, 0, "slave") || is_word(payload, 0, "sentinel")) &&
             is_word(payload, 4, "@"))
        group = sn_event_word(payload, 5, len);
    return group != NULL && *len > 0 ? group : NULL;
}

void sn_event_time(uint64_t wall_ms, char *text)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char day[32];
    struct tm parts;

    (void)gmtime_r(&seconds, &parts);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text, SN_EVENT_TIME_MAX + 1, "%s.%03uZ", day, (unsigned)(wall_ms % 1000));
}
