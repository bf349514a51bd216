/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a stream goes to and comes from. */
#include "shell/net/stream.h"

#include <netinet/in.h>
#include <string.h>

typedef int get_name_fn(const uv_tcp_t *tcp, struct sockaddr *name, int *len);

static void read_end(const struct sn_stream *stream, get_name_fn *get, struct sn_stream_end *end)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    const struct sockaddr_in *v4 = (const void *)&name;
    const struct sockaddr_in6 *v6 = (const void *)&name;
    int len = sizeof(name);

    *end = (struct sn_stream_end){.ip = ""};
    if (stream->is_unix || get(&stream->uv.tcp, (struct sockaddr *)&name, &len) != 0)
        return;
    if (name.ss_family == AF_INET) {
        uv_ip4_name(v4, end->ip, sizeof(end->ip));
        end->port = ntohs(v4->sin_port);
        end->is_loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    } else if (name.ss_family == AF_INET6) {
        uv_ip6_name(v6, end->ip, sizeof(end->ip));
        end->port = ntohs(v6->sin6_port);
        end->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
}

void sn_stream_local(const struct sn_stream *stream, struct sn_stream_end *end)
{
    read_end(stream, uv_tcp_getsockname, end);
}

void sn_stream_peer(const struct sn_stream *stream, struct sn_stream_end *end)
{
    read_end(stream, uv_tcp_getpeername, end);
}

int sn_stream_fd(const struct sn_stream *stream)
{
    uv_os_fd_t fd = -1;

    return uv_fileno(&stream->uv.handle, &fd) == 0 ? fd : -1;
}

bool sn_stream_address(const char *ip, uint16_t port, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof(*address));
    return uv_ip4_addr(ip, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(ip, port, (struct sockaddr_in6 *)address) == 0;
}
