/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_MODEL_REDIS_H
#define TESTS_LIB_MODEL_REDIS_H

/* A Redis server as a sentinel sees one: role, replication, INFO, PING, pub/sub of hellos, and the
 * orders. Not in it: data. An offset stands for the writes, and a number for the keys. */

#include "cluster.h"
#include "wire/info.h"

enum repl_state {
    REPL_NONE = 0, /* a master */
    REPL_CONNECT,  /* looks for its master once per second */
    REPL_SYNC,     /* gets what it misses; if that is everything, for sync_ms */
    REPL_LOAD,     /* after that, for sync_load_ms */
    REPL_UP
};

struct model_redis {
    struct node node;
    struct sn_runid runid;
    enum sn_role role;
    struct sn_addr master; /* of a replica */
    enum repl_state repl;
    sn_ms link_down_at;  /* since when repl is not UP */
    sn_ms link_up_at;    /* since when it is */
    sn_ms last_io_at;    /* when it last got a byte from its master, which sends one each second */
    sn_ms silent_at;     /* since when an UP link's master is out of reach; NEVER while it is not */
    sn_ms loading_until; /* PING says -LOADING */
    sn_ms paused_until;  /* CLIENT PAUSE … WRITE */
    uint64_t offset;
    uint64_t keys;    /* of the data set; each write adds one */
    uint64_t changes; /* writes since the process began */
    /* Its history has this id; up to second_offset the other one, too. */
    struct sn_runid replid, replid2;
    uint64_t second_offset;
    uint64_t backlog_at; /* what came before this offset nobody can have in a partial sync */
    unsigned histories;
    bool partial; /* the sync under way */
    bool was_up;  /* the link to a master, since it is a replica */
    struct sn_timer timer;
    /* As CONFIG REWRITE saved it: what a restart begins with. */
    enum sn_role saved_role;
    struct sn_addr saved_master;
    struct model_redis *fellow; /* the next one that follows, or last followed, the same port */

    /* Behaviour; may be changed at any time. */
    uint32_t priority;
    sn_ms sync_ms;
    sn_ms sync_load_ms;   /* -LOADING after a full sync */
    bool diskless;        /* then its data goes at the beginning of that, else at the end */
    uint64_t backlog_max; /* bytes; 0: all syncs are full */
    sn_ms repl_timeout_ms;
    sn_ms loading_ms; /* after a restart */
    bool lagging;     /* gets no writes */
    /* The state that it is in, as an error without '-': PING answers it, and so does all that a
     * server refuses with LOADING, BUSY, MASTERDOWN or NOAUTH; any other one is about PING alone.
     */
    const char *ping_error;
    bool script_wrote;        /* what makes it BUSY cannot be killed */
    const char *order_error;  /* PROMOTE and FOLLOW are refused with this */
    const char *pause_error;  /* CLIENT PAUSE is refused with this */
    const char *config_error; /* CONFIG is refused with this, and with it what contains it */
    bool ignores_orders;      /* says OK and does nothing */
    bool lied;                /* ever, in this run */
    enum sn_role lies_role;   /* INFO says this role; UNKNOWN: the truth */
    const char *turns_away; /* whoever connects gets this error and is hung up on; "": just that */
    bool rejects;           /* a firewall before it refuses sentinels */
    sn_ms rejected_until;   /* end of the last time that it did; 0: never */
    bool drops_orders;      /* closes the connection instead of answering EXEC */

    bool put_below; /* by its operator, since its last order */
    sn_ms put_below_at;
    bool crowned;       /* this process was a replica, and was promoted */
    sn_ms uncrowned_at; /* when that last ended; 0: never */

    /* Statistics. */
    unsigned promotions, follows, syncs;
    sn_ms demoted_at; /* when it last was a master and was told to follow; 0: never */
    sn_ms killed_at;  /* when an order last made it close its clients' connections; 0: never */
};

/* Called by the cluster. */
void model_redis_init(struct model_redis *redis);
void model_redis_start(struct model_redis *redis);
void model_redis_stopped(struct model_redis *redis);
void model_redis_timer(struct model_redis *redis);
/* Answers what waits in conn's inbox; PUBLISH waits for the end of a pause, as in Redis. */
void model_redis_serve(struct model_redis *redis, struct conn *conn);

/* Orders from outside, as by redis-cli. */
void model_redis_promote(struct model_redis *redis);
void model_redis_follow(struct model_redis *redis, const char *host, uint16_t port);
/* Its files are replaced while it is off: by nothing, or by data that nobody else has. */
void model_redis_replace_data(struct model_redis *redis, uint64_t offset);
/* The master takes bytes of writes; replicas that are up and do not lag have them at once. False if
 * it takes none: not running, no master, or paused. */
bool model_redis_write(struct model_redis *redis, uint64_t bytes);
/* A lagging replica gets everything that its master has. */
void model_redis_catch_up(struct model_redis *redis);
bool model_redis_is_paused(const struct model_redis *redis);
bool model_redis_is_busy(const struct model_redis *redis);
bool model_redis_is_loading(const struct model_redis *redis);
/* The error that SUBSCRIBE is refused with; NULL if it is not. */
const char *model_redis_refuses_subscribers(const struct model_redis *redis);
bool model_redis_follows(const struct model_redis *redis, const struct model_redis *master);
/* Packets pass both ways. */
bool model_redis_reaches(const struct model_redis *redis, const struct model_redis *master);
/* Publishes message on the hello channel. */
void model_redis_publish(struct model_redis *redis, const char *message);
/* Servers of the cluster that are syncing now. */
unsigned model_redis_syncing(const struct cluster *cluster);

#endif
