/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_STOCK_INTERNAL_H
#define TESTS_SIM_STOCK_INTERNAL_H

/* The parts of the stock model: stock_model.c knows the links and what comes over them,
 * stock_tick.c what ten ticks per second make of it. */

#include "sim.h"
#include "stock_model.h"

#include "cluster_internal.h"
#include "wire/hello.h"

#define STOCK_MEMBERS_MAX 16
#define STOCK_PING_MS     1000
#define STOCK_INFO_MS     10000
#define STOCK_ASK_MS      1000
#define STOCK_PUBLISH_MS  2000

enum stock_kind { STOCK_NOBODY = 0, STOCK_MASTER, STOCK_REPLICA, STOCK_PEER };

enum stock_state {
    STOCK_NONE = 0,
    STOCK_WAIT_START,
    STOCK_SELECT,
    STOCK_PROMOTE,
    STOCK_WAIT_PROMOTION,
    STOCK_RECONF
};

enum stock_reconf { STOCK_TO_DO = 0, STOCK_SENT, STOCK_INPROG, STOCK_DONE };

struct stock_link {
    uint64_t id; /* 0: closed */
    bool up;
    sn_ms tried_at;
    unsigned pending;
};

struct stock_member {
    enum stock_kind kind;
    uint16_t port;
    struct sn_runid runid;
    struct stock_link cmd, sub;
    sn_ms act_ping_at; /* 0: none */
    sn_ms ping_sent_at, last_avail_at, last_pong_at;
    sn_ms published_at;
    bool s_down;
    sn_ms down_at; /* entered S_DOWN last; 0: never */
    /* master and replicas */
    sn_ms info_at; /* 0: never */
    enum sn_role role;
    sn_ms role_at;
    uint32_t priority;
    uint64_t offset;
    sn_ms link_down_ms;
    uint16_t master_port;
    sn_ms master_at;
    enum stock_reconf reconf;
    sn_ms reconf_at;
    /* peers */
    bool says_down;
    struct sn_runid vote;
    uint64_t vote_epoch;
    sn_ms answered_at;
};

/* What it has on its disk: always all of it, as it saves before it speaks. */
struct stock_saved {
    uint64_t epoch, config_epoch, leader_epoch;
    uint16_t master_port;
    uint16_t replicas[STOCK_MEMBERS_MAX];
    unsigned replica_count;
    uint16_t peer_ports[STOCK_MEMBERS_MAX];
    struct sn_runid peer_ids[STOCK_MEMBERS_MAX];
    unsigned peer_count;
};

struct stock {
    struct cluster_guest guest; /* first */
    struct sim *sim;
    struct sn_runid id;
    struct stock_saved saved;
    uint64_t next_link;
    bool ticking;
    sn_ms tick_at; /* the last one; 0 before the first */
    sn_ms tilt_at; /* 0: no TILT */
    struct stock_member master;
    struct stock_member replicas[STOCK_MEMBERS_MAX];
    unsigned replica_count;
    struct stock_member peers[STOCK_MEMBERS_MAX];
    unsigned peer_count;
    uint64_t epoch, config_epoch;
    struct sn_runid leader; /* voted for; "" if not known */
    uint64_t leader_epoch;
    bool o_down;
    enum stock_state state;
    bool forced; /* by an operator: goes without votes */
    uint64_t failover_epoch;
    sn_ms started_at; /* with the jitter; may lie ahead */
    sn_ms state_at;
    uint16_t promoted; /* its port; 0: none */
};

SN_PRINTF(2, 3)
void stock_say(struct stock *stock, const char *format, ...);
sn_ms stock_now(const struct stock *stock);
void stock_save(struct stock *stock);
void stock_member_init(struct stock *stock, struct stock_member *member, enum stock_kind kind,
                       uint16_t port);
void stock_connect(struct stock *stock, struct stock_member *member);
void stock_disconnect(struct stock *stock, struct stock_member *member);
void stock_send(struct stock *stock, struct stock_member *member, enum sn_order order);
void stock_ask(struct stock *stock, struct stock_member *peer);
void stock_follow(struct stock *stock, struct stock_member *member, uint16_t port);
void stock_publish(struct stock *stock, struct stock_member *member);
struct stock_member *stock_find_replica(struct stock *stock, uint16_t port);

/* stock_tick.c */
void stock_tick(struct cluster *cluster, void *arg);
void stock_vote(struct stock *stock, const char *candidate, uint64_t epoch);
void stock_hello(struct stock *stock, const char *message);
void stock_info(struct stock *stock, struct stock_member *member, const struct sn_info *info);
void stock_switch(struct stock *stock, uint16_t port);
void stock_adopt_epoch(struct stock *stock, uint64_t epoch);

#endif
