/* SPDX-License-Identifier: BSD-3-Clause */
/* The only code that drives libuv's connection handles. Happy path: connect or accept, shake hands
 * (TLS), pass bytes to the hook, sn_stream_flush, close. Every system error reaches the owner, by a
 * hook or as a result, and changes nothing, except that reading ends after a read error. */
#include "shell/net/stream.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

/* A buffer that was larger than this once does not stay so. */
#define KEEP_MAX ((size_t)64 << 10)
/* Plain bytes encrypted at once, and records that may wait for a peer that does not read. */
#define SLICE_MAX ((size_t)64 << 10)
#define WIRE_MAX  ((size_t)256 << 10)
/* What is read of TLS in one turn of the loop: tiny records take a hundred times as long as plain
 * bytes. During the handshake it is less, because it may have to wait. */
#define RECORD_SIZE ((size_t)16 << 10)
#define HELLO_SIZE  ((size_t)4 << 10)

/* What a stream with TLS has besides. */
struct sn_secure {
    struct sn_tls_session *session;
    struct sn_buf wire;  /* records for the network */
    struct sn_buf plain; /* output that is being encrypted, slice by slice, up to `done` */
    size_t done;
    struct sn_buf held; /* input that waits for sn_net_shake */
    bool urgent;
    bool had_turn;            /* has read as much as it may in this turn */
    struct sn_secure **queue; /* in which it waits; NULL: it does not */
    struct sn_stream *owner;
    struct sn_secure *prev, *next;
};

