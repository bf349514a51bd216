/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_STREAM_H
#define SN_SHELL_NET_STREAM_H

/* A connection over TCP or a Unix socket, outgoing or accepted. Input goes to hooks; output waits
 * in a buffer until the kernel takes it. Links and clients are built on streams. A stream sets no
 * limits and never closes itself: its owner does both.
 *
 * A stream is embedded in its owner, from sn_stream_init to the hook `closed`. Hooks are called
 * from the loop, never from within a call of the owner, and may call any function here,
 * sn_stream_close too.
 *
 * With TLS (sn_stream_secure) the owner still sees plain bytes only. A handshake costs about a
 * millisecond: those of accepted streams wait in a queue, from which the owner of struct sn_net
 * takes as many per turn as it has time for (sn_net_shake). Those of connected streams, to the
 * servers and sentinels that are watched, never wait. */

#include "base/addr.h"
#include "base/buf.h"
#include "shell/net/tls_session.h"

#include <sys/stat.h>
#include <uv.h>

#define SN_NET_READ_SIZE ((size_t)64 << 10)

struct sn_secure;

/* Shared by the streams of one owner. */
struct sn_net {
    uv_loop_t *loop;
    /* A handshake waits for sn_net_shake; NULL: handshakes do not wait. */
    void (*shake_due)(void *owner);
    void *owner;
    struct sn_secure *hurrying, *shaking; /* accepted streams whose handshake waits */
    char read_buffer[SN_NET_READ_SIZE];   /* valid only during the hook `bytes` */
    char plain_buffer[SN_NET_READ_SIZE];  /* the same, of TLS */
};

bool sn_net_has_to_shake(const struct sn_net *net);
/* Goes on with the handshake that has waited longest, urgent ones first. Returns the
 * owner of the stream if it is the other side's turn now, else NULL. */
void *sn_net_shake(struct sn_net *net);

/* States follow in this order; ENDED may be skipped, and CLOSING may follow any state after NONE.
 */
enum sn_stream_state {
    SN_STREAM_NONE = 0,
    SN_STREAM_CONNECTING, /* or not accepted yet; `out` waits */
    SN_STREAM_SHAKING,    /* TLS handshake; `out` waits */
    SN_STREAM_OPEN,
    SN_STREAM_ENDED,  /* the other side sends no more; writing may still work */
    SN_STREAM_CLOSING /* only the hook `closed` follows */
};

/* Errors are 0 or a negative libuv code. */
struct sn_stream_hooks {
    /* Connected; the TLS handshake begins. NULL: not called. */
    void (*reached)(void *owner);
    /* sn_stream_connect has ended, or the TLS handshake of an accepted stream: the stream is open
     * and reads, or failed (error) and has to be closed. */
    void (*opened)(void *owner, int error);
    void (*bytes)(void *owner, const char *data, size_t len);
    /* No more input follows; UV_EOF: the other side ended it. */
    void (*ended)(void *owner, int error);
    /* The pending write is done, or failed (error). */
    void (*drained)(void *owner, int error);
    /* The stream is closed: owner may be freed. */
    void (*closed)(void *owner);
};

union sn_stream_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

/* The owner appends to `out` and reads `state`, `is_unix`, `reading` and `busy`. */
struct sn_stream {
    union sn_stream_handle uv;
    struct sn_net *net;
    const struct sn_stream_hooks *hooks;
    void *owner;
    struct sn_buf out;        /* sent by the next sn_stream_flush */
    struct sn_buf writing;    /* belongs to the pending write */
    struct sn_secure *secure; /* NULL: no TLS */
    enum sn_stream_state state;
    bool is_unix;
    bool reading;
    bool busy; /* a write is pending */
};

/* One end of a TCP connection. */
struct sn_stream_end {
    char ip[SN_IP_MAX + 1]; /* "": unknown, or a Unix socket */
    uint16_t port;
    bool is_loopback;
};

/* Initialises a stream that is to be connected or accepted. out_max: cap of `out` in bytes. Must
 * always be ended with sn_stream_close. */
void sn_stream_init(struct sn_stream *stream, struct sn_net *net, bool is_unix,
                    const struct sn_stream_hooks *hooks, void *owner, size_t out_max);
