/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* O_TMPFILE, renameat2 */
#include "shell/store/store_file.h"

#include "base/error.h"
#include "conf/file/file.h"

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
#define PATH_ROOM (PATH_MAX + 64)

#define TEMPORARY_SUFFIX ".sentineld-tmp"

struct content {
    const char *bytes;
    size_t len;
    const struct stat *old;        /* the file to be replaced; NULL: none */
    bool is_first;                 /* nothing is at the path, not even a link */
    struct sn_store_access access; /* used if old is NULL */
    sn_save_step *step;            /* NULL: nobody looks */
};

static void begin(const struct content *content, enum sn_save_step step)
{
    if (content->step != NULL)
        atomic_store(content->step, step);
}

static int explain(char reason[SN_STORE_REASON_MAX], const char *what, const char *path)
{
    int error = errno;
    char text[128];

    if (error == EOPNOTSUPP || error == ELOOP)
        snprintf(text, sizeof(text), "%s", sn_file_error(error));
    else
        uv_strerror_r(uv_translate_sys_error(error), text, sizeof(text));
    snprintf(reason, SN_STORE_REASON_MAX, "%s %.300s: %s", what, path, text);
    errno = error;
    return SN_EIO;
}

int sn_store_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = ENOSPC;
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

void sn_store_access_of(const char *path, mode_t mode, struct sn_store_access *access)
{
    struct stat info;

    *access = (struct sn_store_access){.mode = mode, .uid = (uid_t)-1, .gid = (gid_t)-1};
    if (stat(path, &info) == 0)
        *access = (struct sn_store_access){
            .mode = info.st_mode & 0777, .uid = info.st_uid, .gid = info.st_gid};
}

/* Sets mode and owner of the file that is replaced, or was lost. A failure to restore the owner
 * does not prevent the save. Only root tries to: other users may be killed for it (a service unit
 * that filters @chown) (PROTOCOL.md §19.8). */
static int dress(int fd, const struct content *content)
{
    const struct stat *old = content->old;
    mode_t mode = old != NULL ? old->st_mode & 0777 : content->access.mode;
    uid_t uid = old != NULL ? old->st_uid : content->access.uid;
    gid_t gid = old != NULL ? old->st_gid : content->access.gid;
    struct stat fresh;

    if (geteuid() == 0 && fstat(fd, &fresh) == 0 &&
        ((uid != (uid_t)-1 && uid != fresh.st_uid) || (gid != (gid_t)-1 && gid != fresh.st_gid)))
        (void)!fchown(fd, uid, gid);
    return fchmod(fd, mode);
}

static int fill(const struct content *content, int fd, const char *path, char *reason)
{
    begin(content, SN_SAVE_WRITES);
    if (dress(fd, content) != 0)
        return explain(reason, "setting the mode of a temporary file for", path);
    if (sn_store_write_all(fd, content->bytes, content->len) != 0)
        return explain(reason, "writing a temporary file for", path);
    begin(content, SN_SAVE_SYNCS);
    if (fsync(fd) != 0)
        return explain(reason, "syncing a temporary file for", path);
    return 0;
}

/* The name is hidden, so that no `include *.conf` reads it, and always the same, so that the next
 * write removes what a power loss has left behind. */
static void temporary_of(const char *path, char out[PATH_ROOM])
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;

    snprintf(out, PATH_ROOM, "%.*s.%.200s" TEMPORARY_SUFFIX, (int)folder, path, path + folder);
}

/* Opens a file without a name, which disappears if the process is killed. -1: not supported
 * here. */
static int make_unnamed(const char *path)
{
    char folder[PATH_ROOM];

    folder_of(path, folder);
    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

static int name_it(int fd, const char *temporary)
{
    char link[64];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    (void)unlink(temporary);
    return linkat(AT_FDCWD, link, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW);
}

/* Makes a complete, synced file of the temporary name. Returns the descriptor, or -1 (PROTOCOL.md
 * §19.8, §24.2). */
static int write_temporary(const char *path, const struct content *content,
                           char temporary[PATH_ROOM], char *reason)
{
    int fd = make_unnamed(path);
    if (fd >= 0) {
        if (fill(content, fd, path, reason) == 0 && name_it(fd, temporary) == 0)
            return fd;
        close(fd);
    }
    (void)unlink(temporary);
    fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        /* Another user owns that file, in a folder where only the owner may remove files. */
        size_t len = strlen(temporary);
        snprintf(temporary + len, PATH_ROOM - len, "-%ld", (long)getpid());
        fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        explain(reason, "creating a temporary file for", path);
        return -1;
    }
    if (fill(content, fd, path, reason) == 0)
        return fd;
    int error = errno;
    close(fd);
    unlink(temporary);
    errno = error;
    return -1;
}

