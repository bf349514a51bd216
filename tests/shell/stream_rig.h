/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_STREAM_RIG_H
#define SN_TESTS_SHELL_STREAM_RIG_H

/* A stream whose owner notes what its hooks tell. */

#include "shell/net/stream.h"

#include "loop.h"
#include "tcp_server.h"

#define LARGE ((size_t)16 << 20) /* more than the kernel keeps for a connection on loopback */

enum hook { NONE = 0, OPENED, BYTES, ENDED, DRAINED, CLOSED, HOOK_COUNT };

static uv_loop_t loop;
static struct sn_net net;
static struct tcp_server server;
static struct sn_stream stream;
static bool has_stream; /* initialised, and not closed yet */
static int count[HOOK_COUNT];
static int error[HOOK_COUNT]; /* the last one */
static struct sn_buf heard;
static enum hook close_in; /* the hook in which the stream is closed */

/* ---- the owner ---- */

static inline void note(enum hook hook, void *owner, int status)
{
    assert_ptr_equal(owner, &count);
    assert_int_equal(count[CLOSED], 0);
    count[hook]++;
    error[hook] = status;
    if (close_in == hook)
        sn_stream_close(&stream);
}

static inline void on_opened(void *owner, int status)
{
    note(OPENED, owner, status);
}

static inline void on_bytes(void *owner, const char *data, size_t len)
{
    sn_buf_append(&heard, data, len);
    note(BYTES, owner, 0);
}

static inline void on_ended(void *owner, int status)
{
    note(ENDED, owner, status);
}

static inline void on_drained(void *owner, int status)
{
    note(DRAINED, owner, status);
}

static inline void on_closed(void *owner)
{
    note(CLOSED, owner, 0);
    has_stream = false;
    memset(&stream, 0xa5, sizeof(stream)); /* it is the owner's again */
}

static const struct sn_stream_hooks hooks = {.opened = on_opened,
                                             .bytes = on_bytes,
                                             .ended = on_ended,
                                             .drained = on_drained,
                                             .closed = on_closed};

static inline void init_stream(bool is_unix)
{
    has_stream = true;
    sn_stream_init(&stream, &net, is_unix, &hooks, &count, 4 * LARGE);
}

static inline int set_up(void **state)
{
    (void)state;
    loop_start(&loop);
    net.loop = &loop;
    memset(count, 0, sizeof(count));
    memset(error, 0, sizeof(error));
    close_in = NONE;
    sn_buf_init(&heard, 4 * LARGE);
    tcp_server_init(&server, &loop);
    return 0;
}

/* Nothing may be left behind: neither handles nor memory. */
static inline int tear_down(void **state)
{
    (void)state;
    if (has_stream && stream.state != SN_STREAM_CLOSING) /* the test failed */
        sn_stream_close(&stream);
    tcp_server_close(&server);
    loop_finish(&loop);
    sn_buf_fini(&heard);
    return 0;
}

/* ---- what is waited for ---- */

static inline bool is_opened(void)
{
    return count[OPENED] > 0;
}

static inline bool is_connected(void)
{
    return count[OPENED] > 0 && server.client != NULL;
}

static inline bool has_heard(void)
{
    return count[BYTES] > 0;
}

static inline bool is_ended(void)
{
    return count[ENDED] > 0;
}

static inline bool is_drained(void)
{
    return count[DRAINED] > 0;
}

static inline bool is_closed(void)
{
    return count[CLOSED] > 0;
}

static inline void wait_for(bool (*done)(void))
{
    assert_true(loop_run_until(&loop, done));
}

static inline void close_stream(void)
{
    sn_stream_close(&stream);
    assert_int_equal(stream.state, SN_STREAM_CLOSING);
    wait_for(is_closed);
}

#endif
