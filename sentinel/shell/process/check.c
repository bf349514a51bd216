/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* statx */
#include "shell/process/check.h"

#include "base/alloc.h"
#include "conf/file/file.h"
#include "shell/log/log.h"
#include "shell/process/certs.h"
#include "shell/process/differences.h"
#include "shell/process/passwords.h"
#include "shell/server/server.h"
#include "shell/store/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 4096

struct check {
    const struct sn_conf *conf;
    sn_check_tell *tell;
    void *arg;
};

SN_PRINTF(3, 4)
static void say(const struct check *check, enum sn_check_level level, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->tell(check->arg, level, text);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return sn_strdup(".");
    return slash == path ? sn_strdup("/") : sn_strndup(path, (size_t)(slash - path));
}

/* True if the effective user may access path. */
static bool can(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static bool is_mount(const char *path)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx info;

    return statx(AT_FDCWD, path, 0, STATX_TYPE, &info) == 0 &&
           (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)path;
    return false;
#endif
}

static void tell_unwritable(const struct check *check, const char *folder)
{
    const struct sn_conf *conf = check->conf;
    int error = errno;

    if (conf->state_in_conf)
        say(check, SN_CHECK_PROBLEM,
            "Sentinel config file %s is not writable: %s. State is saved in it. Make it and its "
            "folder writable for user id %ld, or name another place with `state-file PATH`",
            conf->path, strerror(error), (long)geteuid());
    else
        say(check, SN_CHECK_PROBLEM,
            "The state file %s cannot be written: %s. Make the folder %s writable for user id %ld, "
            "or name another place with `state-file`",
            conf->state_path, strerror(error), folder, (long)geteuid());
}

/* Checks whether a new file can be renamed to path, which is writable. */
static void check_replaceable(const struct check *check, const char *path, const char *folder)
{
    const struct sn_settings *settings = &check->conf->settings;
    char *beside = folder_of(check->conf->state_path);
    const char *dir = settings->dir != NULL ? settings->dir : ".";

    if (can(folder, W_OK | X_OK) && !is_mount(path)) {
        free(beside);
        return;
    }
    if (can(dir, W_OK | X_OK) || can(beside, W_OK | X_OK))
        say(check, SN_CHECK_NOTE,
            "%s cannot be replaced by renaming a new file: state is saved in place, with a journal "
            "in %s. Make the folder %s writable for user id %ld to avoid that",
            path, can(dir, W_OK | X_OK) ? dir : beside, folder, (long)geteuid());
    else
        say(check, SN_CHECK_NOTE,
            "neither the folder %s nor the working directory %s is writable for user id %ld: state "
            "is saved in place and without a journal, and a power loss in the middle of a save can "
            "damage %s",
            folder, dir, (long)geteuid(), path);
    free(beside);
}

void sn_check_state(const struct sn_conf *conf, sn_check_tell *tell, void *arg)
{
    const struct check check = {.conf = conf, .tell = tell, .arg = arg};
    struct sn_claim claim;

    sn_claim_init(&claim, conf->state_path);
    char *folder = folder_of(claim.path);
    if (can(claim.path, W_OK))
        check_replaceable(&check, claim.path, folder);
    else if (errno != ENOENT || conf->state_in_conf || !can(folder, W_OK | X_OK))
        tell_unwritable(&check, folder);
    free(folder);
    sn_claim_fini(&claim);
}

static void check_dir(const struct check *check)
{
    const char *dir = check->conf->settings.dir;

    if (dir != NULL && !can(dir, X_OK))
        say(check, SN_CHECK_PROBLEM, "dir %s: %s. Expected: a folder that this user can enter", dir,
            strerror(errno));
}

/* Returns path relative to `dir`, which is not entered. */
static char *from_dir(const struct check *check, const char *path)
{
    const char *dir = check->conf->settings.dir;
    struct sn_buf full;

    if (path[0] == '/' || dir == NULL)
        return sn_strdup(path);
    sn_buf_init(&full, SIZE_MAX);
    sn_buf_printf(&full, "%s/%s", dir, path);
    return sn_buf_take(&full);
}

