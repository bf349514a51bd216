/* SPDX-License-Identifier: BSD-3-Clause */

/* Statements become settings and an image. Most values fill the field of their row; some kinds do
 * more. */

#include "conf/read/apply.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/file/file.h"
#include "conf/file/password.h"
#include "conf/read/groups.h"
#include "conf/table/keep.h"
#include "conf/table/line.h"
#include "conf/table/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_line(const struct sn_statement *statement, struct sn_setting_words **lines,
                     size_t *count)
{
    struct sn_setting_lines list = {.items = *lines, .count = *count};
    sn_list_add_all(sn_list_add_line(&list), statement->values, statement->value_count);
    *lines = list.items;
    *count = list.count;
}

static void apply_bind(struct sn_settings *settings, const struct sn_statement *statement)
{
    struct sn_setting_words list = {.items = settings->bind, .count = settings->bind_count};

    sn_list_fini(&list);
    settings->bind_none = statement->value_count == 1 && statement->values[0][0] == '\0';
    if (!settings->bind_none)
        sn_list_add_all(&list, statement->values, statement->value_count);
    settings->bind = list.items;
    settings->bind_count = list.count;
}

static int apply_addresses(struct sn_loader *loader, const struct sn_statement *statement)
{
    char *at = (char *)&loader->conf->settings + statement->directive->offset;
    struct sn_setting_words *words = (void *)at;

    for (size_t i = 0; i < statement->value_count; i++) {
        if (statement->values[i][0] == '\0')
            return sn_loader_fail(loader, &statement->at, "An address is empty.",
                                  "addresses of this machine");
    }
    sn_list_fini(words);
    sn_list_add_all(words, statement->values, statement->value_count);
    return 0;
}

static int apply_limits(struct sn_loader *loader, const struct sn_statement *statement)
{
    static const struct sn_directive bytes = {.kind = SN_VALUE_BYTES, .max = INT64_MAX};
    static const struct sn_directive seconds = {.kind = SN_VALUE_NUMBER, .max = INT32_MAX};
    struct sn_settings *settings = &loader->conf->settings;
    const char *expected = "groups of: class, hard limit, soft limit, seconds";

    if (statement->value_count % 4 != 0)
        return sn_loader_fail(loader, &statement->at,
                              "Wrong number of arguments in buffer limit configuration.", expected);
    for (size_t i = 0; i < statement->value_count; i += 4) {
        char *const *words = &statement->values[i];
        int64_t hard, soft, time_s;
        if (strcasecmp(words[0], "normal") != 0 && strcasecmp(words[0], "slave") != 0 &&
            strcasecmp(words[0], "replica") != 0 && strcasecmp(words[0], "pubsub") != 0)
            return sn_loader_fail(loader, &statement->at,
                                  "Invalid client class specified in buffer limit configuration.",
                                  "normal, replica or pubsub");
        if (sn_value_parse(&bytes, words[1], &hard) < 0 ||
            sn_value_parse(&bytes, words[2], &soft) < 0 ||
            sn_value_parse(&seconds, words[3], &time_s) < 0)
            return sn_loader_fail(
                loader, &statement->at,
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
                expected);
        if (strcasecmp(words[0], "pubsub") == 0) {
            settings->pubsub_hard_max = (uint64_t)hard;
            settings->pubsub_soft_max = (uint64_t)soft;
            settings->pubsub_soft_s = (int)time_s;
        }
    }
    return 0;
}

/* A relative folder is relative to the one that an earlier line names. */
static int apply_folder(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;
    struct stat info;
    char *path = sn_file_join(settings->dir, statement->values[0]);

    if (loader->files) {
        int reason = 0;
        if (stat(path, &info) < 0)
            reason = errno;
        else if (!S_ISDIR(info.st_mode))
            reason = ENOTDIR;
        if (reason != 0) {
            free(path);
            return sn_loader_fail(loader, &statement->at, strerror(reason),
                                  "the path of an existing folder");
        }
    }
    sn_strset(&settings->dir, path);
    free(path);
    return 0;
}