/* Two processes that found no file to lock may both be writing the first one: the later one may not
 * replace it. Not every file system can tell (PROTOCOL.md §24.2). */
static int move_to(const char *path, const char *temporary, bool is_first)
{
    if (is_first && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (is_first && errno != EINVAL && errno != ENOSYS)
        return SN_EIO;
    return rename(temporary, path) == 0 ? 0 : SN_EIO;
}

/* errno tells the caller whether writing in place is worth a try. claim may be NULL (PROTOCOL.md
 * §19.8, §24.2). */
static int put_in_place(const char *path, const struct content *content, struct sn_claim *claim,
                        char reason[SN_STORE_REASON_MAX])
{
    char temporary[PATH_ROOM];

    temporary_of(path, temporary);
    int fd = write_temporary(path, content, temporary, reason);
    if (fd < 0)
        return SN_EIO;
    int lock = claim != NULL ? sn_claim_lock_new(fd) : -1;
    int status = 0;
    begin(content, SN_SAVE_RENAMES);
    if (close(fd) != 0)
        status = explain(reason, "closing a temporary file for", path);
    else if (move_to(path, temporary, content->is_first) != 0)
        status = explain(reason, "renaming a temporary file to", path);
    if (status != 0) {
        int error = errno;
        if (lock >= 0)
            close(lock);
        unlink(temporary);
        errno = error;
        return status;
    }
    if (claim != NULL)
        sn_claim_replace(claim, lock);
    begin(content, SN_SAVE_SYNCS_FOLDER);
    status = sync_folder_of(path, reason);
    /* The rename has happened, and is only maybe not durable: writing in place would not help. */
    if (status != 0)
        errno = EIO;
    return status;
}

static bool can_only_overwrite(int error)
{
    return error == EXDEV || error == EBUSY || error == EROFS || error == EACCES || error == EPERM;
}

/* Allocates the space first, so that a full disk leaves the old content whole. */
static int overwrite_open(int fd, const char *bytes, size_t len)
{
    struct stat old;

    if (fstat(fd, &old) != 0)
        return SN_EIO;
    int error = (off_t)len > old.st_size ? posix_fallocate(fd, 0, (off_t)len) : 0;
    if (error == ENOSPC || error == EFBIG || error == EDQUOT) {
        (void)!ftruncate(fd, old.st_size);
        errno = error;
        return SN_EIO;
    }
    return sn_store_write_all(fd, bytes, len) != 0 || ftruncate(fd, (off_t)len) != 0 ? SN_EIO : 0;
}

static int overwrite(const char *path, const struct content *content,
                     char reason[SN_STORE_REASON_MAX])
{
    begin(content, SN_SAVE_OVERWRITES);
    int fd = sn_file_open(path, O_RDWR, false);
    if (fd < 0)
        return explain(reason, "opening for writing", path);

    int status = 0;
    if (overwrite_open(fd, content->bytes, content->len) != 0)
        status = explain(reason, "overwriting", path);
    begin(content, SN_SAVE_SYNCS_IN_PLACE);
    if (status == 0 && fsync(fd) != 0)
        status = explain(reason, "syncing", path);
    if (close(fd) != 0 && status == 0)
        status = explain(reason, "closing", path);
    return status;
}

/* The journal is named after the path that the operator uses, from which the configuration is read;
 * it is in the working directory, or beside the file. */
static int journal_of(const struct sn_store_file *file, bool beside, char out[PATH_ROOM])
{
    const char *slash = strrchr(file->path, '/');
    int len = beside ? snprintf(out, PATH_ROOM, "%s.journal", file->path)
                     : snprintf(out, PATH_ROOM, "%s/%s.journal", file->journal_dir,
                                slash != NULL ? slash + 1 : file->path);

    if (len < PATH_ROOM)
        return 0;
    errno = ENAMETOOLONG;
    return SN_EIO;
}

/* Removes journals of earlier writes, now that the file is complete without them. In a folder that
 * is read-only by now a journal is emptied instead, which makes it invalid. */
static void remove_journals(const struct sn_store_file *file)
{
    char journal[PATH_ROOM];

    for (int beside = 0; beside <= 1; beside++) {
        if (journal_of(file, beside == 1, journal) != 0 || unlink(journal) == 0 || errno == ENOENT)
            continue;
        int fd = sn_file_open(journal, O_WRONLY, false);
        if (fd < 0)
            continue;
        (void)!ftruncate(fd, 0);
        close(fd);
    }
}

/* SN_ENOENT: no folder accepts a journal. SN_EIO: a folder does, but it cannot be written now. */
static int write_journal(const struct sn_store_file *file, const struct content *content,
                         char journal[PATH_ROOM], char *reason)
{
    const struct content copy = {
        .bytes = content->bytes,
        .len = content->len,
        .access = {.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1},
        .step = content->step,
    };

    for (int beside = 0; beside <= 1; beside++) {
        if (journal_of(file, beside == 1, journal) != 0)
            continue;
        if (put_in_place(journal, &copy, NULL, reason) == 0)
            return 0;
        if (!can_only_overwrite(errno) && errno != ENOENT && errno != ENOTDIR)
            return SN_EIO;
    }
    return SN_ENOENT;
}

static int overwrite_with_journal(const char *path, struct sn_store_file *file,
                                  const struct content *content, char *reason)
{
    char journal[PATH_ROOM];

    /* Checked before a journal is made: a file that cannot be opened is still whole. */
    if (access(path, W_OK) != 0)
        return explain(reason, "opening for writing", path);
    int status = write_journal(file, content, journal, reason);
    if (status == SN_EIO)
        return status;
    file->bare = status == SN_ENOENT;
    status = overwrite(path, content, reason);
    if (status != 0)
        return status; /* the journal is the only complete copy now, and stays */
    remove_journals(file);
    if (!file->bare) {
        char ignored[SN_STORE_REASON_MAX];
        (void)!sync_folder_of(journal, ignored);
    }
    return 0;
}

static int write_over(const char *path, struct sn_store_file *file, struct content *content,
                      bool *in_place, char reason[SN_STORE_REASON_MAX])
{
    char first_reason[SN_STORE_REASON_MAX];

    if (put_in_place(path, content, file->claim, reason) == 0) {
        remove_journals(file);
        return 0;
    }
    if (content->old == NULL || !can_only_overwrite(errno))
        return SN_EIO;

    memcpy(first_reason, reason, sizeof(first_reason));
    *in_place = true;
    if (overwrite_with_journal(path, file, content, reason) == 0)
        return 0;
    char both[2 * SN_STORE_REASON_MAX + 32];
    snprintf(both, sizeof(both), "%s; in place: %s", first_reason, reason);
    snprintf(reason, SN_STORE_REASON_MAX, "%.*s", SN_STORE_REASON_MAX - 1, both);
    return SN_EIO;
}

static int write_to(const char *path, struct sn_store_file *file, struct content *content,
                    bool *in_place, char reason[SN_STORE_REASON_MAX])
{
    struct stat old;

    bool something = lstat(path, &old) == 0;
    bool exists = something && !S_ISLNK(old.st_mode);
    content->is_first = !something;
    if (exists && !S_ISREG(old.st_mode)) {
        errno = S_ISDIR(old.st_mode) ? EISDIR : EOPNOTSUPP;
        return explain(reason, "replacing", path);
    }
    content->old = exists ? &old : NULL;
    int status = write_over(path, file, content, in_place, reason);
    content->old = NULL;
    return status;
}

/* PROTOCOL.md §24.2. */
static int write_claimed(const char *path, struct sn_store_file *file, struct content *content,
                         bool *in_place, char reason[SN_STORE_REASON_MAX])
{
    begin(content, SN_SAVE_LOCKS);
    if (file->claim == NULL || sn_claim_renew(file->claim) == 0)
        return write_to(path, file, content, in_place, reason);
    snprintf(reason, SN_STORE_REASON_MAX,
             "%.300s is in use by another process, which keeps its own state there", path);
    return SN_EEXIST;
}

int sn_store_file_write(struct sn_store_file *file, const char *bytes, size_t len, bool *in_place,
                        char reason[SN_STORE_REASON_MAX])
{
    struct content content = {
        .bytes = bytes, .len = len, .access = file->access, .step = file->step};
    char *found = file->real == NULL ? realpath(file->path, NULL) : NULL;

    *in_place = false;
    file->bare = false;
    const char *path = file->real != NULL ? file->real : found != NULL ? found : file->path;
    int status = write_claimed(path, file, &content, in_place, reason);
    if (status == SN_EIO && content.is_first && errno == EEXIST)
        status = write_claimed(path, file, &content, in_place, reason);
    free(found);
    return status;
}

int sn_store_file_read(const char *path, bool follow, struct sn_buf *buf,
                       char reason[SN_STORE_REASON_MAX])
{
    char chunk[65536];
    int fd = sn_file_open(path, O_RDONLY, follow);

    if (fd < 0)
        /* A link that was not there at the start stands for a lost file, and is replaced. */
        return errno == ENOENT || (errno == ELOOP && !follow) ? 0
                                                              : explain(reason, "opening", path);
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
