/* SPDX-License-Identifier: BSD-3-Clause */
/* A link is a stream (shell/net), hiredis' formatter and protocol reader, and a queue of the
 * commands that the next replies answer. hiredis' connection layer is deliberately not used: it
 * asserts that a server keeps to the protocol (an unsolicited reply aborts the process), and it
 * recognises a subscription only by the word SUBSCRIBE, which rename-command may have changed.
 *
 * Happy path: connect, write the opening commands, feed LINK_UP, then one REPLY per SEND in order,
 * or hellos on a subscription link. Any failure ends in one LINK_DOWN with its reason. The link is
 * removed from the table before that is fed, so that the core's actions never find a half-dead
 * link. Commands of one wake-up leave in one write per link, just before the loop sleeps. */
#include "shell/links/links.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hashtable.h"
#include "base/text.h"
#include "shell/links/command.h"
#include "shell/links/pace.h"
#include "shell/links/pending.h"
#include "shell/links/reply.h"
#include "shell/net/stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define OUTPUT_MAX  (1024 * 1024) /* bytes that a server does not read */
#define PENDING_MAX 1024          /* commands that it does not answer */
#define REASON_MAX  256
#define KEEPALIVE_S 15

struct link {
    UT_hash_handle hh;
    uint64_t id;
    struct sn_links *links;
    enum sn_link_kind kind;
    bool minor;
    bool dirty;
    bool waits;             /* to be dialled; `stream` is not in use */
    char ip[SN_IP_MAX + 1]; /* where */
    uint16_t port;
    char *pass; /* until AUTH is answered, which may repeat it */
    struct sn_stream stream;
    struct sn_reply_reader *reader;
    struct sn_pendings pending;
    struct link *dirty_prev, *dirty_next;
    struct link *dial_prev, *dial_next;
};

struct sn_links {
    struct sn_driver *driver;
    struct sockaddr_storage source; /* ss_family AF_UNSPEC: none */
    uv_prepare_t prepare;           /* active while something waits to be written */
    uv_idle_t idle;                 /* active while links wait to be dialled */
    struct sn_pace pace;            /* of new connections */
    size_t open_handles;            /* of the links and the two above */
    uint64_t minor_count, minor_max;
    bool closing;
    struct link *by_id;
    struct link *dirty;
    struct link *to_dial; /* in the order of their actions */
    struct sn_tls *tls;   /* NULL: no TLS */
    struct sn_reply_parsers parsers;
    struct sn_net net;
};

static struct link *find(struct sn_links *links, struct sn_link_id id)
{
    struct link *link = NULL;

    HASH_FIND(hh, links->by_id, &id.v, sizeof(id.v), link);
    return link;
}

/* ---- end of a link ---- */

static void forget_secret(char **text)
{
    if (*text == NULL)
        return;
    /* Through a volatile pointer, so that it is not optimised away. */
    volatile char *byte = *text;
    while (*byte != '\0')
        *byte++ = '\0';
    free(*text);
    *text = NULL;
}

static void release_links(struct sn_links *links)
{
    if (--links->open_handles > 0)
        return;
    sn_tls_unref(links->tls);
    sn_reply_parsers_fini(&links->parsers);
    free(links);
}

static void on_closed(void *owner)
{
    struct link *link = owner;
    struct sn_links *links = link->links;

    sn_pending_fini(&link->pending);
    forget_secret(&link->pass);
    sn_reply_reader_free(link->reader);
    free(link);
    release_links(links);
}

static bool is_gone(const struct link *link)
{
    return link->stream.state == SN_STREAM_CLOSING;
}

static void drop(struct link *link)
{
    struct sn_links *links = link->links;

    links->minor_count -= link->minor;
    HASH_DEL(links->by_id, link);
    if (link->dirty)
        DL_DELETE2(links->dirty, link, dirty_prev, dirty_next);
    if (link->waits)
        DL_DELETE2(links->to_dial, link, dial_prev, dial_next);
    sn_stream_close(&link->stream);
}

static void feed_link_event(struct link *link, enum sn_input_kind kind, const char *reason)
{
    struct sn_input event = {.kind = kind,
                             .u.link = {.link = {link->id}, .local_ip = "", .reason = reason}};

    sn_driver_feed(link->links->driver, &event);
}

