/* SPDX-License-Identifier: BSD-3-Clause */
/* The users: looking them up, checking passwords, deciding who may run what, and loading them at
 * start. What a rule does to a user is in acl_rules.c. */

#include "shell/acl.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/acl_internal.h"

#define ACL_FILE_MAX ((size_t)16 << 20)

static void add_user(struct sn_acl *acl, struct sn_acl_user *user)
{
    HASH_ADD_KEYPTR(hh, acl->users, user->name, strlen(user->name), user);
}

static int by_name(const struct sn_acl_user *a, const struct sn_acl_user *b)
{
    return strcmp(a->name, b->name);
}

void sn_acl_init(struct sn_acl *acl)
{
    static const char *const rules[] = {"on", "nopass", "~*", "&*", "+@all"};

    acl->users = NULL;
    acl->standard = sn_acl_user_new("default");
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *error = sn_acl_apply(acl->standard, rules[i]);
        assert(!error);
        (void)error;
    }
    add_user(acl, acl->standard);
}

void sn_acl_fini(struct sn_acl *acl)
{
    struct sn_acl_user *user, *tmp;

    HASH_ITER(hh, acl->users, user, tmp) {
        HASH_DEL(acl->users, user);
        sn_acl_user_free(user);
    }
    acl->standard = NULL;
}

struct sn_acl_user *sn_acl_find(const struct sn_acl *acl, const char *name)
{
    struct sn_acl_user *user = NULL;

    HASH_FIND(hh, acl->users, name, strlen(name), user);
    return user;
}

void sn_acl_delete_user(struct sn_acl *acl, struct sn_acl_user *user)
{
    assert(user != acl->standard);
    HASH_DEL(acl->users, user);
    sn_acl_user_free(user);
}

/* Moves what user is into *target, which keeps its place and address. */
static void assign(struct sn_acl_user *target, struct sn_acl_user *user)
{
    struct sn_acl_user old = *target;
    UT_hash_handle place = target->hh;

    *target = *user;
    target->hh = place;
    target->name = old.name;
    old.name = user->name;
    *user = old;
}

int sn_acl_set_user(struct sn_acl *acl, const char *name, size_t count, char *const *rules,
                    struct sn_buf *error)
{
    struct sn_acl_user *old = sn_acl_find(acl, name);
    struct sn_acl_user *user = old ? sn_acl_user_copy(old) : sn_acl_user_new(name);

    for (size_t i = 0; i < count; i++) {
        const char *reason = sn_acl_apply(user, rules[i]);
        if (reason) {
            sn_buf_printf(error, "Error in ACL SETUSER modifier '%.128s': %s", rules[i], reason);
            sn_acl_user_free(user);
            return SN_EINVAL;
        }
    }
    if (old) {
        assign(old, user);
        sn_acl_user_free(user);
    } else {
        add_user(acl, user);
        HASH_SORT(acl->users, by_name);
    }
    return 0;
}

int sn_acl_authenticate(const struct sn_acl *acl, const char *name, const char *pass, size_t len,
                        struct sn_acl_user **user)
{
    struct sn_acl_user *found = sn_acl_find(acl, name);
    char hash[SN_ACL_HASH_LEN + 1];
    const struct sn_acl_word *word;
    bool good = false;

    sn_acl_hash(pass, len, hash);
    if (!found || !found->enabled)
        return SN_EINVAL;
    DL_FOREACH(found->passwords, word)
        good |= sn_acl_hash_equal(word->text, hash);
    if (!good && !found->nopass)
        return SN_EINVAL;
    *user = found;
    return 0;
}

/* A subscriber's pattern must be one of the user's own, letter by letter: whether one pattern
 * covers another is not decided. */
static bool may_use_channel(const struct sn_acl_user *user, const char *channel, bool is_pattern)
{
    const struct sn_acl_word *word;

    if (user->all_channels)
        return true;
    DL_FOREACH(user->channels, word) {
        if (is_pattern
                ? strcmp(word->text, channel) == 0
                : sn_text_glob(word->text, strlen(word->text), channel, strlen(channel), false))
            return true;
    }
    return false;
}

