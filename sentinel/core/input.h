/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_INPUT_H
#define SN_CORE_INPUT_H

/* Inputs: everything the core can be told. They are borrowed for the call of sn_core_step; the core
 * copies what it keeps. */

#include "base/addr.h"
#include "base/types.h"
#include "core/image.h"
#include "core/timing.h"
#include "wire/hello.h"
#include "wire/hint.h"
#include "wire/info.h"
#include "wire/reply.h"

/* Identifies one connection attempt. Never reused, so that late inputs about an old connection
 * match nothing. */
struct sn_link_id {
    uint64_t v;
};

/* Identifies a client command that waits for its answer; chosen by the shell. */
struct sn_ticket {
    uint64_t v;
};

/* Identifies one run of a script. */
struct sn_job_id {
    uint64_t v;
};

/* Orders: what the core sends on a command link (action SEND) and gets answered (input REPLY). */
enum sn_order {
    SN_ORDER_NONE = 0,
    SN_ORDER_PING,
    SN_ORDER_INFO,
    SN_ORDER_PUBLISH,     /* a hello */
    SN_ORDER_ASK,         /* SENTINEL is-master-down-by-addr */
    SN_ORDER_MYID,        /* SENTINEL MYID */
    SN_ORDER_SETTINGS,    /* SENTINEL MASTER name: a peer's settings of the group */
    SN_ORDER_CONFIG,      /* the same: its config epoch of the group … */
    SN_ORDER_WHERE,       /* … and SENTINEL GET-MASTER-ADDR-BY-NAME name: its master */
    SN_ORDER_PROMOTE,     /* MULTI, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILLs, EXEC */
    SN_ORDER_FOLLOW,      /* the same with SLAVEOF host port */
    SN_ORDER_SCRIPT_KILL, /* SCRIPT KILL */
    SN_ORDER_CLIENT_PAUSE,
    SN_ORDER_CLIENT_UNPAUSE,
    /* Tries without effect, to find out whether the server allows the real order: */
    SN_ORDER_TRY_ASK,         /* SENTINEL is-master-down-by-addr, no such master */
    SN_ORDER_TRY_FOLLOW,      /* SLAVEOF with an invalid port */
    SN_ORDER_TRY_KILL,        /* CLIENT KILL ID 0 */
    SN_ORDER_TRY_EXEC,        /* EXEC alone */
    SN_ORDER_TRY_TRANSACTION, /* MULTI, CONFIG REWRITE, an error that aborts it, EXEC */
    SN_ORDER_TRY_PAUSE,       /* CLIENT PAUSE with an invalid time */
    SN_ORDER_TRY_UNPAUSE      /* MULTI, CLIENT UNPAUSE, an error that aborts it, EXEC */
};

enum sn_input_kind {
    SN_INPUT_NONE = 0,
    SN_INPUT_START,          /* once, first */
    SN_INPUT_TIMER,          /* the deadline has passed, or another wake-up */
    SN_INPUT_LINK_UP,        /* connected; AUTH and the like are sent, not answered */
    SN_INPUT_LINK_DOWN,      /* connection lost or failed; no replies will follow */
    SN_INPUT_REPLY,          /* reply to a SEND, in order per link */
    SN_INPUT_LINK_REACHED,   /* connected; the TLS handshake begins */
    SN_INPUT_LINK_NOTE,      /* a reply to AUTH, SETNAME or SUBSCRIBE was an error */
    SN_INPUT_HELLO,          /* by subscription or PUBLISH; hello.bad: unusable fields */
    SN_INPUT_HINT,           /* by PUBLISH */
    SN_INPUT_LINK_PROTOCOL,  /* a server has answered HELLO, which CONNECT had asked for */
    SN_INPUT_LINK_READY,     /* SUBSCRIBE succeeded */
    SN_INPUT_LINK_TRAFFIC,   /* anything but a HELLO arrived on a subscription link */
    SN_INPUT_RESOLVED,       /* a RESOLVE ended */
    SN_INPUT_PERSISTED,      /* a write of the state ended */
    SN_INPUT_COMMAND,        /* a client wants a decision */
    SN_INPUT_SCRIPT_STARTED, /* a SCRIPT_START succeeded */
    SN_INPUT_SCRIPT_EXITED,  /* a job ended, or could not be started */
    SN_INPUT_RESCUED         /* a RESCUE has ended, or takes too long */
};

/* How a connection, or an attempt, has ended. */
enum sn_link_end {
    SN_LINK_END_OTHER = 0, /* a time-out, no route, our own doing … */
    SN_LINK_END_CLOSED,    /* the other side has closed or reset it, perhaps before it was up */
    SN_LINK_END_REFUSED    /* the other side's host has refused the attempt */
};

struct sn_input_link {
    struct sn_link_id link;
    const char *local_ip; /* LINK_UP: our address on this connection; "" if unknown */
    const char *reason;   /* LINK_DOWN, LINK_NOTE: text for the log; never NULL */
    enum sn_link_end end; /* LINK_DOWN */
    bool tls;             /* LINK_DOWN: TLS was refused by us or by the other side */
    bool resp3;           /* LINK_PROTOCOL: the connection speaks RESP3 from now on */
    bool no_room; /* LINK_DOWN: not tried; minor links have used up their file descriptors */
};

