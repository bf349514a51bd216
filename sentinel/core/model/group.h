/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_GROUP_H
#define SN_CORE_MODEL_GROUP_H

/* Groups, and the failover that one of them may have under way. Internal, as state.h. */

#include "core/model/instance.h"

enum sn_failover_state {
    SN_FAILOVER_NONE = 0,
    SN_FAILOVER_WAIT_START,     /* votes are being collected */
    SN_FAILOVER_SELECT,         /* elected; waits for fresh INFO, then chooses */
    SN_FAILOVER_SEND_PROMOTION, /* chosen, but its link is down */
    SN_FAILOVER_WAIT_PROMOTION, /* ordered; waits for role:master */
    SN_FAILOVER_RECONF          /* the master is switched; the other replicas follow */
};

/* The drain of a planned switchover (DESIGN.md D17), a part of SEND_PROMOTION. */
enum sn_drain_phase {
    SN_DRAIN_NONE = 0, /* not begun */
    SN_DRAIN_NEARING,  /* the replica lags by more than a moment: clients are not paused yet */
    SN_DRAIN_PAUSING,  /* CLIENT PAUSE is on its way */
    SN_DRAIN_CATCHING, /* paused; the replica has to reach the master's offset */
    SN_DRAIN_OVER,     /* reached, or done without: promote */
    SN_DRAIN_FAILED    /* not possible, and demanded: the attempt ends */
};

struct sn_drain {
    enum sn_drain_phase phase;
    bool target_known;
    uint64_t target;        /* the master's offset behind the pause */
    struct sn_runid master; /* the process that was paused */
    struct sn_link_id link; /* the connection on which it was, or was seen to be still the same */
    sn_ms paused_at;
    sn_ms deadline;
};

struct sn_failover {
    enum sn_failover_state state;
    enum sn_failover_mode mode;
    struct sn_addr wanted; /* the replica that was asked for; port 0 if none was */
    struct sn_drain drain;
    bool acked;     /* WAIT_PROMOTION: EXEC was answered well */
    bool doubt;     /* … it was not, but SLAVEOF may have been executed: INFO tells */
    bool fate_told; /* … it went down, and that it may have been promoted has been said */
    bool durable;   /* the own vote, later the won configuration, is on disk */
    uint64_t epoch;
    sn_ms started_at;
    sn_ms state_at;               /* when the state was entered */
    sn_ms ordered_at;             /* WAIT_PROMOTION: when the order was sent last */
    struct sn_runid ordered;      /* … to this process; "" if it needed no order */
    struct sn_instance *promoted; /* SEND_PROMOTION, WAIT_PROMOTION */
    struct sn_addr old_addr;      /* RECONF: of the demoted master */
};

struct sn_alias;
struct sn_reasons;

/* Of a group: hellos whose master is a host name that nobody here has. */
struct sn_lookup {
    struct sn_input_hello parked; /* the last one that waits; its master_ip is "" if none does */
    struct sn_addr found;         /* what was looked up last; port 0 */
};

struct sn_group {
    struct sn_core *core;
    uint64_t id; /* never used again */
    char *name;
    struct sn_group_params params;
    struct sn_instance *master;
    struct sn_instance *replicas;
    size_t replica_count;
    bool full_told;     /* that there are more replicas than can be watched */
    bool unusable_told; /* that INFO names an address which nobody can be connected to */
    struct sn_instance *peers;
    size_t peer_count;
    struct sn_alias *aliases; /* other names of the master (alias.c) */
    struct sn_instance *peers_by_id;
    bool crowd_told; /* … that there are more than twice as many voters as the quorum */
    uint64_t config_epoch;
    uint64_t leader_epoch; /* of the last vote given */
    struct sn_runid leader;
    uint64_t epochs_version;    /* of the last change of the configuration or the vote */
    struct sn_unsaved *unsaved; /* NULL: all of it is on disk */
    bool o_down;
    sn_ms o_down_at;
    struct sn_failover failover;
    sn_ms rank_at;          /* D6: not before our rank's turn */
    sn_ms retry_at;         /* back-off after own attempts */
    sn_ms stand_back_until; /* others go first, unless we have a replica to promote */
    unsigned lost_rounds;   /* in a row */
    bool held;              /* too few voters are up for an attempt, and the log says so */
    sn_ms rival_until;      /* somebody else may be failing over until then; NEVER: nobody */
    struct sn_runid rival;
    uint64_t rival_epoch;     /* in which it may have won */
    struct sn_lookup *lookup; /* hello.c; NULL: no hello has named a master by an unknown name */
    bool stranger_told;       /* +foreign-hello was raised and not yet calmed */
    bool accept_any_peer;     /* after a RESET, until a peer is met: nobody is a stranger */
    /* The master that clients were told last, while a won switch waits for the disk; port 0 if they
     * know all. */
    struct sn_addr unannounced_old_master;
    struct sn_timer election;
    struct sn_timer timeout;    /* of the failover state */
    unsigned marks;             /* rules that wait for sn_settle */
    struct sn_reasons *reasons; /* why not, lately (reason.c); NULL: nothing so far */
    struct sn_group *mark_prev, *mark_next;
    UT_hash_handle hh;
    UT_hash_handle hh_id;
};

#endif