static void fail_with(struct link *link, const char *reason, bool tls, enum sn_link_end end)
{
    char text[REASON_MAX];
    struct sn_input event = {
        .kind = SN_INPUT_LINK_DOWN,
        .u.link = {.link = {link->id}, .local_ip = "", .reason = text, .end = end, .tls = tls}};

    snprintf(text, sizeof(text), "%s", reason);
    drop(link);
    sn_driver_feed(link->links->driver, &event);
}

static void fail(struct link *link, const char *reason)
{
    fail_with(link, reason, false, SN_LINK_END_OTHER);
}

/* What tells a process that has ended from a host that is gone (PROTOCOL.md §13.2). */
static enum sn_link_end end_of(const struct link *link, int status)
{
    enum sn_stream_state state = link->stream.state;

    if ((status == UV_EOF || status == UV_ECONNRESET) && state != SN_STREAM_CONNECTING &&
        state != SN_STREAM_SHAKING)
        return SN_LINK_END_CLOSED;
    return status == UV_ECONNREFUSED ? SN_LINK_END_REFUSED : SN_LINK_END_OTHER;
}

static void fail_uv(struct link *link, int status)
{
    bool tls = status == UV_EPROTO && sn_stream_session(&link->stream) != NULL;
    const char *reason = uv_strerror(status);

    if (tls)
        reason = sn_stream_reason(&link->stream, status);
    else if (status == UV_EOF && link->stream.state == SN_STREAM_SHAKING)
        reason = "connection closed by the server during the TLS handshake";
    else if (status == UV_EOF)
        reason = "connection closed by the server";
    fail_with(link, reason, tls, end_of(link, status));
}

/* ---- writing ---- */

/* A broken connection is told by its reading side, after what the server had to say. Between its
 * few commands, each of thousands of links does without a buffer. */
static void flush(struct link *link)
{
    (void)sn_stream_flush(&link->stream);
    if (link->stream.out.len == 0)
        sn_buf_fini(&link->stream.out);
}

static void on_drained(void *owner, int error)
{
    if (error == 0)
        flush(owner);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct sn_links *links = prepare->data;
    struct link *link, *next;

    DL_FOREACH_SAFE2(links->dirty, link, next, dirty_next) {
        DL_DELETE2(links->dirty, link, dirty_prev, dirty_next);
        link->dirty = false;
        flush(link);
    }
    uv_prepare_stop(prepare);
}

static void mark_dirty(struct link *link)
{
    struct sn_links *links = link->links;

    if (link->dirty)
        return;
    link->dirty = true;
    DL_APPEND2(links->dirty, link, dirty_prev, dirty_next);
    uv_prepare_start(&links->prepare, on_prepare);
}

static void expect_setup(struct link *link, const char *setup)
{
    sn_pending_add(&link->pending)->setup = setup;
}

/* ---- replies ---- */

static void take_setup_reply(struct link *link, const char *setup, const struct sn_reply *reply)
{
    char note[REASON_MAX];

    if (reply->type == SN_REPLY_ERROR)
        sn_links_describe_error(setup, reply->text, link->pass, note, sizeof(note));
    if (strcmp(setup, "AUTH") == 0)
        forget_secret(&link->pass);
    if (reply->type == SN_REPLY_ERROR)
        feed_link_event(link, SN_INPUT_LINK_NOTE, note);
    else if (strcmp(setup, "SUBSCRIBE") == 0)
        feed_link_event(link, SN_INPUT_LINK_READY, "");
}

static void feed_reply(struct link *link, const struct sn_pending *item,
                       const struct sn_reply *reply)
{
    struct sn_info info;
    const char *error = item->queue_error;
    bool has_info = item->order == SN_ORDER_INFO && reply->type == SN_REPLY_STRING;
    struct sn_input event = {.kind = SN_INPUT_REPLY,
                             .u.reply = {.link = {link->id},
                                         .order = item->order,
                                         .tag = item->tag,
                                         .reply = reply,
                                         .queue_error = error != NULL ? error : ""}};

    if (has_info) {
        sn_info_parse(reply->text, reply->len, &info);
        event.u.reply.info = &info;
    }
    sn_driver_feed(link->links->driver, &event);
    if (has_info)
        sn_info_fini(&info);
}

static void take_answer(struct link *link, const struct sn_reply *reply)
{
    struct sn_pending *item = sn_pending_answer(&link->pending, reply);

    if (item == NULL)
        return;
    if (item->setup != NULL)
        take_setup_reply(link, item->setup, reply);
    else
        feed_reply(link, item, reply);
    sn_pending_free(item);
}

