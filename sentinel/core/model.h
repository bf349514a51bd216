/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MODEL_H
#define SN_CORE_MODEL_H

/* The core's own model: groups, instances, links, and the functions by which its modules call each
 * other. Internal: only core/ and its unit tests include this.
 *
 * Ownership: the core owns groups, a group its instances, an instance a reference on its links.
 * "No such instant" is SN_MS_NEVER everywhere. */

#include "base/prng.h"
#include "base/timer.h"
#include "core/core.h"
#include "core/view.h"

#include <uthash.h>

/* uthash would exit() without a word; our allocator says what happened. */
#undef uthash_malloc
#undef uthash_free
#include "base/alloc.h"
#define uthash_malloc(size)       sn_alloc(size)
#define uthash_free(memory, size) free(memory)
#undef uthash_fatal
#define uthash_fatal(text) abort()

#define SN_PENDING_MAX        100 /* unanswered commands per link and owner (PROTOCOL.md §11.2) */
#define SN_ASKS_MAX           4   /* outstanding questions to one peer about one group */
#define SN_OWN_ADDRS          16  /* of ours that hellos have named lately */
#define SN_SCRIPT_QUEUE_MAX   256 /* PROTOCOL.md §8.2 */
#define SN_SCRIPT_RUNNING_MAX 16
#define SN_SCRIPT_STARTS_MAX  10
#define SN_PRIORITY_DEFAULT   100

#define SN_RANK_STEP_MS      25   /* candidate k waits k of these at least (DESIGN.md D6) */
#define SN_RANK_STEP_MAX_MS  700  /* … and at most, with slow links or disks */
#define SN_RANK_GRACE_MS     10   /* for those before us who do not see the master down so far */
#define SN_POLL_FAST_MS      100  /* INFO while a promotion or reconfiguration is watched (D12) */
#define SN_LAST_LOOK_MAX_MS  3000 /* a master that may be about to answer is waited for */
#define SN_RETRY_BASE_MS     20   /* first back-off of an unwinnable round (D8) */
#define SN_RETRY_UNIT_MAX_MS 500  /* and the longest, however long the round took */
#define SN_RETRY_SAVE_MS     1000 /* next attempt after a failed save */
#define SN_POLL_DRAIN_MS     3    /* … and while a replica has to catch up in a drain (D17) */
#define SN_VOTES_MAX_MS      500 /* a planned switchover waits so long for votes it can do without */
#define SN_FATE_MAX_MS       5000 /* longest wait for a replica that may have been promoted */
#define SN_FRESH_INFO_MAX_MS 500  /* longest wait for INFO before the choice (D10) */

enum sn_timer_kind {
    SN_TIMER_NONE = 0,
    SN_TIMER_LINK_RETRY, /* open the link again, or give up an attempt that does not end */
    SN_TIMER_LINK_PING,
    SN_TIMER_LINK_STALE, /* close a link that looks dead (PROTOCOL.md §9.6) */
    SN_TIMER_DOWN,       /* an instance's S_DOWN may have to change */
    SN_TIMER_INFO,
    SN_TIMER_HELLO,
    SN_TIMER_ASK,
    SN_TIMER_ANSWER_OLD, /* a peer's last answer expires */
    SN_TIMER_ELECTION,   /* a group's next failover attempt */
    SN_TIMER_FAILOVER,   /* a group's failover state has a deadline */
    SN_TIMER_HEARTBEAT,  /* keeps steps coming, so that own stalls are noticed */
    SN_TIMER_TILT,
    SN_TIMER_PROBE, /* an address that is asked who is there says nothing */
    SN_TIMER_SAVE,  /* try to save again */
    SN_TIMER_JOB    /* a script is due, or overdue */
};

/* What the process at the other end of a peer's link says its id is. */
enum sn_identity {
    SN_IDENTITY_NONE = 0, /* nothing so far, at this address */
    SN_IDENTITY_TOLD,     /* what we expect */
    SN_IDENTITY_UNTOLD,   /* it does not tell: an old release, a missing right */
    SN_IDENTITY_OTHER     /* another one: it is not the peer */
};

enum sn_link_state { SN_LINK_IDLE = 0, SN_LINK_CONNECTING, SN_LINK_UP };

/* A lasting relation to a process; its connections come and go. A peer's link is shared by all
 * groups that know the peer (PROTOCOL.md §9.5). */
