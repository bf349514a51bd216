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
    FAULT_MESH,  /* pairs by a lot of value, what pairs by value2: enum mesh_kind */
    FAULT_SLOW,  /* packets of and to a take value ms more */
    /* disk */
    FAULT_DISK_SLOW,
    FAULT_DISK_FAIL,
    /* process */
    FAULT_KILL,
    FAULT_HANG,
    FAULT_KILL_AT, /* whoever comes to the moment called value next */
    FAULT_HANG_AT,
    FAULT_ISOLATE_AT,
    /* clock */
    FAULT_WALL_JUMP,
    /* operator */
    FAULT_FAILOVER,   /* mode in value, at b if value2 */
    FAULT_SET,        /* option by value */
    FAULT_FORGET,     /* SENTINEL RESET */
    FAULT_REMOVE,     /* and MONITOR when it is over */
    FAULT_TRUCE,      /* SENTINEL PAUSE, and RESUME at the same sentinel when it is over */
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
    FAULT_PAUSED,       /* CLIENT PAUSE by somebody else */
    FAULT_PROMOTED,     /* REPLICAOF NO ONE by somebody else */
    FAULT_FULL,         /* maxclients: takes no new connections */
    FAULT_CONFIG_ERROR, /* CONFIG is refused, or there is no such command */
    FAULT_REBORN,       /* killed, and comes back empty, in the role it had */
    FAULT_OTHER_DATA,   /* killed, and comes back with data of nobody, in the role it had */
    FAULT_CHAIN,        /* told by its operator to follow another replica, by value */
    FAULT_REJECT,       /* a firewall resets sentinels and refuses them; replicas go on */
    /* strangers */
    FAULT_STRANGER,     /* a hello of another deployment */
    FAULT_FORGE_HELLO,  /* enum forgery in value, to all at a server or to one sentinel by value2 */
    FAULT_FORGE_VOTE,   /* a vote request for nobody, with an epoch by value */
    FAULT_FORGE_SWITCH, /* a hello with a newer configuration that nobody has made, by the lots */
    FAULT_KIND_COUNT
};

/* Which pairs FAULT_MESH cuts. */
enum mesh_kind {
    MESH_ANY = 0,
    MESH_SENTINEL_SERVER,
    MESH_SERVERS,
    MESH_SENTINELS,
    MESH_APART, /* the server a from the sentinels in the bits of value */
    MESH_KINDS
};

/* What FAULT_FORGE_HELLO says. */
enum forgery {
    FORGE_NOBODY = 0, /* a new id where nobody listens */
    FORGE_MOVED,      /* the id of one sentinel at the address of another */
    FORGE_AWAY,       /* …where nobody listens */
    FORGE_TWIN,       /* a new id at the address of a sentinel */
    FORGE_SELF,       /* a new id at the receiver's own address */
    FORGE_EPOCH,      /* a current epoch from far above, else all as it is */
    FORGE_CONFIG      /* a configuration of such an epoch, with the master that is */
};

/* What was not in the world at first: drawn apart from the rest, each by itself (features.c). */
enum plan_feature {
    FEATURE_IDS = 1 << 0,         /* ids of sentinels that are no hexadecimal numbers */
    FEATURE_STOCK_NAMES = 1 << 1, /* hellos of stock nodes name the master by a host name */
    FEATURE_ALIAS = 1 << 2,       /* two names for one master */
    FEATURE_SLOW = 1 << 3,        /* round trips near or above down-after; connections too */
    FEATURE_MESH = 1 << 4,        /* cuts pair by pair */
    FEATURE_APART = 1 << 5,       /* a replica unreachable for most is promoted after the cut */
    FEATURE_LONE = 1 << 6,        /* quorum 1 */
    FEATURE_FORGED = 1 << 7,      /* hellos and vote requests of nobodies */
    FEATURE_FATES = 1 << 8,       /* orders that are obeyed, and nobody hears of it */
    FEATURE_BACK = 1 << 9,        /* two switchovers at once: the second may lead back */
    FEATURE_HOPELESS = 1 << 10,   /* the master dies while most sentinels are gone */
    FEATURE_AWAY = 1 << 11,       /* the master dies while all are gone for long; in peace */
    FEATURE_NOBODY = 1 << 12,     /* the master dies after votes for a nobody; in peace */
    FEATURE_CONFIG = 1 << 13,     /* servers that refuse CONFIG */
    FEATURE_EPOCHS = 1 << 14,     /* forgeries that name epochs from far above */
    FEATURE_REFUSED = 1 << 15,    /* refused-after-milliseconds, and hosts that refuse */
    FEATURE_DATA = 1 << 16,       /* servers that come back with other data, or with none */
    FEATURE_SINGLE = 1 << 17,     /* one connection to a server that speaks RESP3 */
    FEATURE_FORGET = 1 << 18,     /* forget-after is set */
    FEATURE_VETO = 1 << 19,       /* replica-veto is set */
    FEATURE_RESCUE = 1 << 20,     /* rescue-lost-writes is set */
    FEATURE_TRUCE = 1 << 21,      /* operators pause automatic failovers */
    FEATURE_HEARSAY = 1 << 22,    /* hellos of switches that nobody has made */
    FEATURE_CHAINS = 1 << 23,     /* chained-replicas is set, and operators make chains */
    FEATURE_ALL = (1 << 24) - 1
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
    unsigned features;       /* enum plan_feature */
    bool two_deployments;    /* each knows one of the names of FEATURE_ALIAS */
    uint64_t id_lot;         /* what the ids look like; FEATURE_IDS */
    unsigned rtt_percent;    /* round trips, of down-after; 0: by delay_min_ms and delay_max_ms */
    bool rtt_peace;          /* they stay so for a while in peace */
    sn_ms connect_ms;        /* a connection takes up to this much longer to open */
    sn_ms refused_after_ms;  /* FEATURE_REFUSED; 0: off */
    uint64_t max_lag;        /* FEATURE_DATA; 0: off */
    bool reborn_failover;    /* FEATURE_DATA */
    unsigned forget_after_s; /* FEATURE_FORGET; 0: off */
    bool replica_veto;       /* FEATURE_VETO */
    bool chained;            /* FEATURE_CHAINS */
    bool rescue;             /* FEATURE_RESCUE */
    struct fault faults[PLAN_FAULTS_MAX];
    unsigned fault_count;
};

void plan_make(struct plan *plan, uint64_t seed);
/* Adds a fault if there is room for it. */
void plan_add_fault(struct plan *plan, const struct fault *fault);
/* features.c: those that plan_make() draws always, besides the ones it draws by lot. */
extern unsigned features_forced;
void features_draw(struct plan *plan, uint64_t seed);
/* The bit of the feature called name; 0 if there is none. */
unsigned features_by_name(const char *name, size_t len);
/* Faults of that kind come from no feature that is off. */
bool features_want(enum fault_kind kind);
/* NULL behind the last. */
const char *features_name(unsigned index);
const char *plan_fault_name(enum fault_kind kind);

#endif
