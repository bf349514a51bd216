/* SPDX-License-Identifier: BSD-3-Clause */

/* Lines come from events and, at the start, from a file that anybody may have written. A line is an
 * entry, or changes an earlier one: {"amends": ID, "lost_bytes": COUNT}. */

#include "shell/chronicle/shelf.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "shell/report/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* More than a failover among several hundred replicas with long names takes. */
#define LINE_MAX_BYTES (256 * 1024)

/* More than servers tell of the loss of one failover. Each time costs as much as the entry is long,
 * and a file may have a line of thirty bytes for it a hundred thousand times. */
#define AMENDED_MAX 16

void sn_shelf_init(struct sn_shelf *shelf, size_t count_max, size_t bytes_max)
{
    *shelf = (struct sn_shelf){.count_max = count_max, .bytes_max = bytes_max};
}

static void drop_entry(struct sn_shelf *shelf, struct sn_shelf_entry *entry)
{
    DL_DELETE(shelf->entries, entry);
    shelf->count--;
    shelf->minor_count -= entry->is_minor;
    shelf->bytes -= strlen(entry->text);
    free(entry->text);
    free(entry->id);
    free(entry->group);
    free(entry);
}

void sn_shelf_fini(struct sn_shelf *shelf)
{
    while (shelf->entries != NULL)
        drop_entry(shelf, shelf->entries);
}

static void make_room(struct sn_shelf *shelf)
{
    while (shelf->entries != NULL &&
           (shelf->count > shelf->count_max || shelf->bytes > shelf->bytes_max)) {
        struct sn_shelf_entry *entry = shelf->entries;
        bool minor_first = shelf->minor_count > shelf->count_max / 2;
        while (minor_first && entry->next != NULL && !entry->is_minor)
            entry = entry->next;
        drop_entry(shelf, entry);
    }
}

static struct sn_shelf_entry *find_entry(const struct sn_shelf *shelf, const char *id)
{
    struct sn_shelf_entry *entry;

    DL_FOREACH(shelf->entries, entry) {
        if (strcmp(entry->id, id) == 0)
            return entry;
    }
    return NULL;
}

static char *dump(const json_t *value)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_json_put(json_incref((json_t *)(uintptr_t)value), JSON_COMPACT, &text);
    return sn_buf_take(&text);
}

static bool amend(struct sn_shelf *shelf, const json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "amends"));
    json_t *lost = json_object_get(line, "lost_bytes");
    struct sn_shelf_entry *entry = id == NULL ? NULL : find_entry(shelf, id);
    bool may_change = entry != NULL && entry->amended < AMENDED_MAX;
    json_t *value = may_change ? json_loads(entry->text, 0, NULL) : NULL;

    if (value == NULL || !json_is_integer(lost)) {
        json_decref(value);
        return false;
    }
    (void)json_object_set(value, "lost_bytes", lost);
    entry->amended++;
    shelf->bytes -= strlen(entry->text);
    free(entry->text);
    entry->text = dump(value);
    shelf->bytes += strlen(entry->text);
    json_decref(value);
    make_room(shelf);
    return true;
}

static bool add_entry(struct sn_shelf *shelf, const char *text, const json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "id"));
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const char *group = json_string_value(json_object_get(line, "group"));

    if (id == NULL || kind == NULL || find_entry(shelf, id) != NULL)
        return false;
    struct sn_shelf_entry *entry = sn_alloc(sizeof(*entry));
    entry->number = ++shelf->last_number;
    entry->text = sn_strdup(text);
    entry->id = sn_strdup(id);
    entry->group = group == NULL ? NULL : sn_strdup(group);
    entry->is_minor = strcmp(kind, "event") == 0;
    DL_APPEND(shelf->entries, entry);
    shelf->count++;
    shelf->minor_count += entry->is_minor;
    shelf->bytes += strlen(text);
    make_room(shelf);
    return true;
}

bool sn_shelf_add(struct sn_shelf *shelf, const char *text)
{
    json_t *line =
        strlen(text) > LINE_MAX_BYTES ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool added = false;

    if (json_is_object(line))
        added = json_object_get(line, "amends") != NULL ? amend(shelf, line)
                                                        : add_entry(shelf, text, line);
    json_decref(line);
    return added;
}

static bool is_switch(const struct sn_shelf_entry *entry)
{
    return strstr(entry->text, "\"new_primary\":{") != NULL;
}

const struct sn_shelf_entry *sn_shelf_last_switch(const struct sn_shelf *shelf, const char *group)
{
    const struct sn_shelf_entry *entry, *found = NULL;

    DL_FOREACH(shelf->entries, entry) {
        if (entry->group != NULL && strcmp(entry->group, group) == 0 && is_switch(entry))
            found = entry;
    }
    return found;
}

/* The id begins with the time of the beginning. */
size_t sn_shelf_count_switches(const struct sn_shelf *shelf, const char *group, uint64_t wall_ms)
{
    const struct sn_shelf_entry *entry;
    size_t count = 0;

    DL_FOREACH(shelf->entries, entry) {
        count += entry->group != NULL && strcmp(entry->group, group) == 0 &&
                 strtoull(entry->id, NULL, 10) >= wall_ms && is_switch(entry);
    }
    return count;
}
