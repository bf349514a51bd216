/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE    /* F_OFD_SETLK: a lock that closing another descriptor of the file leaves   \
                          alone */
#include "shell/store/claim.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "conf/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 20

/* Resolves the path, also of a file that does not exist yet in an existing folder. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    if (real != NULL)
        return real;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder = slash == NULL || slash == path ? sn_strdup(slash == NULL ? "." : "/")
                                                  : sn_strndup(path, (size_t)(slash - path));
    char *real_folder = realpath(folder, NULL);
    free(folder);
    if (real_folder == NULL)
        return sn_strdup(path);
    struct sn_buf full;
    sn_buf_init(&full, SIZE_MAX);
    sn_buf_printf(&full, "%s/%s", strcmp(real_folder, "/") == 0 ? "" : real_folder, name);
    free(real_folder);
    return sn_buf_take(&full);
}

void sn_claim_init(struct sn_claim *claim, const char *path)
{
    *claim = (struct sn_claim){.path = resolve(path), .fd = -1};
}

static void replace(struct sn_claim *claim, int fd)
{
    if (claim->fd >= 0)
        close(claim->fd);
    claim->fd = fd;
}

void sn_claim_fini(struct sn_claim *claim)
{
    replace(claim, -1);
    free(claim->path);
    claim->path = NULL;
}

/* SN_EEXIST: another process has locked the file. SN_EIO: the file system does not support
 * locks. */
static int lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? SN_EEXIST : SN_EIO;
}

static bool is_at(const char *path, int fd)
{
    struct stat ours, named;

    return fd >= 0 && fstat(fd, &ours) == 0 && lstat(path, &named) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* Returns 0 also if there is no file to lock. */
static int try(struct sn_claim *claim)
{
    for (;;) {
        int fd = sn_file_open(claim->path, O_RDWR, false);
        if (fd < 0)
            return 0;
        int status = lock(fd);
        if (status == 0 && is_at(claim->path, fd)) {
            replace(claim, fd);
            return 0;
        }
        close(fd);
        if (status != 0) /* the file was replaced in between */
            return status == SN_EEXIST ? status : 0;
    }
}

int sn_claim_take(struct sn_claim *claim, uint64_t patience_ms, bool *waited)
{
    struct timespec moment = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    int status = try(claim);

    *waited = status != 0;
    for (uint64_t ms = 0; status != 0 && ms < patience_ms; ms += LOOK_EVERY_MS) {
        nanosleep(&moment, NULL);
        status = try(claim);
    }
    return status;
}

int sn_claim_renew(struct sn_claim *claim)
{
    struct stat named;

    claim->was_link = lstat(claim->path, &named) == 0 && S_ISLNK(named.st_mode);
    return is_at(claim->path, claim->fd) ? 0 : try(claim);
}

int sn_claim_lock_new(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (copy >= 0 && lock(copy) != 0) {
        close(copy);
        copy = -1;
    }
    return copy;
}

void sn_claim_replace(struct sn_claim *claim, int new_lock)
{
    replace(claim, new_lock);
}

bool sn_claim_is_taken(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = sn_file_open(path, O_RDWR, true);

    if (fd < 0)
        return false;
    bool taken = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(fd);
    return taken;
}
