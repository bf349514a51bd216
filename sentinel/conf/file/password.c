/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* explicit_bzero */
#include "conf/file/password.h"

#include "base/error.h"
#include "base/text.h"
#include "conf/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A longer line is noticed by the first byte behind it. */
#define READ_MAX (SN_PASSWORD_MAX + 2)

/* Reads up to READ_MAX bytes. Returns their number, or -1. */
static ssize_t read_start(int fd, char *start)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0 && len < READ_MAX) {
        got = read(fd, start + len, READ_MAX - len);
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0)
            len += (size_t)got;
    }
    return (ssize_t)len;
}

static size_t first_line(const char *start, size_t len)
{
    const char *end = memchr(start, '\n', len);

    if (end == NULL)
        return len;
    len = (size_t)(end - start);
    return len > 0 && start[len - 1] == '\r' ? len - 1 : len;
}

/* Returns what is wrong with a line of len bytes; NULL: nothing. */
static const char *find_fault(const char *start, size_t len)
{
    if (len == 0)
        return "its first line is empty";
    if (len > SN_PASSWORD_MAX)
        return "its first line is longer than 512 bytes";
    if (sn_text_has_control(start, len))
        return "its first line has control characters";
    return NULL;
}

int sn_password_read(const char *path, struct sn_password *password, struct sn_buf *problem)
{
    char start[READ_MAX];
    ssize_t got = -1;

    memset(password, 0, sizeof(*password));
    int fd = sn_file_open(path, O_RDONLY, true);
    if (fd >= 0)
        got = read_start(fd, start);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0) {
        sn_buf_puts(problem, sn_file_error(reason));
        return SN_EIO;
    }
    size_t len = first_line(start, (size_t)got);
    const char *fault = find_fault(start, len);
    if (fault == NULL)
        memcpy(password->text, start, len);
    else
        sn_buf_puts(problem, fault);
    explicit_bzero(start, sizeof(start));
    return fault == NULL ? 0 : SN_EINVAL;
}

void sn_password_wipe(struct sn_password *password)
{
    explicit_bzero(password, sizeof(*password));
}

bool sn_password_is_public(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && (info.st_mode & S_IROTH) != 0;
}