struct sn_link {
    struct sn_core *core;
    enum sn_link_kind kind;
    enum sn_link_state state;
    struct sn_link_id id;       /* of the present connection or attempt; v == 0 if none */
    struct sn_instance *owners; /* linked by owner_next (peers) ; one for data nodes */
    unsigned owner_count;
    unsigned failures;            /* attempts since the last sign of life */
    unsigned given_up;            /* those in a row that took too long to open */
    sn_ms opened_at, took_ms;     /* the last attempt, and how long the last connection took */
    unsigned pending;             /* commands without a reply */
    sn_ms up_at;                  /* of the present connection */
    char local_ip[SN_IP_MAX + 1]; /* our address on it */
    char *note; /* what the other side refuses, for the description; NULL if nothing */
    enum sn_order note_order; /* which command that is; NONE: an opening one (AUTH …) */
    unsigned refused;         /* bits by order: refused when last tried, and told in the log */
    bool opening_refused;     /* on the present connection */
    bool shut_out;            /* told that it does not let us in: what follows from it is not */
    struct sn_timer retry;

    /* Command links only. */
    struct sn_timer ping;
    struct sn_timer stale;
    bool ping_pending;   /* on the present connection */
    bool tilt_wait;      /* TILT waits for a PING of this link to be answered */
    sn_ms ping_sent_at;  /* last PING */
    sn_ms act_ping_at;   /* oldest PING without an acceptable reply, across connections */
    sn_ms silence_at;    /* start of the present silence (DESIGN.md D2); NEVER while all is well */
    sn_ms last_avail_at; /* last acceptable PING reply, or the creation */
    sn_ms heard_at;      /* the former alone; NEVER if there was none */
    sn_ms last_pong_at;  /* last PING reply of any content */
    sn_ms trip_ms;       /* that one's round trip */

    /* Command links of data nodes only. */
    unsigned doubted;    /* bits by order: not known to be allowed (rights.c) */
    unsigned trying;     /* bits by order: tried, not answered yet */
    sn_ms tried_at;      /* last time */
    bool says_replicaof; /* SLAVEOF is unknown to the server */
    bool no_rewrite;     /* the server refuses CONFIG REWRITE, so orders go without it */

    /* Subscription links only. */
    bool deaf;        /* SUBSCRIBE was refused when it was last answered */
    sn_ms traffic_at; /* last message */

    /* Peer links only. */
    struct sn_runid runid;     /* key of core->peer_links */
    enum sn_identity identity; /* as told last */
    bool id_pending;           /* SENTINEL MYID is unanswered on the present connection */
    bool proven; /* was in our file, or has told this id: stays a voter whoever answers there */
    bool asleep; /* one of too many in our file: not dialled before it says hello */
    UT_hash_handle hh_id;
    UT_hash_handle hh_runid;
};

enum sn_kind { SN_KIND_NONE = 0, SN_KIND_MASTER, SN_KIND_REPLICA, SN_KIND_PEER };

enum sn_reconf { SN_RECONF_NONE = 0, SN_RECONF_SENT, SN_RECONF_INPROG, SN_RECONF_DONE };

/* What only data nodes have. */
struct sn_data {
    bool info_pending;
    sn_ms info_sent_at;
    sn_ms info_at; /* last INFO reply */
    char *info_text;
    size_t info_len;
    enum sn_role role_reported;
    sn_ms said_master_at;   /* last INFO with role:master; NEVER if there was none */
    sn_ms role_reported_at; /* when the reported role last changed, or tracking began */
    bool rebooting;         /* run id changed; waits for a PONG (master-reboot-down-after-period) */
    sn_ms reboot_at;
    bool script_kill_sent; /* during this S_DOWN */
    sn_ms link_down_ms;    /* master_link_down_since_seconds */
    bool link_up;
    char master_host[SN_HOST_MAX + 1]; /* "" if never reported */
    uint16_t master_port;
    sn_ms master_changed_at; /* when the reported master last changed */
    uint32_t priority;
    uint64_t repl_offset;
    uint64_t master_offset; /* master_repl_offset: what it has written to its own replicas */
    bool announced;
    bool promoted;           /* chosen by the running failover */
    uint64_t refused_epoch;  /* of the attempt in which it refused to be promoted */
    bool order_pending;      /* a PROMOTE or FOLLOW without reply */
    sn_ms ordered_at;        /* last FOLLOW */
    bool order_refused;      /* it was */
    unsigned pauses_pending; /* CLIENT PAUSE without a reply on the present connection */
    sn_ms paused_until;      /* its writes, and PUBLISH, are paused by us; NEVER: they are not */
    bool was_replica;        /* this process was one since it was last our master */
    sn_ms unproven_at; /* when it was demoted; NEVER once it is known to have been in sync since */
    enum sn_reconf reconf;
    sn_ms reconf_at;   /* when reconf last changed */
    sn_ms foreign_at;  /* last sign that another group claims it (DESIGN.md D16) */
    bool odd_told;     /* the log says that it is no server, or no master */
    bool foreign_told; /* +foreign-instance was raised for the present claim */
};

