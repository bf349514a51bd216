/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/list.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void sn_list_take(struct sn_setting_words *list, char *word)
{
    list->items = sn_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = word;
}

void sn_list_add(struct sn_setting_words *list, const char *word)
{
    sn_list_take(list, sn_strdup(word));
}

void sn_list_add_all(struct sn_setting_words *list, char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sn_list_add(list, words[i]);
}

void sn_list_move_all(struct sn_setting_words *list, struct sn_setting_words *from)
{
    if (list->count == 0) {
        sn_list_fini(list);
        *list = *from;
    } else {
        for (size_t i = 0; i < from->count; i++)
            sn_list_take(list, from->items[i]);
        free(from->items);
    }
    *from = (struct sn_setting_words){0};
}

bool sn_list_equal(const struct sn_setting_words *a, const struct sn_setting_words *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

void sn_list_fini(struct sn_setting_words *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct sn_setting_words){0};
}

struct sn_setting_words *sn_list_add_line(struct sn_setting_lines *lines)
{
    lines->items = sn_realloc(lines->items, (lines->count + 1) * sizeof(*lines->items));
    struct sn_setting_words *line = &lines->items[lines->count++];
    *line = (struct sn_setting_words){0};
    return line;
}

bool sn_list_lines_equal(const struct sn_setting_lines *a, const struct sn_setting_lines *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!sn_list_equal(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

void sn_list_lines_fini(struct sn_setting_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        sn_list_fini(&lines->items[i]);
    free(lines->items);
    *lines = (struct sn_setting_lines){0};
}
