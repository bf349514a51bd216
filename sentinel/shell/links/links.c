/* SPDX-License-Identifier: BSD-3-Clause */
/* A link is a stream (shell/net), hiredis' formatter and protocol reader, and a queue of the
 * commands that the next replies answer. hiredis' connection layer is deliberately not used: it
 * asserts that a server keeps to the protocol (an unsolicited reply aborts the process), and it
 * recognises a subscription only by the word SUBSCRIBE, which rename-command may have changed.
 *
 * Happy path: connect, write the opening commands, feed LINK_UP, then one REPLY per SEND in order,
 * or hellos on a subscription link. Any failure ends in one LINK_DOWN with its reason. The link is
 * removed from the table before that is fed, so that the core's actions never find a half-dead
 * link. Commands of one wake-up leave in one write per link, just before the loop sleeps.
 *
 * With RESP3 a command link can carry the subscription too, its rider: hellos come as pushes
 * between the replies, and both links end together. */
#include "shell/links/links.h"

#include "base/alloc.h"
#include "shell/links/answers.h"
#include "shell/links/command.h"
#include "shell/links/conn.h"

#include <assert.h>
#include <utlist.h>

#define OUTPUT_MAX  (1024 * 1024) /* bytes that a server does not read */
#define PENDING_MAX 1024          /* commands that it does not answer */
#define KEEPALIVE_S 15

/* ---- writing ---- */

/* A broken connection is told by its reading side, after what the server had to say. Between its
 * few commands, each of thousands of links does without a buffer. */
static void flush(struct sn_conn *conn)
{
    (void)sn_stream_flush(&conn->stream);
    if (conn->stream.out.len == 0)
        sn_buf_fini(&conn->stream.out);
}

static void on_drained(void *owner, int error)
{
    if (error == 0)
        flush(owner);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct sn_links *links = prepare->data;
    struct sn_conn *conn, *next;

    DL_FOREACH_SAFE2(links->dirty, conn, next, dirty_next) {
        DL_DELETE2(links->dirty, conn, dirty_prev, dirty_next);
        conn->dirty = false;
        flush(conn);
    }
    uv_prepare_stop(prepare);
}

static void mark_dirty(struct sn_conn *conn)
{
    struct sn_links *links = conn->links;

    if (conn->dirty)
        return;
    conn->dirty = true;
    DL_APPEND2(links->dirty, conn, dirty_prev, dirty_next);
    uv_prepare_start(&links->prepare, on_prepare);
}

static void expect_setup(struct sn_conn *conn, const char *setup)
{
    sn_pending_add(&conn->pending)->setup = setup;
}

/* ---- reading ---- */

static void on_bytes(void *owner, const char *data, size_t len)
{
    sn_answers_take(owner, data, len);
}

static void on_ended(void *owner, int error)
{
    sn_conn_fail_uv(owner, error);
}

/* ---- opening ---- */

static void write_subscribe(struct sn_conn *conn, const struct sn_action_connect *connect)
{
    sn_links_write_subscribe(&conn->stream.out, connect);
    expect_setup(conn, "SUBSCRIBE");
}

/* To be written when the connection stands (PROTOCOL.md §9.2). */
static void write_opening(struct sn_conn *conn, const struct sn_action_connect *connect)
{
    if (connect->pass != NULL) {
        sn_links_write_auth(&conn->stream.out, connect);
        expect_setup(conn, "AUTH");
    }
    if (connect->resp3) {
        sn_links_write_hello(&conn->stream.out, connect);
        expect_setup(conn, "HELLO");
    }
    sn_links_write_setname(&conn->stream.out, connect);
    expect_setup(conn, "CLIENT SETNAME");
    if (connect->kind == SN_LINK_SUBSCRIBE)
        write_subscribe(conn, connect);
}

static void on_reached(void *owner)
{
    sn_conn_feed(owner, SN_INPUT_LINK_REACHED, "");
}

static void feed_up(struct sn_conn *conn, struct sn_link_id id)
{
    struct sn_stream_end end;

    sn_stream_local(&conn->stream, &end);
    struct sn_input event = {.kind = SN_INPUT_LINK_UP,
                             .u.link = {.link = id, .local_ip = end.ip, .reason = ""}};
    sn_driver_feed(conn->links->driver, &event);
}

