/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/rewrite/in_force.h"

#include "base/alloc.h"
#include "conf/conf.h"
#include "conf/read/loader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Several values may stand in one word: `"normal 0 0 0 pubsub 1 1 1"`. */
static bool has_word(const char *text, const char *word)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (len == strlen(word) && strncasecmp(text, word, len) == 0)
            return true;
        text += len + (text[len] == ' ');
    }
    return false;
}

char *sn_line_id(const struct sn_directive *directive, char *const *values, size_t count)
{
    if (directive->apply == sn_apply_output_limit) {
        /* Limits of the other classes have no effect here. */
        bool pubsub = false;
        for (size_t i = 0; i < count && !pubsub; i++)
            pubsub = has_word(values[i], "pubsub");
        return sn_strdup(pubsub ? "pubsub" : "");
    }
    if (directive->scope != SN_SCOPE_SERVER || !directive->many || count == 0)
        return NULL;
    char *id = sn_strdup(values[0]);
    if (directive->apply == sn_apply_server_rename) {
        for (char *at = id; *at != '\0'; at++)
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return id;
}

static struct sn_setting_words *add(struct sn_in_force *list, const struct sn_directive *directive)
{
    list->items = sn_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    struct sn_in_force_line *line = &list->items[list->count++];
    *line = (struct sn_in_force_line){.directive = directive};
    return &line->values;
}

static void add_words(struct sn_in_force *list, const struct sn_directive *directive,
                      char *const *words, size_t count)
{
    struct sn_setting_words *values = add(list, directive);

    for (size_t i = 0; i < count; i++)
        sn_list_take(values, sn_strdup(words[i]));
    list->items[list->count - 1].id = sn_line_id(directive, values->items, values->count);
}

static void add_text(struct sn_in_force *list, const struct sn_directive *directive,
                     const char *text)
{
    char *const words[] = {(char *)(uintptr_t)text};
    add_words(list, directive, words, 1);
}

/* Of several lines with one id the last one counts. */
static void add_lines(struct sn_in_force *list, const struct sn_directive *directive,
                      const struct sn_setting_words *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *id = sn_line_id(directive, lines[i].items, lines[i].count);
        bool again = false;
        for (size_t j = i + 1; j < count && !again; j++) {
            char *other = sn_line_id(directive, lines[j].items, lines[j].count);
            again = id != NULL && other != NULL && strcmp(id, other) == 0;
            free(other);
        }
        free(id);
        if (!again)
            add_words(list, directive, lines[i].items, lines[i].count);
    }
}

/* The number in a field. */
static int64_t number_of(const struct sn_directive *directive, const struct sn_settings *settings)
{
    const void *field = (const char *)settings + directive->offset;

    switch (directive->field) {
    case SN_FIELD_U16:
        return *(const uint16_t *)field;
    case SN_FIELD_U32:
        return *(const uint32_t *)field;
    case SN_FIELD_INT:
        return *(const int *)field;
    case SN_FIELD_U64: {
        const uint64_t *number = field;
        return (int64_t)*number;
    }
    case SN_FIELD_BOOL:
        return *(const bool *)field ? 1 : 0;
    case SN_FIELD_LEVEL:
        return *(const enum sn_level *)field;
    case SN_FIELD_NONE:
    case SN_FIELD_TEXT:
        break;
    }
    return 0;
}

static void add_number(struct sn_in_force *list, const struct sn_directive *directive,
                       int64_t number)
{
    char text[32];

    if (directive->field == SN_FIELD_LEVEL)
        snprintf(text, sizeof(text), "%s", sn_conf_level_name((enum sn_level)number));
    else if (directive->field == SN_FIELD_BOOL)
        snprintf(text, sizeof(text), "%s", number != 0 ? "yes" : "no");
    else if (directive->kind == SN_VALUE_OCTAL)
        snprintf(text, sizeof(text), "%" PRIo64, (uint64_t)number);
    else
        snprintf(text, sizeof(text), "%" PRId64, number);
    add_text(list, directive, text);
}

static void add_field(struct sn_in_force *list, const struct sn_directive *directive,
                      const struct sn_settings *settings, const struct sn_settings *defaults)
{
    if (directive->field == SN_FIELD_TEXT) {
        const char *text =
            *(char *const *)(const void *)((const char *)settings + directive->offset);
        const char *standard =
            *(char *const *)(const void *)((const char *)defaults + directive->offset);
        if (text != NULL && (standard == NULL || strcmp(text, standard) != 0))
            add_text(list, directive, text);
        return;
    }
    int64_t number = number_of(directive, settings);
    if (number != number_of(directive, defaults))
        add_number(list, directive, number);
}

static void add_output_limit(struct sn_in_force *list, const struct sn_directive *directive,
                             const struct sn_settings *settings, const struct sn_settings *defaults)
{
    char hard[24], soft[24], seconds[16];
    char class[] = "pubsub";
    char *const words[] = {class, hard, soft, seconds};

    if (settings->pubsub_hard_max == defaults->pubsub_hard_max &&
        settings->pubsub_soft_max == defaults->pubsub_soft_max &&
        settings->pubsub_soft_s == defaults->pubsub_soft_s)
        return;
    snprintf(hard, sizeof(hard), "%" PRIu64, settings->pubsub_hard_max);
    snprintf(soft, sizeof(soft), "%" PRIu64, settings->pubsub_soft_max);
    snprintf(seconds, sizeof(seconds), "%d", settings->pubsub_soft_s);
    add_words(list, directive, words, 4);
}

static void add_setting(struct sn_in_force *list, const struct sn_directive *directive,
                        const struct sn_settings *settings, const struct sn_settings *defaults)
{
    if (directive->field != SN_FIELD_NONE)
        add_field(list, directive, settings, defaults);
    else if (directive->apply == sn_apply_bind && settings->bind_count > 0)
        add_words(list, directive, settings->bind, settings->bind_count);
    else if (directive->apply == sn_apply_bind && settings->bind_none)
        add_text(list, directive, "");
    else if (directive->apply == sn_apply_user)
        add_lines(list, directive, settings->users, settings->user_count);
    else if (directive->apply == sn_apply_server_rename)
        add_lines(list, directive, settings->renames, settings->rename_count);
    else if (directive->apply == sn_apply_output_limit)
        add_output_limit(list, directive, settings, defaults);
    else if (directive->apply == sn_apply_dir && settings->dir != NULL)
        add_text(list, directive, settings->dir);
}

void sn_in_force_list(const struct sn_settings *settings, struct sn_in_force *list)
{
    struct sn_settings defaults;
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    *list = (struct sn_in_force){0};
    sn_settings_init(&defaults);
    for (size_t i = 0; i < count; i++)
        add_setting(list, &table[i], settings, &defaults);
    sn_settings_fini(&defaults);
}

void sn_in_force_fini(struct sn_in_force *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        sn_list_fini(&list->items[i].values);
    }
    free(list->items);
    *list = (struct sn_in_force){0};
}
