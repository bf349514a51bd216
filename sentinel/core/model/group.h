/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_GROUP_H
#define SN_CORE_MODEL_GROUP_H

/* Groups, and the failover of each. Internal, as state.h. */

#include "core/model/instance.h"

enum sn_failover_state {
    SN_FAILOVER_NONE = 0,
    SN_FAILOVER_WAIT_START,     /* votes are being collected */
    SN_FAILOVER_SELECT,         /* elected; waits for fresh INFO, then selects a replica */
    SN_FAILOVER_SEND_PROMOTION, /* selected; waits for its link, or for the drain */
    SN_FAILOVER_WAIT_PROMOTION, /* ordered; waits for role:master in INFO */
    SN_FAILOVER_RECONF          /* the master is switched; the other replicas follow */
};

/* The drain of a planned switchover (DESIGN.md D17), a part of SEND_PROMOTION. */
enum sn_drain_phase {
    SN_DRAIN_NONE = 0, /* not begun */
    SN_DRAIN_NEARING,  /* the replica lags too much: clients are not paused yet */
    SN_DRAIN_PAUSING,  /* CLIENT PAUSE is unanswered */
    SN_DRAIN_CATCHING, /* paused; the replica has to reach the master's offset */
    SN_DRAIN_OVER,     /* reached, or skipped: promote */
    SN_DRAIN_FAILED    /* impossible, but required: the attempt ends */
};

struct sn_drain {
    enum sn_drain_phase phase;
    bool target_known;
    uint64_t target;        /* the master's offset after the pause began */
    struct sn_runid master; /* run id of the paused process */
    struct sn_link_id link; /* connection of the pause, or on which that process was seen again */
    sn_ms paused_at;
    sn_ms deadline;
};

/* A vote that was given, and when; NEVER: before our start. */
struct sn_vote {
    struct sn_runid leader;
    uint64_t epoch;
    sn_ms at;
};

struct sn_failover {
    enum sn_failover_state state;
    enum sn_failover_mode mode;
    struct sn_addr *wanted; /* the replica that the command names; NULL: none */
    struct sn_drain drain;
    bool acked;     /* WAIT_PROMOTION: EXEC succeeded */
    bool doubt;     /* WAIT_PROMOTION: EXEC failed, but SLAVEOF may have run: INFO tells */
    bool fate_told; /* WAIT_PROMOTION: it went down; its unknown fate is logged */
    bool durable;   /* the own vote, later the won configuration, is on disk */
    bool told; /* WAIT_START: the own vote is final: an answer that names it waits for the save */
    uint64_t epoch;
    struct sn_vote before; /* WAIT_START: the last vote before the own one */
    sn_ms started_at;
    sn_ms state_at;               /* when the state was entered */
    sn_ms ordered_at;             /* WAIT_PROMOTION: when the order was last sent */
    struct sn_runid ordered;      /* WAIT_PROMOTION: run id it was sent to; "": no order needed */
    struct sn_instance *promoted; /* SEND_PROMOTION, WAIT_PROMOTION */
    struct sn_addr *old_addr;     /* RECONF: address of the demoted master; else NULL */
};

#define SN_HISTORY_MAX 4

/* Replication ids that the master has reported (history.c). */
struct sn_history {
    struct sn_runid ids[SN_HISTORY_MAX]; /* the present one first; "" behind the last */
    sn_ms since;                         /* when that was first heard of */
    struct sn_runid before;              /* the present history had this id … */
    uint64_t before_until;               /* … until before this offset */
};

/* What the last switch of the master has lost (loss.c). */
struct sn_loss {
    struct sn_addr old_addr; /* the master before it */
    sn_ms switched_at;
    struct sn_runid id;     /* of the data of the old master; "": unknown */
    uint64_t offset;        /* of the old master, as last reported before the switch … */
    sn_ms offset_at;        /* … at that time; NEVER: not reported */
    bool parted;            /* it is known where the histories parted: */
    uint64_t parted_at;     /* before this offset */
    struct sn_runid new_id; /* of the data of the new master, when it told that */
    sn_ms parting_asked_at; /* when the new master was asked for that last */
    bool known;             /* at least so many bytes are lost: */
    uint64_t bytes;
    bool exact;          /* the process of the old master has returned and told it */
    bool estimate_told;  /* in the log */
    uint64_t told_bytes; /* by the last +lost-writes */
    sn_ms choice_age_ms; /* age of the newest fact that our choice rested on; -1: not ours */
};

enum sn_rescue_stage {
    SN_RESCUE_PAUSING = 1, /* CLIENT PAUSE is unanswered */
    SN_RESCUE_FETCHING,
    SN_RESCUE_OVER
};