/* What only peers have. */
struct sn_peer {
    sn_ms hello_heard_at;
    sn_ms addr_heard_at;         /* last hello from its present address */
    sn_ms moved_at;              /* it got that one; NEVER if it had no other */
    uint64_t hello_config_epoch; /* as its last hello said */
    bool hello_agrees;           /* its last hello named our master */
    bool settings_asked;         /* on the present connection */
    uint64_t settings_told;      /* hash of the differences that the log has named; 0: none */
    bool other_master_told;      /* … or another one, by configuration; the log says so */
    uint64_t hello_epoch;        /* the highest that its last hello named, taken or not */
    sn_ms far_since;             /* since when that has been too far for a single word; NEVER */
    bool master_down;            /* its last answer */
    sn_ms answered_at;
    struct sn_runid vote; /* "" if none */
    uint64_t vote_epoch;
    uint64_t answered_epoch;     /* highest vote request that it answered, in whatever way */
    unsigned asks;               /* outstanding questions, oldest first: */
    uint64_t asked[SN_ASKS_MAX]; /* the epoch of a vote request, 0 without one, or see agree.c */
    unsigned quick;              /* questions repeated quickly since S_DOWN */
    struct sn_timer ask;
    struct sn_timer answer_old;
};

struct sn_instance {
    struct sn_core *core;
    struct sn_group *group;
    uint64_t id; /* tag of what is sent; never used again */
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
    bool hello_pending;
    union {
        struct sn_data data;
        struct sn_peer peer;
    } u;
    struct sn_instance *prev, *next;             /* in the group's list */
    struct sn_instance *owner_next;              /* of the shared link */
    struct sn_instance *place_prev, *place_next; /* at the same address */
    bool marked;                                 /* waits for sn_settle */
    struct sn_instance *mark_prev, *mark_next;
    UT_hash_handle hh_id;
    UT_hash_handle hh_peer; /* peers: in the group, by run id */
};

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

/* Of a group: hellos whose master is a host name that nobody here has. */
struct sn_lookup {
    struct sn_event_hello parked; /* the last one that waits; its master_ip is "" if none does */
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
    bool learning;            /* after a RESET, until a peer is met: nobody is a stranger */
    /* The master that clients were told last, while a won switch waits for the disk; port 0 if they
     * know all. */
    struct sn_addr untold_from;
    struct sn_timer election;
    struct sn_timer timeout; /* of the failover state */
    unsigned marks;          /* rules that wait for sn_settle */
    struct sn_group *mark_prev, *mark_next;
    UT_hash_handle hh;
    UT_hash_handle hh_id;
};

/* All data nodes at one address. */
struct sn_place_key {
    char ip[SN_IP_MAX + 1];
    uint16_t port;
};

struct sn_place {
    struct sn_place_key key;
    struct sn_instance *members;
    UT_hash_handle hh;
};

/* What must wait until a version is on disk. */
enum sn_deferred_kind {
    SN_DEFERRED_NONE = 0,
    SN_DEFERRED_ANSWER,  /* tell a client */
    SN_DEFERRED_ATTEMPT, /* ask for votes */
    SN_DEFERRED_SWITCH   /* announce the new master */
};

struct sn_deferred {
    enum sn_deferred_kind kind;
    uint64_t version;
    struct sn_ticket ticket;
    enum sn_answer_kind answer;
    int64_t number;
    struct sn_runid runid;
    uint64_t epoch;
    uint64_t group; /* id */
    struct sn_deferred *prev, *next;
};

/* What is not known to be on disk of one group, or of the sentinel itself. */
struct sn_unsaved {
    uint64_t version; /* of the last change */
    uint64_t group;   /* id; 0: the sentinel itself */
    char *name;       /* of the group, which may be gone by now; NULL: the sentinel itself */
    unsigned what;    /* SN_RECORD_ bits */
    struct sn_unsaved *prev, *next;
};

