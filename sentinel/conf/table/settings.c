/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/settings.h"

#include "base/alloc.h"
#include "conf/table/directives.h"
#include "conf/table/keep.h"
#include "conf/table/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PUBSUB_HARD_MAX ((uint64_t)32 << 20)
#define PUBSUB_SOFT_MAX ((uint64_t)8 << 20)
#define PUBSUB_SOFT_S   60

/* PROTOCOL.md §19.1. */
void sn_settings_init(struct sn_settings *settings)
{
    const struct sn_keep to = {.settings = settings};
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    memset(settings, 0, sizeof(*settings));
    settings->pubsub_hard_max = PUBSUB_HARD_MAX;
    settings->pubsub_soft_max = PUBSUB_SOFT_MAX;
    settings->pubsub_soft_s = PUBSUB_SOFT_S;
    for (size_t i = 0; i < count; i++) {
        if (table[i].fallback == NULL)
            continue;
        int64_t number;
        int code = sn_value_parse(&table[i], table[i].fallback, &number);
        assert(code == 0);
        (void)code;
        sn_keep_put(&table[i], &to, table[i].fallback, number);
    }
}

static char **text_at(struct sn_settings *settings, const struct sn_directive *directive)
{
    return (char **)(void *)((char *)settings + directive->offset);
}

static void free_list(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

static void free_words(struct sn_setting_words *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_list(lines[i].items, lines[i].count);
    free(lines);
}

void sn_settings_fini(struct sn_settings *settings)
{
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    for (size_t i = 0; i < count; i++) {
        if (table[i].field == SN_FIELD_TEXT)
            sn_strset(text_at(settings, &table[i]), NULL);
    }
    free_list(settings->bind, settings->bind_count);
    sn_list_fini(&settings->http_bind);
    free_words(settings->users, settings->user_count);
    free_words(settings->renames, settings->rename_count);
    memset(settings, 0, sizeof(*settings));
}

static char **copy_list(char *const *items, size_t count)
{
    if (count == 0)
        return NULL;
    char **copy = sn_alloc_array(count, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = sn_strdup(items[i]);
    return copy;
}

static struct sn_setting_words *copy_words(const struct sn_setting_words *lines, size_t count)
{
    if (count == 0)
        return NULL;
    struct sn_setting_words *copy = sn_alloc_array(count, sizeof(*copy));
    for (size_t i = 0; i < count; i++) {
        copy[i].items = copy_list(lines[i].items, lines[i].count);
        copy[i].count = lines[i].count;
    }
    return copy;
}

void sn_settings_copy(const struct sn_settings *from, struct sn_settings *to)
{
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    *to = *from;
    for (size_t i = 0; i < count; i++) {
        if (table[i].field != SN_FIELD_TEXT)
            continue;
        char **field = text_at(to, &table[i]);
        *field = sn_strdup(*field);
    }
    to->bind = copy_list(from->bind, from->bind_count);
    to->http_bind = (struct sn_setting_words){0};
    sn_list_add_all(&to->http_bind, from->http_bind.items, from->http_bind.count);
    to->users = copy_words(from->users, from->user_count);
    to->renames = copy_words(from->renames, from->rename_count);
}
