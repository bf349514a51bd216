/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/loader.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/read/tidy.h"
#include "conf/state/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define uthash_malloc(size) sn_alloc(size)
#include <uthash.h>

struct sn_group_ref {
    char *name;
    size_t index;
    enum sn_origin origin;
    UT_hash_handle hh;
};

void sn_list_take(struct sn_setting_words *list, char *item)
{
    list->items = sn_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = item;
}

void sn_list_fini(struct sn_setting_words *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct sn_setting_words){0};
}

void sn_loader_init(struct sn_loader *loader, struct sn_conf *conf, bool files,
                    struct sn_buf *error)
{
    *loader = (struct sn_loader){.conf = conf, .error = error, .files = files};
}

void sn_loader_fini(struct sn_loader *loader)
{
    sn_textmap_fini(&loader->members);
    for (size_t i = 0; i < loader->count; i++) {
        struct sn_statement *statement = &loader->items[i];
        free((char *)(uintptr_t)statement->at.text);
        free(statement->group);
        for (size_t j = 0; j < statement->value_count; j++)
            free(statement->values[j]);
        free(statement->values);
    }
    free(loader->items);
    for (size_t i = 0; i < loader->name_count; i++)
        free(loader->names[i]);
    free(loader->names);
    free(loader->dir);

    struct sn_group_ref *ref, *next;
    HASH_ITER(hh, loader->groups, ref, next) {
        HASH_DEL(loader->groups, ref);
        free(ref->name);
        free(ref);
    }
    *loader = (struct sn_loader){0};
}

const char *sn_loader_name(struct sn_loader *loader, const char *file)
{
    loader->names = sn_realloc(loader->names, (loader->name_count + 1) * sizeof(*loader->names));
    loader->names[loader->name_count] = sn_strdup(file);
    return loader->names[loader->name_count++];
}

static void put_place(struct sn_buf *out, const struct sn_place *at)
{
    if (at->file == NULL) {
        sn_buf_puts(out, "command line: ");
        return;
    }
    sn_text_escape(out, at->file, strlen(at->file));
    sn_buf_printf(out, ":%d: ", at->line);
}

int sn_loader_fail(struct sn_loader *loader, const struct sn_place *at, const char *problem,
                   const char *expected)
{
    struct sn_buf *out = loader->error;
    size_t len = strlen(problem);

    put_place(out, at);
    sn_text_escape(out, at->text, strlen(at->text));
    sn_buf_putc(out, '\n');
    sn_text_escape(out, problem, len);
    if (expected != NULL) {
        bool ended = len > 0 && strchr(".!?", problem[len - 1]) != NULL;
        sn_buf_printf(out, "%s Expected: %s.", ended ? "" : ".", expected);
    }
    sn_buf_putc(out, '\n');
    return SN_EINVAL;
}

void sn_loader_notice(struct sn_loader *loader, const struct sn_place *at, const char *format, ...)
{
    char text[1024];
    struct sn_buf buf;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    sn_buf_init(&buf, SIZE_MAX);
    if (at != NULL)
        put_place(&buf, at);
    sn_text_escape(&buf, text, strlen(text));
    sn_conf_notice(loader->conf, sn_buf_take(&buf));
}

static bool values_fit(const struct sn_directive *directive, size_t count)
{
    return count >= directive->values_min &&
           (count <= directive->values_max || directive->values_max == SN_VALUES_ANY);
}

static int fail_count(struct sn_loader *loader, const struct sn_place *at,
                      const struct sn_directive *directive)
{
    char expected[128];
    const char *name = directive->scope == SN_SCOPE_GROUP ? "a group's name and " : "";
    const char *error = directive->scope == SN_SCOPE_SERVER
                            ? "wrong number of arguments"
                            : "Unrecognized sentinel configuration statement.";

    if (directive->values_max == SN_VALUES_ANY)
        snprintf(expected, sizeof(expected), "%s at least %d", directive->name,
                 directive->values_min);
    else
        snprintf(expected, sizeof(expected), "%s%d value%s after %s", name, directive->values_max,
                 directive->values_max == 1 ? "" : "s", directive->name);
    return sn_loader_fail(loader, at, error, expected);
}

