/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_NET_STREAM_H
#define SN_SHELL_NET_STREAM_H

/* A connection over TCP or a Unix socket, made here or accepted: what comes in is handed to hooks,
 * what goes out waits in a buffer until the kernel takes it. Links and clients are built on it.
 * A stream sets no limits and closes nothing by itself: its owner does.
 *
 * A stream is part of its owner's memory, from sn_stream_init to the hook `closed`. Hooks come from
 * the loop, never from within a call of the owner, and may call anything here, sn_stream_close too.
 *
 * TLS goes between handle and hooks: on_read -> filter -> `bytes`, and `out` -> filter -> `writing`
 * in sn_stream_flush; its handshake is one more state, between CONNECTING and OPEN. */

#include "base/addr.h"
#include "base/buf.h"

#include <sys/stat.h>
#include <uv.h>

#define SN_NET_READ_SIZE ((size_t)64 << 10)

/* What streams share. */
struct sn_net {
    uv_loop_t *loop;
    char read_buffer[SN_NET_READ_SIZE]; /* valid within the hook `bytes` */
};

/* One after the other; ENDED may be left out, and CLOSING comes from everywhere. */
enum sn_stream_state {
    SN_STREAM_NONE = 0,
    SN_STREAM_CONNECTING, /* or not accepted yet; what is in `out` waits */
    SN_STREAM_OPEN,
    SN_STREAM_ENDED,  /* the other side will send no more; it may still be written to */
    SN_STREAM_CLOSING /* the only hook to come is `closed` */
};

/* All errors are 0 or negative codes of libuv. */
struct sn_stream_hooks {
    /* sn_stream_connect has ended: the stream is open and reads, or (error) is to be closed. */
    void (*opened)(void *owner, int error);
    void (*bytes)(void *owner, const char *data, size_t len);
    /* Nothing more will come; UV_EOF: by the will of the other side. */
    void (*ended)(void *owner, int error);
    /* The write that was under way is done, or (error) failed. */
    void (*drained)(void *owner, int error);
    /* The end: owner may be freed. */
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
    union {
        uv_connect_t connect;
        uv_write_t write;
    } request;
    struct sn_net *net;
    const struct sn_stream_hooks *hooks;
    void *owner;
    struct sn_buf out;     /* goes with the next sn_stream_flush */
    struct sn_buf writing; /* belongs to the write under way */
    enum sn_stream_state state;
    bool is_unix;
    bool reading;
    bool busy; /* a write is under way */
};

/* One end of a TCP connection. */
struct sn_stream_end {
    char ip[SN_IP_MAX + 1]; /* "": not known, or a Unix socket */
    uint16_t port;
    bool is_loopback;
};

/* A stream that is to be connected or accepted. out_max: cap of `out` in bytes. Whatever comes of
 * it, it ends with sn_stream_close. */
void sn_stream_init(struct sn_stream *stream, struct sn_net *net, bool is_unix,
                    const struct sn_stream_hooks *hooks, void *owner, size_t out_max);
/* Connects over TCP. from: source address, NULL for none; one that cannot be used is no reason not
 * to connect. An error: no hook will tell. */
SN_MUST_CHECK int sn_stream_connect(struct sn_stream *stream, const struct sockaddr *from,
                                    const struct sockaddr *to);
/* Sets what TCP connections have here: no delay, and probes after keepalive_s seconds of silence
 * (0: none). Nothing on a Unix socket. */
void sn_stream_tune(struct sn_stream *stream, int keepalive_s);

/* Reads from now on, which an accepted stream does not by itself. Nothing if it reads, or if no
 * more will come. */
SN_MUST_CHECK int sn_stream_resume(struct sn_stream *stream);
/* Reads no more until sn_stream_resume; the other side is held up once the kernel's buffer is full.
 */
void sn_stream_pause(struct sn_stream *stream);

/* Gives the kernel as much of `out` as it takes; for the rest one write is under way, and `out` is
 * empty again. Nothing while there is such a write, or before the stream is open. An error: the
 * connection is broken, and `out` was dropped. */
int sn_stream_flush(struct sn_stream *stream);
/* Bytes that the kernel has not taken yet. */
size_t sn_stream_waiting(const struct sn_stream *stream);

/* Closes at once; what is not written is lost. Not for a stream that is closing. */
void sn_stream_close(struct sn_stream *stream);

void sn_stream_local(const struct sn_stream *stream, struct sn_stream_end *end);
void sn_stream_peer(const struct sn_stream *stream, struct sn_stream_end *end);
/* The descriptor; -1 if there is none. */
int sn_stream_fd(const struct sn_stream *stream);

/* False: ip is no literal address. */
bool sn_stream_address(const char *ip, uint16_t port, struct sockaddr_storage *address);

struct sn_listener_hooks {
    /* A connection waits for sn_listener_accept; error: it could not be had. */
    void (*connected)(void *owner, int error);
    void (*closed)(void *owner); /* as that of a stream */
};

/* Where connections come in; part of its owner's memory too. */
struct sn_listener {
    union sn_stream_handle uv;
    const struct sn_listener_hooks *hooks;
    void *owner;
    bool is_unix;
};

/* Ends with sn_listener_close. */
void sn_listener_init(struct sn_listener *listener, uv_loop_t *loop, bool is_unix,
                      const struct sn_listener_hooks *hooks, void *owner);
/* An IPv6 address is for IPv6 only. Errors of libuv; so the next. */
SN_MUST_CHECK int sn_listener_tcp(struct sn_listener *listener, const struct sockaddr *address,
                                  int backlog);
/* Removes a socket that a process left behind when it died, never anything else. mode: its rights;
 * 0: as they come. */
SN_MUST_CHECK int sn_listener_unix(struct sn_listener *listener, const char *path, mode_t mode,
                                   int backlog);
/* Makes stream, fresh from sn_stream_init and of the same kind, the connection that waits; it does
 * not read yet. */
SN_MUST_CHECK int sn_listener_accept(struct sn_listener *listener, struct sn_stream *stream);
void sn_listener_close(struct sn_listener *listener);

#endif
