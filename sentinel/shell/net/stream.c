/* SPDX-License-Identifier: BSD-3-Clause */
/* The only code that drives libuv's connection handles. Happy path: connect or accept, pass bytes
 * to the hook, sn_stream_flush, close. Failure modes: every system error reaches the owner, by a
 * hook or as the result of a call. An error does not change the stream, except that it stops
 * reading after a read error or the end of input. */
#include "shell/net/stream.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* A buffer that was larger than this once does not stay so. */
#define KEEP_MAX ((size_t)64 << 10)

static void move(struct sn_stream *stream, enum sn_stream_state to)
{
    static const unsigned legal[] = {
        [SN_STREAM_NONE] = 1 << SN_STREAM_CLOSING,
        [SN_STREAM_CONNECTING] = 1 << SN_STREAM_NONE,
        [SN_STREAM_OPEN] = 1 << SN_STREAM_CONNECTING,
        [SN_STREAM_ENDED] = 1 << SN_STREAM_OPEN,
        [SN_STREAM_CLOSING] =
            1 << SN_STREAM_CONNECTING | 1 << SN_STREAM_OPEN | 1 << SN_STREAM_ENDED,
    };

    assert(legal[to] & 1U << stream->state);
    stream->state = to;
}

static void init_handle(union sn_stream_handle *uv, uv_loop_t *loop, bool is_unix, void *data)
{
    int rc = is_unix ? uv_pipe_init(loop, &uv->pipe, 0) : uv_tcp_init(loop, &uv->tcp);

    assert(rc == 0); /* neither does more than fill in the handle */
    (void)rc;
    uv->handle.data = data;
}

void sn_stream_init(struct sn_stream *stream, struct sn_net *net, bool is_unix,
                    const struct sn_stream_hooks *hooks, void *owner, size_t out_max)
{
    *stream = (struct sn_stream){.net = net, .hooks = hooks, .owner = owner, .is_unix = is_unix};
    sn_buf_init(&stream->out, out_max);
    sn_buf_init(&stream->writing, out_max);
    init_handle(&stream->uv, net->loop, is_unix, stream);
    move(stream, SN_STREAM_CONNECTING);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sn_stream *stream = handle->data;

    (void)suggested;
    *buf = uv_buf_init(stream->net->read_buffer, (unsigned)SN_NET_READ_SIZE);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buf)
{
    struct sn_stream *stream = handle->data;

    if (count > 0) {
        stream->hooks->bytes(stream->owner, buf->base, (size_t)count);
    } else if (count < 0) {
        sn_stream_pause(stream);
        move(stream, SN_STREAM_ENDED);
        stream->hooks->ended(stream->owner, (int)count);
    }
}

int sn_stream_resume(struct sn_stream *stream)
{
    if (stream->reading || stream->state != SN_STREAM_OPEN)
        return 0;
    int rc = uv_read_start(&stream->uv.stream, on_alloc, on_read);
    stream->reading = rc == 0;
    return rc;
}

void sn_stream_pause(struct sn_stream *stream)
{
    if (stream->reading)
        uv_read_stop(&stream->uv.stream);
    stream->reading = false;
}

