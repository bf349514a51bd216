/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_TCP_SERVER_H
#define SN_TESTS_SHELL_TCP_SERVER_H

/* A server on a free loopback port, in the loop of the test, that says what the test tells it to.
 * It talks to one connection at a time. */

#include "base/alloc.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct tcp_server {
    uv_tcp_t listener;
    uint16_t port;
    uv_tcp_t *client; /* the newest connection, until it ends */
    char client_ip[46];
    size_t accepted;
    size_t ended; /* connections that the other side closed or reset */
    bool deaf;    /* does not read */
    struct sn_buf received;
    char buffer[65536];
};

static void tcp_server_on_free(uv_handle_t *handle)
{
    free(handle);
}

static void tcp_server_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tcp_server *server = handle->data;

    (void)suggested;
    *buf = uv_buf_init(server->buffer, sizeof(server->buffer));
}

static inline void tcp_server_hang_up(struct tcp_server *server)
{
    if (server->client != NULL)
        uv_close((uv_handle_t *)server->client, tcp_server_on_free);
    server->client = NULL;
}

static void tcp_server_on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct tcp_server *server = stream->data;

    if (count > 0) {
        sn_buf_append(&server->received, buf->base, (size_t)count);
    } else if (count < 0) {
        server->ended++;
        tcp_server_hang_up(server);
    }
}

static void tcp_server_on_connection(uv_stream_t *stream, int status)
{
    struct tcp_server *server = stream->data;
    struct sockaddr_in peer;
    int len = sizeof(peer);

    assert(status == 0);
    tcp_server_hang_up(server);
    server->client = sn_alloc(sizeof(*server->client));
    server->accepted++;
    uv_tcp_init(stream->loop, server->client);
    server->client->data = server;
    status = uv_accept(stream, (uv_stream_t *)server->client);
    assert(status == 0);
    uv_tcp_getpeername(server->client, (struct sockaddr *)&peer, &len);
    uv_ip4_name(&peer, server->client_ip, sizeof(server->client_ip));
    if (!server->deaf)
        uv_read_start((uv_stream_t *)server->client, tcp_server_on_alloc, tcp_server_on_read);
}

static inline void tcp_server_init(struct tcp_server *server, uv_loop_t *loop)
{
    struct sockaddr_in addr;
    int len = sizeof(addr);

    memset(server, 0, sizeof(*server));
    sn_buf_init(&server->received, 64 * 1024 * 1024);
    uv_ip4_addr("127.0.0.1", 0, &addr);
    uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    int status = uv_tcp_bind(&server->listener, (const struct sockaddr *)&addr, 0);
    assert(status == 0);
    status = uv_listen((uv_stream_t *)&server->listener, 16, tcp_server_on_connection);
    assert(status == 0);
    (void)status;
    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&addr, &len);
    server->port = ntohs(addr.sin_port);
}

static inline void tcp_server_close(struct tcp_server *server)
{
    tcp_server_hang_up(server);
    sn_buf_fini(&server->received);
    uv_close((uv_handle_t *)&server->listener, NULL);
}

struct tcp_server_write {
    uv_write_t request;
    char *bytes;
};

static void tcp_server_on_written(uv_write_t *request, int status)
{
    struct tcp_server_write *write = request->data;

    (void)status; /* the other side may well hang up on us */
    free(write->bytes);
    free(write);
}

static inline void tcp_server_say_bytes(struct tcp_server *server, const char *bytes, size_t len)
{
    struct tcp_server_write *write = sn_alloc(sizeof(*write));

    assert(server->client != NULL);
    write->bytes = sn_strndup(bytes, len);
    write->request.data = write;
    uv_buf_t buf = uv_buf_init(write->bytes, (unsigned)len);
    uv_write(&write->request, (uv_stream_t *)server->client, &buf, 1, tcp_server_on_written);
}

static inline void tcp_server_say(struct tcp_server *server, const char *text)
{
    tcp_server_say_bytes(server, text, strlen(text));
}

#endif
