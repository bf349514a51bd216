/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ACTION_H
#define SN_CORE_ACTION_H

/* Actions: everything the core asks its owner to do. They must be performed in their order. Actions
 * and everything they point to are valid until the next step. */

#include "base/level.h"
#include "core/input.h"

enum sn_action_kind {
    SN_ACTION_NONE = 0,
    SN_ACTION_CONNECT,
    SN_ACTION_DISCONNECT, /* drop the link now; no LINK_DOWN follows */
    SN_ACTION_SEND,
    SN_ACTION_RESOLVE, /* resolve a host name; ends in RESOLVED */
    SN_ACTION_PERSIST, /* save the changed records, or the whole state; ends in PERSISTED */
    SN_ACTION_ANSWER,  /* to a client's command */
    SN_ACTION_NOTICE,  /* log and publish */
    SN_ACTION_LOG,
    SN_ACTION_SCRIPT_START,
    SN_ACTION_SCRIPT_KILL, /* SIGKILL to the job; SCRIPT_EXITED follows */
    SN_ACTION_RESCUE,      /* save the writes of an old master; ends in RESCUED */
    SN_ACTION_EXIT         /* end the process at once with exit_status (simulated failures) */
};

enum sn_link_kind {
    SN_LINK_NONE = 0,
    SN_LINK_DATA,      /* command link to a master or replica */
    SN_LINK_SUBSCRIBE, /* its subscription to the hello channel */
    SN_LINK_PEER       /* command link to another sentinel */
};

/* CONNECT opens a link: connect, then send, without waiting for replies, AUTH [user] pass (if pass
 * is set), HELLO 3 (if resp3 is set; its answer is a LINK_PROTOCOL), CLIENT SETNAME name, and on
 * SUBSCRIBE links SUBSCRIBE __sentinel__:hello (PROTOCOL.md §9.2). A SUBSCRIBE link `over` another
 * one has no connection of its own: its SUBSCRIBE is sent on that of the other, which speaks RESP3,
 * and both end together (D27). */
struct sn_action_connect {
    struct sn_link_id link;
    enum sn_link_kind kind;
    const char *ip;
    uint16_t port;
    const char *host;          /* as configured or announced: a name, or an IP */
    bool tls;                  /* a TLS handshake before anything else */
    const char *user;          /* NULL: none */
    const char *pass;          /* NULL: no AUTH */
    const char *name;          /* for CLIENT SETNAME */
    struct sn_renames renames; /* names of these commands on the server */
    bool resp3;                /* ask for RESP3 */
    struct sn_link_id over;    /* v == 0: a connection of its own */
    bool minor; /* to a replica: other links have priority when file descriptors are scarce */
};

struct sn_action_send {
    struct sn_link_id link;
    enum sn_order order;
    uint64_t tag;              /* copied to the REPLY */
    const char *message;       /* PUBLISH: the hello; SETTINGS, CONFIG, WHERE: the group */
    const char *host;          /* ASK, FOLLOW */
    uint16_t port;             /* ASK, FOLLOW */
    uint64_t epoch;            /* ASK */
    const char *runid;         /* ASK: own id for a vote, or "*" */
    sn_ms duration_ms;         /* CLIENT_PAUSE */
    bool no_rewrite;           /* PROMOTE, FOLLOW: without CONFIG REWRITE */
    struct sn_renames renames; /* names of the commands of this order on the server */
};

enum sn_answer_kind {
    SN_ANSWER_NONE = 0,
    SN_ANSWER_OK,      /* +OK */
    SN_ANSWER_ERROR,   /* text: the whole error line if it starts with '-', else without "ERR " */
    SN_ANSWER_INTEGER, /* number */
    SN_ANSWER_VOTE,    /* array of three: number, text (a run id or "*"), epoch */
    SN_ANSWER_TEXT     /* text, at most SN_RUNID_LEN bytes */
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
    uint64_t group; /* id of the group that it is about; 0: the sentinel itself */
};

struct sn_action_log {
    enum sn_level level;
    const char *text; /* free of control characters */
};

/* Bits: the parts of the durable state that have changed. */
enum sn_record_what {
    SN_RECORD_IDENTITY = 1, /* the run id */
    SN_RECORD_EPOCH = 2,    /* the current epoch */
    SN_RECORD_GLOBALS = 4,  /* settings of the sentinel */
    SN_RECORD_VOTE = 8,     /* of a group: leader and leader epoch */
    SN_RECORD_CONFIG = 16,  /* of a group: config epoch and address of the master */
    SN_RECORD_PARAMS = 32,  /* of a group: settings */
    SN_RECORD_REPLICAS = 64,
    SN_RECORD_PEERS = 128,
    SN_RECORD_GONE = 256, /* a group that is no longer monitored */
    SN_RECORD_TRUCE = 512 /* of a group: the pause of its failovers */
};

/* Everything about a group; for a newly monitored one. */
#define SN_RECORD_GROUP                                                                            \
    ((unsigned)SN_RECORD_VOTE | SN_RECORD_CONFIG | SN_RECORD_PARAMS | SN_RECORD_REPLICAS |         \
     SN_RECORD_PEERS)

struct sn_record {
    uint64_t group;   /* for sn_core_snapshot_group; 0: the sentinel itself */
    const char *name; /* of the group; NULL: the sentinel itself */
    unsigned what;    /* SN_RECORD_ bits */
};

/* Records are ordered by their last change; a GONE record precedes those of a new group with the
 * same name. Records of a failed save are repeated in the next PERSIST. Without records, the whole
 * state has to be written. */
struct sn_action_persist {
    uint64_t version; /* PERSISTED has this version or a newer one */
    const struct sn_record *records;
    size_t count;
};

struct sn_action_script {
    struct sn_job_id job;
    char *const *argv; /* SCRIPT_START: NULL-terminated, path first */
};

/* RESCUE writes what comes in the replication stream of an old master behind an offset to a file
 * (D21), over a connection of its own: as CONNECT describes it, but link, resp3 and over. */
struct sn_action_rescue {
    uint64_t group; /* copied to the RESCUED, as is the epoch */
    const char *name;
    uint64_t epoch; /* of the configuration that has replaced the master */
    struct sn_action_connect to;
    struct sn_runid process; /* the server has to be this one … */
    struct sn_runid replid;  /* … with this history */
    uint64_t parted_at;      /* the first offset that the new master did not get */
    /* The new master: the connection poses as its own, so that nobody takes it for a new replica.
     */
    const char *master_ip;
    uint16_t master_port;
    bool paused;      /* its clients are: nothing is written any more */
    sn_ms timeout_ms; /* until the order to follow is due */
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
        struct sn_action_rescue rescue;
        int exit_status;
    } u;
};

struct sn_actions {
    const struct sn_action *items;
    size_t count;
};

#endif