/* ---- opening ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct sn_stream *stream = request->data;

    if (stream->state == SN_STREAM_CLOSING)
        return;
    if (status == 0) {
        move(stream, SN_STREAM_OPEN);
        status = sn_stream_resume(stream);
    }
    stream->hooks->opened(stream->owner, status);
}

int sn_stream_connect(struct sn_stream *stream, const struct sockaddr *from,
                      const struct sockaddr *to)
{
    assert(stream->state == SN_STREAM_CONNECTING);
    if (from != NULL)
        (void)uv_tcp_bind(&stream->uv.tcp, from, 0);
    stream->request.connect.data = stream;
    return uv_tcp_connect(&stream->request.connect, &stream->uv.tcp, to, on_connected);
}

void sn_stream_tune(struct sn_stream *stream, int keepalive_s)
{
    if (stream->is_unix)
        return;
    (void)uv_tcp_nodelay(&stream->uv.tcp, 1);
    if (keepalive_s > 0)
        (void)uv_tcp_keepalive(&stream->uv.tcp, 1, (unsigned)keepalive_s);
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status)
{
    struct sn_stream *stream = request->data;

    stream->busy = false;
    sn_buf_fini(&stream->writing);
    if (stream->state != SN_STREAM_CLOSING)
        stream->hooks->drained(stream->owner, status);
}

static int write_rest(struct sn_stream *stream, size_t done)
{
    stream->writing = stream->out;
    sn_buf_init(&stream->out, stream->writing.cap);
    uv_buf_t bytes =
        uv_buf_init(stream->writing.data + done, (unsigned)(stream->writing.len - done));
    stream->request.write.data = stream;
    int rc = uv_write(&stream->request.write, &stream->uv.stream, &bytes, 1, on_written);
    stream->busy = rc == 0;
    if (rc != 0)
        sn_buf_fini(&stream->writing);
    return rc;
}

int sn_stream_flush(struct sn_stream *stream)
{
    struct sn_buf *out = &stream->out;

    if ((stream->state != SN_STREAM_OPEN && stream->state != SN_STREAM_ENDED) || stream->busy ||
        out->len == 0)
        return 0;
    uv_buf_t bytes = uv_buf_init(out->data, (unsigned)out->len);
    int written = uv_try_write(&stream->uv.stream, &bytes, 1);
    if (written == UV_EAGAIN)
        written = 0;
    if (written >= 0 && (size_t)written < out->len)
        return write_rest(stream, (size_t)written);
    if (out->room > KEEP_MAX)
        sn_buf_fini(out);
    sn_buf_clear(out);
    return written < 0 ? written : 0;
}

size_t sn_stream_waiting(const struct sn_stream *stream)
{
    return stream->out.len +
           (stream->busy ? uv_stream_get_write_queue_size(&stream->uv.stream) : 0);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct sn_stream *stream = handle->data;

    sn_buf_fini(&stream->out);
    sn_buf_fini(&stream->writing);
    move(stream, SN_STREAM_NONE);
    stream->hooks->closed(stream->owner);
}

void sn_stream_close(struct sn_stream *stream)
{
    sn_stream_pause(stream);
    move(stream, SN_STREAM_CLOSING);
    uv_close(&stream->uv.handle, on_closed);
}

/* ---- addresses ---- */

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

/* ---- listeners ---- */

void sn_listener_init(struct sn_listener *listener, uv_loop_t *loop, bool is_unix,
                      const struct sn_listener_hooks *hooks, void *owner)
{
    *listener = (struct sn_listener){.hooks = hooks, .owner = owner, .is_unix = is_unix};
    init_handle(&listener->uv, loop, is_unix, listener);
}

static void on_connection(uv_stream_t *handle, int status)
{
    struct sn_listener *listener = handle->data;

    listener->hooks->connected(listener->owner, status);
}

int sn_listener_tcp(struct sn_listener *listener, const struct sockaddr *address, int backlog)
{
    unsigned flags = address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    int rc = uv_tcp_bind(&listener->uv.tcp, address, flags);

    return rc == 0 ? uv_listen(&listener->uv.stream, backlog, on_connection) : rc;
}

/* PROTOCOL.md §19.9. */
int sn_listener_unix(struct sn_listener *listener, const char *path, mode_t mode, int backlog)
{
    struct stat old;

    if (lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))
        (void)unlink(path);
    int rc = uv_pipe_bind(&listener->uv.pipe, path);
    if (rc == 0 && mode != 0 && chmod(path, mode) != 0)
        rc = UV_EPERM;
    return rc == 0 ? uv_listen(&listener->uv.stream, backlog, on_connection) : rc;
}

int sn_listener_accept(struct sn_listener *listener, struct sn_stream *stream)
{
    int rc = uv_accept(&listener->uv.stream, &stream->uv.stream);

    if (rc == 0)
        move(stream, SN_STREAM_OPEN);
    return rc;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct sn_listener *listener = handle->data;

    listener->hooks->closed(listener->owner);
}

void sn_listener_close(struct sn_listener *listener)
{
    uv_close(&listener->uv.handle, on_listener_closed);
}
