/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "shell/process/notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static int parse_name(const char *name, struct sn_notify *notify)
{
    size_t size = strlen(name);

    notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (size < 2 || (name[0] != '/' && name[0] != '@'))
        return UV_EINVAL;
    if (size >= sizeof(notify->address.sun_path))
        return UV_ENAMETOOLONG;
    memcpy(notify->address.sun_path, name, size);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return 0;
}

int sn_notify_open(struct sn_notify *notify, const char *name)
{
    notify->fd = -1;
    int status = parse_name(name, notify);
    if (status != 0)
        return status;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return notify->fd < 0 ? uv_translate_sys_error(errno) : 0;
}

/* Not connected: the socket of a manager that was restarted is found again. */
int sn_notify_send(const struct sn_notify *notify, const char *text)
{
    ssize_t sent;

    do {
        sent = sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                      (const struct sockaddr *)&notify->address, notify->address_len);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? uv_translate_sys_error(errno) : 0;
}

void sn_notify_close(struct sn_notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
