/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/status.h"

#include <string.h>

#define NAMES_MAX 3 /* of groups; each may have 255 bytes */

static bool is_down(const struct sn_group *group)
{
    return strcmp(sn_group_status(group), "ok") != 0;
}

static size_t count_down(const struct sn_core *core)
{
    size_t count = 0;

    for (const struct sn_group *group = sn_core_group_first(core); group != NULL;
         group = sn_group_next(group))
        count += is_down(group);
    return count;
}

static void put_names(const struct sn_core *core, size_t count, struct sn_buf *line)
{
    size_t named = 0;

    for (const struct sn_group *group = sn_core_group_first(core);
         group != NULL && named < NAMES_MAX; group = sn_group_next(group)) {
        if (is_down(group))
            sn_buf_printf(line, "%s%s", named++ == 0 ? "" : ", ", sn_group_name(group));
    }
    if (count > named)
        sn_buf_printf(line, " and %zu more", count - named);
}

void sn_status_describe(const struct sn_core *core, bool can_save, struct sn_buf *line)
{
    size_t groups = sn_core_group_count(core);
    size_t down = count_down(core);

    sn_buf_printf(line, "Watching %zu %s, ", groups, groups == 1 ? "group" : "groups");
    if (down == 0) {
        sn_buf_puts(line, "no master down");
    } else {
        sn_buf_printf(line, "%zu %s down: ", down, down == 1 ? "master" : "masters");
        put_names(core, down, line);
    }
    if (sn_core_tilt(core))
        sn_buf_puts(line, "; TILT: nothing is judged at the moment");
    if (!can_save)
        sn_buf_puts(line, "; state cannot be saved, so no votes are given: see the log");
}

/* A sentinel without listeners, or without a configuration, does not run at all. */
void sn_status_why_not_ready(bool id_saved, bool can_save, struct sn_buf *lines)
{
    if (!id_saved)
        sn_buf_puts(lines, "The id of this sentinel is not saved yet.\n");
    if (!can_save)
        sn_buf_puts(lines, "The state cannot be saved, so no votes are given: see the log.\n");
}
