/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

/* What one run is made of, drawn from its seed before anything runs: the cast, its parameters, and
 * a list of faults with their times. A fault can be left out without changing the others. */

#include "base/prng.h"
#include "base/types.h"

#define PLAN_FAULTS_MAX    48
#define PLAN_SENTINELS_MAX 9
#define PLAN_GROUPS_MAX    4
#define PLAN_SERVERS_MAX   7 /* of one group */
/* Of all: the first group has up to 5, the others up to 3. */
#define PLAN_ALL_SERVERS_MAX (PLAN_SERVERS_MAX + 3 * (PLAN_GROUPS_MAX - 1))

/* Kinds of faults that a seed turns on or off together. */
enum plan_class {
    CLASS_NETWORK = 1 << 0,
    CLASS_DISK = 1 << 1,
    CLASS_PROCESS = 1 << 2,
    CLASS_CLOCK = 1 << 3,
    CLASS_OPERATOR = 1 << 4,
    CLASS_REDIS = 1 << 5,
    CLASS_STRANGER = 1 << 6,
    CLASS_ALL = (1 << 7) - 1
};

enum fault_kind {
    FAULT_NONE = 0,
    /* network */
    FAULT_RESET,
    FAULT_CUT_WAY,
    FAULT_CUT,
    FAULT_ISOLATE,
    FAULT_SPLIT, /* nodes by the bits of value */
    FAULT_SLOW,  /* packets of and to a take value ms more */
    /* disk */
    FAULT_DISK_SLOW,
    FAULT_DISK_FAIL,
    /* process */
    FAULT_KILL,
    FAULT_HANG,
    FAULT_KILL_AT, /* whoever comes to the moment called value next */
    FAULT_HANG_AT,
    /* clock */
    FAULT_WALL_JUMP,
    /* operator */
    FAULT_FAILOVER,   /* mode in value, at b if value2 */
    FAULT_SET,        /* option by value */
    FAULT_FORGET,     /* SENTINEL RESET */
    FAULT_REMOVE,     /* and MONITOR when it is over */
    FAULT_FAILOVER_2, /* two sentinels in the same moment */
    /* data nodes */
    FAULT_LIES,
    FAULT_PING_ERROR,
    FAULT_ORDER_ERROR,
    FAULT_PAUSE_ERROR,
    FAULT_IGNORES,
    FAULT_DROPS,
    FAULT_LAG,
    FAULT_PRIORITY,
    FAULT_EMPTY,     /* killed, and comes back as an empty master */
    FAULT_READDRESS, /* killed, and comes back elsewhere */
    FAULT_CLIENT_KILL,
    FAULT_PAUSED,   /* CLIENT PAUSE by somebody else */
    FAULT_PROMOTED, /* REPLICAOF NO ONE by somebody else */
    FAULT_FULL,     /* maxclients: takes no new connections */
    /* strangers */
    FAULT_STRANGER, /* a hello of another deployment */
    FAULT_KIND_COUNT
};

/* Whom a fault is about: an index modulo their number, or: */
#define TARGET_MASTER 100 /* the master as most see it */
#define TARGET_LEADER 101 /* who was elected last */

struct fault {
    enum fault_kind kind;
    sn_ms at;    /* after the start */
    sn_ms lasts; /* then it is undone */
    unsigned a, b;
    uint64_t value, value2;
    unsigned group; /* whose master, whom an operator's order is for */
    bool dropped;
};

struct plan {
    uint64_t seed;
    unsigned classes;
    unsigned sentinels; /* cores */
    unsigned stocks;    /* of the other model; they know the first group only */
    unsigned groups;
    unsigned replicas; /* of the first group */
    unsigned other_replicas[PLAN_GROUPS_MAX];
    uint32_t quorum;
    uint32_t parallel_syncs;
    sn_ms down_after_ms, failover_timeout_ms;
    sn_ms delay_min_ms, delay_max_ms;
    sn_ms disk_ms, disk_jitter_ms;
    sn_ms timer_late_ms;
    sn_ms write_ms; /* between two writes of the client */
    sn_ms sync_ms;
    bool names, announce_names; /* servers have host names */
    sn_ms resolve_max_ms;
    unsigned resolve_fails; /* of a hundred look-ups */
    sn_ms sync_load_ms;     /* of a replica after a full sync */
    uint64_t backlog_max;   /* bytes of writes that a partial sync may have missed */
    bool diskless;          /* a full sync empties the replica first */
    sn_ms loading_ms;       /* of a server that starts with data */
    sn_ms warm_ms, span_ms;
    int64_t drift_ppm; /* at most, of each clock */
    bool blocking_peers;
    bool lag; /* replicas get writes in bursts */
    bool lost_on_crash;
    unsigned lost_masters;   /* bits of the groups whose master is lost for good in peace */
    unsigned lost_sentinels; /* cores that are too: always a minority */
    uint64_t lost_lot;       /* which ones */
    bool lost_late;          /* only after all have agreed once */
    struct fault faults[PLAN_FAULTS_MAX];
    unsigned fault_count;
};

void plan_make(struct plan *plan, uint64_t seed);
const char *plan_fault_name(enum fault_kind kind);

#endif
