/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/rewrite/in_force.h"

#include "base/alloc.h"
#include "conf/table/keep.h"
#include "conf/table/line.h"

#include <stdlib.h>
#include <string.h>

/* Takes ownership of the words of line. */
static void take_setting(struct sn_in_force *list, const struct sn_directive *directive,
                         struct sn_setting_words *line)
{
    list->items = sn_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = (struct sn_in_force_line){
        .directive = directive,
        .id = sn_line_id(directive, line->items, line->count),
        .values = *line,
    };
    *line = (struct sn_setting_words){0};
}

/* True if a line behind the one at index overrides it: of several lines with one id the last one
 * applies. */
static bool is_repeated(const struct sn_directive *directive, const struct sn_setting_lines *lines,
                        size_t index)
{
    char *id = sn_line_id(directive, lines->items[index].items, lines->items[index].count);
    bool again = false;

    for (size_t i = index + 1; i < lines->count && id != NULL && !again; i++) {
        char *other = sn_line_id(directive, lines->items[i].items, lines->items[i].count);
        again = other != NULL && strcmp(id, other) == 0;
        free(other);
    }
    free(id);
    return again;
}

void sn_in_force_list(const struct sn_settings *settings, struct sn_in_force *list)
{
    struct sn_settings defaults;
    const struct sn_kept now = {.settings = settings}, standard = {.settings = &defaults};
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    *list = (struct sn_in_force){0};
    sn_settings_init(&defaults);
    for (size_t i = 0; i < count; i++) {
        struct sn_setting_lines lines, was;
        sn_keep_get(&table[i], &now, &lines);
        sn_keep_get(&table[i], &standard, &was);
        bool same = sn_list_lines_equal(&lines, &was);
        for (size_t j = 0; j < lines.count && !same; j++) {
            if (!is_repeated(&table[i], &lines, j))
                take_setting(list, &table[i], &lines.items[j]);
        }
        sn_list_lines_fini(&lines);
        sn_list_lines_fini(&was);
    }
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