/* The other daemons leave lines with two blanks and no address behind when a name did not resolve.
 */
static bool lacks_address(const struct sn_directive *directive, char *const *values, size_t count)
{
    return (directive->hosts & 1) != 0 && directive->scope == SN_SCOPE_GROUP &&
           ((directive->apply == sn_apply_monitor && count == 2) ||
            (directive->apply == sn_apply_known_replica && count == 1) ||
            (directive->apply == sn_apply_known_sentinel && count == 2)) &&
           strspn(values[0], "0123456789") == strlen(values[0]);
}

static int fail_address(struct sn_loader *loader, const struct sn_place *at, const char *group,
                        char *const *values)
{
    struct sn_buf expected;

    sn_buf_init(&expected, SIZE_MAX);
    sn_buf_printf(&expected, "sentinel monitor %s HOST %s %s, with the master's address as HOST",
                  group, values[0], values[1]);
    int code = sn_loader_fail(loader, at,
                              "the address is missing: redis-sentinel writes such a line when a "
                              "host name did not resolve",
                              sn_buf_text(&expected));
    sn_buf_fini(&expected);
    return code;
}

static struct sn_statement *push(struct sn_loader *loader)
{
    if (loader->count == loader->room) {
        loader->room = loader->room > 0 ? loader->room * 2 : 64;
        loader->items = sn_realloc(loader->items, loader->room * sizeof(*loader->items));
    }
    struct sn_statement *statement = &loader->items[loader->count++];
    *statement = (struct sn_statement){0};
    return statement;
}

char *sn_path_join(const char *dir, const char *path)
{
    struct sn_buf full;

    if (path[0] == '/' || dir == NULL)
        return sn_strdup(path);
    sn_buf_init(&full, SIZE_MAX);
    sn_buf_printf(&full, "%s/%s", dir, path);
    return sn_buf_take(&full);
}

static void enter_dir(struct sn_loader *loader, const char *path)
{
    char *dir = sn_path_join(loader->dir, path);
    free(loader->dir);
    loader->dir = dir;
}

static int fail_number(struct sn_loader *loader, const struct sn_statement *statement,
                       const char *text, const char *read_as)
{
    const struct sn_directive *directive = statement->directive;
    struct sn_buf problem, expected;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_init(&expected, SIZE_MAX);
    sn_buf_printf(&problem, "'%s' is no whole number%s: redis-sentinel reads %s%s", text,
                  directive->milliseconds ? " of milliseconds" : "", read_as,
                  directive->milliseconds ? " ms" : "");
    if (directive->kind == SN_VALUE_NUMBER)
        sn_value_expected(directive, &expected);
    int code = sn_loader_fail(loader, &statement->at, sn_buf_text(&problem),
                              expected.len > 0 ? sn_buf_text(&expected) : "digits alone");
    sn_buf_fini(&problem);
    sn_buf_fini(&expected);
    return code;
}

static void take_tidy(struct sn_loader *loader, struct sn_statement *statement, size_t i,
                      char *tidy)
{
    sn_loader_notice(loader, &statement->at, "%s: '%s' is read as %s", statement->directive->name,
                     statement->values[i], tidy);
    free(statement->values[i]);
    statement->values[i] = tidy;
}

/* Takes what the other daemons take, where it means the same; says what they would read where not.
 */
