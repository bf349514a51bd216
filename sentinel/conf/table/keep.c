/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/keep.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/table/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Returns the structure that holds the values of a scope. */
static const void *holder(const struct sn_directive *directive, const struct sn_kept *from)
{
    switch (directive->scope) {
    case SN_SCOPE_SERVER:
        return from->settings;
    case SN_SCOPE_SENTINEL:
        return from->image;
    case SN_SCOPE_GROUP:
        return from->group;
    case SN_SCOPE_NONE:
        break;
    }
    return NULL;
}

static const void *place(const struct sn_directive *directive, const struct sn_kept *from)
{
    return (const char *)holder(directive, from) + directive->offset;
}

/* PROTOCOL.md §19.10. */
bool sn_keep_in_file(const struct sn_directive *directive, const struct sn_kept *from)
{
    const char *base = holder(directive, from);
    char *const *path = (const void *)(base + directive->file_offset);

    return directive->file_offset != 0 && *path != NULL;
}

static void get_number(const struct sn_directive *directive, int64_t number,
                       struct sn_setting_lines *lines)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_value_put(directive, number, &text);
    sn_list_take(sn_list_add_line(lines), sn_buf_take(&text));
}

static void get_text(const char *text, struct sn_setting_lines *lines)
{
    if (text != NULL)
        sn_list_add(sn_list_add_line(lines), text);
}

static void get_lines(const struct sn_directive *directive, const struct sn_kept *from,
                      struct sn_setting_lines *lines)
{
    const struct sn_setting_words *const *items = place(directive, from);
    const size_t *count =
        (const void *)((const char *)holder(directive, from) + directive->count_offset);

    for (size_t i = 0; i < *count; i++)
        sn_list_add_all(sn_list_add_line(lines), (*items)[i].items, (*items)[i].count);
}

static void get_line(const struct sn_setting_words *words, struct sn_setting_lines *lines)
{
    if (words->count > 0)
        sn_list_add_all(sn_list_add_line(lines), words->items, words->count);
}

static void get_bind(const struct sn_settings *settings, struct sn_setting_lines *lines)
{
    if (settings->bind_count > 0)
        sn_list_add_all(sn_list_add_line(lines), settings->bind, settings->bind_count);
    else if (settings->bind_none)
        get_text("", lines);
}

static void get_limits(const struct sn_settings *settings, struct sn_setting_lines *lines)
{
    struct sn_setting_words *line = sn_list_add_line(lines);
    char hard[24], soft[24], seconds[16];

    snprintf(hard, sizeof(hard), "%" PRIu64, settings->pubsub_hard_max);
    snprintf(soft, sizeof(soft), "%" PRIu64, settings->pubsub_soft_max);
    snprintf(seconds, sizeof(seconds), "%d", settings->pubsub_soft_s);
    sn_list_add(line, "pubsub");
    sn_list_add(line, hard);
    sn_list_add(line, soft);
    sn_list_add(line, seconds);
}

/* The host as it was configured or learned, not its resolution, unless names have been switched off
 * since (PROTOCOL.md §20.2, §24.2). */
static struct sn_setting_words *get_address(const struct sn_addr *addr, const struct sn_kept *from,
                                            struct sn_setting_lines *lines)
{
    bool by_name = addr->ip[0] == '\0' || from->image->globals.resolve_hostnames;
    struct sn_setting_words *line = sn_list_add_line(lines);
    char port[8];

    snprintf(port, sizeof(port), "%u", (unsigned)addr->port);
    sn_list_add(line, by_name ? addr->host : addr->ip);
    sn_list_add(line, port);
    return line;
}

static void get_monitor(const struct sn_kept *from, struct sn_setting_lines *lines)
{
    struct sn_setting_words *line = get_address(&from->group->addr, from, lines);
    char quorum[16];

    snprintf(quorum, sizeof(quorum), "%" PRIu32, from->group->params.quorum);
    sn_list_add(line, quorum);
}

