/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_INSTANCE_H
#define SN_CORE_MODEL_INSTANCE_H

/* Instances: the members of groups, which are data nodes and peers. Internal, as state.h. */

#include "core/model/link.h"

enum sn_kind { SN_KIND_NONE = 0, SN_KIND_MASTER, SN_KIND_REPLICA, SN_KIND_PEER };

enum sn_reconf { SN_RECONF_NONE = 0, SN_RECONF_SENT, SN_RECONF_INPROG, SN_RECONF_DONE };

/* Bits of what is sent on the present connection and not answered. */
enum sn_unanswered {
    SN_UNANSWERED_HELLO = 1 << 0,
    SN_UNANSWERED_INFO = 1 << 1,
    SN_UNANSWERED_ORDER = 1 << 2, /* PROMOTE or FOLLOW */
    SN_UNANSWERED_AGAIN = 1 << 3  /* the hello, and another one is due by now */
};

/* What a data node says of its data set. */
struct sn_data_set {
    struct sn_runid replid, replid2; /* as in struct sn_info */
    sn_ms replaced_at;               /* when other data took the place of the last; 0: never */
    uint64_t second_offset;
    bool loading;
    bool keys_known;
    uint64_t keys;
    bool changes_known;
    uint64_t changes;      /* as in struct sn_info */
    uint64_t saved_at;     /* as in struct sn_info; from then on the changes are counted */
    uint64_t quiet_offset; /* its offset when it first told both numbers: no write since */
    bool link_never_up;
    /* Its link to a master of this group was up since it is this process, follows that master and
     * has this id: its data are the group's. */
    bool was_in_sync;
};

/* Facts about data nodes. */
struct sn_data {
    sn_ms info_sent_at;
    sn_ms info_at;       /* last INFO reply */
    sn_ms info_asked_at; /* when the INFO was sent that this answered */
    struct sn_fields info_text;
    enum sn_role role_reported;
    sn_ms said_master_at;   /* last INFO with role:master; NEVER if there was none */
    sn_ms role_reported_at; /* when the reported role last changed, or tracking began */
    bool rebooting;         /* run id changed, no PONG since (master-reboot-down-after-period) */
    sn_ms reboot_at;
    bool reborn;           /* a master's run id has changed, and its data are to be judged */
    bool reborn_empty;     /* … and it seems to have lost its data set (reborn.c) */
    sn_ms reborn_at;       /* when that was found out */
    bool script_kill_sent; /* during this S_DOWN */
    sn_ms link_down_ms;    /* master_link_down_since_seconds */
    bool link_up;
    sn_ms master_heard_at; /* last byte from its master, at the earliest; NEVER: unknown, or none */
    bool syncing;          /* master_sync_in_progress */
    bool chained;          /* it began to follow its present master when that was a replica here */
    char *master_host;     /* NULL if never reported */
    uint16_t master_port;
    sn_ms master_changed_at; /* when the reported master last changed */
    uint32_t priority;
    uint64_t repl_offset;
    uint64_t master_offset; /* master_repl_offset */
    struct sn_data_set set;
    bool announced;
    bool promoted;           /* selected by the present failover */
    uint64_t refused_epoch;  /* of the last attempt in which it refused promotion */
    sn_ms ordered_at;        /* last FOLLOW, or repeated PROMOTE */
    bool order_refused;      /* the last FOLLOW was refused */
    unsigned pauses_pending; /* unanswered CLIENT PAUSEs on the present connection */
    sn_ms paused_until;      /* end of our pause of writes and PUBLISH; NEVER: none */
    bool was_replica;        /* this process was a replica since it was last our master */
    sn_ms unproven_at;       /* when it was demoted; NEVER once it was seen in sync */
    enum sn_reconf reconf;
    sn_ms reconf_at;   /* when reconf last changed */
    bool left_out;     /* our failover ended without an order to it */
    sn_ms foreign_at;  /* last evidence that another group claims it (D16) */
    bool odd_told;     /* the log says that it is no data node, or no master */
    bool foreign_told; /* +foreign-instance was raised for the present claim */
};

enum sn_confirm_stage {
    SN_CONFIRM_NONE = 0, /* nothing is claimed */
    SN_CONFIRM_SENDER,   /* the sender is asked */
    SN_CONFIRM_PAUSED,   /* it will be asked when the timer is due */
    SN_CONFIRM_SERVER    /* it cannot be asked, or does not answer: the server that is named is */
};

