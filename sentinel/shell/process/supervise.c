/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

/* The queue of the supervisor's socket is short while many units start. */
#define PATIENCE_S 5

/* NULL also for one that is empty. */
static const char *variable(const char *name)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The place is a path, or behind an '@' a name of the abstract kind. */
static int find_socket(struct sockaddr_un *address, socklen_t *len)
{
    const char *name = variable("NOTIFY_SOCKET");
    size_t size = name != NULL ? strlen(name) : 0;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (size < 2 || (name[0] != '/' && name[0] != '@'))
        return UV_EINVAL;
    if (size >= sizeof(address->sun_path))
        return UV_ENAMETOOLONG;
    memcpy(address->sun_path, name, size);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return 0;
}

static int notify(const char *text)
{
    struct sockaddr_un address;
    socklen_t len = 0;
    struct timeval patience = {.tv_sec = PATIENCE_S};

    int status = find_socket(&address, &len);
    if (status != 0)
        return status;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return uv_translate_sys_error(errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    ssize_t sent;
    do {
        sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
    } while (sent < 0 && errno == EINTR);
    status = sent < 0 ? uv_translate_sys_error(errno) : 0;
    close(fd);
    return status;
}

static enum sn_supervisor find_systemd(struct sn_buf *complaint)
{
    const char *name = variable("NOTIFY_SOCKET");

    if (name == NULL) {
        sn_buf_puts(complaint, "systemd supervision error: NOTIFY_SOCKET not found! Use "
                               "Type=notify in the unit, or `supervised no`");
        return SN_SUPERVISOR_NONE;
    }
    int status = notify("STATUS=Starting\n");
    if (status != 0) {
        sn_buf_printf(complaint, "systemd supervision error: NOTIFY_SOCKET %.256s: %s", name,
                      uv_strerror(status));
        return SN_SUPERVISOR_NONE;
    }
    return SN_SUPERVISOR_SYSTEMD;
}

static enum sn_supervisor find_upstart(struct sn_buf *complaint)
{
    if (variable("UPSTART_JOB") != NULL) {
        unsetenv("UPSTART_JOB"); /* scripts are no such jobs */
        return SN_SUPERVISOR_UPSTART;
    }
    sn_buf_puts(complaint, "upstart supervision requested, but UPSTART_JOB not found!");
    return SN_SUPERVISOR_NONE;
}

enum sn_supervisor sn_supervise_find(const char *mode, struct sn_buf *complaint)
{
    bool automatic = strcasecmp(mode, "auto") == 0;

    if (strcasecmp(mode, "systemd") == 0 || (automatic && variable("NOTIFY_SOCKET") != NULL))
        return find_systemd(complaint);
    if (strcasecmp(mode, "upstart") == 0 || (automatic && variable("UPSTART_JOB") != NULL))
        return find_upstart(complaint);
    return SN_SUPERVISOR_NONE;
}

const char *sn_supervise_name(enum sn_supervisor supervisor)
{
    switch (supervisor) {
    case SN_SUPERVISOR_UPSTART:
        return "upstart";
    case SN_SUPERVISOR_SYSTEMD:
        return "systemd";
    case SN_SUPERVISOR_NONE:
        break;
    }
    return "no";
}

int sn_supervise_ready(enum sn_supervisor supervisor)
{
    if (supervisor == SN_SUPERVISOR_SYSTEMD)
        return notify("READY=1\nSTATUS=Ready to accept connections\n");
    if (supervisor == SN_SUPERVISOR_UPSTART)
        return uv_translate_sys_error(raise(SIGSTOP) != 0 ? errno : 0);
    return 0;
}

/* PROTOCOL.md §21.2. */
int sn_supervise_stopping(enum sn_supervisor supervisor)
{
    if (supervisor == SN_SUPERVISOR_SYSTEMD)
        return notify("STOPPING=1\nSTATUS=Ending\n");
    return 0;
}