static void on_opened(void *owner, int error)
{
    struct sn_conn *conn = owner;

    if (error != 0) {
        sn_conn_fail_uv(conn, error);
        return;
    }
    sn_stream_tune(&conn->stream, KEEPALIVE_S);
    mark_dirty(conn);
    feed_up(conn, (struct sn_link_id){conn->id});
}

/* The one place where a connection is made (PROTOCOL.md §9.2). */
static int open_stream(struct sn_conn *conn)
{
    const struct sockaddr_storage *source = &conn->links->source;
    struct sockaddr_storage addr;

    if (!sn_stream_address(conn->ip, conn->port, &addr))
        return UV_EINVAL;
    bool has_source = source->ss_family == addr.ss_family;
    return sn_stream_connect(&conn->stream, has_source ? (const struct sockaddr *)source : NULL,
                             (const struct sockaddr *)&addr);
}

/* Never falls back to plain text. False: the link has failed. */
static bool secure(struct sn_conn *conn, const char *host)
{
    if (conn->links->tls == NULL) {
        sn_conn_fail_tls(conn, "TLS is not configured (tls-ca-cert-file or tls-ca-cert-dir)");
        return false;
    }
    sn_stream_secure(&conn->stream, conn->links->tls, host);
    return true;
}

static void dial(struct sn_conn *conn)
{
    int status = open_stream(conn);

    sn_strset(&conn->ip, NULL);
    if (status != 0)
        sn_conn_fail_uv(conn, status);
}

static void on_idle(uv_idle_t *idle)
{
    struct sn_links *links = idle->data;

    while (links->to_dial != NULL && sn_pace_has_time(&links->pace, links->net.loop)) {
        struct sn_conn *conn = links->to_dial;
        DL_DELETE2(links->to_dial, conn, dial_prev, dial_next);
        conn->waits = false;
        dial(conn);
    }
    if (links->to_dial == NULL)
        uv_idle_stop(idle);
}

static void wait_to_dial(struct sn_conn *conn)
{
    struct sn_links *links = conn->links;

    conn->waits = true;
    DL_APPEND2(links->to_dial, conn, dial_prev, dial_next);
    uv_idle_start(&links->idle, on_idle);
}

static const struct sn_stream_hooks hooks = {.reached = on_reached,
                                             .opened = on_opened,
                                             .bytes = on_bytes,
                                             .ended = on_ended,
                                             .drained = on_drained,
                                             .closed = sn_conn_on_closed};

static void refuse(struct sn_links *links, struct sn_link_id id)
{
    struct sn_input event = {.kind = SN_INPUT_LINK_DOWN,
                             .u.link = {.link = id,
                                        .local_ip = "",
                                        .reason = "too few open files are allowed",
                                        .no_room = true}};

    sn_driver_feed(links->driver, &event);
}

static bool has_room(struct sn_links *links)
{
    if (links->minor_count >= links->minor_max && links->lend != NULL)
        links->minor_max += links->lend(links->lend_arg);
    return links->minor_count < links->minor_max;
}

/* Subscribes on the connection of another link. */
static void ride(struct sn_links *links, const struct sn_action_connect *connect)
{
    struct sn_conn *carrier = sn_conn_find(links, connect->over);

    if (carrier == NULL) { /* its LINK_DOWN is on its way to the core */
        sn_links_feed(links, SN_INPUT_LINK_DOWN, connect->link, "the connection it shares is gone");
        return;
    }
    assert(carrier->resp3 && carrier->rider.v == 0);
    carrier->rider = connect->link;
    sn_idmap_put(&links->riders, connect->link.v, carrier);
    write_subscribe(carrier, connect);
    mark_dirty(carrier);
    feed_up(carrier, connect->link);
}

