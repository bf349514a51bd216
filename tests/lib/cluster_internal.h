/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_CLUSTER_INTERNAL_H
#define TESTS_LIB_CLUSTER_INTERNAL_H

/* How the parts of the simulated cluster call each other. Tests include cluster.h only. */

#include "cluster.h"
#include "model_redis.h"

#include "base/alloc.h"

#include <uthash.h>

enum wire_kind {
    WIRE_NONE = 0,
    WIRE_PIPE,   /* the first packet of a pipe is due */
    WIRE_SERVE,  /* a server goes on with what a client asked */
    WIRE_DISK,   /* a write ends */
    WIRE_LATE,   /* a write ended while the process was stopped */
    WIRE_REPL,   /* a server's replication link */
    WIRE_SCRIPT, /* a script ends */
    WIRE_RESCUE, /* a rescue ends, or is late */
    WIRE_LATER,  /* cluster_after */
    WIRE_LOOKUP, /* a look-up ends */
    WIRE_WAKE    /* a core's deadline */
};

enum packet_kind {
    PACKET_NONE = 0,
    PACKET_SYN, /* to the server: open */
    PACKET_FIN, /* to the server: the client has closed */
    PACKET_REQUEST,
    PACKET_OPENED, /* to the client */
    PACKET_NOTE,   /* AUTH or SUBSCRIBE was refused */
    PACKET_REFUSED,
    PACKET_CLOSED,
    PACKET_REPLY,
    PACKET_PROTOCOL, /* an answer to HELLO 3 */
    PACKET_PARTED,   /* at the client itself: the connection that this one shares is gone */
    PACKET_MESSAGE   /* published */
};

#define REPLY_ITEMS_MAX 12

/* A reply that owns its texts. */
struct sim_reply {
    enum sn_reply_type type;
    char *text;
    int64_t integer;
    size_t count;
    struct {
        enum sn_reply_type type;
        char *text;
        int64_t integer;
    } items[REPLY_ITEMS_MAX];
    char *queue_error; /* PROMOTE, FOLLOW */
};

struct packet {
    enum packet_kind kind;
    sn_ms due_at;
    enum sn_order order; /* REQUEST, REPLY */
    uint64_t tag;
    char *message; /* REQUEST: hello; MESSAGE: payload; REFUSED, CLOSED: reason */
    char *host;
    char *runid;
    uint16_t port;
    uint64_t epoch;
    sn_ms duration_ms;
    bool no_rewrite; /* REQUEST: PROMOTE, FOLLOW */
    struct sim_reply reply;
    struct packet *next;
};

/* One direction of a connection. */
struct pipe {
    struct conn *conn;
    bool to_client;
    bool stalled; /* its first packet is due but cannot be delivered */
    sn_ms last_due_at;
    struct packet *packets;
    struct sn_timer timer;
};

/* The client's name for a connection. */
struct conn_key {
    uint64_t client;
    uint64_t link;
};

struct conn {
    struct cluster *cluster;
    uint64_t id;
    enum sn_link_kind kind;
    struct conn_key key; /* in cluster->by_link until client_gone */
    struct node *client;
    struct node *server; /* NULL: nobody has that address */
    uint16_t port;       /* where the server was looked for */
    bool open;           /* accepted */
    bool up;             /* and the client knows it */
    bool deaf;           /* its SUBSCRIBE was refused */
    bool asks_resp3;
    struct conn *carrier, *rider; /* whose connection it shares; who shares its (D27) */
    bool client_gone, server_gone;
    bool in_node;
    bool in_grave;
    struct conn *grave_next;
    struct pipe to_server, to_client;
    /* Servers answer one request after the other. */
    struct packet *inbox;
    struct sn_timer serve;
    struct slot *slots; /* of sentinels: replies to come, in the order of the requests */
    struct conn *prev, *next;
    struct conn *node_prev, *node_next;
    UT_hash_handle hh;
};

/* A reply that must not overtake those before it. */
struct slot {
    enum sn_order order;
    uint64_t tag;
    bool done;
    struct sim_reply reply;
    struct slot *next;
};

/* A command that waits for the core's answer. */
struct ticket {
    uint64_t v;
    struct conn *conn; /* NULL: an operator's */
    struct slot *slot;
    char group[SN_NAME_MAX + 1]; /* ASK: whose master was asked about; "" if nobody's */
    uint16_t port;               /* …and where */
    char about[SN_NAME_MAX + 1]; /* whose group the command named, or asked about */
    struct ticket *next;
};

struct script_run {
    struct sn_job_id job;
    struct sentinel *sentinel;
    struct sn_timer timer;
    struct script_run *next;
};

/* What a RESCUE of the core does. */
struct rescue_run {
    uint64_t group, epoch;
    sn_ms late_at, done_at;
    bool fails;
    struct sentinel *sentinel;
    struct sn_timer timer;
    struct rescue_run *next;
};