static int tidy_values(struct sn_loader *loader, struct sn_statement *statement)
{
    const struct sn_directive *directive = statement->directive;
    int code = 0;

    for (size_t i = 0; i < statement->value_count && code == 0; i++) {
        const char *text = statement->values[i];
        bool is_number = i < 8 && ((directive->numbers >> i) & 1) != 0;
        bool is_host =
            directive->hosts == SN_HOSTS_ALL || (i < 8 && ((directive->hosts >> i) & 1) != 0);
        char *tidy = is_number ? sn_tidy_number(text, directive->milliseconds)
                     : is_host ? sn_tidy_host(text)
                               : NULL;
        char *misread = is_number && tidy == NULL ? sn_tidy_misread(text) : NULL;
        if (misread != NULL)
            code = fail_number(loader, statement, text, misread);
        free(misread);
        if (tidy != NULL)
            take_tidy(loader, statement, i, tidy);
    }
    return code;
}

static int add_values(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                      const struct sn_directive *directive, const char *group, char *const *values,
                      size_t count)
{
    if (count > 0 && lacks_address(directive, values, count)) {
        if (directive->apply == sn_apply_monitor)
            return fail_address(loader, at, group, values);
        sn_loader_notice(loader, at, "a line without an address, ignored: it is learned again");
        return 0;
    }
    if (!values_fit(directive, count))
        return fail_count(loader, at, directive);
    for (size_t i = 0; i < count; i++) {
        if (sn_text_has_control(values[i], strlen(values[i])))
            return sn_loader_fail(loader, at, "control characters are not allowed in a value",
                                  NULL);
    }

    struct sn_statement *statement = push(loader);
    statement->directive = directive;
    statement->origin = origin;
    if (origin == SN_ORIGIN_INCLUDED)
        statement->include = loader->conf->include_count - 1;
    statement->at = *at;
    statement->at.text = sn_strdup(at->text);
    statement->group = sn_strdup(group);
    statement->values = sn_alloc_array(count, sizeof(*statement->values));
    statement->value_count = count;
    for (size_t i = 0; i < count; i++)
        statement->values[i] = sn_strdup(values[i]);
    if (directive->apply == sn_apply_dir)
        enter_dir(loader, values[0]);
    return tidy_values(loader, statement);
}

int sn_loader_add(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                  const struct sn_directive *directive, const char *group, char *const *values,
                  size_t count)
{
    struct sn_words words;

    /* `bind "127.0.0.1 -::1"`: several values may stand in one word. */
    if (!directive->splits || count != 1 || strchr(values[0], ' ') == NULL)
        return add_values(loader, at, origin, directive, group, values, count);
    sn_words_split_plain(values[0], strlen(values[0]), &words);
    int code = add_values(loader, at, origin, directive, group, words.items, words.count);
    sn_words_fini(&words);
    return code;
}

/* What an unknown word was probably meant to be, as the end of a sentence. */
static void put_meant(struct sn_buf *problem, const char *word, enum sn_scope scope,
                      enum sn_scope other, bool on_command_line)
{
    size_t name_len = strcspn(word, "=");
    char *name = sn_strndup(word, name_len);
    const char *dashes = on_command_line ? "--" : "";

    if (word[name_len] == '=' && sn_directive_find(scope, name) != NULL) {
        sn_buf_printf(problem, "; write '%s%s %s', with a blank", dashes, name,
                      word + name_len + 1);
    } else {
        const char *near = sn_directive_near(scope, other, name);
        if (on_command_line && strncasecmp(word, "check", 5) == 0)
            near = "check-config";
        if (near != NULL)
            sn_buf_printf(problem, "; did you mean '%s%s'?", dashes, near);
    }
    free(name);
}

int sn_loader_fail_unknown(struct sn_loader *loader, const struct sn_place *at, const char *word,
                           enum sn_scope scope, enum sn_scope other)
{
    bool option = at->file == NULL && scope == SN_SCOPE_SERVER;
    struct sn_buf problem;