/* The rescue of what the last switch would lose (rescue.c). */
struct sn_rescue {
    sn_ms switched_at;       /* as in sn_loss */
    struct sn_runid process; /* the old master */
    struct sn_link_id link;  /* PAUSING: connection of the pause */
    enum sn_rescue_stage stage;
    uint64_t epoch; /* FETCHING, OVER: of the RESCUE */
    sn_ms begun_at;
    unsigned pauses; /* that were sent, each on another connection */
    bool told;       /* how it ended */
};

#define SN_FORGOTTEN_MAX 4

/* Addresses of the last members that were forgotten (forget.c). */
struct sn_forgotten {
    struct sn_addr addrs[SN_FORGOTTEN_MAX]; /* port 0: unused, or it is back */
    size_t next;
};

/* An operator's pause of automatic failovers (truce.h). */
struct sn_truce {
    struct sn_group *group;
    uint64_t version; /* of the order: the highest one counts */
    int64_t until_s;  /* its end by the wall clock of the sentinel that was ordered */
    sn_ms until;      /* its end here */
    /* The latest end of all orders so far: until then somebody may know of an earlier one only. */
    sn_ms kept_until;
    int64_t kept_until_s;
    bool on; /* false: it was ended before its time */
    struct sn_runid by;
    char *reason; /* "" if none was given */
    struct sn_timer timer;
};

#define SN_GAP_DAYS 7

/* The longest silences of a master that was well, by days (gap.c). */
struct sn_gaps {
    uint32_t longest_ms[SN_GAP_DAYS]; /* of day N at N % SN_GAP_DAYS */
    uint32_t day;                     /* the last one with a place */
};

struct sn_alias;
struct sn_reasons;

/* Hellos of a group whose master is a host name of no member. */
struct sn_lookup {
    struct sn_input_hello parked; /* the latest hello that waits; master_ip "": none does */
    struct sn_addr found;         /* the latest look-up; port 0 */
};

struct sn_group {
    struct sn_core *core;
    uint64_t id; /* never reused */
    char *name;
    struct sn_group_params params;
    struct sn_instance *master;
    struct sn_instance *replicas;
    size_t replica_count;
    bool full_told;     /* the log says that there are too many replicas */
    bool unusable_told; /* the log says that INFO names an unusable address */
    struct sn_instance *peers;
    size_t peer_count;
    struct sn_alias *aliases; /* other names of the master (alias.c) */
    struct sn_instance *peers_by_id;
    bool crowd_told; /* the log says that voters exceed twice the quorum */
    uint64_t config_epoch;
    uint64_t leader_epoch; /* of the last vote given */
    sn_ms voted_at;        /* when that was given; NEVER: before our start */
    struct sn_runid leader;
    uint64_t probes_wanted; /* share of the core's (budget.c) */
    /* When we promoted the present process of the master, later when that was saved; NEVER: we did
     * not. */
    sn_ms promoted_at;
    unsigned restores;          /* how often that was promoted again since (restore.c) */
    uint64_t epochs_version;    /* version of the last change of configuration or vote */
    struct sn_unsaved *unsaved; /* NULL: nothing is unsaved */
    bool o_down;
    sn_ms o_down_at;
    struct sn_failover failover;
    sn_ms rank_at;          /* no attempt before the turn of our rank (D6) */
    sn_ms retry_at;         /* no attempt before: back-off after own attempts */
    sn_ms stand_back_until; /* others go first, unless there is a replica to promote */
    unsigned lost_rounds;   /* own attempts lost in a row */
    bool held;              /* too few voters are up for an attempt; logged */
    sn_ms rival_until;      /* rival may be failing over until then; NEVER: no rival */
    struct sn_runid rival;
    uint64_t rival_epoch;     /* epoch that it may have won */
    struct sn_lookup *lookup; /* hello.c; NULL: not needed so far */
    bool veto_told;           /* the log says that the replicas veto the next attempt */
    bool stranger_told;       /* +foreign-hello was raised since the last switch */
    bool accept_any_peer;     /* after a RESET, until a peer is met */
    /* While a won switch waits for its save: the master last announced to clients. NULL
     * otherwise. */
    struct sn_addr *unannounced_old_master;
    uint64_t unannounced_old_epoch; /* the config epoch that belongs to it */
    struct sn_history history;
    struct sn_gaps gaps;
    struct sn_loss *loss;           /* NULL: no switch so far */
    struct sn_rescue *rescue;       /* NULL: none so far */
    struct sn_forgotten *forgotten; /* NULL: nobody so far */
    struct sn_truce *truce;         /* NULL: none */
    sn_ms truce_over_at;            /* when the last one ended; NEVER: there was none */
    sn_ms choice_age_ms;            /* of the last choice of a replica; later, that of loss */
    struct sn_timer election;
    struct sn_timer timeout;    /* of the failover state */
    unsigned marks;             /* rules for sn_settle to run */
    struct sn_reasons *reasons; /* recorded reasons (reason.c); NULL: none so far */
    struct sn_group *mark_prev, *mark_next;
    UT_hash_handle hh;
    UT_hash_handle hh_id;
};

#endif
