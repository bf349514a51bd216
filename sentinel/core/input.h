/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_INPUT_H
#define SN_CORE_INPUT_H

/* Everything that the core can be told. Inputs are borrowed for the call of sn_core_step: the core
 * copies what it keeps. */

#include "base/addr.h"
#include "base/types.h"
#include "core/image.h"
#include "core/timing.h"
#include "wire/hello.h"
#include "wire/info.h"
#include "wire/reply.h"

/* One connection attempt. Never used again, so that anything late about an old connection finds
 * nothing. */
struct sn_link_id {
    uint64_t v;
};

/* A client command that waits for its answer; chosen by the shell. */
struct sn_ticket {
    uint64_t v;
};

/* One run of a script. */
struct sn_job_id {
    uint64_t v;
};

/* What can be sent on a command link (the action SEND) and answered (the input REPLY). */
enum sn_order {
    SN_ORDER_NONE = 0,
    SN_ORDER_PING,
    SN_ORDER_INFO,
    SN_ORDER_PUBLISH,     /* a hello */
    SN_ORDER_ASK,         /* SENTINEL is-master-down-by-addr */
    SN_ORDER_MYID,        /* SENTINEL MYID */
    SN_ORDER_SETTINGS,    /* SENTINEL MASTER message: how a peer has configured the group */
    SN_ORDER_PROMOTE,     /* MULTI, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILLs, EXEC */
    SN_ORDER_FOLLOW,      /* the same with SLAVEOF host port */
    SN_ORDER_SCRIPT_KILL, /* SCRIPT KILL */
    SN_ORDER_CLIENT_PAUSE,
    SN_ORDER_CLIENT_UNPAUSE,
    /* Without any effect, to see whether it would be allowed: */
    SN_ORDER_TRY_ASK,         /* SENTINEL is-master-down-by-addr about nobody */
    SN_ORDER_TRY_FOLLOW,      /* SLAVEOF with a port that is none */
    SN_ORDER_TRY_KILL,        /* CLIENT KILL ID 0 */
    SN_ORDER_TRY_EXEC,        /* EXEC alone */
    SN_ORDER_TRY_TRANSACTION, /* MULTI, CONFIG REWRITE, a mistake that voids it, EXEC */
    SN_ORDER_TRY_PAUSE,       /* CLIENT PAUSE with a time that is none */
    SN_ORDER_TRY_UNPAUSE      /* MULTI, CLIENT UNPAUSE, a mistake that voids it, EXEC */
};

enum sn_input_kind {
    SN_INPUT_NONE = 0,
    SN_INPUT_START,          /* once, first */
    SN_INPUT_TIMER,          /* the deadline has passed, or any other wake-up */
    SN_INPUT_LINK_UP,        /* the connection stands; AUTH and the like are on their way */
    SN_INPUT_LINK_DOWN,      /* it is gone, or could not be made; its replies will not come */
    SN_INPUT_REPLY,          /* of a SEND, in order per link */
    SN_INPUT_LINK_NOTE,      /* a reply to AUTH, SETNAME or SUBSCRIBE was an error */
    SN_INPUT_HELLO,          /* on a subscription or by PUBLISH; hello.bad: not all of use */
    SN_INPUT_LINK_READY,     /* SUBSCRIBE was answered well */
    SN_INPUT_LINK_TRAFFIC,   /* any message arrived on a subscription link */
    SN_INPUT_RESOLVED,       /* a RESOLVE ended */
    SN_INPUT_PERSISTED,      /* a write of the state ended */
    SN_INPUT_COMMAND,        /* a client wants a decision */
    SN_INPUT_SCRIPT_STARTED, /* a SCRIPT_START succeeded */
    SN_INPUT_SCRIPT_EXITED   /* a job ended, or could not be started */
};

struct sn_input_link {
    struct sn_link_id link;
    const char *local_ip; /* LINK_UP: our address on this connection; "" if unknown */
    const char *reason;   /* LINK_DOWN, LINK_NOTE: text for the log; never NULL */
    bool no_room;         /* LINK_DOWN: not tried, as minor links have all files that they may */
};

