/* SPDX-License-Identifier: BSD-3-Clause */
/* Which files there are, the core says: groups come and go, and the path is a parameter of theirs.
 * A worker thread reads the files, because they may be on a slow disk. A password that a command
 * has set meanwhile gives way to the file. */
#include "shell/process/passwords.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/file/file.h"
#include "conf/file/password.h"
#include "core/core.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHAT_MAX    320 /* a group has a name of up to 255 bytes */
#define PROBLEM_MAX 1024

/* One file. */
struct source {
    enum sn_option option;
    char *group; /* NULL: of the sentinel */
    char *path;  /* as configured */
    char *full;  /* behind `dir` */
    struct sn_password password;
    struct sn_buf problem;
    int status;
};

struct sources {
    struct source *items;
    size_t count;
};

struct sn_passwords {
    struct sn_passwords_env env;
    struct sources sources; /* of the reading under way */
    bool busy;
    bool again; /* once more afterwards */
    bool closing;
    uv_work_t work;
};

/* ---- the files ---- */

static void add_source(struct sources *sources, const char *dir, enum sn_option option,
                       const char *group, const char *path)
{
    if (path == NULL)
        return;
    sources->items = sn_realloc(sources->items, (sources->count + 1) * sizeof(*sources->items));
    struct source *source = &sources->items[sources->count++];
    *source = (struct source){.option = option,
                              .group = sn_strdup(group),
                              .path = sn_strdup(path),
                              .full = sn_file_join(dir, path)};
    sn_buf_init(&source->problem, PROBLEM_MAX);
}

static void list_sources(const struct sn_settings *settings, const struct sn_image *image,
                         struct sources *sources)
{
    const char *dir = settings->dir;

    *sources = (struct sources){0};
    add_source(sources, dir, SN_OPTION_OWN_PASS, NULL, settings->requirepass_file);
    add_source(sources, dir, SN_OPTION_SENTINEL_PASS, NULL, image->globals.sentinel_pass_file);
    for (size_t i = 0; i < image->group_count; i++) {
        const struct sn_group_image *group = &image->groups[i];
        add_source(sources, dir, SN_OPTION_AUTH_PASS, group->name, group->params.auth_pass_file);
    }
}

static void free_sources(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct source *source = &sources->items[i];
        sn_password_wipe(&source->password);
        sn_buf_fini(&source->problem);
        free(source->group);
        free(source->path);
        free(source->full);
    }
    free(sources->items);
    *sources = (struct sources){0};
}

static const char *describe_source(const struct source *source, char what[WHAT_MAX])
{
    if (source->group != NULL)
        snprintf(what, WHAT_MAX, "auth-pass-file of group %s", source->group);
    else
        snprintf(what, WHAT_MAX, "%s",
                 source->option == SN_OPTION_OWN_PASS ? "requirepass-file" : "sentinel-pass-file");
    return what;
}

static void tell_if_public(const struct source *source, void (*tell)(void *arg, const char *text),
                           void *arg)
{
    char what[WHAT_MAX];
    struct sn_buf text;

    if (!sn_password_is_public(source->full))
        return;
    sn_buf_init(&text, SIZE_MAX);
    sn_buf_printf(&text,
                  "Every user of this machine can read %s, the %s. Take that right away: chmod "
                  "o-r",
                  source->full, describe_source(source, what));
    tell(arg, sn_buf_text(&text));
    sn_buf_fini(&text);
}

void sn_passwords_check(const struct sn_settings *settings, const struct sn_image *image,
                        void (*tell)(void *arg, const char *text), void *arg)
{
    struct sources sources;

    list_sources(settings, image, &sources);
    for (size_t i = 0; i < sources.count; i++)
        tell_if_public(&sources.items[i], tell, arg);
    free_sources(&sources);
}

/* ---- what was read ---- */

static void log_public(void *arg, const char *text)
{
    sn_log(arg, SN_LEVEL_WARNING, "%s", text);
}

/* Returns the password in force, in image; *known is false if the group, or its file, is gone. */
static const char *in_force(const struct sn_image *image, const struct source *source, bool *known)
{
    *known = true;
    if (source->option == SN_OPTION_OWN_PASS)
        return image->globals.own_pass;
    if (source->option == SN_OPTION_SENTINEL_PASS)
        return image->globals.sentinel_pass;
    const struct sn_group_image *group = sn_image_find_group(image, source->group);
    *known = group != NULL && group->params.auth_pass_file != NULL &&
             strcmp(group->params.auth_pass_file, source->path) == 0;
    return *known ? group->params.auth_pass : NULL;
}

