/* SPDX-License-Identifier: BSD-3-Clause */
/* Users from `user` lines of the configuration and from the ACL file, and back into lines
 * (PROTOCOL.md §5.4). */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/table/settings.h"
#include "shell/server/acl.h"
#include "shell/server/acl_internal.h"
#include "shell/store/store_file.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ACL_FILE_MAX ((size_t)16 << 20)

static bool is_name(const char *name)
{
    return name[0] != '\0' && !strpbrk(name, " \t\r\n");
}

/* The words of a `user` line behind "user": the name, the rules. */
static int load_words(struct sn_acl *acl, char *const *words, size_t count, struct sn_buf *error)
{
    static char *reset[] = {"reset"};

    if (count == 0 || !is_name(words[0])) {
        sn_buf_puts(error, "expected: user NAME RULE…");
        return SN_EINVAL;
    }
    int rc = sn_acl_set_user(acl, words[0], 1, reset, error);
    if (rc == 0)
        rc = sn_acl_set_user(acl, words[0], count - 1, words + 1, error);
    return rc;
}

struct acl_file {
    const char *path;
    struct sn_acl *acl;
    struct sn_acl seen; /* the users that had a line already */
    unsigned line;
    struct sn_buf *error;
};

/* Applies what is good, and notes each rule that is not: the operator sees all of it at once. */
static void apply_rules(const struct acl_file *file, const char *name, const struct sn_words *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        char *rule = rules->items[i];
        struct sn_buf problem;
        sn_buf_init(&problem, SIZE_MAX);
        if (sn_acl_set_user(file->acl, name, 1, &rule, &problem) != 0) {
            const char *reason = strstr(sn_buf_text(&problem), "': ");
            sn_buf_printf(file->error, "%s:%u: Error in applying operation '%.128s': %s. ",
                          file->path, file->line, rule,
                          reason ? reason + 3 : sn_buf_text(&problem));
        }
        sn_buf_fini(&problem);
    }
}

static void load_line(struct acl_file *file, char *const *words, size_t count)
{
    static char *reset[] = {"reset"};
    struct sn_words rules;

    if (count < 2 || strcmp(words[0], "user") != 0) {
        sn_buf_printf(file->error,
                      "%s:%u should start with user keyword followed by the username. ", file->path,
                      file->line);
        return;
    }
    const char *name = words[1];
    if (!is_name(name)) {
        sn_buf_printf(file->error, "'%s:%u: username '%.128s' contains invalid characters. ",
                      file->path, file->line, name);
        return;
    }
    if (sn_acl_find(&file->seen, name)) {
        sn_buf_printf(file->error, "WARNING: Duplicate user '%.128s' found on line %u. ", name,
                      file->line);
        return;
    }
    int rc = sn_acl_set_user(&file->seen, name, 0, NULL, file->error);
    if (rc == 0)
        rc = sn_acl_set_user(file->acl, name, 1, reset, file->error);
    if (rc == 0 && sn_acl_merge_rules(count - 2, words + 2, &rules) != 0)
        sn_buf_printf(file->error, "%s:%u: Unmatched parenthesis in selector definition. ",
                      file->path, file->line);
    else if (rc == 0)
        apply_rules(file, name, &rules);
    if (rc == 0)
        sn_words_fini(&rules);
}

/* An ACL file has no quotes: names and patterns may hold them (PROTOCOL.md §5.4). */
static void load_lines(struct acl_file *file, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *next = text + len + (text[len] == '\n');
        struct sn_words words;
        size_t skipped = strspn(text, " \t\r");
        skipped = skipped < len ? skipped : len;
        text += skipped;
        len -= skipped;
        while (len > 0 && strchr(" \t\r", text[len - 1]))
            len--;
        file->line++;
        sn_words_split_plain(text, len, &words);
        if (words.count > 0 && words.items[0][0] != '#')
            load_line(file, words.items, words.count);
        sn_words_fini(&words);
        text = next;
    }
}