struct sn_input_reply {
    struct sn_link_id link;
    enum sn_order order;
    uint64_t tag; /* as in the SEND */
    /* The reply; for orders of several commands, that to EXEC. Never NULL. */
    const struct sn_reply *reply;
    /* Orders of several commands: the text of the first error before EXEC; "" if none. */
    const char *queue_error;
    /* INFO: the parsed text; NULL if unreadable, and for other orders. */
    const struct sn_info *info;
};

struct sn_input_hello {
    struct sn_hello hello;
    struct sn_link_id link; /* the subscription link it arrived on; v == 0: by PUBLISH */
};

struct sn_input_resolved {
    const char *host;
    const char *ip; /* "" if it does not resolve */
};

struct sn_input_persisted {
    uint64_t version; /* the written state is at least this new */
    bool ok;
};

enum sn_command_kind {
    SN_COMMAND_NONE = 0,
    SN_COMMAND_ASK,     /* SENTINEL IS-MASTER-DOWN-BY-ADDR; answer VOTE */
    SN_COMMAND_MONITOR, /* precondition: the host name is resolved */
    SN_COMMAND_REMOVE,
    SN_COMMAND_RESET, /* answer INTEGER */
    SN_COMMAND_FORGET,
    SN_COMMAND_FAILOVER,
    SN_COMMAND_PAUSE,
    SN_COMMAND_RESUME,
    SN_COMMAND_SET,        /* changes, all or nothing */
    SN_COMMAND_CONFIG_SET, /* changes, all or nothing */
    SN_COMMAND_FLUSH,      /* FLUSHCONFIG */
    SN_COMMAND_SIMULATE,   /* SIMULATE-FAILURE */
    SN_COMMAND_DEBUG,      /* timings, all or nothing */
    SN_COMMAND_MYID        /* answer TEXT */
};

/* Mode of a failover (DESIGN.md D17). */
enum sn_failover_mode {
    SN_MODE_NONE = 0,    /* the master is down: quorum and majority decide */
    SN_MODE_REBORN,      /* the master has lost its data set: a majority decides */
    SN_MODE_PLANNED,     /* on command: drain the master if possible, else go on without */
    SN_MODE_COORDINATED, /* on command: stop rather than lose a write; needs a majority */
    SN_MODE_FORCED       /* on command: at once, as stock does */
};

struct sn_timing_change {
    enum sn_timing timing;
    sn_ms value_ms; /* > 0 */
};

enum { SN_SIMULATE_AFTER_ELECTION = 1, SN_SIMULATE_AFTER_PROMOTION = 2 };

struct sn_command {
    enum sn_command_kind kind;
    struct sn_ticket ticket; /* copied to the ANSWER, of which each command gets exactly one */
    const char *name;        /* group name; RESET: glob pattern (name_len bytes) */
    size_t name_len;
    /* MONITOR, ASK: host as given, port, and ip if host is one. FAILOVER: the replica to promote;
     * port 0: the best one. FORGET: the replica or sentinel. */
    struct sn_addr addr;
    enum sn_failover_mode mode; /* FAILOVER; NONE means PLANNED */
    uint32_t quorum;            /* MONITOR */
    uint32_t seconds;           /* PAUSE: 1..SN_TRUCE_MAX_S */
    const char *reason;         /* PAUSE: at most SN_TRUCE_REASON_MAX bytes, "" if none */
    int64_t wall_ms;            /* PAUSE, RESUME: the wall clock */
    uint64_t epoch;             /* ASK */
    const char *runid;          /* ASK: candidate, or "*" */
    const struct sn_change *changes;
    size_t change_count;
    const struct sn_timing_change *timings;
    size_t timing_count;
    unsigned flags; /* SIMULATE: SN_SIMULATE_… */
    bool exact;     /* RESET: name is a group's name, not a pattern */
};

struct sn_input_script {
    struct sn_job_id job;
    int64_t pid;    /* STARTED */
    int64_t status; /* EXITED: exit status */
    int signal;     /* EXITED: the signal that ended it; 0 if none */
    bool spawned;   /* EXITED: false if the script could not be started */
};

enum sn_rescue_outcome {
    SN_RESCUE_SAVED = 1, /* all of it is in the file, and on disk */
    SN_RESCUE_EMPTY,     /* there was no write; no file */
    SN_RESCUE_FAILED,    /* reason; file: has a part of it, "" none */
    SN_RESCUE_LATE       /* the time is over; another RESCUED follows */
};

struct sn_input_rescued {
    uint64_t group; /* as in the RESCUE */
    uint64_t epoch; /* as in the RESCUE */
    enum sn_rescue_outcome outcome;
    uint64_t bytes;  /* of the stream behind the parting */
    uint64_t writes; /* commands in the file */
    const char *file;
    const char *reason;
};

struct sn_input {
    enum sn_input_kind kind;
    sn_ms now; /* monotonic, read once per wake-up; never less than the input before */
    union {
        struct sn_input_link link;
        struct sn_input_reply reply;
        struct sn_input_hello hello;
        struct sn_hint hint;
        struct sn_input_resolved resolved;
        struct sn_input_persisted persisted;
        struct sn_command command;
        struct sn_input_script script;
        struct sn_input_rescued rescued;
    } u;
};

#endif