    /* The literal text of the other daemons stays first, for whoever searches for it. */
    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_puts(&problem, scope == SN_SCOPE_GROUP ? "Unrecognized sentinel configuration statement."
                                                  : "Bad directive or wrong number of arguments.");
    if (option)
        sn_buf_printf(&problem, " Unknown option '--%s'", word);
    else
        sn_buf_printf(&problem, " '%s' is not a known directive", word);
    put_meant(&problem, word, scope, other, option);
    int code = sn_loader_fail(loader, at, sn_buf_text(&problem), NULL);
    sn_buf_fini(&problem);
    return code;
}

static int add_sentinel_words(struct sn_loader *loader, const struct sn_place *at,
                              enum sn_origin origin, char *const *words, size_t count)
{
    const struct sn_directive *directive = sn_directive_find_sentinel(words[0]);
    if (directive == NULL && sn_directive_ignored_sentinel(words[0])) {
        sn_loader_notice(loader, at, "%s has had no meaning since Redis 2.8, ignored", words[0]);
        return 0;
    }
    if (directive == NULL)
        return sn_loader_fail_unknown(loader, at, words[0], SN_SCOPE_GROUP, SN_SCOPE_SENTINEL);
    if (directive->scope != SN_SCOPE_GROUP)
        return sn_loader_add(loader, at, origin, directive, NULL, words + 1, count - 1);
    if (count < 2)
        return fail_count(loader, at, directive);
    return sn_loader_add(loader, at, origin, directive, words[1], words + 2, count - 2);
}

int sn_loader_add_words(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                        char *const *words, size_t count)
{
    bool quiet;

    if (strcasecmp(words[0], "sentinel") == 0)
        return count == 1 ? 0 : add_sentinel_words(loader, at, origin, words + 1, count - 1);

    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SERVER, words[0]);
    if (directive != NULL)
        return sn_loader_add(loader, at, origin, directive, NULL, words + 1, count - 1);
    if (!sn_directive_ignored(words[0], &quiet))
        return sn_loader_fail_unknown(loader, at, words[0], SN_SCOPE_SERVER, SN_SCOPE_NONE);
    if (!quiet)
        sn_loader_notice(loader, at, "%s has no meaning for a sentinel, ignored", words[0]);
    return 0;
}

struct sn_group_image *sn_loader_group(const struct sn_loader *loader, const char *name)
{
    struct sn_group_ref *ref;
    HASH_FIND_STR(loader->groups, name, ref);
    return ref != NULL ? &loader->conf->image.groups[ref->index] : NULL;
}

enum sn_origin sn_loader_group_origin(const struct sn_loader *loader, const char *name)
{
    struct sn_group_ref *ref;
    HASH_FIND_STR(loader->groups, name, ref);
    return ref != NULL ? ref->origin : SN_ORIGIN_NONE;
}

struct sn_group_image *sn_loader_add_group(struct sn_loader *loader, const char *name,
                                           const struct sn_addr *addr, uint32_t quorum,
                                           enum sn_origin origin)
{
    struct sn_image *image = &loader->conf->image;
    struct sn_group_ref *ref;

    HASH_FIND_STR(loader->groups, name, ref);
    if (ref != NULL) {
        ref->origin = origin;
        return &image->groups[ref->index];
    }
    ref = sn_alloc(sizeof(*ref));
    ref->name = sn_strdup(name);
    ref->index = image->group_count;
    ref->origin = origin;
    HASH_ADD_KEYPTR(hh, loader->groups, ref->name, strlen(ref->name), ref);
    return sn_image_add_group(image, name, addr, quorum);
}

/* A script is started from the working directory, which is not entered yet. */
static bool script_usable(const struct sn_loader *loader, const char *path)
{
    const char *dir = loader->conf->settings.dir;
    if (path[0] == '\0' || !loader->files)
        return true;
    char *full = sn_path_join(dir, path);
    bool usable = access(full, X_OK) == 0;
    free(full);
    return usable;
}