static void get_replicas(const struct sn_kept *from, struct sn_setting_lines *lines)
{
    const struct sn_group_image *group = from->group;

    for (size_t i = 0; i < group->replica_count; i++) {
        if (sn_addr_host_valid(group->replicas[i].host))
            get_address(&group->replicas[i], from, lines);
    }
}

static void get_peers(const struct sn_kept *from, struct sn_setting_lines *lines)
{
    const struct sn_group_image *group = from->group;

    for (size_t i = 0; i < group->peer_count; i++) {
        const struct sn_known_peer *peer = &group->peers[i];
        if (sn_addr_host_valid(peer->addr.host) && sn_text_is_runid(peer->runid.hex))
            sn_list_add(get_address(&peer->addr, from, lines), peer->runid.hex);
    }
}

static void get_renames(const struct sn_group_params *params, struct sn_setting_lines *lines)
{
    for (size_t i = 0; i < params->rename_count; i++) {
        struct sn_setting_words *line = sn_list_add_line(lines);
        sn_list_add(line, params->renames[i].from);
        sn_list_add(line, params->renames[i].to);
    }
}

/* False: the value kept there is not a number. */
static bool read_number(const struct sn_directive *directive, const void *at, int64_t *number)
{
    const uint64_t *wide = at;

    switch (directive->field) {
    case SN_FIELD_BOOL:
        *number = *(const bool *)at;
        return true;
    case SN_FIELD_U16:
        *number = *(const uint16_t *)at;
        return true;
    case SN_FIELD_U32:
        *number = *(const uint32_t *)at;
        return true;
    case SN_FIELD_U64:
        *number = (int64_t)*wide;
        return true;
    case SN_FIELD_INT:
        *number = *(const int *)at;
        return true;
    case SN_FIELD_I64:
        *number = *(const int64_t *)at;
        return true;
    case SN_FIELD_NONE:
    case SN_FIELD_TEXT:
    case SN_FIELD_RUNID:
    case SN_FIELD_LINES:
    case SN_FIELD_WORDS:
    case SN_FIELD_BIND:
    case SN_FIELD_LIMITS:
    case SN_FIELD_MONITOR:
    case SN_FIELD_REPLICAS:
    case SN_FIELD_PEERS:
    case SN_FIELD_RENAMES:
        break;
    }
    return false;
}

static void get_runid(const struct sn_runid *runid, struct sn_setting_lines *lines)
{
    get_text(runid->hex[0] != '\0' ? runid->hex : NULL, lines);
}

void sn_keep_get(const struct sn_directive *directive, const struct sn_kept *from,
                 struct sn_setting_lines *lines)
{
    int64_t number;

    *lines = (struct sn_setting_lines){0};
    switch (directive->field) {
    case SN_FIELD_NONE:
        return;
    case SN_FIELD_BOOL:
    case SN_FIELD_U16:
    case SN_FIELD_U32:
    case SN_FIELD_U64:
    case SN_FIELD_INT:
    case SN_FIELD_I64:
        if (read_number(directive, place(directive, from), &number))
            get_number(directive, number, lines);
        return;
    case SN_FIELD_TEXT:
        if (!sn_keep_in_file(directive, from))
            get_text(*(char *const *)place(directive, from), lines);
        return;
    case SN_FIELD_RUNID:
        get_runid(place(directive, from), lines);
        return;
    case SN_FIELD_LINES:
        get_lines(directive, from, lines);
        return;
    case SN_FIELD_WORDS:
        get_line(place(directive, from), lines);
        return;
    case SN_FIELD_BIND:
        get_bind(from->settings, lines);
        return;
    case SN_FIELD_LIMITS:
        get_limits(from->settings, lines);
        return;
    case SN_FIELD_MONITOR:
        get_monitor(from, lines);
        return;
    case SN_FIELD_REPLICAS:
        get_replicas(from, lines);
        return;
    case SN_FIELD_PEERS:
        get_peers(from, lines);
        return;
    case SN_FIELD_RENAMES:
        get_renames(&from->group->params, lines);
        return;
    }
}