/* Of a host name. */
struct lookup {
    struct sentinel *sentinel;
    char host[SN_HOST_MAX + 1];
    struct sn_timer timer;
    struct lookup *next;
};

/* ---- cluster.c ------------------------------------------------------------------------------ */

/* A trace line about node (may be NULL, then `net`). */
SN_PRINTF(3, 4)
void cluster_say(struct cluster *cluster, struct node *node, const char *format, ...);
/* The same, but only for the full trace. */
SN_PRINTF(3, 4)
void cluster_murmur(struct cluster *cluster, struct node *node, const char *format, ...);
struct node *cluster_find_node(struct cluster *cluster, const char *ip, uint16_t port);
/* The name of the node whose run id this is, else runid itself. */
const char *cluster_name_of(const struct cluster *cluster, const char *runid);

/* ---- cluster_net.c -------------------------------------------------------------------------- */

struct packet *packet_new(enum packet_kind kind);
void packet_free(struct packet *packet);
void sim_reply_fini(struct sim_reply *reply);
void conn_open(struct node *client, const struct sn_action_connect *connect);
struct conn *conn_find(const struct node *client, struct sn_link_id link);
void conn_send(struct conn *conn, struct packet *take_packet);
/* The client's end closes. */
void conn_close_by_client(struct conn *conn);
/* All that client has open. */
void cluster_close_clients(struct node *client);
/* The server's end closes. */
void conn_close_by_server(struct conn *conn, const char *reason);
/* Answers request on conn; takes over the reply's texts. */
void conn_reply(struct conn *conn, enum sn_order order, uint64_t tag, struct sim_reply *take_reply);
/* Puts a published message onto a subscription. */
void conn_publish(struct conn *conn, const char *message);
/* The server goes on with what waits in the inbox. */
void conn_serve_due(struct conn *conn);
void pipe_due(struct pipe *pipe);
/* Everything that was held up tries again. */
void cluster_unstall(struct cluster *cluster);
/* Frees those that are closed at both ends. */
void cluster_bury(struct cluster *cluster);
void cluster_free_conns(struct cluster *cluster);

/* ---- cluster_sentinel.c --------------------------------------------------------------------- */

void sentinel_boot(struct sentinel *sentinel);
void sentinel_crash(struct sentinel *sentinel);
void sentinel_resumed(struct sentinel *sentinel);
void sentinel_wake_due(struct sentinel *sentinel);
/* What the clock of its core shows. */
sn_ms sentinel_local_now(const struct sentinel *sentinel);
void sentinel_feed(struct sentinel *sentinel, struct sn_input *event);
/* What arrives at a sentinel as a client, and as a server. */
void sentinel_take_packet(struct sentinel *sentinel, struct conn *conn,
                          const struct packet *packet);
void sentinel_serve(struct sentinel *sentinel, struct conn *conn);
/* The connection is over: its replies are dropped. */
void sentinel_forget_conn(struct sentinel *sentinel, struct conn *conn);
void sentinel_answer(struct sentinel *sentinel, const struct sn_action_answer *answer);
void script_due(struct script_run *run);
void rescue_begin(struct sentinel *sentinel, const struct sn_action_rescue *action);
void rescue_due(struct rescue_run *run);
void rescue_drop_all(struct sentinel *sentinel);
void sentinel_drop_runs(struct sentinel *sentinel);

/* ---- cluster_names.c ------------------------------------------------------------------------ */

void lookup_begin(struct sentinel *sentinel, const char *host);
void lookup_due(struct lookup *lookup);
void lookup_drop_all(struct sentinel *sentinel);
/* The address of a server as an operator writes it. */
void names_give(struct node *node);

/* ---- cluster_disk.c ------------------------------------------------------------------------- */

void disk_persist(struct sentinel *sentinel, const struct sn_action_persist *persist);
/* An invariant of this sentinel does not hold: says so and aborts. */
void sentinel_broken(const struct sentinel *sentinel, const char *what);
void disk_due(struct sentinel *sentinel);
void disk_late_due(struct sentinel *sentinel);
void disk_crash(struct sentinel *sentinel);

/* ---- cluster_check.c ------------------------------------------------------------------------ */

void check_send(struct sentinel *sentinel, const struct sn_action_send *send);
void check_answer(struct sentinel *sentinel, const char *group,
                  const struct sn_action_answer *answer);
/* A reply that reaches it. */
void check_reply(struct sentinel *sentinel, const struct node *from, enum sn_order order,
                 const struct sn_reply *reply);
void check_event(struct sentinel *sentinel, const struct sn_action_notice *event);
void check_durable(struct sentinel *sentinel, const struct sn_image *image);
/* The group was forgotten on purpose: its epochs may start anew at this sentinel. */
void check_forget_group(struct sentinel *sentinel, const char *group);
void check_free(struct cluster *cluster);
/* The name of the group whose master is at addr as sentinel sees it; "" if none. */
const char *sentinel_group_at(const struct sentinel *sentinel, const char *host, uint16_t port);

#endif