/* Makes a stream use TLS, before it is connected or accepted. tls: borrowed for the call. host: as
 * sn_tls_session_new. */
void sn_stream_secure(struct sn_stream *stream, struct sn_tls *tls, const char *host);
/* The handshake of an accepted stream goes before those that are not urgent. */
void sn_stream_hurry(struct sn_stream *stream);
/* The TLS session; NULL: none. */
const struct sn_tls_session *sn_stream_session(const struct sn_stream *stream);
/* Describes an error of a hook or a call: a TLS failure in its own words, else as libuv does. Valid
 * until the stream is closed. */
const char *sn_stream_reason(const struct sn_stream *stream, int error);
/* Connects over TCP. from: source address or NULL; an unusable one is ignored. Returns 0 or a libuv
 * error; after an error no hook is called. */
SN_MUST_CHECK int sn_stream_connect(struct sn_stream *stream, const struct sockaddr *from,
                                    const struct sockaddr *to);
/* Sets TCP_NODELAY, and keepalive probes after keepalive_s seconds of silence (0: none). No effect
 * on a Unix socket. */
void sn_stream_tune(struct sn_stream *stream, int keepalive_s);

/* Starts or resumes reading; an accepted stream does not read before. A TLS handshake begins with
 * it. No effect if it reads already or the input has ended. Returns 0 or a libuv error. */
SN_MUST_CHECK int sn_stream_resume(struct sn_stream *stream);
/* Stops reading until sn_stream_resume, so that the kernel's buffer fills and blocks the other
 * side. */
void sn_stream_pause(struct sn_stream *stream);

/* Writes as much of `out` as the kernel takes; the rest becomes one pending write, and `out` is
 * empty again. No effect while a write is pending or before the stream is open. Returns 0 or a
 * libuv error: the connection is broken, and `out` was dropped. */
int sn_stream_flush(struct sn_stream *stream);
/* Returns the number of bytes that the kernel has not taken yet. */
size_t sn_stream_waiting(const struct sn_stream *stream);
/* Returns the bytes of memory that its buffers hold. (A TLS session itself holds about 16 KiB
 * more.)
 */
size_t sn_stream_memory(const struct sn_stream *stream);

/* Closes at once; unwritten output is lost. Precondition: not CLOSING. */
void sn_stream_close(struct sn_stream *stream);

void sn_stream_local(const struct sn_stream *stream, struct sn_stream_end *end);
void sn_stream_peer(const struct sn_stream *stream, struct sn_stream_end *end);
/* Returns the file descriptor; -1 if none. */
int sn_stream_fd(const struct sn_stream *stream);

/* Fills *address. False if ip is not a literal address. */
bool sn_stream_address(const char *ip, uint16_t port, struct sockaddr_storage *address);

struct sn_listener_hooks {
    /* A connection waits for sn_listener_accept; or accepting failed (error). */
    void (*connected)(void *owner, int error);
    void (*closed)(void *owner); /* owner may be freed */
};

/* A listening socket; embedded in its owner. */
struct sn_listener {
    union sn_stream_handle uv;
    const struct sn_listener_hooks *hooks;
    void *owner;
    bool is_unix;
};

/* Initialises a listener. Must be ended with sn_listener_close. */
void sn_listener_init(struct sn_listener *listener, uv_loop_t *loop, bool is_unix,
                      const struct sn_listener_hooks *hooks, void *owner);
/* Listens on a TCP address; an IPv6 socket accepts IPv6 only. Returns 0 or a libuv error. */
SN_MUST_CHECK int sn_listener_tcp(struct sn_listener *listener, const struct sockaddr *address,
                                  int backlog);
/* Listens on a Unix socket. Replaces a socket at path, but no other kind of file. mode:
 * permissions; 0: by umask. Returns 0 or a libuv error. */
SN_MUST_CHECK int sn_listener_unix(struct sn_listener *listener, const char *path, mode_t mode,
                                   int backlog);
/* Accepts the waiting connection into stream, which is just initialised and of the same kind; it
 * does not read yet. Returns 0 or a libuv error. */
SN_MUST_CHECK int sn_listener_accept(struct sn_listener *listener, struct sn_stream *stream);
void sn_listener_close(struct sn_listener *listener);

#endif
