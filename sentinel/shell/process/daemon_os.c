/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/daemon_os.h"

#include "base/error.h"
#include "conf/file/file.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEFAULT_PIDFILE "/var/run/redis.pid"

#define POOL_MAX   1024 /* libuv's own */
#define ARENAS_MAX 2    /* of the loop, and of all other threads */

static int redirect_to_null(int fd)
{
    int null = open("/dev/null", O_RDWR);

    if (null < 0)
        return SN_EIO;
    int status = dup2(null, fd) < 0 ? SN_EIO : 0;
    if (null > STDERR_FILENO)
        close(null);
    return status;
}

_Noreturn static void wait_for_background(int fd)
{
    char byte;
    ssize_t count;

    do {
        count = read(fd, &byte, 1);
    } while (count < 0 && errno == EINTR);
    _exit(count == 1 ? 0 : 1);
}

int sn_daemon_detach(int *ready)
{
    int ends[2];

    if (pipe(ends) != 0)
        return SN_EIO;
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return SN_EIO;
    }
    if (pid > 0) {
        close(ends[1]);
        wait_for_background(ends[0]);
    }
    close(ends[0]);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    if (setsid() < 0 || redirect_to_null(STDIN_FILENO) != 0 ||
        redirect_to_null(STDOUT_FILENO) != 0) {
        close(ends[1]);
        return SN_EIO;
    }
    *ready = ends[1];
    return 0;
}

void sn_daemon_ready(int ready)
{
    (void)redirect_to_null(STDERR_FILENO);
    while (write(ready, "r", 1) < 0 && errno == EINTR)
        continue;
    close(ready);
}

static int write_pidfile(const char *path)
{
    char text[32];
    int fd = sn_file_open(path, O_WRONLY | O_CREAT, true);

    if (fd < 0)
        return SN_EIO;
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    bool written = ftruncate(fd, 0) == 0 && write(fd, text, (size_t)len) == len;
    int error = errno;
    written = close(fd) == 0 && written;
    errno = error;
    return written ? 0 : SN_EIO;
}

/* PROTOCOL.md §21.2. */
const char *sn_daemon_place_pidfile(const struct sn_settings *settings, bool supervised,
                                    struct sn_log *log)
{
    const char *path = settings->pidfile;

    if (path == NULL && settings->daemonize && !supervised)
        path = DEFAULT_PIDFILE;
    if (path == NULL || write_pidfile(path) == 0)
        return path;
    sn_log(log, SN_LEVEL_WARNING, "Cannot write the pid file %s: %s", path, sn_file_error(errno));
    return NULL;
}

void sn_daemon_share_arenas(void)
{
#ifdef __GLIBC__
    if (getenv("MALLOC_ARENA_MAX") == NULL)
        (void)mallopt(M_ARENA_MAX, ARENAS_MAX);
#endif
}

uint64_t sn_daemon_raise_files(uint64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
        return limit.rlim_cur;

    struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        raised.rlim_max = wanted; /* allowed to root only */
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return wanted;
    raised = (struct rlimit){.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

/* PROTOCOL.md §24.2. */
unsigned sn_daemon_size_pool(void)
{
    const char *text = getenv("UV_THREADPOOL_SIZE");
    long wanted = text == NULL ? SN_POOL_THREADS : strtol(text, NULL, 10);
    unsigned threads = wanted < 2 ? 2 : wanted > POOL_MAX ? POOL_MAX : (unsigned)wanted;
    char now[16];

    (void)snprintf(now, sizeof(now), "%u", threads);
    (void)setenv("UV_THREADPOOL_SIZE", now, 1);
    return threads;
}
