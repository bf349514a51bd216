/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ACTION_H
#define SN_CORE_ACTION_H

/* Everything that the core can want done. Actions are values in the order in which they must be
 * performed; they and all they point to are valid until the next step. */

#include "base/level.h"
#include "core/input.h"

enum sn_action_kind {
    SN_ACTION_NONE = 0,
    SN_ACTION_CONNECT,
    SN_ACTION_DISCONNECT, /* drop the link now; no LINK_DOWN follows */
    SN_ACTION_SEND,
    SN_ACTION_RESOLVE, /* look a host name up; ends in RESOLVED */
    SN_ACTION_PERSIST, /* save what has changed, or all, as it is now; ends in PERSISTED */
    SN_ACTION_ANSWER,  /* to a client's command */
    SN_ACTION_NOTICE,  /* log and publish */
    SN_ACTION_LOG,
    SN_ACTION_SCRIPT_START,
    SN_ACTION_SCRIPT_KILL, /* SIGKILL to the job; SCRIPT_EXITED follows */
    SN_ACTION_EXIT         /* end the process at once with this status (simulated failures) */
};

enum sn_link_kind {
    SN_LINK_NONE = 0,
    SN_LINK_DATA,      /* command link to a master or replica */
    SN_LINK_SUBSCRIBE, /* its subscription to the hello channel */
    SN_LINK_PEER       /* command link to another sentinel */
};

/* Opening a link: connect, then send without waiting AUTH [user] pass (if pass is set),
 * CLIENT SETNAME name, and for SUBSCRIBE links SUBSCRIBE __sentinel__:hello (PROTOCOL.md §9.2). */
struct sn_action_connect {
    struct sn_link_id link;
    enum sn_link_kind kind;
    const char *ip;
    uint16_t port;
    const char *user;          /* NULL: none */
    const char *pass;          /* NULL: no AUTH */
    const char *name;          /* for CLIENT SETNAME */
    struct sn_renames renames; /* what the server calls these commands */
    bool minor;                /* to a replica: the others go first where open files are scarce */
};

struct sn_action_send {
    struct sn_link_id link;
    enum sn_order order;
    uint64_t tag;              /* comes back in the REPLY */
    const char *message;       /* PUBLISH: the hello; SETTINGS: name of the group */
    const char *host;          /* ASK, FOLLOW */
    uint16_t port;             /* ASK, FOLLOW */
    uint64_t epoch;            /* ASK */
    const char *runid;         /* ASK: own id for a vote, or "*" */
    sn_ms duration_ms;         /* CLIENT_PAUSE */
    bool no_rewrite;           /* PROMOTE, FOLLOW: without CONFIG REWRITE */
    struct sn_renames renames; /* what the server calls the commands of this order */
};

enum sn_answer_kind {
    SN_ANSWER_NONE = 0,
    SN_ANSWER_OK,    /* +OK */
    SN_ANSWER_ERROR, /* text: with a leading '-' the whole error line, else "ERR " is put before */
    SN_ANSWER_INTEGER, /* number */
    SN_ANSWER_VOTE,    /* array of three: number, text (a run id or "*"), epoch */
    SN_ANSWER_TEXT     /* text, of a run id's length at most */
};

struct sn_action_answer {
    struct sn_ticket ticket;
    enum sn_answer_kind kind;
    const char *text;
    int64_t number;
    uint64_t epoch;
};

struct sn_action_notice {
    enum sn_level level; /* DEBUG: log only, never publish */
    const char *name;    /* "+sdown": the channel */
    const char *payload;
};

struct sn_action_log {
    enum sn_level level;
    const char *text; /* free of control characters */
};

/* What of the durable state has changed: bits. */
enum sn_record_what {
    SN_RECORD_IDENTITY = 1, /* the run id */
    SN_RECORD_EPOCH = 2,    /* the current epoch */
    SN_RECORD_GLOBALS = 4,  /* settings of the sentinel */
    SN_RECORD_VOTE = 8,     /* of a group: leader and leader epoch */
    SN_RECORD_CONFIG = 16,  /* … config epoch and address of the master */
    SN_RECORD_PARAMS = 32,  /* … settings */
    SN_RECORD_REPLICAS = 64,
    SN_RECORD_PEERS = 128,
    SN_RECORD_GONE = 256 /* … is monitored no longer */
};

/* All of a group that is monitored from now on. */
#define SN_RECORD_GROUP                                                                            \
    ((unsigned)SN_RECORD_VOTE | SN_RECORD_CONFIG | SN_RECORD_PARAMS | SN_RECORD_REPLICAS |         \
     SN_RECORD_PEERS)

struct sn_record {
    uint64_t group;   /* for sn_core_snapshot_group; 0: the sentinel itself */
    const char *name; /* of the group; NULL: the sentinel itself */
    unsigned what;    /* SN_RECORD_ bits */
};

/* Records are in the order of their last changes, a group's GONE before those of another one that
 * has its name by now. What a save that failed had to keep comes again with the next one. No record
 * at all: somebody wants the whole to be written anew. */
struct sn_action_persist {
    uint64_t version; /* comes back, or a newer one, in PERSISTED */
    const struct sn_record *records;
    size_t count;
};

struct sn_action_script {
    struct sn_job_id job;
    char *const *argv; /* SCRIPT_START: NULL-terminated, path first */
};

struct sn_action {
    enum sn_action_kind kind;
    union {
        struct sn_action_connect connect;
        struct sn_link_id disconnect;
        struct sn_action_send send;
        const char *resolve; /* host */
        struct sn_action_persist persist;
        struct sn_action_answer answer;
        struct sn_action_notice notice;
        struct sn_action_log log;
        struct sn_action_script script;
        int exit_status;
    } u;
};

struct sn_actions {
    const struct sn_action *items;
    size_t count;
};

#endif
