/* SPDX-License-Identifier: BSD-3-Clause */
/* Users from `user` lines of the configuration and from the ACL file, and back into lines
 * (PROTOCOL.md §5.4). */

#include "acl/acl.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

static bool is_name(const char *name)
{
    return name[0] != '\0' && !strpbrk(name, " \t\r\n");
}

int sn_acl_set_line(struct sn_acl *acl, size_t count, char *const *words, struct sn_buf *error)
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

/* Applies the good rules and reports each bad one, so that the operator sees all errors at once. */
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

/* The default user was there before (PROTOCOL.md §5.4). */
void sn_acl_open_channels(struct sn_acl *acl, bool open)
{
    acl->open_channels = open;
    acl->standard->open_channels = open;
}

int sn_acl_parse(const char *text, const char *name, bool open, struct sn_acl *fresh,
                 struct sn_buf *error)
{
    struct acl_file file = {.path = name, .acl = fresh, .error = error};

    sn_acl_init(fresh);
    sn_acl_open_channels(fresh, open);
    load_lines(&file, text);
    sn_acl_fini(&file.seen);
    if (error->len == 0)
        return 0;
    sn_buf_puts(error, "WARNING: ACL errors detected, no change to the previously active ACL rules "
                       "was performed");
    sn_acl_fini(fresh);
    return SN_EINVAL;
}

void sn_acl_describe_all(const struct sn_acl *acl, struct sn_buf *out)
{
    for (const struct sn_acl_user *user = acl->users; user; user = user->hh.next) {
        sn_acl_describe(user, out);
        sn_buf_putc(out, '\n');
    }
}