/* Stores a value of one word in the member of its row. */
static void store(const struct sn_loader *loader, const struct sn_statement *statement,
                  const char *text, int64_t number)
{
    const struct sn_directive *directive = statement->directive;
    struct sn_keep to = {.settings = &loader->conf->settings, .image = &loader->conf->image};

    if (directive->scope == SN_SCOPE_GROUP)
        to.group = sn_loader_group(loader, statement->group);
    sn_keep_put(directive, &to, text, number);
}

static int apply_runid(struct sn_loader *loader, const struct sn_statement *statement)
{
    const char *id = statement->values[0];

    if (!sn_text_is_runid(id))
        return sn_loader_fail(loader, &statement->at, statement->directive->error,
                              statement->directive->expected);
    store(loader, statement, id, 0);
    return 0;
}

static int parse_epoch(struct sn_loader *loader, const struct sn_statement *statement,
                       uint64_t *epoch)
{
    bool spoilt = false;
    if (sn_value_epoch(statement->values[0], epoch, &spoilt) < 0)
        return sn_loader_fail(loader, &statement->at, "Malformed epoch.",
                              "a number without sign, as it was saved");
    if (spoilt)
        sn_loader_notice(loader, &statement->at, "epoch is implausibly high; using %llu instead",
                         (unsigned long long)*epoch);
    return 0;
}

/* current-epoch is only ever raised, also by config epochs (PROTOCOL.md §19.7). */
static int apply_epoch(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_image *image = &loader->conf->image;
    uint64_t epoch;

    int code = parse_epoch(loader, statement, &epoch);
    if (code < 0)
        return code;
    if (statement->directive->scope == SN_SCOPE_GROUP)
        store(loader, statement, statement->values[0], (int64_t)epoch);
    if (statement->directive->counted && image->current_epoch < epoch)
        image->current_epoch = epoch;
    return 0;
}

