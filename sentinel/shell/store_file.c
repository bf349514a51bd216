/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* mkostemp: a script started meanwhile must not inherit the descriptor */
#include "shell/store_file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

/* Room for a path and what is put behind it. */
#define PATH_ROOM (PATH_MAX + 32)

static int explain(char reason[SN_STORE_REASON_MAX], const char *what, const char *path)
{
    int error = errno;
    char text[128];

    uv_strerror_r(uv_translate_sys_error(error), text, sizeof(text));
    snprintf(reason, SN_STORE_REASON_MAX, "%s %.300s: %s", what, path, text);
    errno = error;
    return SN_EIO;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return SN_EIO;
        bytes += written;
        len -= (size_t)written;
    }
    return 0;
}

static void folder_of(const char *path, char out[PATH_ROOM])
{
    char copy[PATH_ROOM];

    snprintf(copy, sizeof(copy), "%s", path);
    snprintf(out, PATH_ROOM, "%s", dirname(copy));
}

/* Makes a rename in the folder durable. */
static int sync_folder_of(const char *path, char reason[SN_STORE_REASON_MAX])
{
    char folder[PATH_ROOM];

    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return explain(reason, "opening the folder", folder);
    /* Some file systems cannot sync a folder and say so. */
    int failed = fsync(fd) != 0 && errno != EINVAL && errno != EROFS;
    if (failed)
        explain(reason, "syncing the folder", folder);
    close(fd);
    return failed ? SN_EIO : 0;
}

/* A complete, synced file of a temporary name beside path, with mode and owner of old (NULL: none).
 */
static int write_temporary(const char *path, const struct stat *old, mode_t new_mode,
                           const char *bytes, size_t len, char temporary[PATH_ROOM],
                           char reason[SN_STORE_REASON_MAX])
{
    snprintf(temporary, PATH_ROOM, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return explain(reason, "creating a temporary file for", path);

    /* Not being allowed to give the file to its former owner is no reason not to save. */
    if (old != NULL && (old->st_uid != geteuid() || old->st_gid != getegid()) &&
        fchown(fd, old->st_uid, old->st_gid) != 0)
        errno = 0;
    int status = 0;
    if (fchmod(fd, old != NULL ? old->st_mode & 07777 : new_mode) != 0)
        status = explain(reason, "setting the mode of", temporary);
    else if (write_all(fd, bytes, len) != 0)
        status = explain(reason, "writing", temporary);
    else if (fsync(fd) != 0)
        status = explain(reason, "syncing", temporary);
    if (close(fd) != 0 && status == 0)
        status = explain(reason, "closing", temporary);
    if (status != 0) {
        int error = errno;
        unlink(temporary);
        errno = error;
    }
    return status;
}

/* errno tells a caller that can do without renaming whether it is worth to try. */
static int replace(const char *path, const struct stat *old, mode_t new_mode, const char *bytes,
                   size_t len, char reason[SN_STORE_REASON_MAX])
{
    char temporary[PATH_ROOM];

    if (write_temporary(path, old, new_mode, bytes, len, temporary, reason) != 0)
        return SN_EIO;
    if (rename(temporary, path) != 0) {
        explain(reason, "renaming a temporary file to", path);
        int error = errno;
        unlink(temporary);
        errno = error;
        return SN_EIO;
    }
    int status = sync_folder_of(path, reason);
    /* The new name is there, only maybe not yet durable: writing in place would not help. */
    if (status != 0)
        errno = EIO;
    return status;
}

static bool can_only_overwrite(int error)
{
    return error == EXDEV || error == EBUSY || error == EROFS || error == EACCES || error == EPERM;
}

static int overwrite(const char *path, const char *bytes, size_t len,
                     char reason[SN_STORE_REASON_MAX])
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return explain(reason, "opening for writing", path);

    int status = 0;
    if (write_all(fd, bytes, len) != 0 || ftruncate(fd, (off_t)len) != 0)
        status = explain(reason, "overwriting", path);
    else if (fsync(fd) != 0)
        status = explain(reason, "syncing", path);
    if (close(fd) != 0 && status == 0)
        status = explain(reason, "closing", path);
    return status;
}

/* After the name that the operator uses, which is where the configuration is read from. */
static int journal_of(const struct sn_store_file *file, char out[PATH_ROOM])
{
    char copy[PATH_ROOM];

    snprintf(copy, sizeof(copy), "%s", file->path);
    if (snprintf(out, PATH_ROOM, "%s/%s.journal", file->journal_dir, basename(copy)) < PATH_ROOM)
        return 0;
    errno = ENAMETOOLONG;
    return SN_EIO;
}

static int overwrite_with_journal(const char *path, const struct sn_store_file *file,
                                  const char *bytes, size_t len, char reason[SN_STORE_REASON_MAX])
{
    char journal[PATH_ROOM];

    /* Before a journal is made: a file that cannot be opened is still whole. */
    if (access(path, W_OK) != 0)
        return explain(reason, "opening for writing", path);
    if (journal_of(file, journal) != 0)
        return explain(reason, "creating the journal for", path);
    int status = replace(journal, NULL, 0600, bytes, len, reason);
    if (status == 0)
        status = overwrite(path, bytes, len, reason);
    /* After a failure in the middle the journal is the only whole copy and stays. */
    if (status == 0) {
        char ignored[SN_STORE_REASON_MAX];
        unlink(journal);
        (void)!sync_folder_of(journal, ignored);
    }
    return status;
}

/* One that an overwriting left behind, now that the file is whole again without it. */
static void remove_journal(const struct sn_store_file *file)
{
    char journal[PATH_ROOM];

    if (journal_of(file, journal) == 0)
        unlink(journal);
}

int sn_store_file_write(const struct sn_store_file *file, const char *bytes, size_t len,
                        bool *in_place, char reason[SN_STORE_REASON_MAX])
{
    char path[PATH_ROOM];
    char first_reason[SN_STORE_REASON_MAX];
    struct stat old;
    char *real = realpath(file->path, NULL);

    *in_place = false;
    snprintf(path, sizeof(path), "%s", real != NULL ? real : file->path);
    bool exists = real != NULL && stat(path, &old) == 0;
    free(real);
    if (replace(path, exists ? &old : NULL, file->new_mode, bytes, len, reason) == 0) {
        remove_journal(file);
        return 0;
    }
    if (!exists || !can_only_overwrite(errno))
        return SN_EIO;

    memcpy(first_reason, reason, sizeof(first_reason));
    *in_place = true;
    if (overwrite_with_journal(path, file, bytes, len, reason) == 0)
        return 0;
    char both[2 * SN_STORE_REASON_MAX + 32];
    snprintf(both, sizeof(both), "%s; in place: %s", first_reason, reason);
    snprintf(reason, SN_STORE_REASON_MAX, "%.*s", SN_STORE_REASON_MAX - 1, both);
    return SN_EIO;
}

int sn_store_file_read(const char *path, struct sn_buf *buf, char reason[SN_STORE_REASON_MAX])
{
    char chunk[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? 0 : explain(reason, "opening", path);
    ssize_t count;
    while ((count = read(fd, chunk, sizeof(chunk))) != 0 && !buf->full) {
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break;
        sn_buf_append(buf, chunk, (size_t)count);
    }
    int status = 0;
    if (count < 0)
        status = explain(reason, "reading", path);
    close(fd);
    if (status == 0 && buf->full) {
        snprintf(reason, SN_STORE_REASON_MAX, "%.300s is larger than %zu bytes", path, buf->cap);
        status = SN_EFULL;
    }
    return status;
}