enum sn_acl_verdict sn_acl_may_run(const struct sn_acl_user *user,
                                   const struct sn_command_spec *spec, size_t argc,
                                   char *const *argv, const char **denied)
{
    size_t index = sn_commands_permission_index(spec);
    size_t end = spec->flags & SN_CMD_CHANNEL ? 2 : argc;

    if (((user->allowed[index / 64] >> (index % 64)) & 1) == 0)
        return SN_ACL_DENIED_COMMAND;
    if (!(spec->flags & (SN_CMD_CHANNEL | SN_CMD_CHANNELS | SN_CMD_PATTERNS)))
        return SN_ACL_ALLOWED;
    for (size_t i = 1; i < end; i++) {
        if (!may_use_channel(user, argv[i], (spec->flags & SN_CMD_PATTERNS) != 0)) {
            *denied = argv[i];
            return SN_ACL_DENIED_CHANNEL;
        }
    }
    return SN_ACL_ALLOWED;
}

/* The words of a `user` line behind "user": the name, the rules. */
static int load_line(struct sn_acl *acl, char *const *words, size_t count, struct sn_buf *error)
{
    static char *reset[] = {"reset"};

    if (count == 0 || words[0][0] == '\0' || strpbrk(words[0], " \t\r\n")) {
        sn_buf_puts(error, "expected: user NAME RULE…");
        return SN_EINVAL;
    }
    int rc = sn_acl_set_user(acl, words[0], 1, reset, error);
    if (rc == 0)
        rc = sn_acl_set_user(acl, words[0], count - 1, words + 1, error);
    return rc;
}

static int load_text(struct sn_acl *acl, const char *path, const struct sn_buf *text,
                     struct sn_buf *error)
{
    const char *line = sn_buf_text(text);
    unsigned number = 0;
    int rc = 0;

    while (rc == 0 && *line) {
        size_t len = strcspn(line, "\n");
        struct sn_words words = {0};
        number++;
        rc = sn_words_split(line, len, &words);
        if (rc == 0 && words.count > 0 && words.items[0][0] != '#') {
            rc = strcmp(words.items[0], "user") == 0 ? 0 : SN_EINVAL;
            if (rc == 0)
                rc = load_line(acl, words.items + 1, words.count - 1, error);
        }
        sn_words_fini(&words);
        line += len + (line[len] == '\n');
    }
    if (rc != 0)
        sn_buf_printf(error, "%s%s:%u: not a valid user line", error->len > 0 ? "; " : "", path,
                      number);
    return rc;
}

static int load_file(struct sn_acl *acl, const char *path, struct sn_buf *error)
{
    FILE *file = fopen(path, "r");
    struct sn_buf text;
    char chunk[4096];
    size_t got;

    if (!file) {
        sn_buf_printf(error, "The ACL file %s cannot be read: %s", path, strerror(errno));
        return SN_EIO;
    }
    sn_buf_init(&text, ACL_FILE_MAX);
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        sn_buf_append(&text, chunk, got);
    bool failed = ferror(file) || text.full;
    fclose(file);
    int rc = failed ? SN_EIO : load_text(acl, path, &text, error);
    if (failed)
        sn_buf_printf(error, "The ACL file %s cannot be read, or is too large", path);
    sn_buf_fini(&text);
    return rc;
}

int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings, struct sn_buf *error)
{
    if (settings->requirepass && settings->requirepass[0]) {
        sn_acl_clear_passwords(acl->standard);
        acl->standard->nopass = false;
        sn_acl_add_password(acl->standard, settings->requirepass, strlen(settings->requirepass));
    }
    for (size_t i = 0; i < settings->user_count; i++) {
        const struct sn_setting_words *line = &settings->users[i];
        int rc = load_line(acl, line->items, line->count, error);
        if (rc != 0)
            return rc;
    }
    return settings->aclfile ? load_file(acl, settings->aclfile, error) : 0;
}