struct sn_chunk;
struct sn_job;
struct sn_told;
struct sn_probe;

/* Actions under construction and the memory of their texts. */
struct sn_out {
    struct sn_action *items;
    size_t count;
    size_t room;
    struct sn_chunk *chunks;
};

struct sn_core {
    struct sn_runid myid;
    bool myid_made;
    char cmd_name[32]; /* CLIENT SETNAME */
    char sub_name[32];
    uint64_t current_epoch;
    uint64_t epoch_room; /* how far others' words may raise it at once, as it was… */
    sn_ms epoch_room_at; /* …then */
    sn_ms epoch_told_at; /* when the log last named one that was too far */
    struct sn_globals globals;
    sn_ms timings[SN_TIMING_COUNT];
    unsigned simulate;
    struct sn_prng prng;
    struct sn_timers timers;
    struct sn_out out;
    sn_ms now;
    uint64_t next_id; /* of links, instances, groups, jobs */

    struct sn_group *groups; /* by name */
    struct sn_group *groups_by_id;
    struct sn_instance *instances; /* by id */
    struct sn_link *links;         /* by id of the present connection */
    struct sn_link *peer_links;    /* by run id */
    struct sn_place *places;
    struct sn_instance *marked_instances; /* to be judged, first come first (mark.h) */
    struct sn_group *marked_groups;
    struct sn_place_key own[SN_OWN_ADDRS]; /* what our hellos have called us lately, a ring */
    size_t own_next;
    struct sn_probe *probes; /* probe.c; NULL: none so far */
    struct sn_told *told;    /* NULL: nothing so far */

    bool tilt;
    sn_ms tilt_at;
    uint64_t tilt_count;
    size_t tilt_waiting; /* links with tilt_wait */
    struct sn_timer tilt_end;
    struct sn_timer heartbeat;

    uint64_t version;          /* of the state in memory */
    uint64_t identity_version; /* of the last change of the run id */
    uint64_t asked_version;    /* of the last PERSIST */
    uint64_t told_version;     /* changes up to it were in a PERSIST that has not failed */
    uint64_t durable_version;  /* on disk */
    uint64_t durable_epoch;    /* a current epoch that is on disk: what others may hear of it */
    uint64_t epoch_version, epoch_of_version; /* the version that makes the latter durable */
    bool save_failed;                         /* the last save did */
    sn_ms save_began_at, save_took_ms;        /* the last save */
    struct sn_deferred *deferred;
    struct sn_unsaved *unsaved;     /* oldest change first */
    struct sn_unsaved *unsaved_own; /* of the sentinel itself; NULL: nothing */
    struct sn_timer save;

    struct sn_job *jobs; /* oldest first */
    size_t job_count;
    size_t jobs_running;
};

/* ---- out.c: actions ------------------------------------------------------------------------- */

void sn_out_reset(struct sn_out *out);
void sn_out_fini(struct sn_out *out);
/* A zeroed action of kind, appended; valid until the next call. */
struct sn_action *sn_out_add(struct sn_core *core, enum sn_action_kind kind);
/* Zeroed, for structures; lives as long as the actions. */
void *sn_out_array(struct sn_core *core, size_t count, size_t size);
/* Copies of text that live as long as the actions. NULL stays NULL. */
const char *sn_out_text(struct sn_core *core, const char *text);
/* What the other side of link calls commands. */
struct sn_renames sn_out_renames(struct sn_core *core, const struct sn_link *link);
SN_PRINTF(2, 3) const char *sn_out_printf(struct sn_core *core, const char *format, ...);
SN_PRINTF(3, 4) void sn_out_log(struct sn_core *core, enum sn_level level, const char *format, ...);
void sn_out_send(struct sn_link *link, const struct sn_action_send *send);

/* ---- form.c --------------------------------------------------------------------------------- */

/* "master <name> <ip> <port>", "slave …", "sentinel …"; out holds SN_PAYLOAD_MAX + 1 bytes. */
void sn_instance_form(const struct sn_instance *instance, char *out);

/* ---- link.c --------------------------------------------------------------------------------- */

