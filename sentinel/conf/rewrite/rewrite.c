/* SPDX-License-Identifier: BSD-3-Clause */

/* Rewrites a file of the Redis syntax as the other daemons do it (PROTOCOL.md §19.8): comments and
 * the order of lines stay, each setting takes the place of its old line or is appended, lines that
 * mean nothing any more go.
 *
 * Deliberate differences, all of which the other daemons read back (§24.2): values are quoted where
 * they need it; a line is taken only for its own group; both spellings of an option are the same
 * line; lines of the server are left as the operator wrote them (server.h); what an
 * included file says is not repeated. */

#include "conf/rewrite/rewrite.h"

#include "base/error.h"
#include "base/prng.h"
#include "conf/rewrite/server.h"
#include "conf/table/keep.h"

#include <string.h>

/* Writes the lines of one directive, each in its place. */
static void emit(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                 const struct sn_kept *from)
{
    const char *name = from->group != NULL ? from->group->name : NULL;
    struct sn_setting_lines lines;

    sn_keep_get(directive, from, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const struct sn_setting_words *line = &lines.items[i];
        sn_rewrite_emit(rewrite, directive, name, line->items, line->count,
                        sn_keep_is_default(directive, line));
    }
    if (lines.count == 0 && directive->field == SN_FIELD_TEXT &&
        sn_rewrite_included(rewrite, directive, name)) {
        /* Unset: the line is removed, unless it has to override an included one. */
        char empty[] = "";
        char *const values[] = {empty};
        sn_rewrite_emit(rewrite, directive, name, values, 1, false);
    }
    sn_list_lines_fini(&lines);
}

/* PROTOCOL.md §19.8. */
static void emit_group(struct sn_rewrite *rewrite, const struct sn_image *image,
                       const struct sn_group_image *group)
{
    const struct sn_kept from = {.image = image, .group = group};
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_GROUP, &count);

    if (!sn_addr_host_valid(group->addr.host))
        rewrite->unwritable = true;
    for (size_t i = 0; i < count; i++) {
        if (!table[i].within_monitor)
            emit(rewrite, &table[i], &from);
    }
}

/* A fresh file has the order of stock (PROTOCOL.md §19.8). */
static void emit_own(struct sn_rewrite *rewrite, const struct sn_image *image, bool behind_groups)
{
    const struct sn_kept from = {.image = image};
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SENTINEL, &count);

    for (size_t i = 0; i < count; i++) {
        if (table[i].behind_groups == behind_groups)
            emit(rewrite, &table[i], &from);
    }
}

static int put(struct sn_rewrite *rewrite, struct sn_buf *out)
{
    sn_rewrite_put(rewrite, out);
    return rewrite->unwritable ? SN_EINVAL : out->full ? SN_EFULL : 0;
}

int sn_rewrite_whole(struct sn_rewrite *rewrite, const struct sn_conf *conf,
                     const struct sn_image *image, const char *old, size_t old_len,
                     struct sn_buf *out)
{
    if (conf->recovered != NULL && sn_hash_bytes(SN_HASH_START, old, old_len) == conf->damaged_hash)
        sn_rewrite_init(rewrite, conf, conf->recovered, strlen(conf->recovered));
    else
        sn_rewrite_init(rewrite, conf, old, old_len);
    sn_rewrite_settings(rewrite);
    emit_own(rewrite, image, false);
    for (size_t i = 0; i < image->group_count; i++)
        emit_group(rewrite, image, &image->groups[i]);
    emit_own(rewrite, image, true);
    sn_rewrite_live(rewrite);
    sn_rewrite_close_all(rewrite);
    return put(rewrite, out);
}

/* Opens or closes all settings of a group (name), or of the sentinel itself (NULL). */
static void each_setting(struct sn_rewrite *rewrite, const char *name,
                         void (*visit)(struct sn_rewrite *, const struct sn_directive *,
                                       const char *))
{
    size_t count;
    const struct sn_directive *table =
        sn_directives(name != NULL ? SN_SCOPE_GROUP : SN_SCOPE_SENTINEL, &count);

    for (size_t i = 0; i < count; i++)
        visit(rewrite, &table[i], name);
}

/* A group that is gone leaves its places to a new one of the same name. */
static void drop_gone(struct sn_rewrite *rewrite, const struct sn_conf_update *update)
{
    for (size_t i = 0; i < update->gone.count; i++) {
        const char *name = update->gone.items[i];
        if (sn_image_find_group(&update->image, name) != NULL)
            continue;
        each_setting(rewrite, name, sn_rewrite_open);
        each_setting(rewrite, name, sn_rewrite_close);
    }
}

int sn_rewrite_changes(struct sn_rewrite *rewrite, const struct sn_conf_update *update,
                       struct sn_buf *out)
{
    const struct sn_image *image = &update->image;

    rewrite->unwritable = false;
    each_setting(rewrite, NULL, sn_rewrite_open);
    emit_own(rewrite, image, false);
    for (size_t i = 0; i < image->group_count; i++) {
        each_setting(rewrite, image->groups[i].name, sn_rewrite_open);
        emit_group(rewrite, image, &image->groups[i]);
        each_setting(rewrite, image->groups[i].name, sn_rewrite_close);
    }
    emit_own(rewrite, image, true);
    each_setting(rewrite, NULL, sn_rewrite_close);
    drop_gone(rewrite, update);
    return put(rewrite, out);
}
