/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/answers.h"

#include "base/error.h"
#include "shell/links/command.h"
#include "shell/links/message.h"
#include "wire/hello.h"
#include "wire/info.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void feed_protocol(struct sn_conn *conn, const struct sn_reply *answer)
{
    conn->resp3 = sn_message_says_resp3(answer);
    struct sn_input event = {
        .kind = SN_INPUT_LINK_PROTOCOL,
        .u.link = {.link = {conn->id}, .local_ip = "", .reason = "", .resp3 = conn->resp3}};

    sn_driver_feed(conn->links->driver, &event);
}

/* The link that SUBSCRIBE on this connection is for; v == 0 if it is gone. */
static struct sn_link_id subscription_of(const struct sn_conn *conn)
{
    return conn->kind == SN_LINK_SUBSCRIBE ? (struct sn_link_id){conn->id} : conn->rider;
}

static void take_setup_reply(struct sn_conn *conn, const char *setup, const struct sn_reply *reply)
{
    bool is_subscribe = strcmp(setup, "SUBSCRIBE") == 0;
    struct sn_link_id id = is_subscribe ? subscription_of(conn) : (struct sn_link_id){conn->id};
    char note[SN_CONN_REASON_MAX];

    if (strcmp(setup, "HELLO") == 0) { /* a server that refuses it speaks RESP2 */
        feed_protocol(conn, reply);
        return;
    }
    if (id.v == 0)
        return;
    if (reply->type == SN_REPLY_ERROR)
        sn_links_describe_error(setup, reply->text, conn->pass, note, sizeof(note));
    if (strcmp(setup, "AUTH") == 0)
        sn_conn_forget_secret(&conn->pass);
    if (reply->type == SN_REPLY_ERROR)
        sn_links_feed(conn->links, SN_INPUT_LINK_NOTE, id, note);
    else if (is_subscribe)
        sn_links_feed(conn->links, SN_INPUT_LINK_READY, id, "");
}

static void feed_reply(struct sn_conn *conn, const struct sn_pending *item,
                       const struct sn_reply *reply)
{
    struct sn_info info;
    const char *error = item->queue_error;
    bool has_info = item->order == SN_ORDER_INFO && reply->type == SN_REPLY_STRING;
    struct sn_input event = {.kind = SN_INPUT_REPLY,
                             .u.reply = {.link = {conn->id},
                                         .order = item->order,
                                         .tag = item->tag,
                                         .reply = reply,
                                         .queue_error = error != NULL ? error : ""}};

    if (has_info) {
        sn_info_parse(reply->text, reply->len, &info);
        event.u.reply.info = &info;
    }
    sn_driver_feed(conn->links->driver, &event);
    if (has_info)
        sn_info_fini(&info);
}

static void take_answer(struct sn_conn *conn, const struct sn_reply *reply)
{
    struct sn_pending *item = sn_pending_answer(&conn->pending, reply);

    if (item == NULL)
        return;
    if (item->setup != NULL)
        take_setup_reply(conn, item->setup, reply);
    else
        feed_reply(conn, item, reply);
    sn_pending_free(item);
}

/* Messages of the subscription, which prove that it lives. */
static void take_message(struct sn_conn *conn, const struct sn_reply *reply)
{
    struct sn_links *links = conn->links;
    struct sn_link_id id = subscription_of(conn);
    struct sn_input event = {.kind = SN_INPUT_HELLO, .u.hello.link = id};

    if (sn_message_kind(reply) != SN_MESSAGE_HELLO) {
        sn_links_feed(links, SN_INPUT_LINK_TRAFFIC, id, "");
        return;
    }
    /* Whatever is wrong with it, the core tells. */
    (void)sn_hello_parse(reply->items[2].text, reply->items[2].len, &event.u.hello.hello);
    sn_driver_feed(links->driver, &event);
}

/* RESP3: what is said unasked, and the answer to SUBSCRIBE. */
static void take_push(struct sn_conn *conn, const struct sn_reply *reply)
{
    const struct sn_pending *next = conn->pending.first;

    if (sn_message_kind(reply) == SN_MESSAGE_SUBSCRIBED && next != NULL && next->setup != NULL &&
        strcmp(next->setup, "SUBSCRIBE") == 0)
        take_answer(conn, reply);
    else if (conn->kind == SN_LINK_SUBSCRIBE || conn->rider.v != 0)
        take_message(conn, reply);
}

static void take_reply(struct sn_conn *conn, const struct sn_reply *reply, bool push)
{
    if (push)
        take_push(conn, reply);
    else if (conn->pending.count > 0)
        take_answer(conn, reply);
    else if (conn->kind == SN_LINK_SUBSCRIBE)
        take_message(conn, reply);
    else if (reply->type == SN_REPLY_ERROR)
        sn_conn_fail(conn, reply->text); /* "max number of clients reached" and the like */
    else
        sn_conn_fail(conn, "protocol error: a reply to no command");
}

void sn_answers_take(struct sn_conn *conn, const char *data, size_t len)
{
    struct sn_reply *reply = NULL;
    bool push = false;
    int status = sn_reply_reader_feed(conn->reader, data, len);
    while (status == 0 && !sn_conn_is_gone(conn)) {
        status = sn_reply_reader_next(conn->reader, &reply, &push);
        if (status != 0)
            break;
        take_reply(conn, reply, push);
        sn_reply_free(reply);
    }
    if (status == SN_EINVAL && !sn_conn_is_gone(conn)) {
        char reason[SN_CONN_REASON_MAX];
        const char *error = sn_reply_reader_error(conn->reader);
        bool says_so = strncasecmp(error, "protocol error", strlen("protocol error")) == 0;
        snprintf(reason, sizeof(reason), "%s%s", says_so ? "" : "protocol error: ", error);
        sn_conn_fail(conn, reason);
    }
}