struct sn_link *sn_link_new(struct sn_core *core, enum sn_link_kind kind);
/* The link to the peer called runid, shared if it exists already. */
struct sn_link *sn_link_for_peer(struct sn_core *core, const struct sn_runid *runid);
void sn_link_own(struct sn_link *link, struct sn_instance *instance);
/* Gives up instance's share; the last owner takes the link with it. */
void sn_link_disown(struct sn_link *link, struct sn_instance *instance);
/* Starts an attempt now if none is under way. */
void sn_link_open(struct sn_link *link);
/* A new link is taken for silent since ever, and not dialled until sn_link_wake. */
void sn_link_sleep(struct sn_link *link);
void sn_link_wake(struct sn_link *link);
/* Closes the connection, if any, on our own account and opens a new one at once. */
void sn_link_renew(struct sn_link *link);
/* The network works again, as another link is answered: opens one that is down at once. */
void sn_link_hurry(struct sn_link *link, const struct sn_link *other);
/* Its owner has a new part: silence counts from now at the earliest, and a link that is down or
 * silent is dialled anew. */
void sn_link_begin_anew(struct sn_link *link);
void sn_link_on_up(struct sn_link *link, const char *local_ip);
void sn_link_on_down(struct sn_link *link, const char *reason, bool no_room);
void sn_link_on_traffic(struct sn_link *link);
void sn_link_on_pong(struct sn_link *link, const struct sn_reply *reply);
void sn_link_retry(struct sn_link *link);
void sn_link_ping(struct sn_link *link);
void sn_link_stale(struct sn_link *link);
/* The periods of its owners have changed. */
void sn_link_reschedule(struct sn_link *link);
bool sn_link_can_send(const struct sn_link *link);
/* AUTH towards peers; NULL: none. */
void sn_link_peer_credentials(const struct sn_core *core, const char **user, const char **pass);
struct sn_link *sn_link_find(struct sn_core *core, struct sn_link_id id);

/* ---- instance.c ----------------------------------------------------------------------------- */

struct sn_instance *sn_instance_new_data(struct sn_group *group, enum sn_kind kind,
                                         const struct sn_addr *addr);
struct sn_instance *sn_instance_new_peer(struct sn_group *group, const struct sn_runid *runid,
                                         const struct sn_addr *addr);
void sn_instance_free(struct sn_instance *instance);
struct sn_instance *sn_instance_find(struct sn_core *core, uint64_t id);
/* Puts the address in force, in the index too; the links are renewed if the place has changed. */
void sn_instance_move(struct sn_instance *instance, const struct sn_addr *addr);
/* The first data node at the IP and port of addr, others follow by place_next; NULL if there is
 * none, or no IP. */
struct sn_instance *sn_instance_first_at(const struct sn_core *core, const struct sn_addr *addr);
void sn_instance_ask_info(struct sn_instance *instance);  /* now, if none is outstanding */
void sn_instance_info_due(struct sn_instance *instance);  /* SN_TIMER_INFO */
void sn_instance_plan_info(struct sn_instance *instance); /* re-arms by the rules of the moment */
/* True if the master that replica reports is the one at this address, or that of its group. */
bool sn_instance_follows(const struct sn_instance *node, const struct sn_addr *master);
bool sn_instance_follows_master(const struct sn_instance *replica);
bool sn_instance_connected(const struct sn_instance *instance);   /* all its links are up */
const char *sn_instance_host(const struct sn_instance *instance); /* as shown */

/* ---- group.c -------------------------------------------------------------------------------- */

struct sn_group *sn_group_new(struct sn_core *core, const struct sn_group_image *image);
void sn_group_free(struct sn_group *group);
/* A name was looked up: forgets replicas that have the address of another member. */
void sn_group_drop_doubles(struct sn_group *group);
/* Makes the data node at addr the master and the old master a replica, forgets what was agreed
 * about the old one, and leaves no failover behind. Raises nothing. */
void sn_group_switch(struct sn_group *group, const struct sn_addr *addr);
/* +switch-master and a +slave for every replica. */
void sn_group_announce_switch(struct sn_group *group, const struct sn_addr *old_addr);
/* SENTINEL RESET of one group (PROTOCOL.md §4.9). */
void sn_group_reset(struct sn_group *group);
/* Hellos to everybody at once. */
void sn_group_push_hello(struct sn_group *group);
void sn_group_ask_info_all(struct sn_group *group);
/* The periods of the group have changed. */
void sn_group_reschedule(struct sn_group *group);
/* Position of this sentinel among those that are up, by hash (DESIGN.md D6). */
unsigned sn_group_rank(const struct sn_group *group);
/* True if this peer is up and comes before us. */
bool sn_group_goes_first(const struct sn_instance *peer);