struct sn_input_reply {
    struct sn_link_id link;
    enum sn_order order;
    uint64_t tag; /* as in the SEND */
    /* The reply; for orders of several commands the one of EXEC. Never NULL. */
    const struct sn_reply *reply;
    /* Orders of several commands: the text of the first error before EXEC; "" if none. */
    const char *queue_error;
    /* INFO with a readable text: what it says. NULL otherwise. */
    const struct sn_info *info;
};

struct sn_input_hello {
    struct sn_hello hello;
    struct sn_link_id link; /* the subscription link it came on; v == 0: by PUBLISH */
};

struct sn_input_resolved {
    const char *host;
    const char *ip; /* "" if it does not resolve */
};

struct sn_input_persisted {
    uint64_t version; /* the state that was written is at least this new */
    bool ok;
};

enum sn_command_kind {
    SN_COMMAND_NONE = 0,
    SN_COMMAND_ASK,     /* SENTINEL IS-MASTER-DOWN-BY-ADDR; answer VOTE */
    SN_COMMAND_MONITOR, /* host names must have been RESOLVED before */
    SN_COMMAND_REMOVE,
    SN_COMMAND_RESET, /* answer INTEGER */
    SN_COMMAND_FAILOVER,
    SN_COMMAND_SET,        /* changes, all or nothing */
    SN_COMMAND_CONFIG_SET, /* changes, all or nothing */
    SN_COMMAND_FLUSH,      /* FLUSHCONFIG */
    SN_COMMAND_SIMULATE,   /* SIMULATE-FAILURE */
    SN_COMMAND_DEBUG,      /* timings, all or nothing */
    SN_COMMAND_MYID        /* answer TEXT */
};

/* How a failover came about (DESIGN.md D17). */
enum sn_failover_mode {
    SN_MODE_NONE = 0,    /* the master is down: quorum and majority decide */
    SN_MODE_PLANNED,     /* asked for: drain the master if possible, else go on without */
    SN_MODE_COORDINATED, /* asked for: rather stop than lose a write; needs a majority */
    SN_MODE_FORCED       /* asked for: at once, as stock does it */
};

struct sn_timing_change {
    enum sn_timing timing;
    sn_ms value_ms; /* > 0 */
};

enum { SN_SIMULATE_AFTER_ELECTION = 1, SN_SIMULATE_AFTER_PROMOTION = 2 };

struct sn_command {
    enum sn_command_kind kind;
    struct sn_ticket ticket; /* the answer carries it; exactly one ANSWER per command, never zero */
    const char *name;        /* group name; RESET: glob pattern (name_len bytes) */
    size_t name_len;
    /* MONITOR, ASK (host as given, port; ip if it is one); FAILOVER: the replica to promote, port 0
     * for the best one. */
    struct sn_addr addr;
    enum sn_failover_mode mode; /* FAILOVER; NONE means PLANNED */
    uint32_t quorum;            /* MONITOR */
    uint64_t epoch;             /* ASK */
    const char *runid;          /* ASK: candidate, or "*" */
    const struct sn_change *changes;
    size_t change_count;
    const struct sn_timing_change *timings;
    size_t timing_count;
    unsigned flags; /* SIMULATE: SN_SIMULATE_… */
    bool exact;     /* RESET: name is that of a group, whatever bytes it has */
};

struct sn_input_script {
    struct sn_job_id job;
    int64_t pid;    /* STARTED */
    int64_t status; /* EXITED: exit status */
    int signal;     /* EXITED: the signal that ended it; 0 if none */
    bool spawned;   /* EXITED: false if it could not be started at all */
};

struct sn_input {
    enum sn_input_kind kind;
    sn_ms now; /* monotonic, read once per wake-up; never less than the input before */
    union {
        struct sn_input_link link;
        struct sn_input_reply reply;
        struct sn_input_hello hello;
        struct sn_input_resolved resolved;
        struct sn_input_persisted persisted;
        struct sn_command command;
        struct sn_input_script script;
    } u;
};

#endif
