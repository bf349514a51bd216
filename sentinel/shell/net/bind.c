/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/bind.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A name means its IPv4 address, as for stock, or its IPv6 address if it has no other. */
static struct addrinfo *look_name_up(const char *name)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct addrinfo *found = NULL;

    for (size_t i = 0; i < 2 && found == NULL; i++) {
        struct addrinfo hints = {
            .ai_family = families[i], .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
        if (getaddrinfo(name, NULL, &hints, &found) != 0)
            found = NULL;
    }
    return found;
}

int sn_bind_address(const char *host, uint16_t port, struct sockaddr_storage *address)
{
    if (strcmp(host, "*") == 0)
        host = "0.0.0.0";
    else if (strcmp(host, "::*") == 0)
        host = "::";
    if (sn_stream_address(host, port, address))
        return 0;
    struct addrinfo *found = look_name_up(host);
    if (found == NULL)
        return UV_EADDRNOTAVAIL;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    return 0;
}

bool sn_bind_is_missing(int error)
{
    return error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT || error == UV_EPROTONOSUPPORT ||
           error == UV_ENOPROTOOPT || error == UV_ENOTSUP || error == UV_EINVAL;
}

static void on_guest_closed(uv_handle_t *guest)
{
    free(guest);
}

/* libuv keeps the descriptor that it has accepted, so the owner gets another one of it. */
int sn_bind_accept(struct sn_listener *listener)
{
    uv_tcp_t *guest = sn_alloc(sizeof(*guest));
    uv_os_fd_t fd = -1;
    int result = uv_tcp_init(listener->uv.handle.loop, guest);

    if (result == 0)
        result = uv_accept(&listener->uv.stream, (uv_stream_t *)guest);
    if (result == 0)
        result = uv_fileno((uv_handle_t *)guest, &fd);
    if (result == 0) {
        result = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (result < 0)
            result = uv_translate_sys_error(errno);
    }
    uv_close((uv_handle_t *)guest, on_guest_closed);
    return result;
}
