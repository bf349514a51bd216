/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

struct sn_conn *sn_conn_find(struct sn_links *links, struct sn_link_id id)
{
    return sn_idmap_find(&links->by_id, id.v);
}

void sn_conn_forget_secret(char **text)
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

void sn_links_release(struct sn_links *links)
{
    if (--links->open_handles > 0)
        return;
    sn_tls_unref(links->tls);
    sn_reply_parsers_fini(&links->parsers);
    sn_idmap_fini(&links->by_id);
    sn_idmap_fini(&links->riders);
    free(links);
}

void sn_conn_on_closed(void *owner)
{
    struct sn_conn *conn = owner;
    struct sn_links *links = conn->links;

    sn_pending_fini(&conn->pending);
    sn_conn_forget_secret(&conn->pass);
    free(conn->ip);
    sn_reply_reader_free(conn->reader);
    free(conn);
    sn_links_release(links);
}

bool sn_conn_is_gone(const struct sn_conn *conn)
{
    return conn->stream.state == SN_STREAM_CLOSING;
}

void sn_conn_drop(struct sn_conn *conn)
{
    struct sn_links *links = conn->links;

    links->minor_count -= conn->minor;
    (void)sn_idmap_remove(&links->by_id, conn->id);
    if (conn->dirty)
        DL_DELETE2(links->dirty, conn, dirty_prev, dirty_next);
    if (conn->waits)
        DL_DELETE2(links->to_dial, conn, dial_prev, dial_next);
    sn_stream_close(&conn->stream);
}

void sn_links_feed(struct sn_links *links, enum sn_input_kind kind, struct sn_link_id id,
                   const char *reason)
{
    struct sn_input event = {.kind = kind,
                             .u.link = {.link = id, .local_ip = "", .reason = reason}};

    sn_driver_feed(links->driver, &event);
}

void sn_conn_feed(struct sn_conn *conn, enum sn_input_kind kind, const char *reason)
{
    sn_links_feed(conn->links, kind, (struct sn_link_id){conn->id}, reason);
}

void sn_conn_drop_rider(struct sn_conn *conn, const char *reason)
{
    struct sn_link_id rider = conn->rider;

    conn->rider.v = 0;
    if (sn_idmap_remove(&conn->links->riders, rider.v) != NULL && !conn->links->closing)
        sn_links_feed(conn->links, SN_INPUT_LINK_DOWN, rider, reason);
}

static void fail_with(struct sn_conn *conn, const char *reason, bool tls, enum sn_link_end end)
{
    char text[SN_CONN_REASON_MAX];
    struct sn_input event = {
        .kind = SN_INPUT_LINK_DOWN,
        .u.link = {.link = {conn->id}, .local_ip = "", .reason = text, .end = end, .tls = tls}};

    snprintf(text, sizeof(text), "%s", reason);
    sn_conn_drop(conn);
    sn_driver_feed(conn->links->driver, &event);
    sn_conn_drop_rider(conn, text);
}

void sn_conn_fail(struct sn_conn *conn, const char *reason)
{
    fail_with(conn, reason, false, SN_LINK_END_OTHER);
}

void sn_conn_fail_tls(struct sn_conn *conn, const char *reason)
{
    fail_with(conn, reason, true, SN_LINK_END_OTHER);
}

/* What tells a process that has ended from a host that is gone (PROTOCOL.md §13.2). A process that
 * ends takes the connections along that wait to be accepted: for us they are still being made. */
static enum sn_link_end end_of(int status)
{
    if (status == UV_EOF || status == UV_ECONNRESET || status == UV_EPIPE)
        return SN_LINK_END_CLOSED;
    return status == UV_ECONNREFUSED ? SN_LINK_END_REFUSED : SN_LINK_END_OTHER;
}

void sn_conn_fail_uv(struct sn_conn *conn, int status)
{
    bool tls = status == UV_EPROTO && sn_stream_session(&conn->stream) != NULL;
    const char *reason = uv_strerror(status);

    if (tls)
        reason = sn_stream_reason(&conn->stream, status);
    else if (status == UV_EOF && conn->stream.state == SN_STREAM_SHAKING)
        reason = "connection closed by the server during the TLS handshake";
    else if (status == UV_EOF)
        reason = "connection closed by the server";
    fail_with(conn, reason, tls, end_of(status));
}