static int fail_value(struct sn_loader *loader, const struct sn_statement *statement, int code)
{
    struct sn_buf problem;
    struct sn_buf expected;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_init(&expected, SIZE_MAX);
    sn_value_error(statement->directive, code, &problem);
    sn_value_expected(statement->directive, &expected);
    code = sn_loader_fail(loader, &statement->at, sn_buf_text(&problem), sn_buf_text(&expected));
    sn_buf_fini(&problem);
    sn_buf_fini(&expected);
    return code;
}

static int apply_value(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = statement->directive;
    const char *text = statement->values[0];
    struct sn_change change = {.option = directive->option, .name = directive->name, .value = text};

    int code = sn_value_parse(directive, text, &change.number);
    if (code == SN_ERANGE && directive->option == SN_OPTION_PARALLEL_SYNCS && change.number <= 0) {
        /* Others start with it, and reconfigure no replica or all at once. */
        sn_loader_notice(loader, &statement->at, "parallel-syncs %s is read as 1", text);
        change.number = 1;
        code = 0;
    }
    if (code == 0 && directive->kind == SN_VALUE_SCRIPT && !script_usable(loader, text))
        code = SN_EINVAL;
    if (code < 0)
        return fail_value(loader, statement, code);

    if (directive->option == SN_OPTION_NONE)
        sn_value_store(directive, text, change.number, &loader->conf->settings);
    else if (directive->scope == SN_SCOPE_GROUP)
        sn_group_params_apply(&sn_loader_group(loader, statement->group)->params, &change);
    else
        sn_globals_apply(&loader->conf->image.globals, &change);
    return 0;
}

static bool is_monitor(const struct sn_directive *directive)
{
    return directive->apply == sn_apply_monitor;
}

static int pass_of(const struct sn_directive *directive)
{
    if (directive->scope != SN_SCOPE_GROUP)
        return directive->scope == SN_SCOPE_SERVER ? 0 : 1;
    return is_monitor(directive) ? 2 : 3;
}

static int apply_statement(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = statement->directive;

    if (directive->scope == SN_SCOPE_GROUP && !is_monitor(directive) &&
        sn_loader_group(loader, statement->group) == NULL)
        return sn_loader_fail(loader, &statement->at, "No such master with specified name.",
                              "a group that a monitor line defines, in any place of the file");
    if (directive->apply != NULL)
        return directive->apply(loader, statement);
    return apply_value(loader, statement);
}

/* Remembers what must or must not be written when the main file is rewritten. */
static void remember_line(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_setting_words *list;
    if (statement->origin == SN_ORIGIN_INCLUDED)
        list = &loader->conf->includes[statement->include].lines;
    else if (statement->origin == SN_ORIGIN_COMMAND_LINE &&
             statement->directive->scope == SN_SCOPE_SERVER)
        list = &loader->conf->overrides;
    else
        return;

    struct sn_buf line;
    sn_buf_init(&line, SIZE_MAX);
    sn_line_put(&line, statement->directive, statement->group, statement->values,
                statement->value_count);
    sn_list_take(list, sn_buf_take(&line));
}

int sn_loader_apply(struct sn_loader *loader)
{
    for (int pass = 0; pass <= 3; pass++) {
        for (size_t i = 0; i < loader->count; i++) {
            const struct sn_statement *statement = &loader->items[i];
            if (pass_of(statement->directive) != pass)
                continue;
            int code = apply_statement(loader, statement);
            if (code < 0)
                return code;
            remember_line(loader, statement);
        }
    }
    return 0;
}

void sn_line_put(struct sn_buf *out, const struct sn_directive *directive, const char *group,
                 char *const *values, size_t count)
{
    if (directive->scope != SN_SCOPE_SERVER)
        sn_buf_puts(out, "sentinel ");
    sn_buf_puts(out, directive->name);
    if (group != NULL) {
        sn_buf_putc(out, ' ');
        sn_text_quote(out, group);
    }
    for (size_t i = 0; i < count; i++) {
        sn_buf_putc(out, ' ');
        sn_text_quote(out, values[i]);
    }
}

size_t sn_bom_len(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}
