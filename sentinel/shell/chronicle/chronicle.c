/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/chronicle/chronicle.h"

#include "base/alloc.h"
#include "base/hashtable.h"
#include "shell/chronicle/episode.h"
#include "shell/chronicle/scroll.h"
#include "shell/chronicle/shelf.h"
#include "shell/report/event.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* What goes on with a group. */
struct course {
    char *group;
    uint64_t number;
    struct sn_episode *episode;
    UT_hash_handle hh;
};

struct sn_chronicle {
    const struct sn_driver *driver; /* NULL before the core is there */
    struct sn_shelf shelf;
    struct sn_scroll *scroll; /* NULL: memory only */
    struct course *courses;   /* by group */
    uint64_t number;          /* of the last entry */
};

static void shelve(void *arg, const char *line)
{
    struct sn_chronicle *chronicle = arg;

    (void)sn_shelf_add(&chronicle->shelf, line);
}

struct sn_chronicle *sn_chronicle_new(uv_loop_t *loop, struct sn_log *log, const char *path)
{
    struct sn_chronicle *chronicle = sn_alloc(sizeof(*chronicle));

    sn_shelf_init(&chronicle->shelf, SN_CHRONICLE_ENTRIES_MAX, SN_CHRONICLE_BYTES_MAX);
    if (path == NULL || *path == '\0')
        return chronicle;
    chronicle->scroll = sn_scroll_new(loop, log, path);
    sn_scroll_load(chronicle->scroll, shelve, chronicle);
    return chronicle;
}

void sn_chronicle_set_driver(struct sn_chronicle *chronicle, const struct sn_driver *driver)
{
    if (chronicle != NULL)
        chronicle->driver = driver;
}

/* An entry, or a change of one, is in memory and on its way to the file. */
static void keep(struct sn_chronicle *chronicle, const char *line)
{
    if (sn_shelf_add(&chronicle->shelf, line) && chronicle->scroll != NULL)
        sn_scroll_append(chronicle->scroll, line);
}

static struct sn_moment moment_of(const struct sn_chronicle *chronicle, const char *group,
                                  size_t len)
{
    struct sn_moment moment = {0};
    uv_timeval64_t wall = {0};

    (void)uv_gettimeofday(&wall);
    moment.wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_usec / 1000;
    if (chronicle->driver == NULL)
        return moment;
    moment.now = sn_driver_now(chronicle->driver);
    if (group != NULL)
        moment.group = sn_core_group_find(sn_driver_core(chronicle->driver), group, len);
    return moment;
}

static struct course *find_course(const struct sn_chronicle *chronicle, const char *group,
                                  size_t len)
{
    struct course *course;

    HASH_FIND(hh, chronicle->courses, group, len, course);
    return course;
}

static struct course *begin_course(struct sn_chronicle *chronicle, const char *group, size_t len,
                                   const struct sn_moment *moment)
{
    struct course *course = sn_alloc(sizeof(*course));

    course->group = sn_strndup(group, len);
    course->number = ++chronicle->number;
    course->episode = sn_episode_new(group, len, course->number, moment);
    HASH_ADD_KEYPTR(hh, chronicle->courses, course->group, len, course);
    return course;
}

static void end_course(struct sn_chronicle *chronicle, struct course *course)
{
    char *line = sn_episode_text(course->episode);

    keep(chronicle, line);
    free(line);
    HASH_DEL(chronicle->courses, course);
    sn_episode_free(course->episode);
    free(course->group);
    free(course);
}

/* +lost-writes comes behind the failover that it is about, when a server tells of it, or before its
 * end. */
static void amend_loss(struct sn_chronicle *chronicle, const struct sn_action_notice *event,
                       const char *group, size_t len)
{
    const struct course *course = find_course(chronicle, group, len);

    if (course != NULL && sn_episode_has_switched(course->episode))
        return;
    char *name = sn_strndup(group, len);
    const struct sn_shelf_entry *entry = sn_shelf_last_switch(&chronicle->shelf, name);
    size_t digits;
    const char *bytes = sn_event_word(event->payload, 3, &digits);

    if (entry != NULL) {
        struct sn_buf line;
        sn_buf_init(&line, SIZE_MAX);
        sn_buf_printf(&line, "{\"amends\":\"%s\",\"lost_bytes\":%.*s}", entry->id, (int)digits,
                      bytes);
        keep(chronicle, sn_buf_text(&line));
        sn_buf_fini(&line);
    }
    free(name);
}

/* What operators ordered, and what happened apart from failovers. */
static bool is_notable(const struct sn_action_notice *event)
{
    static const char *const names[] = {"+set",
                                        "+pause",
                                        "-pause",
                                        "-monitor",
                                        "+reset-master",
                                        "+forget",
                                        "+tilt",
                                        "+restore-master",
                                        "+rescued-writes",
                                        "-rescued-writes",
                                        "+master-reborn-empty",
                                        "+foreign-instance"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(event->name, names[i]) == 0)
            return true;
    }
    return false;
}

