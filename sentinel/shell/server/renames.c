/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/renames.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

int sn_renames_check(const struct sn_settings *settings, struct sn_buf *error)
{
    for (size_t i = 0; i < settings->rename_count; i++) {
        const struct sn_setting_words *line = &settings->renames[i];
        if (line->count != 2 || !sn_specs_find(line->items[0])) {
            sn_buf_printf(error, "rename-command %s: a sentinel has no such command",
                          line->count > 0 ? line->items[0] : "");
            return SN_EINVAL;
        }
        if (sn_specs_find(line->items[1])) {
            sn_buf_printf(error, "rename-command %s %s: a command has the new name already",
                          line->items[0], line->items[1]);
            return SN_EINVAL;
        }
    }
    return 0;
}

static bool is_called(const char *word, const char *name, size_t len)
{
    return strlen(word) == len && strncasecmp(word, name, len) == 0;
}

const struct sn_spec *sn_renames_find_spec(const struct sn_settings *settings,
                                           const struct sn_spec_index *index, const char *name,
                                           size_t len)
{
    for (size_t i = 0; i < settings->rename_count; i++) {
        char *const *words = settings->renames[i].items;
        if (len > 0 && is_called(words[1], name, len))
            return sn_specs_find(words[0]);
        if (is_called(words[0], name, len))
            return NULL;
    }
    return sn_spec_index_find(index, NULL, name, len);
}