/* A script is started from the working directory, which is not entered yet (PROTOCOL.md §19.7). */
static bool script_usable(const struct sn_loader *loader, const char *path)
{
    const char *dir = loader->conf->settings.dir;
    if (path[0] == '\0' || !loader->files)
        return true;
    char *full = sn_file_join(dir, path);
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

/* parallel-syncs 0 is 1, with a notice (PROTOCOL.md §24.2). */
static int apply_single(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = statement->directive;
    const char *text = statement->values[0];
    int64_t number;

    int code = sn_value_parse(directive, text, &number);
    if (code == SN_ERANGE && directive->raised && number < directive->min) {
        /* Stock starts with 0, and then reconfigures no replica or all at once. */
        sn_loader_notice(loader, &statement->at, "%s %s is read as %lld", directive->name, text,
                         (long long)directive->min);
        number = directive->min;
        code = 0;
    }
    if (code == 0 && directive->kind == SN_VALUE_SCRIPT && !script_usable(loader, text))
        code = SN_EINVAL;
    if (code < 0)
        return fail_value(loader, statement, code);
    store(loader, statement, text, number);
    return 0;
}

/* Returns the statement that gives the same password in plain text; NULL: none. */
static const struct sn_statement *find_plain(const struct sn_loader *loader,
                                             const struct sn_statement *statement)
{
    const struct sn_directive *file = statement->directive;
    const struct sn_directive *plain = sn_directive_find(file->scope, file->password);

    for (size_t i = 0; i < loader->count; i++) {
        const struct sn_statement *other = &loader->items[i];
        if (other->directive == plain &&
            (file->scope != SN_SCOPE_GROUP || strcmp(other->group, statement->group) == 0))
            return other;
    }
    return NULL;
}

/* The other line holds a password, so only its place is told. */
static int fail_both(struct sn_loader *loader, const struct sn_statement *statement,
                     const struct sn_place *other)
{
    const char *name = statement->directive->password;
    struct sn_buf problem, expected;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_init(&expected, SIZE_MAX);
    if (other->file != NULL)
        sn_buf_printf(&problem, "%s:%d has %s too", other->file, other->line, name);
    else
        sn_buf_printf(&problem, "The command line has %s too", name);
    sn_buf_printf(&expected, "only one of %s and %s", name, statement->directive->name);
    int code =
        sn_loader_fail(loader, &statement->at, sn_buf_text(&problem), sn_buf_text(&expected));
    sn_buf_fini(&problem);
    sn_buf_fini(&expected);
    return code;
}

static int read_password(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_statement plain = *statement;
    char *path = sn_file_join(loader->conf->settings.dir, statement->values[0]);
    struct sn_password password;
    struct sn_buf problem;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_printf(&problem, "Can't use the password file '%s': ", path);
    int code = sn_password_read(path, &password, &problem);
    if (code < 0)
        code = sn_loader_fail(loader, &statement->at, sn_buf_text(&problem),
                              "a file that this user can read, with the password as its first "
                              "line");
    plain.directive = sn_directive_find(plain.directive->scope, plain.directive->password);
    if (code == 0)
        store(loader, &plain, password.text, 0);
    sn_password_wipe(&password);
    sn_buf_fini(&problem);
    free(path);
    return code;
}

/* PROTOCOL.md §19.10. */
static int apply_password_file(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_statement *plain = find_plain(loader, statement);

    if (plain != NULL)
        return fail_both(loader, statement, &plain->at);
    int code = apply_single(loader, statement);
    return code == 0 && loader->files ? read_password(loader, statement) : code;
}

static int apply_value(struct sn_loader *loader, const struct sn_statement *statement)
{
    struct sn_settings *settings = &loader->conf->settings;

    switch (statement->directive->kind) {
    case SN_VALUE_NONE:
        return 0;
    case SN_VALUE_NUMBER:
    case SN_VALUE_YESNO:
    case SN_VALUE_TEXT:
    case SN_VALUE_HOST:
    case SN_VALUE_SCRIPT:
    case SN_VALUE_LEVEL:
    case SN_VALUE_CHOICE:
    case SN_VALUE_TITLE:
    case SN_VALUE_BYTES:
    case SN_VALUE_SHARE:
    case SN_VALUE_OCTAL:
        return apply_single(loader, statement);
    case SN_VALUE_PASSWORD_FILE:
        return apply_password_file(loader, statement);
    case SN_VALUE_FOLDER:
        return apply_folder(loader, statement);
    case SN_VALUE_BIND:
        apply_bind(settings, statement);
        return 0;
    case SN_VALUE_ADDRESSES:
        return apply_addresses(loader, statement);
    case SN_VALUE_USER:
        add_line(statement, &settings->users, &settings->user_count);
        return 0;
    case SN_VALUE_RENAME:
        if (statement->directive->scope == SN_SCOPE_GROUP)
            return sn_groups_rename(loader, statement);
        add_line(statement, &settings->renames, &settings->rename_count);
        return 0;
    case SN_VALUE_LIMITS:
        return apply_limits(loader, statement);
    case SN_VALUE_RUNID:
        return apply_runid(loader, statement);
    case SN_VALUE_EPOCH:
        return apply_epoch(loader, statement);
    case SN_VALUE_MONITOR:
        return sn_groups_monitor(loader, statement);
    case SN_VALUE_REPLICA:
        return sn_groups_replica(loader, statement);
    case SN_VALUE_PEER:
        return sn_groups_peer(loader, statement);
    }
    return 0;
}

/* The path of a password file is relative to `dir` (PROTOCOL.md §19.6). */
static int pass_of(const struct sn_directive *directive)
{
    if (directive->kind == SN_VALUE_PASSWORD_FILE)
        return 3;
    if (directive->scope != SN_SCOPE_GROUP)
        return directive->scope == SN_SCOPE_SERVER ? 0 : 1;
    return directive->kind == SN_VALUE_MONITOR ? 2 : 3;
}

static int apply_statement(struct sn_loader *loader, const struct sn_statement *statement)
{
    const struct sn_directive *directive = statement->directive;

    bool homeless = directive->scope == SN_SCOPE_GROUP && directive->kind != SN_VALUE_MONITOR &&
                    sn_loader_group(loader, statement->group) == NULL;
    if (homeless && directive->comment)
        return 0; /* an operator has removed the group, and left the comment */
    if (homeless)
        return sn_loader_fail(loader, &statement->at, "No such master with specified name.",
                              "a group that a monitor line defines, in any place of the file");
    return apply_value(loader, statement);
}

/* Remembers which lines must or must not be written when the main file is rewritten. */
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

int sn_apply_all(struct sn_loader *loader)
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