/* True if path exists and is not a regular file; errno tells why that is bad. A log may go to a
 * pipe with a reader, or to a device such as /dev/null. */
static bool is_no_file(const char *path, bool is_log)
{
    struct stat info;

    if (stat(path, &info) != 0 || S_ISREG(info.st_mode) || (is_log && S_ISCHR(info.st_mode)))
        return false;
    errno = S_ISDIR(info.st_mode) ? EISDIR : EOPNOTSUPP;
    if (!is_log || !S_ISFIFO(info.st_mode))
        return true;
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

/* Checks a file that is created if it does not exist. */
static void check_output(const struct check *check, enum sn_check_level level, const char *what,
                         const char *path)
{
    char *full = from_dir(check, path);
    char *folder = folder_of(full);
    bool is_log = strcmp(what, "logfile") == 0;

    if (is_no_file(full, is_log) ||
        (!can(full, W_OK) && (errno != ENOENT || !can(folder, W_OK | X_OK))))
        say(check, level, "%s %s cannot be written by user id %ld: %s", what, path, (long)geteuid(),
            is_log ? sn_log_error(errno) : sn_file_error(errno));
    free(folder);
    free(full);
}

static void note_public(void *arg, const char *text)
{
    say(arg, SN_CHECK_NOTE, "%s", text);
}

static void tell_difference(void *arg, const char *text)
{
    say(arg, SN_CHECK_DIFFERENCE, "%s", text);
}

/* A '-' in front of an address allows that this machine does not have it. */
static void check_bind(const struct check *check, const char *what, const char *bind)
{
    bool optional = bind[0] == '-';
    struct sn_buf problems;

    sn_buf_init(&problems, TEXT_MAX);
    if (!sn_server_can_bind(optional ? bind + 1 : bind, &problems))
        say(check, optional ? SN_CHECK_NOTE : SN_CHECK_PROBLEM, "%s %s: %s%s", what, bind,
            sn_buf_text(&problems), optional ? ", which is allowed" : "");
    sn_buf_fini(&problems);
}

void sn_check_all(const struct sn_conf *conf, sn_check_tell *tell, void *arg)
{
    const struct check check = {.conf = conf, .tell = tell, .arg = arg};
    const struct sn_settings *settings = &conf->settings;
    struct sn_buf problems;

    sn_check_state(conf, tell, arg);
    check_dir(&check);
    if (settings->logfile != NULL)
        check_output(&check, SN_CHECK_PROBLEM, "logfile", settings->logfile);
    if (settings->pidfile != NULL)
        check_output(&check, SN_CHECK_NOTE, "pidfile", settings->pidfile);
    if (settings->unixsocket != NULL) {
        char *folder = folder_of(settings->unixsocket);
        char *full = from_dir(&check, folder);
        if (!can(full, W_OK | X_OK))
            say(&check, SN_CHECK_PROBLEM, "unixsocket %s: the folder: %s", settings->unixsocket,
                strerror(errno));
        free(full);
        free(folder);
    }
    for (size_t i = 0; settings->port != 0 && i < settings->bind_count; i++)
        check_bind(&check, "bind", settings->bind[i]);
    for (size_t i = 0; settings->http_port != 0 && i < settings->http_bind.count; i++)
        check_bind(&check, "http-bind", settings->http_bind.items[i]);
    sn_buf_init(&problems, TEXT_MAX);
    bool needed = sn_certs_needed(conf);
    if (sn_certs_check(conf, &problems) != 0)
        say(&check, needed ? SN_CHECK_PROBLEM : SN_CHECK_NOTE, "%s%s", sn_buf_text(&problems),
            needed ? "" : ", but nothing uses TLS");
    sn_buf_fini(&problems);
    sn_passwords_check(settings, &conf->image, note_public, (void *)(uintptr_t)&check);
    if (conf->image.group_count == 0)
        say(&check, SN_CHECK_NOTE,
            "no group is watched (0 groups): there is no `sentinel monitor` line");
    if (sn_claim_is_taken(conf->state_path))
        say(&check, SN_CHECK_NOTE, "%s is in use by a running process", conf->state_path);
    sn_differences_tell(conf, tell_difference, (void *)(uintptr_t)&check);
}
