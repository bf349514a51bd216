/* SPDX-License-Identifier: BSD-3-Clause */

/* The changes of SENTINEL SET and SENTINEL CONFIG SET, with the literal error texts of PROTOCOL.md
 * §4.17 and §4.18. Unlike in stock, a SET is all or nothing, and numbers are never cut. */

#include "conf/read/changes.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/table/keep.h"
#include "conf/table/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void sn_changes_fini(struct sn_changes *changes)
{
    free(changes->items);
    *changes = (struct sn_changes){0};
}

static void add_change(struct sn_changes *changes, const struct sn_change *change)
{
    changes->items = sn_realloc(changes->items, (changes->count + 1) * sizeof(*changes->items));
    changes->items[changes->count++] = *change;
}

/* Appends "before'text'after", with text escaped. */
static void put_quoted(struct sn_buf *out, const char *before, const char *text, const char *after)
{
    sn_buf_puts(out, before);
    sn_buf_putc(out, '\'');
    sn_text_escape(out, text, strlen(text));
    sn_buf_putc(out, '\'');
    sn_buf_puts(out, after);
}

static int bad_argument(struct sn_buf *error, const char *value, const char *option)
{
    put_quoted(error, "Invalid argument ", value, " for SENTINEL SET ");
    put_quoted(error, "", option, "");
    return SN_EINVAL;
}

/* All script changes are refused if deny-scripts-reconfig is set. A script is checked when it is
 * set, not only in the middle of a failover (PROTOCOL.md §4.18). */
static int check_script(const struct sn_directive *directive, const char *path, bool denied,
                        struct sn_buf *error)
{
    if (denied) {
        sn_buf_puts(error, "Reconfiguration of scripts path is denied for security reasons. Check "
                           "the deny-scripts-reconfig configuration directive in your Sentinel "
                           "configuration");
        return SN_EINVAL;
    }
    if (path[0] == '\0' || access(path, X_OK) == 0)
        return 0;
    /* The error is that of a file, without the full stop. */
    sn_buf_append(error, directive->error, strlen(directive->error) - 1);
    return SN_EINVAL;
}

static int check_rename(const struct sn_change *change, struct sn_buf *error)
{
    const char *words[] = {change->value, change->to};

    assert(change->to != NULL); /* the row has two values */
    for (int i = 0; i < 2; i++) {
        if (words[i][0] == '\0' || sn_text_has_control(words[i], strlen(words[i])))
            return bad_argument(error, words[i], change->name);
    }
    return 0;
}

/* PROTOCOL.md §4.18. */
static int check_change(const struct sn_directive *directive, struct sn_change *change,
                        bool scripts_denied, struct sn_buf *error)
{
    if (directive->kind == SN_VALUE_RENAME)
        return check_rename(change, error);
    if (directive->kind == SN_VALUE_SCRIPT && scripts_denied)
        return check_script(directive, change->value, scripts_denied, error);
    if (sn_value_parse(directive, change->value, &change->number) < 0)
        return bad_argument(error, change->value, change->name);
    if (directive->kind == SN_VALUE_SCRIPT)
        return check_script(directive, change->value, scripts_denied, error);
    return 0;
}

int sn_conf_parse_set(int argc, char *const *argv, bool scripts_denied, struct sn_changes *changes,
                      struct sn_buf *error)
{
    int code = 0;

    *changes = (struct sn_changes){0};
    for (int i = 0; i < argc && code == 0;) {
        const struct sn_directive *directive = sn_directive_find(SN_SCOPE_GROUP, argv[i]);
        int values = directive != NULL ? directive->values_max : 1;
        if (directive == NULL || !directive->live || argc - i - 1 < values) {
            put_quoted(error, "Unknown option or number of arguments for SENTINEL SET ", argv[i],
                       "");
            code = SN_EINVAL;
            break;
        }
        struct sn_change change = {.option = directive->option,
                                   .name = argv[i],
                                   .value = argv[i + 1],
                                   .to = values == 2 ? argv[i + 2] : NULL};
        code = check_change(directive, &change, scripts_denied, error);
        if (code == 0)
            add_change(changes, &change);
        i += 1 + values;
    }
    if (code < 0)
        sn_changes_fini(changes);
    return code;
}