static bool is_text(const struct sn_reply *reply, const char *text)
{
    return reply->type == SN_REPLY_STRING && strcmp(reply->text, text) == 0;
}

static void take_message(struct link *link, const struct sn_reply *reply)
{
    struct sn_input event = {.kind = SN_INPUT_HELLO, .u.hello.link = {link->id}};

    if (reply->type != SN_REPLY_ARRAY || reply->count != 3 ||
        !is_text(&reply->items[0], "message") || !is_text(&reply->items[1], SN_HELLO_CHANNEL) ||
        reply->items[2].type != SN_REPLY_STRING)
        return;
    /* Whatever is wrong with it, the core tells. */
    (void)sn_hello_parse(reply->items[2].text, reply->items[2].len, &event.u.hello.hello);
    sn_driver_feed(link->links->driver, &event);
}

static void take_reply(struct link *link, const struct sn_reply *reply, bool push)
{
    if (link->kind == SN_LINK_SUBSCRIBE) {
        feed_link_event(link, SN_INPUT_LINK_TRAFFIC, "");
        if (is_gone(link))
            return;
    }
    if (link->pending.count > 0 && !push)
        take_answer(link, reply);
    else if (link->kind == SN_LINK_SUBSCRIBE)
        take_message(link, reply);
    else if (push)
        return; /* not asked for, not an answer */
    else if (reply->type == SN_REPLY_ERROR)
        fail(link, reply->text); /* "max number of clients reached" and the like */
    else
        fail(link, "protocol error: a reply to no command");
}

/* ---- reading ---- */

static void on_bytes(void *owner, const char *data, size_t len)
{
    struct link *link = owner;
    struct sn_reply *reply = NULL;
    bool push = false;
    int status = sn_reply_reader_feed(link->reader, data, len);
    while (status == 0 && !is_gone(link)) {
        status = sn_reply_reader_next(link->reader, &reply, &push);
        if (status != 0)
            break;
        take_reply(link, reply, push);
        sn_reply_free(reply);
    }
    if (status == SN_EINVAL && !is_gone(link)) {
        char reason[REASON_MAX];
        const char *error = sn_reply_reader_error(link->reader);
        bool says_so = strncasecmp(error, "protocol error", strlen("protocol error")) == 0;
        snprintf(reason, sizeof(reason), "%s%s", says_so ? "" : "protocol error: ", error);
        fail(link, reason);
    }
}

static void on_ended(void *owner, int error)
{
    fail_uv(owner, error);
}

/* ---- opening ---- */

/* To be written when the connection stands (PROTOCOL.md §9.2). */
static void write_opening(struct link *link, const struct sn_action_connect *connect)
{
    if (connect->pass != NULL) {
        sn_links_write_auth(&link->stream.out, connect);
        expect_setup(link, "AUTH");
    }
    sn_links_write_setname(&link->stream.out, connect);
    expect_setup(link, "CLIENT SETNAME");
    if (connect->kind == SN_LINK_SUBSCRIBE) {
        sn_links_write_subscribe(&link->stream.out, connect);
        expect_setup(link, "SUBSCRIBE");
    }
}

static void on_reached(void *owner)
{
    feed_link_event(owner, SN_INPUT_LINK_REACHED, "");
}

static void on_opened(void *owner, int error)
{
    struct link *link = owner;
    struct sn_stream_end end;

    if (error != 0) {
        fail_uv(link, error);
        return;
    }
    sn_stream_tune(&link->stream, KEEPALIVE_S);
    mark_dirty(link);
    sn_stream_local(&link->stream, &end);
    struct sn_input event = {.kind = SN_INPUT_LINK_UP,
                             .u.link = {.link = {link->id}, .local_ip = end.ip, .reason = ""}};
    sn_driver_feed(link->links->driver, &event);
}

/* The one place where a connection is made (PROTOCOL.md §9.2). */
static int open_stream(struct link *link)
{
    const struct sockaddr_storage *source = &link->links->source;
    struct sockaddr_storage addr;

    if (!sn_stream_address(link->ip, link->port, &addr))
        return UV_EINVAL;
    bool has_source = source->ss_family == addr.ss_family;
    return sn_stream_connect(&link->stream, has_source ? (const struct sockaddr *)source : NULL,
                             (const struct sockaddr *)&addr);
}