/* The answer has no ticket, so nobody gets it. */
static void tell_core(const struct sn_passwords *passwords, const struct source *source)
{
    const struct sn_change change = {.option = source->option,
                                     .name = "auth-pass-file",
                                     .value = source->password.text,
                                     .from_file = true};
    const char *name = source->group != NULL ? source->group : "";
    struct sn_input event = {.kind = SN_INPUT_COMMAND};

    event.u.command.kind = source->group != NULL ? SN_COMMAND_SET : SN_COMMAND_CONFIG_SET;
    event.u.command.name = name;
    event.u.command.name_len = strlen(name);
    event.u.command.changes = &change;
    event.u.command.change_count = 1;
    sn_driver_feed(passwords->env.driver, &event);
}

/* Returns true if the password is a new one, and now in force (PROTOCOL.md §19.10). */
static bool take_password(const struct sn_passwords *passwords, const struct sn_image *image,
                          const struct source *source)
{
    char what[WHAT_MAX];
    bool known;
    const char *old = in_force(image, source, &known);

    if (!known)
        return false;
    if (source->status != 0) {
        sn_log(passwords->env.log, SN_LEVEL_WARNING,
               "Can't use %s, the %s: %s. The password in force stays. Put the password into the "
               "first line of that file and send SIGHUP.",
               source->full, describe_source(source, what), sn_buf_text(&source->problem));
        return false;
    }
    tell_if_public(source, log_public, passwords->env.log);
    if (source->option == SN_OPTION_OWN_PASS)
        sn_server_set_password(passwords->env.server, source->password.text);
    if (old != NULL && strcmp(old, source->password.text) == 0)
        return false;
    tell_core(passwords, source);
    return true;
}

static void take_all(struct sn_passwords *passwords)
{
    struct sn_image image;
    size_t taken = 0;

    sn_core_snapshot(sn_driver_core(passwords->env.driver), &image);
    for (size_t i = 0; i < passwords->sources.count; i++)
        taken += take_password(passwords, &image, &passwords->sources.items[i]);
    sn_log(passwords->env.log, SN_LEVEL_NOTICE, "Password files read again: %zu, changed: %zu",
           passwords->sources.count, taken);
    sn_image_fini(&image);
}

/* ---- reading ---- */

/* In a thread of libuv's pool. */
static void read_passwords(uv_work_t *work)
{
    struct sn_passwords *passwords = work->data;

    for (size_t i = 0; i < passwords->sources.count; i++) {
        struct source *source = &passwords->sources.items[i];
        source->status = sn_password_read(source->full, &source->password, &source->problem);
    }
}

static void on_passwords_read(uv_work_t *work, int status)
{
    struct sn_passwords *passwords = work->data;

    passwords->busy = false;
    if (!passwords->closing && status == 0)
        take_all(passwords);
    free_sources(&passwords->sources);
    if (passwords->closing)
        free(passwords);
    else if (!passwords->again || !sn_passwords_reload(passwords))
        passwords->env.reloaded(passwords->env.arg);
}

bool sn_passwords_is_busy(const struct sn_passwords *passwords)
{
    return passwords != NULL && passwords->busy;
}

/* PROTOCOL.md §19.10. */
bool sn_passwords_reload(struct sn_passwords *passwords)
{
    struct sn_image image;

    if (passwords == NULL)
        return false;
    passwords->again = passwords->busy;
    if (passwords->busy)
        return true;
    sn_core_snapshot(sn_driver_core(passwords->env.driver), &image);
    list_sources(passwords->env.settings, &image, &passwords->sources);
    sn_image_fini(&image);
    if (passwords->sources.count == 0)
        return false;
    passwords->work.data = passwords;
    int rc =
        uv_queue_work(passwords->env.loop, &passwords->work, read_passwords, on_passwords_read);
    assert(rc == 0); /* fails only without a function */
    (void)rc;
    passwords->busy = true;
    return true;
}

struct sn_passwords *sn_passwords_new(const struct sn_passwords_env *env)
{
    struct sn_passwords *passwords = sn_alloc(sizeof(*passwords));

    passwords->env = *env;
    return passwords;
}

void sn_passwords_close(struct sn_passwords *passwords)
{
    if (passwords == NULL)
        return;
    passwords->closing = true;
    if (!passwords->busy)
        free(passwords);
}
