/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/acl_load.h"

#include "base/error.h"
#include "shell/store/store_file.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ACL_FILE_MAX ((size_t)16 << 20)

static int read_file(const char *path, bool open, struct sn_acl *fresh, struct sn_buf *error)
{
    char reason[SN_STORE_REASON_MAX] = "No such file or directory";
    struct sn_buf text;

    sn_buf_init(&text, ACL_FILE_MAX);
    if (access(path, F_OK) != 0 || sn_store_file_read(path, true, &text, reason) != 0) {
        sn_buf_printf(error, "Error loading ACLs, opening file '%s': %s", path, reason);
        sn_buf_fini(&text);
        return SN_EIO;
    }
    if (memchr(sn_buf_text(&text), '\0', text.len)) {
        /* A C string would end there, and the users behind it would be lost silently. */
        sn_buf_printf(error, "Error loading ACLs: file '%s' contains a NUL byte", path);
        sn_buf_fini(&text);
        return SN_EINVAL;
    }
    int rc = sn_acl_parse(sn_buf_text(&text), path, open, fresh, error);
    sn_buf_fini(&text);
    return rc;
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

void sn_acl_take_password(struct sn_acl *acl, struct sn_acl_file_password *held,
                          const char *password)
{
    char add[SN_ACL_HASH_LEN + 2];

    /* Refused if ACL SETUSER has taken it away already. */
    if (held->remove[0] != '\0')
        (void)sn_acl_apply(acl->standard, held->remove);
    sn_acl_hash_rule(password, strlen(password), false, add);
    sn_acl_hash_rule(password, strlen(password), true, held->remove);
    (void)sn_acl_apply(acl->standard, add);
}

/* PROTOCOL.md §19.10. */
void sn_acl_describe_saved(const struct sn_acl *acl, const struct sn_acl_file_password *held,
                           struct sn_buf *out)
{
    for (const struct sn_acl_user *user = acl->users; user; user = user->hh.next) {
        struct sn_acl_user *shown = NULL;
        if (user == acl->standard && held->remove[0] != '\0') {
            shown = sn_acl_user_copy(user);
            (void)sn_acl_apply(shown, held->remove);
        }
        sn_acl_describe(shown ? shown : user, out);
        sn_buf_putc(out, '\n');
        if (shown)
            sn_acl_user_free(shown);
    }
}

int sn_acl_load(struct sn_acl *acl, const struct sn_settings *settings,
                struct sn_acl_file_password *held, struct sn_buf *error)
{
    struct sn_acl fresh;
    bool open = sn_acl_opens_channels(settings);

    sn_acl_open_channels(acl, open);
    if (settings->aclfile && settings->user_count > 0) {
        /* With both, ACL LOAD would decide which users exist. */
        sn_buf_puts(error, "Users are defined by `user` lines and by an ACL file (aclfile) at the "
                           "same time: use one of them");
        return SN_EINVAL;
    }
    if (settings->requirepass && settings->requirepass[0] && !settings->requirepass_file)
        sn_acl_require_password(acl, settings->requirepass);
    for (size_t i = 0; i < settings->user_count; i++) {
        const struct sn_setting_words *line = &settings->users[i];
        int rc = sn_acl_set_line(acl, line->count, line->items, error);
        if (rc != 0)
            return rc;
    }
    if (!settings->aclfile) {
        /* Saved lines lack it. */
        if (settings->requirepass_file && settings->requirepass)
            sn_acl_take_password(acl, held, settings->requirepass);
        return 0;
    }
    int rc = read_file(settings->aclfile, open, &fresh, error);
    if (rc != 0)
        return rc;
    sn_acl_fini(acl);
    *acl = fresh;
    return 0;
}

void sn_acl_describe_settings(const struct sn_settings *settings, struct sn_buf *out)
{
    struct sn_acl acl;
    struct sn_acl_file_password held = {{0}};
    struct sn_buf error;

    sn_acl_init(&acl);
    sn_buf_init(&error, 4096);
    if (sn_acl_load(&acl, settings, &held, &error) == 0)
        sn_acl_describe_saved(&acl, &held, out);
    sn_buf_fini(&error);
    sn_acl_fini(&acl);
}
