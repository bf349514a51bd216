/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_CONN_H
#define SN_SHELL_LINKS_CONN_H

/* The connection of a link, what it feeds to the driver, and its end. Only shell/links sees this.
 */

#include "base/idmap.h"
#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/links/links.h"
#include "shell/links/pace.h"
#include "shell/links/pending.h"
#include "shell/links/reply.h"
#include "shell/net/stream.h"
#include "shell/net/tls.h"

#define SN_CONN_REASON_MAX 256

struct sn_conn {
    uint64_t id; /* of the link */
    struct sn_links *links;
    enum sn_link_kind kind;
    bool minor;
    bool dirty;
    bool waits;              /* to be dialled; `stream` is not in use */
    bool resp3;              /* since HELLO was answered */
    struct sn_link_id rider; /* the subscription that shares the connection; v == 0: none */
    char *ip;                /* where; NULL once it is dialled */
    uint16_t port;
    char *pass; /* until AUTH is answered, which may repeat it */
    struct sn_stream stream;
    struct sn_reply_reader *reader;
    struct sn_pendings pending;
    struct sn_conn *dirty_prev, *dirty_next;
    struct sn_conn *dial_prev, *dial_next;
};

struct sn_links {
    struct sn_driver *driver;
    struct sockaddr_storage source; /* ss_family AF_UNSPEC: none */
    uv_prepare_t prepare;           /* active while something waits to be written */
    uv_idle_t idle;                 /* active while links wait to be dialled */
    struct sn_pace pace;            /* of new connections */
    size_t open_handles;            /* of the links and the two above */
    uint64_t minor_count, minor_max;
    sn_links_lend lend; /* more of minor_max; may be NULL */
    void *lend_arg;
    bool closing;
    struct sn_idmap by_id;  /* struct sn_conn */
    struct sn_idmap riders; /* the connections that carry them, by the id of the rider */
    struct sn_conn *dirty;
    struct sn_conn *to_dial; /* in the order of their actions */
    struct sn_tls *tls;      /* NULL: no TLS */
    struct sn_reply_parsers parsers;
    struct sn_net net;
};

/* NULL: there is none, or no longer. */
struct sn_conn *sn_conn_find(struct sn_links *links, struct sn_link_id id);
bool sn_conn_is_gone(const struct sn_conn *conn);

/* Feeds an event about a link. */
void sn_links_feed(struct sn_links *links, enum sn_input_kind kind, struct sn_link_id id,
                   const char *reason);
void sn_conn_feed(struct sn_conn *conn, enum sn_input_kind kind, const char *reason);

/* Takes conn out of the table and closes it; feeds nothing. */
void sn_conn_drop(struct sn_conn *conn);
/* The connection is dropped: so is the subscription that it carried, which gets its LINK_DOWN. */
void sn_conn_drop_rider(struct sn_conn *conn, const char *reason);
/* Drop conn and feed its LINK_DOWN, for a reason of our own or for an error of the stream. */
void sn_conn_fail(struct sn_conn *conn, const char *reason);
void sn_conn_fail_tls(struct sn_conn *conn, const char *reason);
void sn_conn_fail_uv(struct sn_conn *conn, int status);

/* Overwrites and frees a password. */
void sn_conn_forget_secret(char **text);
/* The last callback of a stream: frees the connection. */
void sn_conn_on_closed(void *owner);
/* One handle less is open; frees links with the last one. */
void sn_links_release(struct sn_links *links);

#endif