/* Never falls back to plain text. False: the link has failed. */
static bool secure(struct link *link, const char *host)
{
    if (link->links->tls == NULL) {
        fail_with(link, "TLS is not configured (tls-ca-cert-file or tls-ca-cert-dir)", true,
                  SN_LINK_END_OTHER);
        return false;
    }
    sn_stream_secure(&link->stream, link->links->tls, host);
    return true;
}

static void dial(struct link *link)
{
    int status = open_stream(link);

    if (status != 0)
        fail_uv(link, status);
}

static void on_idle(uv_idle_t *idle)
{
    struct sn_links *links = idle->data;

    while (links->to_dial != NULL && sn_pace_has_time(&links->pace, links->net.loop)) {
        struct link *link = links->to_dial;
        DL_DELETE2(links->to_dial, link, dial_prev, dial_next);
        link->waits = false;
        dial(link);
    }
    if (links->to_dial == NULL)
        uv_idle_stop(idle);
}

static void wait_to_dial(struct link *link)
{
    struct sn_links *links = link->links;

    link->waits = true;
    DL_APPEND2(links->to_dial, link, dial_prev, dial_next);
    uv_idle_start(&links->idle, on_idle);
}

static const struct sn_stream_hooks hooks = {.reached = on_reached,
                                             .opened = on_opened,
                                             .bytes = on_bytes,
                                             .ended = on_ended,
                                             .drained = on_drained,
                                             .closed = on_closed};

static void refuse(struct sn_links *links, struct sn_link_id id)
{
    struct sn_input event = {.kind = SN_INPUT_LINK_DOWN,
                             .u.link = {.link = id,
                                        .local_ip = "",
                                        .reason = "too few open files are allowed",
                                        .no_room = true}};

    sn_driver_feed(links->driver, &event);
}

void sn_links_connect(struct sn_links *links, const struct sn_action_connect *connect)
{
    if (links->closing)
        return;
    assert(find(links, connect->link) == NULL);
    if (connect->minor && links->minor_count >= links->minor_max) {
        refuse(links, connect->link);
        return;
    }
    struct link *link = sn_alloc(sizeof(*link));

    link->id = connect->link.v;
    link->links = links;
    link->kind = connect->kind;
    link->minor = connect->minor;
    links->minor_count += link->minor;
    link->pass = sn_strdup(connect->pass);
    link->port = connect->port;
    (void)sn_text_copy(link->ip, sizeof(link->ip), connect->ip);
    link->reader = sn_reply_reader_new(&links->parsers);
    sn_stream_init(&link->stream, &links->net, false, &hooks, link, OUTPUT_MAX);
    write_opening(link, connect);
    links->open_handles++;
    HASH_ADD(hh, links->by_id, id, sizeof(link->id), link);

    if (connect->tls && !secure(link, connect->host))
        return;
    if (links->to_dial != NULL || !sn_pace_has_time(&links->pace, links->net.loop))
        wait_to_dial(link);
    else
        dial(link);
}

void sn_links_disconnect(struct sn_links *links, struct sn_link_id id)
{
    struct link *link = find(links, id);

    if (link == NULL)
        return;
    (void)sn_stream_flush(&link->stream); /* what was sent before, as far as there is room for it */
    drop(link);
}

void sn_links_send(struct sn_links *links, const struct sn_action_send *send)
{
    struct link *link = find(links, send->link);

    /* Gone in the meantime: its LINK_DOWN is on its way to the core. */
    if (link == NULL)
        return;
    assert(link->stream.state == SN_STREAM_OPEN);
    if (link->pending.count >= PENDING_MAX) {
        fail(link, "the server does not answer: too many commands are waiting");
        return;
    }
    struct sn_pending *item = sn_pending_add(&link->pending);
    item->order = send->order;
    item->tag = send->tag;
    item->before = sn_links_write_order(&link->stream.out, send) - 1;
    if (link->stream.out.full) {
        fail(link, "the server does not read: too much output is waiting");
        return;
    }
    mark_dirty(link);
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

void sn_links_set_minor_max(struct sn_links *links, uint64_t minor_max)
{
    links->minor_max = minor_max;
}

void sn_links_set_driver(struct sn_links *links, struct sn_driver *driver)
{
    links->driver = driver;
}

static void on_handle_closed(uv_handle_t *handle)
{
    release_links(handle->data);
}

void sn_links_close(struct sn_links *links)
{
    struct link *link, *next;

    assert(!links->closing);
    links->closing = true;
    HASH_ITER(hh, links->by_id, link, next) {
        drop(link);
    }
    uv_close((uv_handle_t *)&links->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&links->idle, on_handle_closed);
}