void sn_links_connect(struct sn_links *links, const struct sn_action_connect *connect)
{
    if (links->closing)
        return;
    if (connect->over.v != 0) {
        ride(links, connect);
        return;
    }
    assert(sn_conn_find(links, connect->link) == NULL);
    if (connect->minor && !has_room(links)) {
        refuse(links, connect->link);
        return;
    }
    struct sn_conn *conn = sn_alloc(sizeof(*conn));

    conn->id = connect->link.v;
    conn->links = links;
    conn->kind = connect->kind;
    conn->minor = connect->minor;
    links->minor_count += conn->minor;
    conn->pass = sn_strdup(connect->pass);
    conn->port = connect->port;
    conn->ip = sn_strdup(connect->ip);
    conn->reader = sn_reply_reader_new(&links->parsers);
    sn_stream_init(&conn->stream, &links->net, false, &hooks, conn, OUTPUT_MAX);
    write_opening(conn, connect);
    links->open_handles++;
    sn_idmap_put(&links->by_id, conn->id, conn);

    if (connect->tls && !secure(conn, connect->host))
        return;
    if (links->to_dial != NULL || !sn_pace_has_time(&links->pace, links->net.loop))
        wait_to_dial(conn);
    else
        dial(conn);
}

/* The carrier stays subscribed, and is not listened to. */
static void stop_riding(struct sn_links *links, struct sn_link_id rider)
{
    struct sn_conn *carrier = sn_idmap_remove(&links->riders, rider.v);

    if (carrier != NULL)
        carrier->rider.v = 0;
}

void sn_links_disconnect(struct sn_links *links, struct sn_link_id id)
{
    struct sn_conn *conn = sn_conn_find(links, id);

    if (conn == NULL) {
        stop_riding(links, id);
        return;
    }
    (void)sn_stream_flush(&conn->stream); /* what was sent before, as far as there is room for it */
    sn_conn_drop(conn);
    sn_conn_drop_rider(conn, "the connection it shares was closed");
}

void sn_links_send(struct sn_links *links, const struct sn_action_send *send)
{
    struct sn_conn *conn = sn_conn_find(links, send->link);

    /* Gone in the meantime: its LINK_DOWN is on its way to the core. */
    if (conn == NULL)
        return;
    assert(conn->stream.state == SN_STREAM_OPEN);
    if (conn->pending.count >= PENDING_MAX) {
        sn_conn_fail(conn, "the server does not answer: too many commands are waiting");
        return;
    }
    struct sn_pending *item = sn_pending_add(&conn->pending);
    item->order = send->order;
    item->tag = send->tag;
    item->before = sn_links_write_order(&conn->stream.out, send) - 1;
    if (conn->stream.out.full) {
        sn_conn_fail(conn, "the server does not read: too much output is waiting");
        return;
    }
    mark_dirty(conn);
}

/* ---- all of them ---- */

struct sn_links *sn_links_new(uv_loop_t *loop, const char *source_addr)
{
    struct sn_links *links = sn_alloc(sizeof(*links));

    links->net.loop = loop;
    if (source_addr == NULL || !sn_stream_address(source_addr, 0, &links->source))
        links->source.ss_family = AF_UNSPEC;
    uv_prepare_init(loop, &links->prepare);
    links->prepare.data = links;
    uv_idle_init(loop, &links->idle);
    links->idle.data = links;
    links->open_handles = 2;
    links->minor_max = UINT64_MAX;
    return links;
}

void sn_links_set_tls(struct sn_links *links, struct sn_tls *tls)
{
    sn_tls_unref(links->tls);
    links->tls = tls != NULL ? sn_tls_ref(tls) : NULL;
}

struct sn_tls *sn_links_tls(const struct sn_links *links)
{
    return links->tls;
}

const struct sockaddr_storage *sn_links_source(const struct sn_links *links)
{
    return links->source.ss_family != AF_UNSPEC ? &links->source : NULL;
}

void sn_links_set_minor_max(struct sn_links *links, uint64_t minor_max, sn_links_lend lend,
                            void *arg)
{
    links->minor_max = minor_max;
    links->lend = lend;
    links->lend_arg = arg;
}

void sn_links_set_driver(struct sn_links *links, struct sn_driver *driver)
{
    links->driver = driver;
}

static void on_handle_closed(uv_handle_t *handle)
{
    sn_links_release(handle->data);
}

void sn_links_close(struct sn_links *links)
{
    struct sn_conn *conn;
    size_t place = 0;

    assert(!links->closing);
    links->closing = true;
    while ((conn = sn_idmap_next(&links->by_id, &place)) != NULL) {
        sn_conn_drop(conn);
        sn_conn_drop_rider(conn, "");
    }
    uv_close((uv_handle_t *)&links->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&links->idle, on_handle_closed);
}
