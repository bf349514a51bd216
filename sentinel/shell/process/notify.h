/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_NOTIFY_H
#define SN_SHELL_PROCESS_NOTIFY_H

/* Datagrams to the socket that a service manager has named in NOTIFY_SOCKET (sd_notify(3)). They
 * never wait. */

#include "base/types.h"

#include <sys/socket.h>
#include <sys/un.h>

struct sn_notify {
    int fd; /* -1: closed */
    struct sockaddr_un address;
    socklen_t address_len;
};

/* name: an absolute path, or behind an '@' a name of the abstract kind. Returns 0 or a libuv error.
 */
SN_MUST_CHECK int sn_notify_open(struct sn_notify *notify, const char *name);
/* Returns 0 or a libuv error; UV_EAGAIN: the other side has not read what it was sent before. */
SN_MUST_CHECK int sn_notify_send(const struct sn_notify *notify, const char *text);
void sn_notify_close(struct sn_notify *notify);

#endif
