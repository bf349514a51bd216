/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BENCH_FARM_H
#define SN_BENCH_FARM_H

/* sentinel-farm: many mock Redis servers in one process, for sentinels that watch thousands of
 * groups. farm.c is the program and its control commands, farm_net.c sockets,
 * farm_dispatch.c and farm_commands.c what the servers answer, farm_info.c the long answers,
 * farm_model.c roles and replication. */

#include "base/buf.h"
#include "base/types.h"

#include <netinet/in.h>
#include <sys/epoll.h>

#define FARM_WORDS_MAX   64
#define FARM_RUNID_LEN   40
#define FARM_PAUSE_NONE  0
#define FARM_PAUSE_WRITE 1
#define FARM_PAUSE_ALL   2

struct farm;

/* What epoll hands back: the first member of whatever has a descriptor. */
struct farm_handle {
    enum farm_handle_kind {
        FARM_HANDLE_NONE = 0,
        FARM_HANDLE_CONTROL,
        FARM_HANDLE_LISTENER,
        FARM_HANDLE_CONN
    } kind;
    int fd; /* -1: closed */
};

struct farm_server {
    struct farm_handle listener;
    struct farm *farm;
    size_t group, member; /* member 0 begins as the master */
    struct sockaddr_in address;
    unsigned starts; /* a restarted server has another run id */
    bool dead;       /* its connections are refused */
    bool hung;       /* its connections are accepted, and nothing is answered */
    struct farm_conn *conns;

    bool is_replica;
    char master_host[INET6_ADDRSTRLEN];
    uint16_t master_port;
    struct farm_server *master; /* NULL: no server of this farm */
    bool linked;                /* to its master */
    int64_t link_at;            /* not linked: when the next attempt may succeed */
    int64_t unlinked_at;        /* not linked: since when; -1: never was */
    int64_t offset, offset_at;  /* what it had at which time */
    char replid[FARM_RUNID_LEN + 1], replid2[FARM_RUNID_LEN + 1]; /* of its data; "": none */
    int64_t second_offset;                                        /* where replid2 ended; or -1 */
    unsigned histories;                                           /* begun so far */
    unsigned priority;

    int pause; /* FARM_PAUSE_… */
    int64_t pause_until;
    struct farm_server *pausing_prev, *pausing_next;
};

/* argv[i] is NUL-terminated. */
struct farm_request {
    size_t argc;
    char *argv[FARM_WORDS_MAX];
    size_t lens[FARM_WORDS_MAX];
};

/* A command that waits for EXEC. */
struct farm_queued {
    struct farm_request request;
    struct farm_queued *next;
    char text[];
};

struct farm_conn {
    struct farm_handle handle;
    struct farm_server *server;
    uint64_t id;
    struct sn_buf in;  /* what is no complete request yet, or waits for the end of a pause */
    struct sn_buf out; /* what is not written yet */
    char *name;
    char **channels;
    size_t channel_count;
    struct farm_queued *queue;
    bool resp3; /* since HELLO 3 */
    bool in_multi, multi_failed;
    bool waits; /* for the end of a pause */
    bool ends;  /* closed when `out` is written */
    bool gone;  /* closed; freed when the batch is over */
    bool is_dirty;
    uint32_t events; /* what epoll watches */
    struct farm_conn *prev, *next;
    struct farm_conn *dirty_next;
};

struct farm {
    int epoll;
    size_t first, group_count, replica_count, per_address;
    struct sockaddr_in address; /* of the master of group 0 */
    struct farm_server *servers;
    size_t server_count;
    int64_t now, started_at; /* monotonic ms */
    int64_t wall_offset;     /* to be added for the time of day */
    int64_t sync_ms;         /* that a replica needs to follow another master */
    uint64_t last_id;
    struct farm_conn *dirty, *gone;
    struct farm_server *pausing;
    uint64_t accepted, published, refused;
    size_t conn_count;
    int64_t turn_max_ms; /* the longest time for which the loop did not look for input */
    char read_buffer[64 * 1024];
};

/* ---- farm_net.c ---- */

/* Each returns false if the system refuses, with errno set. */
SN_MUST_CHECK bool farm_net_listen(struct farm_server *server);
void farm_net_refuse(struct farm_server *server); /* closes listener and connections */
void farm_net_hang(struct farm_server *server);
void farm_net_wake(struct farm_server *server); /* after farm_net_hang or the end of a pause */
void farm_net_event(struct farm *farm, struct farm_handle *handle, uint32_t events);
/* Writes what the events of one turn have brought about, and frees what they have closed. */
void farm_net_flush(struct farm *farm);
void farm_net_dirty(struct farm_conn *conn); /* has output, or an end */
void farm_net_close(struct farm_conn *conn);

/* ---- farm_dispatch.c ---- */

/* False: the command waits for the end of a pause, and is to be run again. */
SN_MUST_CHECK bool farm_dispatch_run(struct farm_conn *conn, const struct farm_request *request);
void farm_dispatch_forget_queue(struct farm_conn *conn);
void farm_dispatch_list(void (*each)(const char *name, uint64_t count));

/* ---- farm_info.c ---- */

void farm_info_write(struct farm_conn *conn, const struct farm_request *request);
void farm_info_role(struct sn_buf *out, struct farm_server *server);
void farm_info_hello(struct sn_buf *out, const struct farm_conn *conn);
SN_PRINTF(2, 3) void farm_reply(struct sn_buf *out, const char *format, ...);
void farm_reply_bulk(struct sn_buf *out, const char *text);

/* ---- farm_model.c ---- */

void farm_model_start(struct farm_server *server);
/* Brings offset and link up to now. */
void farm_model_settle(struct farm_server *server);
/* Its process has just started: with data of its own. */
void farm_model_begin_history(struct farm_server *server);
/* host NULL: becomes a master. False: it follows that one already. */
bool farm_model_follow(struct farm_server *server, const char *host, uint16_t port);
void farm_model_pause(struct farm_server *server, int pause, int64_t until);
void farm_model_died(struct farm_server *server);
void farm_model_runid(const struct farm_server *server, char out[FARM_RUNID_LEN + 1]);
const char *farm_model_host(const struct farm_server *server, char out[INET_ADDRSTRLEN]);
uint16_t farm_model_port(const struct farm_server *server);
/* The member-th server of a group that this farm has. */
struct farm_server *farm_model_server(const struct farm *farm, size_t group, size_t member);

#endif
