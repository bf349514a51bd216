/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/read/statement.h"

#include "base/alloc.h"
#include "base/text.h"
#include "conf/file/file.h"
#include "conf/read/tidy.h"
#include "conf/table/ignored.h"
#include "conf/table/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Stock writes lines with two blanks and no address between them if a name did not resolve. */
static bool lacks_address(const struct sn_directive *directive, char *const *values, size_t count)
{
    return (directive->hosts & 1) != 0 && directive->scope == SN_SCOPE_GROUP && count > 0 &&
           count + 1 == directive->values_max &&
           strspn(values[0], "0123456789") == strlen(values[0]);
}

static int fail_missing(struct sn_loader *loader, const struct sn_place *at, const char *group,
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

static void enter_dir(struct sn_loader *loader, const char *path)
{
    char *dir = sn_file_join(loader->dir, path);
    free(loader->dir);
    loader->dir = dir;
}

/* PROTOCOL.md §19.7. */
static int fail_number(struct sn_loader *loader, const struct sn_statement *statement,
                       const char *text, const char *read_as)
{
    const struct sn_directive *directive = statement->directive;
    struct sn_buf problem, expected;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_init(&expected, SIZE_MAX);
    sn_buf_printf(&problem, "'%s' is not a whole number%s: redis-sentinel reads %s%s", text,
                  directive->milliseconds ? " of milliseconds" : "", read_as,
                  directive->milliseconds ? " ms" : "");
    if (directive->kind == SN_VALUE_NUMBER)
        sn_value_expected(directive, &expected);
    int code = sn_loader_fail(loader, &statement->at, sn_buf_text(&problem),
                              expected.len > 0 ? sn_buf_text(&expected) : "digits only");
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

/* Accepts what stock accepts, where it means the same; otherwise reports what stock would read. */
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

/* PROTOCOL.md §22.2. */
static int add_values(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
                      const struct sn_directive *directive, const char *group, char *const *values,
                      size_t count)
{
    if (lacks_address(directive, values, count)) {
        if (!directive->state)
            return fail_missing(loader, at, group, values);
        sn_loader_notice(
            loader, at,
            "ignored: the line has no address. The address is learned again at run time");
        return 0;
    }
    if (!values_fit(directive, count))
        return fail_count(loader, at, directive);
    for (size_t i = 0; i < count; i++) {
        if (sn_text_has_control(values[i], strlen(values[i])))
            return sn_loader_fail(loader, at, "control characters are not allowed in a value",
                                  NULL);
    }

    struct sn_statement *statement = sn_loader_push(loader);
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
    if (directive->kind == SN_VALUE_FOLDER)
        enter_dir(loader, values[0]);
    return tidy_values(loader, statement);
}

int sn_statement_add(struct sn_loader *loader, const struct sn_place *at, enum sn_origin origin,
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

/* Appends a guess of what the unknown word was meant to be, as the end of a sentence. */
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

int sn_statement_fail_unknown(struct sn_loader *loader, const struct sn_place *at, const char *word,
                              enum sn_scope scope, enum sn_scope other)
{
    bool option = at->file == NULL && scope == SN_SCOPE_SERVER;
    struct sn_buf problem;

    /* The literal text of stock comes first, so that a search finds it. */
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
    if (directive == NULL && sn_ignored_sentinel(words[0])) {
        sn_loader_notice(loader, at, "%s has had no meaning since Redis 2.8, ignored", words[0]);
        return 0;
    }
    if (directive == NULL)
        return sn_statement_fail_unknown(loader, at, words[0], SN_SCOPE_GROUP, SN_SCOPE_SENTINEL);
    if (directive->scope != SN_SCOPE_GROUP)
        return sn_statement_add(loader, at, origin, directive, NULL, words + 1, count - 1);
    if (count < 2)
        return fail_count(loader, at, directive);
    return sn_statement_add(loader, at, origin, directive, words[1], words + 2, count - 2);
}

int sn_statement_add_words(struct sn_loader *loader, const struct sn_place *at,
                           enum sn_origin origin, char *const *words, size_t count)
{
    bool quiet;

    if (strcasecmp(words[0], "sentinel") == 0)
        return count == 1 ? 0 : add_sentinel_words(loader, at, origin, words + 1, count - 1);

    const struct sn_directive *directive = sn_directive_find(SN_SCOPE_SERVER, words[0]);
    if (directive != NULL)
        return sn_statement_add(loader, at, origin, directive, NULL, words + 1, count - 1);
    if (!sn_ignored_server(words[0], &quiet))
        return sn_statement_fail_unknown(loader, at, words[0], SN_SCOPE_SERVER, SN_SCOPE_NONE);
    if (!quiet)
        sn_loader_notice(loader, at, "%s has no meaning for a sentinel, ignored", words[0]);
    return 0;
}
