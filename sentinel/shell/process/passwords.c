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
#include "core/view.h"

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
    size_t count, room;
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
    if (sources->count == sources->room) {
        sources->room = sources->room == 0 ? 8 : 2 * sources->room;
        sources->items = sn_realloc(sources->items, sources->room * sizeof(*sources->items));
    }
    struct source *source = &sources->items[sources->count++];
    *source = (struct source){.option = option,
                              .group = sn_strdup(group),
                              .path = sn_strdup(path),
                              .full = sn_file_join(dir, path)};
    sn_buf_init(&source->problem, PROBLEM_MAX);
}

static void list_global_sources(const struct sn_settings *settings,
                                const struct sn_globals *globals, struct sources *sources)
{
    *sources = (struct sources){0};
    add_source(sources, settings->dir, SN_OPTION_OWN_PASS, NULL, settings->requirepass_file);
    add_source(sources, settings->dir, SN_OPTION_SENTINEL_PASS, NULL, globals->sentinel_pass_file);
}

/* Before there is a core. */
static void list_configured(const struct sn_settings *settings, const struct sn_image *image,
                            struct sources *sources)
{
    list_global_sources(settings, &image->globals, sources);
    for (size_t i = 0; i < image->group_count; i++)
        add_source(sources, settings->dir, SN_OPTION_AUTH_PASS, image->groups[i].name,
                   image->groups[i].params.auth_pass_file);
}

static void list_in_force(const struct sn_settings *settings, const struct sn_core *core,
                          struct sources *sources)
{
    list_global_sources(settings, sn_core_globals(core), sources);
    for (const struct sn_group *group = sn_core_group_first(core); group != NULL;
         group = sn_group_next(group))
        add_source(sources, settings->dir, SN_OPTION_AUTH_PASS, sn_group_name(group),
                   sn_group_params(group)->auth_pass_file);
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

    list_configured(settings, image, &sources);
    for (size_t i = 0; i < sources.count; i++)
        tell_if_public(&sources.items[i], tell, arg);
    free_sources(&sources);
}

/* ---- what was read ---- */

static void log_public(void *arg, const char *text)
{
    sn_log(arg, SN_LEVEL_WARNING, "%s", text);
}

/* Returns the password in force, until the next step of the core; *known is false if the group, or
 * its file, is gone. */
static const char *in_force(const struct sn_core *core, const struct source *source, bool *known)
{
    *known = true;
    if (source->option == SN_OPTION_OWN_PASS)
        return sn_core_globals(core)->own_pass;
    if (source->option == SN_OPTION_SENTINEL_PASS)
        return sn_core_globals(core)->sentinel_pass;
    const struct sn_group *group = sn_core_group_find(core, source->group, strlen(source->group));
    const struct sn_group_params *params = group != NULL ? sn_group_params(group) : NULL;
    *known = params != NULL && params->auth_pass_file != NULL &&
             strcmp(params->auth_pass_file, source->path) == 0;
    return *known ? params->auth_pass : NULL;
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
static bool take_password(const struct sn_passwords *passwords, const struct source *source)
{
    char what[WHAT_MAX];
    bool known;
    const char *old = in_force(sn_driver_core(passwords->env.driver), source, &known);

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
    size_t taken = 0;

    for (size_t i = 0; i < passwords->sources.count; i++)
        taken += take_password(passwords, &passwords->sources.items[i]);
    sn_log(passwords->env.log, SN_LEVEL_NOTICE, "Password files read again: %zu, changed: %zu",
           passwords->sources.count, taken);
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
    if (passwords == NULL)
        return false;
    passwords->again = passwords->busy;
    if (passwords->busy)
        return true;
    list_in_force(passwords->env.settings, sn_driver_core(passwords->env.driver),
                  &passwords->sources);
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