static void keep_event(struct sn_chronicle *chronicle, const struct sn_action_notice *event,
                       const char *group, size_t len)
{
    struct sn_moment moment = moment_of(chronicle, group, len);
    char *line = sn_episode_of_event(event, group, len, ++chronicle->number, &moment);

    keep(chronicle, line);
    free(line);
}

void sn_chronicle_note(struct sn_chronicle *chronicle, const struct sn_action_notice *event)
{
    size_t len = 0;

    if (chronicle == NULL || event->level == SN_LEVEL_DEBUG)
        return;
    const char *group = sn_event_group(event, &len);
    struct course *course = group == NULL ? NULL : find_course(chronicle, group, len);
    if (group != NULL && (course != NULL || sn_episode_begins(event))) {
        struct sn_moment moment = moment_of(chronicle, group, len);
        if (course == NULL)
            course = begin_course(chronicle, group, len, &moment);
        if (sn_episode_add(course->episode, event, &moment))
            end_course(chronicle, course);
    }
    if (is_notable(event))
        keep_event(chronicle, event, group, len);
    if (group != NULL && strcmp(event->name, "+lost-writes") == 0)
        amend_loss(chronicle, event, group, len);
}

static bool fits(const char *group, const char *wanted)
{
    return wanted == NULL || (group != NULL && strcmp(group, wanted) == 0);
}

void sn_chronicle_seek(const struct sn_chronicle *chronicle, const char *group, size_t count,
                       struct sn_chronicle_place *place)
{
    const struct sn_shelf_entry *entry;
    const struct course *course;
    size_t all = 0;

    *place = (struct sn_chronicle_place){0};
    if (chronicle == NULL)
        return;
    DL_FOREACH(chronicle->shelf.entries, entry)
        all += fits(entry->group, group);
    for (course = chronicle->courses; course != NULL; course = course->hh.next)
        all += fits(course->group, group);
    for (entry = chronicle->shelf.entries; entry != NULL && all > count; entry = entry->next) {
        place->number = entry->number;
        all -= fits(entry->group, group);
    }
    for (course = chronicle->courses; course != NULL && all > count; course = course->hh.next) {
        *place = (struct sn_chronicle_place){true, course->number};
        all -= fits(course->group, group);
    }
}

static bool next_entry(const struct sn_chronicle *chronicle, const char *group,
                       struct sn_chronicle_place *place, struct sn_buf *out)
{
    const struct sn_shelf_entry *entry;

    DL_FOREACH(chronicle->shelf.entries, entry) {
        if (entry->number <= place->number || !fits(entry->group, group))
            continue;
        place->number = entry->number;
        sn_buf_puts(out, entry->text);
        return true;
    }
    *place = (struct sn_chronicle_place){.is_current = true};
    return false;
}

/* uthash keeps the order in which they have begun. */
static bool next_course(const struct sn_chronicle *chronicle, const char *group,
                        struct sn_chronicle_place *place, struct sn_buf *out)
{
    const struct course *course = chronicle->courses;

    while (course != NULL && (course->number <= place->number || !fits(course->group, group)))
        course = course->hh.next;
    if (course == NULL)
        return false;
    place->number = course->number;
    char *text = sn_episode_text(course->episode);
    sn_buf_puts(out, text);
    free(text);
    return true;
}

bool sn_chronicle_next(const struct sn_chronicle *chronicle, const char *group,
                       struct sn_chronicle_place *place, struct sn_buf *out)
{
    if (chronicle == NULL)
        return false;
    if (!place->is_current && next_entry(chronicle, group, place, out))
        return true;
    return next_course(chronicle, group, place, out);
}

size_t sn_chronicle_count_switches(const struct sn_chronicle *chronicle, const char *group,
                                   uint64_t within_ms)
{
    if (chronicle == NULL)
        return 0;
    struct sn_moment moment = moment_of(chronicle, NULL, 0);
    uint64_t from_ms = moment.wall_ms < within_ms ? 0 : moment.wall_ms - within_ms;
    return sn_shelf_count_switches(&chronicle->shelf, group, from_ms);
}

void sn_chronicle_close(struct sn_chronicle *chronicle)
{
    struct course *course, *next;

    if (chronicle == NULL)
        return;
    HASH_ITER(hh, chronicle->courses, course, next) {
        struct sn_moment moment = moment_of(chronicle, course->group, strlen(course->group));
        sn_episode_interrupt(course->episode, &moment);
        end_course(chronicle, course);
    }
    if (chronicle->scroll != NULL)
        sn_scroll_close(chronicle->scroll);
    sn_shelf_fini(&chronicle->shelf);
    free(chronicle);
}
