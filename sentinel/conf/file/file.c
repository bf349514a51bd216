/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* O_NOCTTY, O_NOFOLLOW under -D_POSIX_C_SOURCE */
#include "conf/file/file.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX ((size_t)64 << 20)

static bool is_regular(const struct stat *info)
{
    if (S_ISREG(info->st_mode))
        return true;
    errno = S_ISDIR(info->st_mode) ? EISDIR : S_ISLNK(info->st_mode) ? ELOOP : EOPNOTSUPP;
    return false;
}

int sn_file_open(const char *path, int flags, bool follow)
{
    struct stat info;

    /* Opening a device may have effects already, so the file type is checked before as well. */
    int status = follow ? stat(path, &info) : lstat(path, &info);
    bool is_new = status != 0 && errno == ENOENT && (flags & O_CREAT) != 0;
    if (!is_new && (status != 0 || !is_regular(&info)))
        return -1;
    int fd =
        open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0644);
    if (fd < 0)
        return -1;
    if (fstat(fd, &info) == 0 && is_regular(&info))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

const char *sn_file_error(int error)
{
    if (error == EOPNOTSUPP)
        return "it is not a regular file (but a device, pipe or socket)";
    if (error == ELOOP)
        return "it has become a symbolic link, or is part of a loop of symbolic links";
    return strerror(error);
}

int sn_file_read(const char *path, struct sn_buf *text)
{
    char chunk[16384];
    ssize_t got;

    sn_buf_init(text, FILE_SIZE_MAX);
    int fd = sn_file_open(path, O_RDONLY, true);
    if (fd < 0)
        return errno == ENOENT ? SN_ENOENT : SN_EIO;
    errno = 0;
    while ((got = read(fd, chunk, sizeof(chunk))) != 0 && !text->full) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        sn_buf_append(text, chunk, (size_t)got);
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return text->full ? SN_ERANGE : got < 0 ? SN_EIO : 0;
}

size_t sn_file_bom_len(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

const char *sn_file_take_line(const char **text, const char *end, size_t *len)
{
    const char *start = *text;
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    const char *last = newline != NULL ? newline : end;

    *text = newline != NULL ? newline + 1 : end;
    while (start < last && is_blank(*start))
        start++;
    while (last > start && is_blank(last[-1]))
        last--;
    *len = (size_t)(last - start);
    return start;
}

char *sn_file_join(const char *dir, const char *path)
{
    struct sn_buf full;

    if (path[0] == '/' || dir == NULL)
        return sn_strdup(path);
    sn_buf_init(&full, SIZE_MAX);
    sn_buf_printf(&full, "%s/%s", dir, path);
    return sn_buf_take(&full);
}

char *sn_file_absolute(const char *path)
{
    char folder[PATH_MAX];
    return sn_file_join(path[0] != '/' ? getcwd(folder, sizeof(folder)) : NULL, path);
}