/* The default user was there before. */
static void open_channels(struct sn_acl *acl, bool open)
{
    acl->open_channels = open;
    acl->standard->open_channels = open;
}

static int read_file(const char *path, bool open, struct sn_acl *fresh, struct sn_buf *error)
{
    struct acl_file file = {.path = path, .acl = fresh, .error = error};
    char reason[SN_STORE_REASON_MAX] = "No such file or directory";
    struct sn_buf text;

    sn_buf_init(&text, ACL_FILE_MAX);
    if (access(path, F_OK) != 0 || sn_store_file_read(path, true, &text, reason) != 0) {
        sn_buf_printf(error, "Error loading ACLs, opening file '%s': %s", path, reason);
        sn_buf_fini(&text);
        return SN_EIO;
    }
    if (memchr(sn_buf_text(&text), '\0', text.len)) {
        /* As text the file would end there, and the users behind it would be lost in silence. */
        sn_buf_printf(error, "Error loading ACLs: file '%s' contains a NUL byte", path);
        sn_buf_fini(&text);
        return SN_EINVAL;
    }
    sn_acl_init(fresh);
    open_channels(fresh, open);
    load_lines(&file, sn_buf_text(&text));
    sn_acl_fini(&file.seen);
    sn_buf_fini(&text);
    if (error->len == 0)
        return 0;
    sn_buf_puts(error, "WARNING: ACL errors detected, no change to the previously active ACL rules "
                       "was performed");
    sn_acl_fini(fresh);
    return SN_EINVAL;
}

int sn_acl_read_file(const char *path, struct sn_acl *fresh, struct sn_buf *error)
{
    return read_file(path, false, fresh, error);
}

int sn_acl_read_open_file(const char *path, struct sn_acl *fresh, struct sn_buf *error)
{
    return read_file(path, true, fresh, error);
}

bool sn_acl_opens_channels(const struct sn_settings *settings)
{
    return settings->acl_pubsub_default != NULL &&
           strcasecmp(settings->acl_pubsub_default, "allchannels") == 0;
}

int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings, struct sn_buf *error)
{
    struct sn_acl fresh;
    bool open = sn_acl_opens_channels(settings);

    open_channels(acl, open);
    if (settings->aclfile && settings->user_count > 0) {
        /* Which of them counts would depend on ACL LOAD. */
        sn_buf_puts(error, "Users are defined by `user` lines and by an ACL file (aclfile) at the "
                           "same time: use one of them");
        return SN_EINVAL;
    }
    if (settings->requirepass && settings->requirepass[0]) {
        sn_acl_clear_passwords(acl->standard);
        acl->standard->nopass = false;
        sn_acl_add_password(acl->standard, settings->requirepass, strlen(settings->requirepass));
    }
    for (size_t i = 0; i < settings->user_count; i++) {
        const struct sn_setting_words *line = &settings->users[i];
        int rc = load_words(acl, line->items, line->count, error);
        if (rc != 0)
            return rc;
    }
    if (!settings->aclfile)
        return 0;
    int rc = read_file(settings->aclfile, open, &fresh, error);
    if (rc != 0)
        return rc;
    sn_acl_fini(acl);
    *acl = fresh;
    return 0;
}

void sn_acl_describe_all(const struct sn_acl *acl, struct sn_buf *out)
{
    for (const struct sn_acl_user *user = acl->users; user; user = user->hh.next) {
        sn_acl_describe(user, out);
        sn_buf_putc(out, '\n');
    }
}

void sn_acl_describe_settings(const struct sn_settings *settings, struct sn_buf *out)
{
    struct sn_acl acl;
    struct sn_buf error;

    sn_acl_init(&acl);
    sn_buf_init(&error, 4096);
    if (sn_acl_load(&acl, settings, &error) == 0)
        sn_acl_describe_all(&acl, out);
    sn_buf_fini(&error);
    sn_acl_fini(&acl);
}