void sn_keep_get_words(const struct sn_directive *directive, const struct sn_kept *from,
                       struct sn_setting_words *words)
{
    struct sn_setting_lines lines;

    *words = (struct sn_setting_words){0};
    sn_keep_get(directive, from, &lines);
    for (size_t i = 0; i < lines.count; i++)
        sn_list_move_all(words, &lines.items[i]);
    sn_list_lines_fini(&lines);
}

bool sn_keep_equal(const struct sn_directive *directive, const struct sn_kept *a,
                   const struct sn_kept *b)
{
    struct sn_setting_words words, others;
    int64_t number, other;

    /* Most values are numbers, and there are many groups. */
    if (read_number(directive, place(directive, a), &number) &&
        read_number(directive, place(directive, b), &other))
        return number == other;
    sn_keep_get_words(directive, a, &words);
    sn_keep_get_words(directive, b, &others);
    bool equal = sn_list_equal(&words, &others);
    sn_list_fini(&words);
    sn_list_fini(&others);
    return equal;
}

bool sn_keep_is_default(const struct sn_directive *directive, const struct sn_setting_words *line)
{
    return directive->fallback != NULL && line->count == 1 &&
           strcmp(line->items[0], directive->fallback) == 0;
}

void sn_keep_put(const struct sn_directive *directive, const struct sn_keep *to, const char *text,
                 int64_t number)
{
    const struct sn_kept from = {to->settings, to->image, to->group};
    void *at = (void *)(uintptr_t)place(directive, &from);

    switch (directive->field) {
    case SN_FIELD_BOOL:
        *(bool *)at = number != 0;
        return;
    case SN_FIELD_U16:
        *(uint16_t *)at = (uint16_t)number;
        return;
    case SN_FIELD_U32:
        *(uint32_t *)at = (uint32_t)number;
        return;
    case SN_FIELD_U64:
        *(uint64_t *)at = (uint64_t)number;
        return;
    case SN_FIELD_INT:
        *(int *)at = (int)number;
        return;
    case SN_FIELD_I64:
        *(int64_t *)at = number;
        return;
    case SN_FIELD_TEXT:
        sn_strset(at, text);
        return;
    case SN_FIELD_RUNID: {
        struct sn_runid *runid = at;
        sn_text_copy(runid->hex, sizeof(runid->hex), text);
        return;
    }
    case SN_FIELD_NONE:
    case SN_FIELD_LINES:
    case SN_FIELD_WORDS:
    case SN_FIELD_BIND:
    case SN_FIELD_LIMITS:
    case SN_FIELD_MONITOR:
    case SN_FIELD_REPLICAS:
    case SN_FIELD_PEERS:
    case SN_FIELD_RENAMES:
        break;
    }
    assert(false && "one value");
}

static int put_renames(struct sn_group_params *params, const struct sn_setting_words *words)
{
    if (words->count % 2 != 0)
        return SN_EINVAL;
    while (params->rename_count > 0) {
        const char *from = params->renames[0].from;
        struct sn_change undo = {.option = SN_OPTION_RENAME_COMMAND, .value = from, .to = from};
        sn_group_params_apply(params, &undo);
    }
    for (size_t i = 0; i < words->count; i += 2) {
        struct sn_change change = {.option = SN_OPTION_RENAME_COMMAND,
                                   .value = words->items[i],
                                   .to = words->items[i + 1]};
        sn_group_params_apply(params, &change);
    }
    return 0;
}

int sn_keep_put_words(const struct sn_directive *directive, const struct sn_keep *to,
                      const struct sn_setting_words *words)
{
    const char *text = words->count > 0 ? words->items[0] : "";
    int64_t number;

    if (directive->field == SN_FIELD_RENAMES)
        return put_renames(&to->group->params, words);
    if (words->count > 1 || (words->count == 0 && directive->field != SN_FIELD_TEXT) ||
        sn_value_parse(directive, text, &number) < 0)
        return SN_EINVAL;
    sn_keep_put(directive, to, text, number);
    return 0;
}