/* A configuration that somebody is said to have. */
struct sn_claimed {
    struct sn_addr master;
    uint64_t epoch; /* 0: none */
};

/* A newer configuration that was heard of, until it is confirmed (confirm.c). */
struct sn_confirm {
    enum sn_confirm_stage stage;
    struct sn_claimed claim;
    bool composed;          /* of two answers of the sender that may not belong together */
    struct sn_claimed next; /* what else was claimed while the sender was asked */
    sn_ms heard_at;
    struct sn_link_id asked_on; /* connection with unanswered questions; v == 0: none */
    unsigned asked;             /* their number */
    bool epoch_said;            /* the first of the two answers has come: */
    uint64_t said_epoch;
    sn_ms pause_ms;  /* before the next question; 0: none */
    sn_ms denied_at; /* when a question was last in vain; NEVER: not so far */
    struct sn_timer timer;
};

/* Facts about peers. */
struct sn_peer {
    sn_ms hello_heard_at;
    sn_ms addr_heard_at;         /* last hello from its present address */
    sn_ms moved_at;              /* when it got that address; NEVER: its first */
    uint64_t hello_config_epoch; /* from its last hello */
    bool hello_agrees;           /* its last hello named our master */
    /* The master in its last hello, if that is a host name and those are not resolved here; its IP
     * is looked up only to compare. NULL otherwise. */
    struct sn_addr *foreign_master;
    bool settings_asked;        /* on the present connection */
    bool settings_pending;      /* … and not answered */
    bool settings_again;        /* … and to be asked again then */
    bool settings_doubted;      /* ours have changed since it was asked */
    sn_ms settings_asked_at;    /* the last time */
    sn_ms settings_stale_at;    /* when it is asked again, if there is a doubt or a difference */
    uint64_t truce_version;     /* of the truce that it has last told; 0: none */
    uint64_t truce_hinted;      /* of the truce of which it got our last hint */
    char *settings_told;        /* the logged differences; NULL: none */
    bool other_master_told;     /* the log says that it is configured with another master */
    struct sn_confirm *confirm; /* NULL: not needed so far */
    uint64_t hello_epoch;       /* highest in its last hello, accepted or not */
    sn_ms far_since;  /* since when that is too high to accept at once; NEVER: it is not */
    bool master_down; /* its last answer: the master is down */
    sn_ms answered_at;
    struct sn_runid vote; /* "" if none */
    uint64_t vote_epoch;
    uint64_t answered_epoch;     /* epoch of the highest vote request it answered */
    unsigned asks;               /* number of unanswered questions */
    sn_ms asked_at;              /* when the oldest of them left, or the one before was answered */
    uint64_t asked[SN_ASKS_MAX]; /* their subjects, oldest first (asked.h) */
    unsigned quick;              /* quick repetitions of the question since S_DOWN */
    struct sn_timer ask;
    struct sn_timer answer_old;
    bool waits_to_ask, waits_to_publish; /* for room on the link (window.h) */
    struct sn_instance *ask_prev, *ask_next;
    struct sn_instance *publish_prev, *publish_next;
    UT_hash_handle hh; /* in the group, by run id */
};

struct sn_instance {
    struct sn_core *core;
    struct sn_group *group;
    uint64_t id; /* tag of its orders; never reused */
    enum sn_kind kind;
    struct sn_addr addr;
    struct sn_runid runid;
    struct sn_link *cmd;
    struct sn_link *sub; /* data nodes */
    bool s_down;
    sn_ms s_down_at; /* when it last entered S_DOWN */
    sn_ms s_up_at;   /* when it last left it */
    struct sn_timer down;
    struct sn_timer hello;
    struct sn_timer info; /* data nodes */
    unsigned unanswered;  /* bits of enum sn_unanswered */
    union {
        struct sn_data data;
        struct sn_peer peer;
    } u;
    struct sn_instance *prev, *next;             /* in the group's list */
    struct sn_instance *owner_next;              /* next owner of the shared link */
    struct sn_instance *place_prev, *place_next; /* at the same address */
    bool marked;                                 /* for sn_settle to judge */
    struct sn_instance *mark_prev, *mark_next;
    UT_hash_handle hh_id;
};

static inline bool sn_is_data(const struct sn_instance *instance)
{
    return instance->kind != SN_KIND_PEER;
}

/* All data nodes at one address. */
struct sn_place {
    struct sn_place_key key;
    struct sn_instance *members;
    UT_hash_handle hh;
};

#endif