static const struct sn_directive *parameter(size_t index)
{
    static const enum sn_scope scopes[] = {SN_SCOPE_SENTINEL, SN_SCOPE_SERVER};
    for (size_t s = 0; s < sizeof(scopes) / sizeof(*scopes); s++) {
        size_t count;
        const struct sn_directive *table = sn_directives(scopes[s], &count);
        for (size_t i = 0; i < count; i++) {
            if (table[i].live && index-- == 0)
                return &table[i];
        }
    }
    return NULL;
}

const char *sn_conf_parameter(size_t index)
{
    const struct sn_directive *directive = parameter(index);
    return directive == NULL ? NULL : directive->name;
}

void sn_conf_show_parameter(size_t index, const struct sn_globals *globals, enum sn_level loglevel,
                            struct sn_buf *out)
{
    const struct sn_settings settings = {.loglevel = loglevel};
    const struct sn_image image = {.globals = *globals};
    const struct sn_kept from = {.settings = &settings, .image = &image};
    struct sn_setting_words words;
    sn_keep_get_words(parameter(index), &from, &words);
    for (size_t i = 0; i < words.count; i++)
        sn_buf_puts(out, words.items[i]);
    sn_list_fini(&words);
}

/* Returns a parameter of CONFIG SET; loglevel is the only one of the server. */
static const struct sn_directive *find_parameter(const char *name)
{
    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SENTINEL, name);
    if (directive == NULL)
        directive = sn_directive_find(SN_SCOPE_SERVER, name);
    return directive != NULL && directive->live ? directive : NULL;
}

/* True if a name before position i equals the one at i; names and values alternate. */
static bool named_before(char *const *argv, int i)
{
    for (int j = 0; j < i; j += 2) {
        if (strcasecmp(argv[i], argv[j]) == 0)
            return true;
    }
    return false;
}

/* PROTOCOL.md §4.17. */
static int take_parameter(int argc, char *const *argv, int i, struct sn_changes *changes,
                          enum sn_level *loglevel, struct sn_buf *error)
{
    const struct sn_directive *directive = find_parameter(argv[i]);

    if (directive == NULL) {
        put_quoted(error, "Invalid argument ", argv[i], " to SENTINEL CONFIG SET");
        return SN_EINVAL;
    }
    if (named_before(argv, i)) {
        put_quoted(error, "Duplicate argument ", argv[i], " to SENTINEL CONFIG SET");
        return SN_EINVAL;
    }
    if (i + 1 == argc) {
        put_quoted(error, "Missing argument ", argv[i], " value");
        return SN_EINVAL;
    }
    struct sn_change change = {.option = directive->option, .name = argv[i], .value = argv[i + 1]};
    if (sn_value_parse(directive, change.value, &change.number) < 0) {
        put_quoted(error, "Invalid value ", change.value, " to SENTINEL CONFIG SET ");
        put_quoted(error, "", argv[i], "");
        return SN_EINVAL;
    }
    if (directive->scope == SN_SCOPE_SERVER)
        *loglevel = (enum sn_level)change.number;
    else
        add_change(changes, &change);
    return 0;
}

int sn_conf_parse_config_set(int argc, char *const *argv, struct sn_changes *changes,
                             enum sn_level *loglevel, struct sn_buf *error)
{
    int code = 0;

    *changes = (struct sn_changes){0};
    *loglevel = SN_LEVEL_NONE;
    for (int i = 0; i < argc && code == 0; i += 2)
        code = take_parameter(argc, argv, i, changes, loglevel, error);
    if (code < 0) {
        sn_changes_fini(changes);
        *loglevel = SN_LEVEL_NONE;
    }
    return code;
}