static void move(struct sn_stream *stream, enum sn_stream_state to)
{
    static const unsigned legal[] = {
        [SN_STREAM_NONE] = 1 << SN_STREAM_CLOSING,
        [SN_STREAM_CONNECTING] = 1 << SN_STREAM_NONE,
        [SN_STREAM_SHAKING] = 1 << SN_STREAM_CONNECTING,
        [SN_STREAM_OPEN] = 1 << SN_STREAM_CONNECTING | 1 << SN_STREAM_SHAKING,
        [SN_STREAM_ENDED] = 1 << SN_STREAM_OPEN,
        [SN_STREAM_CLOSING] = 1 << SN_STREAM_CONNECTING | 1 << SN_STREAM_SHAKING |
                              1 << SN_STREAM_OPEN | 1 << SN_STREAM_ENDED,
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

void sn_stream_pause(struct sn_stream *stream)
{
    if (stream->reading)
        uv_read_stop(&stream->uv.stream);
    stream->reading = false;
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status);

/* Writes as much of *bytes as the kernel takes; the rest becomes one pending write. *bytes is empty
 * again. */
static int write_all(struct sn_stream *stream, struct sn_buf *bytes)
{
    uv_buf_t all = uv_buf_init(bytes->data, (unsigned)bytes->len);
    int written = uv_try_write(&stream->uv.stream, &all, 1);

    if (written == UV_EAGAIN)
        written = 0;
    if (written < 0 || (size_t)written == bytes->len) {
        if (bytes->room > KEEP_MAX || stream->secure != NULL)
            sn_buf_fini(bytes);
        sn_buf_clear(bytes);
        return written < 0 ? written : 0;
    }
    stream->writing = *bytes;
    sn_buf_init(bytes, stream->writing.cap);
    uv_buf_t left = uv_buf_init(stream->writing.data + written,
                                (unsigned)stream->writing.len - (unsigned)written);
    uv_write_t *request = sn_alloc(sizeof(*request));
    request->data = stream;
    int rc = uv_write(request, &stream->uv.stream, &left, 1, on_written);
    stream->busy = rc == 0;
    if (rc != 0) {
        free(request);
        sn_buf_fini(&stream->writing);
    }
    return rc;
}

static int write_wire(struct sn_stream *stream)
{
    return stream->busy || stream->secure->wire.len == 0 ? 0
                                                         : write_all(stream, &stream->secure->wire);
}

static void drop_plain(struct sn_secure *secure)
{
    sn_buf_fini(&secure->plain);
    secure->done = 0;
}

/* Encrypts and writes until a write is pending or nothing is left. After an error nothing is. */
static int write_secure(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;
    int rc = write_wire(stream);

    while (rc == 0 && !stream->busy && secure->done < secure->plain.len) {
        size_t len = secure->plain.len - secure->done;
        len = len < SLICE_MAX ? len : SLICE_MAX;
        bool ok = sn_tls_session_write(secure->session, secure->plain.data + secure->done, len);
        secure->done += len;
        rc = ok ? write_wire(stream) : UV_EPROTO;
    }
    if (rc != 0 || secure->done == secure->plain.len)
        drop_plain(secure);
    return rc;
}

static void on_written(uv_write_t *request, int status)
{
    struct sn_stream *stream = request->data;

    free(request);
    stream->busy = false;
    sn_buf_fini(&stream->writing);
    if (stream->state == SN_STREAM_CLOSING)
        return;
    if (stream->secure != NULL) {
        if (status == 0)
            status = write_secure(stream);
        else
            drop_plain(stream->secure);
        if (status == 0 && (stream->busy || stream->state == SN_STREAM_SHAKING))
            return;
    }
    stream->hooks->drained(stream->owner, status);
}

int sn_stream_flush(struct sn_stream *stream)
{
    struct sn_buf *out = &stream->out;
    struct sn_secure *secure = stream->secure;

    if ((stream->state != SN_STREAM_OPEN && stream->state != SN_STREAM_ENDED) || stream->busy ||
        out->len == 0)
        return 0;
    if (secure == NULL)
        return write_all(stream, out);
    assert(secure->plain.len == 0);
    secure->plain = *out;
    sn_buf_init(out, secure->plain.cap);
    return write_secure(stream);
}

size_t sn_stream_waiting(const struct sn_stream *stream)
{
    const struct sn_secure *secure = stream->secure;
    size_t queued = stream->busy ? uv_stream_get_write_queue_size(&stream->uv.stream) : 0;

    if (secure != NULL)
        queued += secure->wire.len + secure->plain.len - secure->done;
    return stream->out.len + queued;
}

size_t sn_stream_memory(const struct sn_stream *stream)
{
    const struct sn_secure *secure = stream->secure;
    size_t held = secure ? secure->wire.room + secure->plain.room + secure->held.room : 0;

    return held + stream->out.room + stream->writing.room;
}

/* ---- TLS ---- */

void sn_stream_secure(struct sn_stream *stream, struct sn_tls *tls, const char *host)
{
    struct sn_secure *secure = sn_alloc(sizeof(*secure));

    assert(stream->state == SN_STREAM_CONNECTING && stream->secure == NULL);
    sn_buf_init(&secure->wire, WIRE_MAX);
    sn_buf_init(&secure->held, SIZE_MAX);
    secure->owner = stream;
    secure->session = sn_tls_session_new(tls, host, &secure->wire);
    stream->secure = secure;
}

static void leave_queue(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;

    if (secure->queue != NULL)
        DL_DELETE(*secure->queue, secure);
    secure->queue = NULL;
}

static void free_secure(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;

    if (secure == NULL)
        return;
    leave_queue(stream);
    sn_tls_session_free(secure->session);
    sn_buf_fini(&secure->wire);
    sn_buf_fini(&secure->plain);
    sn_buf_fini(&secure->held);
    free(secure);
    stream->secure = NULL;
}

void sn_stream_hurry(struct sn_stream *stream)
{
    if (stream->secure != NULL)
        stream->secure->urgent = true;
}

const struct sn_tls_session *sn_stream_session(const struct sn_stream *stream)
{
    return stream->secure != NULL ? stream->secure->session : NULL;
}

const char *sn_stream_reason(const struct sn_stream *stream, int error)
{
    const struct sn_tls_session *session = sn_stream_session(stream);
    const char *reason = session != NULL ? sn_tls_session_reason(session) : "";

    return error == UV_EPROTO && reason[0] != '\0' ? reason : uv_strerror(error);
}

/* The stream has no more input. While it shook hands, it was never open. */
static void end_input(struct sn_stream *stream, int error)
{
    bool shaking = stream->state == SN_STREAM_SHAKING;

    sn_stream_pause(stream);
    if (shaking) {
        stream->hooks->opened(stream->owner, error);
    } else {
        move(stream, SN_STREAM_ENDED);
        stream->hooks->ended(stream->owner, error);
    }
}

/* What was received behind the last message of the handshake is passed on as well. */
static void pass_plain(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;
    struct sn_net *net = stream->net;
    enum sn_tls_result result = SN_TLS_WAIT;
    size_t len = 1;

    while (len > 0 && stream->state == SN_STREAM_OPEN) {
        result = sn_tls_session_read(secure->session, net->plain_buffer, SN_NET_READ_SIZE, &len);
        if (len > 0)
            stream->hooks->bytes(stream->owner, net->plain_buffer, len);
    }
    if (stream->state != SN_STREAM_OPEN)
        return;
    int rc = write_wire(stream); /* alerts, new keys */
    if (result == SN_TLS_ENDED)
        end_input(stream, UV_EOF);
    else if (result == SN_TLS_FAILED)
        end_input(stream, UV_EPROTO);
    else if (rc != 0)
        end_input(stream, rc);
}

static void shake(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;
    enum sn_tls_result result = sn_tls_session_shake(secure->session);
    int rc = write_wire(stream);

    if (result == SN_TLS_ENDED || result == SN_TLS_FAILED)
        rc = UV_EPROTO;
    if (rc != 0) {
        end_input(stream, rc);
    } else if (result == SN_TLS_DONE) {
        move(stream, SN_STREAM_OPEN);
        stream->hooks->opened(stream->owner, 0);
        if (stream->state == SN_STREAM_OPEN)
            pass_plain(stream);
    }
}

/* Until its turn comes, the stream does not read (PROTOCOL.md §20.5). */
static void queue_handshake(struct sn_stream *stream, const char *data, size_t len)
{
    struct sn_secure *secure = stream->secure;
    struct sn_net *net = stream->net;

    sn_buf_append(&secure->held, data, len);
    sn_stream_pause(stream);
    secure->queue = secure->urgent ? &net->hurrying : &net->shaking;
    DL_APPEND(*secure->queue, secure);
    net->shake_due(net->owner);
}

bool sn_net_has_to_shake(const struct sn_net *net)
{
    return net->hurrying != NULL || net->shaking != NULL;
}

/* PROTOCOL.md §20.5. */
void *sn_net_shake(struct sn_net *net)
{
    struct sn_secure *secure = net->hurrying != NULL ? net->hurrying : net->shaking;

    if (secure == NULL)
        return NULL;
    struct sn_stream *stream = secure->owner;
    struct sn_buf held = secure->held;
    leave_queue(stream);
    sn_buf_init(&secure->held, SIZE_MAX);
    int rc = sn_stream_resume(stream);
    if (rc != 0) {
        end_input(stream, rc);
    } else {
        sn_tls_session_feed(secure->session, held.data, held.len);
        shake(stream);
    }
    sn_buf_fini(&held);
    return stream->state == SN_STREAM_SHAKING ? stream->owner : NULL;
}

static void take_secure(struct sn_stream *stream, const char *data, size_t len)
{
    bool waits = stream->net->shake_due != NULL;

    if (stream->state == SN_STREAM_SHAKING && waits) {
        queue_handshake(stream, data, len);
        return;
    }
    sn_tls_session_feed(stream->secure->session, data, len);
    if (stream->state == SN_STREAM_SHAKING)
        shake(stream);
    else
        pass_plain(stream);
}

/* ---- reading ---- */

/* 0: no more in this turn (PROTOCOL.md §20.5). libuv repeats reads that fill the buffer. */
static size_t read_size(struct sn_stream *stream)
{
    struct sn_secure *secure = stream->secure;

    if (secure == NULL)
        return SN_NET_READ_SIZE;
    bool over = secure->had_turn;
    secure->had_turn = false;
    return over ? 0 : stream->state == SN_STREAM_SHAKING ? HELLO_SIZE : RECORD_SIZE;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sn_stream *stream = handle->data;

    (void)suggested;
    *buf = uv_buf_init(stream->net->read_buffer, (unsigned)read_size(stream));
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buf)
{
    struct sn_stream *stream = handle->data;

    if (count == UV_ENOBUFS)
        return; /* as read_size demands */
    if (count > 0 && stream->secure != NULL) {
        stream->secure->had_turn = (size_t)count == buf->len;
        take_secure(stream, buf->base, (size_t)count);
    } else if (count > 0)
        stream->hooks->bytes(stream->owner, buf->base, (size_t)count);
    else if (count < 0)
        end_input(stream, (int)count);
}

int sn_stream_resume(struct sn_stream *stream)
{
    bool can_read = stream->state == SN_STREAM_OPEN ||
                    (stream->state == SN_STREAM_SHAKING && stream->secure->queue == NULL);

    if (stream->reading || !can_read)
        return 0;
    int rc = uv_read_start(&stream->uv.stream, on_alloc, on_read);
    stream->reading = rc == 0;
    return rc;
}

/* ---- opening ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct sn_stream *stream = request->data;

    free(request);
    if (stream->state == SN_STREAM_CLOSING)
        return;
    if (status == 0) {
        move(stream, stream->secure != NULL ? SN_STREAM_SHAKING : SN_STREAM_OPEN);
        status = sn_stream_resume(stream);
    }
    if (status != 0 || stream->secure == NULL) {
        stream->hooks->opened(stream->owner, status);
        return;
    }
    if (stream->hooks->reached != NULL)
        stream->hooks->reached(stream->owner);
    if (stream->state == SN_STREAM_SHAKING)
        shake(stream);
}

int sn_stream_connect(struct sn_stream *stream, const struct sockaddr *from,
                      const struct sockaddr *to)
{
    assert(stream->state == SN_STREAM_CONNECTING);
    if (from != NULL)
        (void)uv_tcp_bind(&stream->uv.tcp, from, 0);
    uv_connect_t *request = sn_alloc(sizeof(*request));
    request->data = stream;
    int rc = uv_tcp_connect(request, &stream->uv.tcp, to, on_connected);
    if (rc != 0)
        free(request);
    return rc;
}

void sn_stream_tune(struct sn_stream *stream, int keepalive_s)
{
    if (stream->is_unix)
        return;
    (void)uv_tcp_nodelay(&stream->uv.tcp, 1);
    if (keepalive_s > 0)
        (void)uv_tcp_keepalive(&stream->uv.tcp, 1, (unsigned)keepalive_s);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct sn_stream *stream = handle->data;

    sn_buf_fini(&stream->out);
    sn_buf_fini(&stream->writing);
    free_secure(stream);
    move(stream, SN_STREAM_NONE);
    stream->hooks->closed(stream->owner);
}

/* Without it the other side could not tell an end from a cut. */
static void say_end(struct sn_stream *stream)
{
    if (stream->secure == NULL || stream->busy ||
        (stream->state != SN_STREAM_OPEN && stream->state != SN_STREAM_ENDED))
        return;
    sn_tls_session_end(stream->secure->session);
    struct sn_buf *wire = &stream->secure->wire;
    uv_buf_t bytes = uv_buf_init(wire->data, (unsigned)wire->len);
    if (wire->len > 0)
        (void)uv_try_write(&stream->uv.stream, &bytes, 1);
}

void sn_stream_close(struct sn_stream *stream)
{
    sn_stream_pause(stream);
    say_end(stream);
    if (stream->secure != NULL)
        leave_queue(stream);
    move(stream, SN_STREAM_CLOSING);
    uv_close(&stream->uv.handle, on_closed);
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
        move(stream, stream->secure != NULL ? SN_STREAM_SHAKING : SN_STREAM_OPEN);
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
