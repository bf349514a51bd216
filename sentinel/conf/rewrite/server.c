/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/rewrite/server.h"

#include "base/alloc.h"
#include "base/text.h"
#include "conf/rewrite/in_force.h"
#include "conf/table/keep.h"
#include "conf/table/line.h"

#include <stdlib.h>
#include <string.h>

/* Replaces the last line of a key, because the earlier ones have no effect. False: the key has no
 * line. */
static bool put_in_last(struct sn_rewrite *rewrite, const struct sn_rewrite_key *key,
                        const char *text)
{
    if (key == NULL || key->last == SN_REWRITE_NO_LINE)
        return false;
    struct sn_rewrite_line *line = &rewrite->lines[key->last];
    free(line->text);
    line->text = sn_strdup(text);
    return true;
}

/* Returns the last line with this id, of a directive whose lines add up. NULL: none. */
static struct sn_rewrite_line *find_line(struct sn_rewrite *rewrite,
                                         const struct sn_directive *directive, const char *id)
{
    const struct sn_rewrite_key *key = sn_rewrite_find(rewrite, directive, NULL);
    struct sn_rewrite_line *found = NULL;

    for (size_t i = key != NULL ? key->first : SN_REWRITE_NO_LINE; i != SN_REWRITE_NO_LINE;
         i = rewrite->lines[i].next) {
        struct sn_rewrite_line *line = &rewrite->lines[i];
        struct sn_words words;
        if (sn_words_split(line->text, strlen(line->text), &words) < 0)
            continue;
        char *other = sn_line_id(directive, words.items + 1, words.count - 1);
        if (other != NULL && strcmp(id, other) == 0)
            found = line;
        free(other);
        sn_words_fini(&words);
    }
    return found;
}

/* Writes a setting of the command line in place of the file's last line for the same setting. */
static void put_override(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                         const struct sn_words *words, const char *text)
{
    struct sn_rewrite_key *key = sn_rewrite_need(rewrite, directive, NULL);
    char *id = sn_line_id(directive, words->items + 1, words->count - 1);
    struct sn_rewrite_line *line = id != NULL ? find_line(rewrite, directive, id) : NULL;

    if (line != NULL) {
        free(line->text);
        line->text = sn_strdup(text);
    } else if (id != NULL || !put_in_last(rewrite, key, text)) {
        sn_rewrite_add_line(rewrite, key, sn_strdup(text));
    }
    if (id != NULL)
        sn_rewrite_need(rewrite, directive, id)->present = true;
    free(id);
}

/* PROTOCOL.md §19.2. */
static void put_overrides(struct sn_rewrite *rewrite)
{
    const struct sn_setting_words *overrides = &rewrite->conf->overrides;

    for (size_t i = 0; i < overrides->count; i++) {
        const char *text = overrides->items[i];
        struct sn_words words;
        if (sn_words_split(text, strlen(text), &words) < 0)
            continue;
        const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SERVER, words.items[0]);
        /* If lines add up, all of them are written anew. */
        if (!directive->many || !sn_conf_changed(rewrite->conf, directive))
            put_override(rewrite, directive, &words, text);
        sn_words_fini(&words);
    }
}

/* Writes settings again that are in force and have lost their line (PROTOCOL.md §19.8). */
static void put_in_force(struct sn_rewrite *rewrite)
{
    struct sn_in_force list;

    sn_in_force_list(&rewrite->conf->base_settings, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct sn_in_force_line *line = &list.items[i];
        const struct sn_rewrite_key *key = sn_rewrite_find(rewrite, line->directive, line->id);
        struct sn_buf text;
        if (sn_conf_changed(rewrite->conf, line->directive) ||
            (key != NULL && (key->present || key->included)))
            continue;
        sn_buf_init(&text, SIZE_MAX);
        sn_line_put(&text, line->directive, NULL, line->values.items, line->values.count);
        sn_rewrite_append(rewrite, NULL, sn_buf_take(&text));
    }
    sn_in_force_fini(&list);
}

/* Scripts append a line `port …` at each start. Only the last one applies, so only that one is
 * kept. Relative folders of `dir` build on each other. */
static void drop_repeated(struct sn_rewrite *rewrite)
{
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    for (size_t i = 0; i < count; i++) {
        const struct sn_rewrite_key *key = sn_rewrite_find(rewrite, &table[i], NULL);
        if (key == NULL || table[i].many || table[i].kind == SN_VALUE_FOLDER)
            continue;
        for (size_t at = key->first; at != SN_REWRITE_NO_LINE; at = rewrite->lines[at].next) {
            if (at == key->last)
                break;
            free(rewrite->lines[at].text);
            rewrite->lines[at].text = NULL;
        }
    }
}

void sn_rewrite_settings(struct sn_rewrite *rewrite)
{
    put_overrides(rewrite);
    put_in_force(rewrite);
    drop_repeated(rewrite);
}

/* Writes the current `user` lines (PROTOCOL.md §5.4, §19.8). */
static void put_user_lines(struct sn_rewrite *rewrite, const char *users)
{
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SERVER, "user");
    const struct sn_rewrite_key *key = sn_rewrite_find(rewrite, directive, NULL);

    for (size_t i = key != NULL ? key->first : SN_REWRITE_NO_LINE; i != SN_REWRITE_NO_LINE;
         i = rewrite->lines[i].next)
        rewrite->lines[i].ours = true; /* removed if no user takes its place */
    while (*users != '\0') {
        size_t len = strcspn(users, "\n");
        struct sn_words words;
        sn_words_split_plain(users, len, &words); /* as ACL LIST shows it, unquoted */
        if (words.count > 1)
            sn_rewrite_emit(rewrite, directive, NULL, words.items + 1, words.count - 1, false);
        sn_words_fini(&words);
        users += len + (users[len] == '\n');
    }
}

static void put_changed(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                        const struct sn_settings *now)
{
    const struct sn_kept from = {.settings = now};
    struct sn_setting_words words;
    struct sn_buf text;

    sn_keep_get_words(directive, &from, &words);
    sn_buf_init(&text, SIZE_MAX);
    sn_line_put(&text, directive, NULL, words.items, words.count);
    if (!put_in_last(rewrite, sn_rewrite_find(rewrite, directive, NULL), sn_buf_text(&text)))
        sn_rewrite_emit(rewrite, directive, NULL, words.items, words.count,
                        sn_keep_is_default(directive, &words));
    sn_buf_fini(&text);
    sn_list_fini(&words);
}

void sn_rewrite_live(struct sn_rewrite *rewrite)
{
    const struct sn_settings now = sn_conf_now(rewrite->conf);
    size_t count;
    const struct sn_directive *table = sn_directives(SN_SCOPE_SERVER, &count);

    if (rewrite->conf->live.users != NULL)
        put_user_lines(rewrite, rewrite->conf->live.users);
    for (size_t i = 0; i < count; i++) {
        if (table[i].live && sn_conf_changed(rewrite->conf, &table[i]))
            put_changed(rewrite, &table[i], &now);
    }
}