/* ---- select.c ------------------------------------------------------------------------------- */

/* The best replica to promote (PROTOCOL.md §16); NULL if none will do. With log set, says of every
 * refused candidate why. */
struct sn_instance *sn_select_replica(struct sn_group *group, bool log);
/* The replica that the operator asked for, if it will do in this mode; the best one if wanted->port
 * is 0. Logs why not. */
struct sn_instance *sn_select_wanted(struct sn_group *group, const struct sn_addr *wanted,
                                     enum sn_failover_mode mode);
/* Why replica cannot be promoted now; NULL if it can. Static text. */
const char *sn_select_refusal(const struct sn_group *group, const struct sn_instance *replica);
/* True if something speaks against replica, which is taken only if there is nobody else. */
bool sn_select_is_last_resort(const struct sn_group *group, const struct sn_instance *replica);
/* True if every replica that answers has told its state since the failure (D10). */
bool sn_select_facts_fresh(const struct sn_group *group);
/* When the wait for that ends. */
sn_ms sn_select_facts_deadline(const struct sn_group *group);

/* ---- failover.c, reconf.c, repair.c --------------------------------------------------------- */

/* Takes whatever step is possible now and arms the deadline of the state. */
void sn_failover_step(struct sn_group *group);
void sn_failover_promote_reply(struct sn_instance *replica, const struct sn_event_reply *reply);
void sn_failover_promoted_info(struct sn_instance *replica, enum sn_role role);
void sn_failover_switch_durable(struct sn_group *group, uint64_t epoch);

/* ---- drain.c -------------------------------------------------------------------------------- */

enum sn_drain_verdict {
    SN_DRAIN_WAIT = 0, /* until something is answered, or the deadline */
    SN_DRAIN_PROMOTE,
    SN_DRAIN_CHOOSE_AGAIN, /* another replica has more than the chosen one, which is late */
    SN_DRAIN_GIVE_UP       /* writes could be lost, and the order forbids that */
};

/* Drains the master as far as is possible now. */
enum sn_drain_verdict sn_drain_step(struct sn_group *group);
/* The chosen replica was given up: whoever is next has to have all writes as well. */
void sn_drain_next(struct sn_group *group);
/* When sn_drain_step wants to be called next; NEVER if only replies matter. */
sn_ms sn_drain_deadline(const struct sn_group *group);
void sn_drain_pause_reply(struct sn_instance *master, const struct sn_reply *reply);
void sn_drain_unpause_reply(const struct sn_instance *node, const struct sn_reply *reply);
/* INFO of the master or of the chosen replica has been read. */
void sn_drain_info(struct sn_instance *instance, const struct sn_info *info);

void sn_reconf_step(struct sn_group *group);
/* INFO of a replica has been read while the others are being reconfigured. */
void sn_reconf_info(struct sn_instance *replica);
void sn_reconf_reply(struct sn_instance *replica, const struct sn_event_reply *reply);
/* Orders replica to follow the group's master, unless another group claims it. False if not sent.
 */
bool sn_reconf_send(struct sn_instance *replica);

/* INFO of a replica has been read: put it right if it is not what the group says. */
void sn_repair_replica(struct sn_instance *replica);

/* ---- command.c ------------------------------------------------------------------------------ */

void sn_command_run(struct sn_core *core, const struct sn_command *command);

/* ---- small helpers -------------------------------------------------------------------------- */

/* Milliseconds since `at`; 0 if that is NEVER. */
static inline sn_ms sn_age(const struct sn_core *core, sn_ms at)
{
    return at == SN_MS_NEVER ? 0 : core->now - at;
}

static inline sn_ms sn_min(sn_ms a, sn_ms b)
{
    return a < b ? a : b;
}

static inline sn_ms sn_max(sn_ms a, sn_ms b)
{
    return a > b ? a : b;
}

/* at + ms, without running over; NEVER stays NEVER. */
static inline sn_ms sn_after(sn_ms at, sn_ms ms)
{
    return at == SN_MS_NEVER || (at > 0 && ms > SN_MS_NEVER - at) ? SN_MS_NEVER : at + ms;
}

static inline bool sn_runid_equal(const struct sn_runid *a, const struct sn_runid *b)
{
    return __builtin_strcmp(a->hex, b->hex) == 0;
}

static inline bool sn_is_data(const struct sn_instance *instance)
{
    return instance->kind != SN_KIND_PEER;
}

#endif
