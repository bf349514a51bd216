/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_CHECK_H
#define TESTS_SIM_CHECK_H

/* The simulator's checkers. They know nothing of the core's insides: only what goes over links, to
 * the disk and to clients. What tests/lib/cluster_check.c checks already (one vote, one leader and
 * one address per epoch, epochs that grow, nothing before it is durable) is not repeated here. */

#include "cluster.h"
#include "core/model/group.h"
#include "model_redis.h"
#include "plan.h"

#define CHECK_EPOCHS        1024 /* of one group in one run; a power of two */
#define CHECK_PENDING       16
#define CHECK_NODES         32
#define CHECK_STRANGE_EPOCH 900 /* that strangers announce; no others get as far */

/* Features whose rules are checked in every run, whether it has them or not. */
#define CHECK_ALWAYS                                                                               \
    ((unsigned)(FEATURE_HOPELESS | FEATURE_FATES | FEATURE_APART | FEATURE_BACK | FEATURE_EPOCHS))

/* What a sentinel is known to be doing, from its events and the orders it got. */
struct attempt {
    enum sn_failover_mode mode;
    enum sn_failover_mode asked; /* by the command of this very step */
    bool wanted;                 /* a certain replica was asked for */
    bool asked_wanted;
    bool drained;
    sn_ms paused_until; /* by the pause that it sent last */
    bool chosen;        /* a replica was selected in it… */
    size_t last;        /* …the last one: index of the server */
    uint64_t epoch;
    sn_ms started_at;
    uint64_t votes_epoch;
    uint32_t votes; /* bits of the nodes that voted for it */
};

/* What one sentinel last heard from one server. */
struct heard {
    sn_ms at; /* 0: nothing yet */
    uint16_t port;
    uint32_t priority;
    uint64_t offset;
    enum sn_role role;
    sn_ms link_down_ms;
    char runid[SN_RUNID_LEN + 1];
    sn_ms claimed_at; /* by a hello of another group, or of strangers; 0: never */
    bool down;        /* as it said itself */
    bool refused;     /* an order, in this attempt */
    struct sn_runid replid, replid2;
    bool syncing, loading, empty;
    uint16_t follows;
    bool never_up; /* its link to a master */
};

/* What it heard from the master about its data, since that is the master; at 0: nothing. */
struct master_data {
    sn_ms at;
    struct sn_runid replid, replid2;
    uint64_t second_offset, offset;
    bool has_keys;
    bool reborn; /* +master-reborn-empty */
};

/* By address, as a sentinel judges by it: servers may exchange theirs. */
struct demotion {
    uint16_t port; /* 0: not used yet */
    sn_ms at;      /* by a switch, or an order of this sentinel to a master; 0: not, or whoever is
                      there has surely been in sync since */
    bool synced;   /* it may have been since */
};

/* A value of the configuration as its operator knows it. */
struct setting {
    bool known; /* acknowledged, and nothing newer is under way */
    int64_t value;
};

struct pending {
    uint64_t ticket;
    enum sn_command_kind kind;
    enum sn_option option;
    int64_t value;
};

enum {
    SETTING_QUORUM,
    SETTING_DOWN_AFTER,
    SETTING_TIMEOUT,
    SETTING_SYNCS,
    SETTING_MONITORED,
    SETTING_COUNT
};

/* check_lead.c: what allows an order. */
struct lead {
    uint16_t odown_port; /* of the master that is O_DOWN; 0: none */
    uint16_t down_port;  /* …that is S_DOWN */
    bool elected;        /* in the present attempt */
    bool drainable;      /* the master has answered since the choice */
    sn_ms selected_at;
    sn_ms patience_ms;      /* for which a replica that lags is waited for */
    unsigned pauses;        /* CLIENT PAUSE in the present attempt */
    uint16_t switched_port; /* promoted by this one, but not told yet */
    sn_ms promoted_at;
    uint16_t old_port;    /* the master before that… */
    bool lost;            /* …is S_DOWN as a replica */
    uint16_t demote_port; /* the old master that has to be told at demote_at; 0: none */
    sn_ms demote_at;
};

/* check_reconf.c: by port, as a server may move. */
struct place {
    uint16_t port;    /* 0: not used yet */
    bool busy;        /* told to follow, and not done */
    sn_ms told_at;    /* the last +foreign-instance */
    sn_ms claimed_at; /* the last hello of another group there */
};

struct reconf {
    bool on;            /* a switch of its own that has not ended */
    sn_ms timed_out_at; /* then the remaining orders of the last one were sent */
    uint16_t old_port;
    struct place places[CHECK_NODES];
};

/* check_restore.c: the master that the sentinel has promoted itself. */
struct restore {
    uint16_t promoted_port; /* not told yet; 0: none */
    uint16_t port;          /* told; 0: the master is not of its making */
    sn_ms switched_at;
    sn_ms since;    /* since when it says that it is a replica; 0: it does not */
    unsigned times; /* that it was promoted again */
    unsigned peers_down;
    bool hindered; /* a rival, another process or the like: nothing is expected */
    bool ordered;  /* it is told to be promoted again in this very step */
};

/* check_lost.c: what a server last said of its data. */
struct stand {
    uint16_t port; /* 0: not used yet */
    bool is_master;
    struct sn_runid replid, replid2;
    uint64_t second_offset, offset;
};

struct lost {
    struct stand stands[CHECK_NODES];
    sn_ms promoted_at;           /* by itself, and not told yet; 0: nothing is untold */
    uint16_t old_port, new_port; /* of the last switch; 0: none, or not told yet */
    struct sn_runid id;          /* of the data of the old master */
    uint64_t most;               /* that it was seen to have */
    uint64_t told, due;          /* bytes; due is told in the same step */
    unsigned doubts;             /* answers of the new master that may be from before a stall */
};

/* check_forget.c: what a server last said, by port. */
struct last_said {
    uint16_t port; /* 0: not used yet */
    uint16_t follows;
    enum sn_role role;
    sn_ms down_at; /* +sdown; 0: it is up */
};

struct forgets {
    struct last_said said[CHECK_NODES];
    uint16_t listed[CHECK_NODES]; /* by the last INFO of the master */
    size_t listed_count;
};

/* check_testimony.c: when a replica got something from the master, at the earliest; 0: it did not.
 */
struct testified {
    uint16_t port;
    sn_ms heard_at;
};

struct testifies {
    struct testified said[CHECK_NODES];
};

/* check_truce.c: an operator's pause of automatic failovers, as the sentinel knows it. */
struct truce {
    bool on;
    sn_ms until; /* by its disk, since a crash; NEVER: until it says so */
};

/* check_memory.c: the command under way. */
struct given {
    enum sn_command_kind kind;
    bool known; /* the group, before it */
    uint16_t port;
    int64_t value;
    char name[32]; /* of the field that will have the value */
};

/* The last answer of a peer about the master that arrived. */
struct said {
    bool down;
    sn_ms at;
};

/* check_votes.c: the last vote. */
struct voted {
    char id[SN_RUNID_LEN + 1]; /* of the candidate */
    uint64_t epoch;
    sn_ms at;      /* 0: none */
    uint32_t down; /* bits of the nodes that are S_DOWN for the voter */
};

struct watched {
    bool rescue_over; /* check_rescue.c: that of the last switch */
    struct attempt attempt;
    struct voted voted;
    struct lead lead;
    struct reconf reconf;
    struct restore restore;
    struct lost lost;
    struct forgets forgets;
    struct testifies testifies;
    struct truce truce;
    struct given given;
    uint32_t peers;    /* bits of the nodes that it has met, or found on its disk… */
    uint32_t by_name;  /* …and those of them by their own id */
    bool forgot;       /* by RESET or REMOVE, in this run */
    uint32_t heard_of; /* those whose hellos have reached it since a restart, RESET or REMOVE */
    sn_ms booted_at, tilt_at, peer_up_at;
    sn_ms promoted_at;                   /* by itself, and not told yet; 0: nothing is untold */
    sn_ms switched_at;                   /* its last +switch-master… */
    uint16_t switched_port;              /* …and to where */
    uint64_t ordered_epoch[CHECK_NODES]; /* of the last promotion ordered from the server */
    bool open; /* it has met nobody since a RESET: there are no strangers (DESIGN.md D15) */
    struct heard heard[PLAN_ALL_SERVERS_MAX];
    struct master_data master;
    struct demotion demotions[CHECK_NODES];
    bool tilt;
    uint64_t tilt_ticket; /* of the last question before it */
    uint16_t down_port;
    sn_ms down_at;                 /* +sdown of the master; 0 if it is up */
    struct said said[CHECK_NODES]; /* by node */
    struct setting settings[SETTING_COUNT];
    struct pending pending[CHECK_PENDING];
    unsigned pending_count;
    uint16_t client_port; /* the master as a subscriber knows it */
    bool told_by_another; /* its next +switch-master is another sentinel's */
};

struct check_groups;

#define CHECK_MADE 256

/* check_hearsay.c: a switch that a sentinel has made itself. */
struct made {
    uint64_t epoch;
    uint16_t port;
};

/* What one epoch was used for. */
struct in_epoch {
    uint64_t key; /* the epoch + 1; 0: the place is free */
    /* An operator let somebody lead without votes, or somebody led who did not know all the others
     * (yet, or again after a RESET) and thus took a minority for a majority. */
    bool weak;
    struct node *leader;
    struct node *promoted; /* obeyed an order of this epoch */
};

struct drained {
    sn_ms paused_until; /* when the pause of the master ends by itself */
    struct model_redis *master, *promoted;
    const struct sentinel *by;
    struct sn_runid runid; /* of the master */
    uint64_t offset;
    bool acked_by_pause;
};

/* Which of its orders, and to which process. */
struct ordered {
    unsigned follows; /* 0: none */
    struct sn_runid runid;
};

/* All of one group; `sentinels` below are those of everybody. */
struct checks {
    struct cluster *cluster;
    struct check_groups *all;
    const struct plan *plan;
    const char *group;
    unsigned voters; /* sentinels of all kinds that monitor it */
    struct watched seen[PLAN_SENTINELS_MAX];
    struct in_epoch epochs[CHECK_EPOCHS]; /* by a hash of the epoch; checks_epoch() finds them */
    bool collided;                        /* two leaders used the same epoch, which is weak */
    sn_ms few_since; /* since when no majority of the sentinels runs; NEVER: one does */
    struct drained drained;
    struct ordered reconfigured[CHECK_NODES]; /* by server: the last order of a leader */
    struct model_redis *servers[PLAN_SERVERS_MAX];
    unsigned server_count;
    uint16_t ports[CHECK_NODES];  /* that were ever theirs, or said to be; ended by 0 */
    struct made made[CHECK_MADE]; /* a ring */
    size_t made_count;
    uint16_t stranger_port; /* 0: none has spoken yet */
    unsigned drains, coordinated;
    unsigned late_pauses;
    /* How often something was really compared. */
    unsigned unasked, demotions, planned, silences, syncs, orders, claims, compared, commands;
    unsigned snapshots, choices, comparisons, losses;
    unsigned restores, lost_told, forgotten, testimonies, rescues, truces, hearsay;
    unsigned counted, hopeless, fates, awaited, moves;
    uint64_t saves;
};

/* check_silence.c: the last sign of life of a node. */
struct sign {
    sn_ms at; /* 0: none */
    uint16_t port;
    sn_ms replica_since; /* it has said that it is a replica; 0: it has not */
    /* The first PING on the last connection, and whether anything came back on it. */
    uint64_t link;
    sn_ms asked_at;
    bool answered;
};

struct silence {
    struct sign signs[PLAN_GROUPS_MAX][CHECK_NODES]; /* on the link of each group… */
    struct sign peers[CHECK_NODES];                  /* …and on that of its own id */
    sn_ms tilt_at;
};

/* check_groups.c: hands what is seen to the groups that it is about. */
struct check_groups {
    struct cluster *cluster;
    struct cluster_watch watch;
    unsigned count;
    struct checks groups[PLAN_GROUPS_MAX];
    sn_ms tried_at[PLAN_GROUPS_MAX]; /* by whomsoever */
    uint64_t epoch_max;              /* that anybody has saved */
    struct silence silences[PLAN_SENTINELS_MAX];
    struct checks *ordered[PLAN_SENTINELS_MAX][CHECK_NODES]; /* the group of the last order */
    struct checks *replied;                                  /* …and of the last answer */
};

/* names: count of them. */
void check_groups_init(struct check_groups *all, struct cluster *cluster, const struct plan *plan,
                       const char *const *names, unsigned count);

/* Some group of sentinel has a server at port. */
bool check_groups_know(const struct check_groups *all, const struct sentinel *sentinel,
                       uint16_t port);
/* The only group of sentinel that has port; NULL if several may. */
struct checks *check_groups_at(struct check_groups *all, const struct sentinel *sentinel,
                               uint16_t port);

void checks_init(struct checks *checks, struct cluster *cluster, const struct plan *plan,
                 const char *group, unsigned voters);
void checks_event(struct checks *checks, struct sentinel *from,
                  const struct sn_action_notice *event);
void checks_send(struct checks *checks, struct sentinel *from, struct node *to, uint16_t port,
                 const struct sn_action_send *send);
void checks_crashed(struct checks *checks, struct sentinel *sentinel);
/* "leads G in N", "leader of G N", "address of G N": two operators may make two sentinels lead in
 * one epoch, each without asking; stock cannot prevent that either. */
bool checks_excuse(struct checks *checks, uint64_t epoch, bool collision);
/* An operator's command, before it is given. */
void checks_command(struct checks *checks, struct sentinel *sentinel,
                    const struct sn_command *command);
/* After it has been given. */
void checks_commanded(struct checks *checks, struct sentinel *sentinel);
/* A vote by a node that is no core. */
void checks_guest_vote(struct checks *checks, const struct node *voter, const struct node *asker,
                       bool down, const char *leader, uint64_t epoch);
/* Such a node leads. outdated: it counted votes of a newer epoch than its own, as stock does, and
 * may share its epoch with another leader. */
void checks_guest_leader(struct checks *checks, struct node *node, uint64_t epoch, bool outdated);
/* Such a node leads in epoch, but names the old master with it from now on. */
void checks_guest_forgot(struct checks *checks, uint64_t epoch);
struct watched *checks_of(struct checks *checks, const struct sentinel *sentinel);
/* Any epoch, also one that was forged. */
struct in_epoch *checks_epoch(struct checks *checks, uint64_t epoch);

/* Another group has the same servers, as another name for them. */
bool checks_has_alias(const struct checks *checks);
/* The group as that sentinel has it now; NULL: it has none, or does not run. */
const struct sn_group *checks_group(const struct checks *checks, const struct sentinel *sentinel);
/* Its replica at that port; NULL if there is none. */
const struct sn_instance *checks_replica(const struct checks *checks,
                                         const struct sentinel *sentinel, uint16_t port);
/* The rules of the feature are checked in this run. */
bool checks_want(const struct checks *checks, enum plan_feature feature);

SN_PRINTF(3, 4)
void checks_violated(struct checks *checks, struct node *node, const char *format, ...);

/* check_quorum.c: agreement and majorities. */
void check_quorum_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
void check_quorum_leader(struct checks *checks, struct node *node, uint64_t epoch);
void check_quorum_answer(struct checks *checks, const struct node *from, const struct node *asker,
                         bool down, const char *leader, uint64_t epoch);
void check_quorum_booted(struct checks *checks, struct sentinel *sentinel);
/* The answer arrives. */
void check_quorum_heard(struct checks *checks, const struct sentinel *sentinel,
                        const struct node *from, bool down);
/* A quorum has said that the master is down, and has not taken it back. */
void check_quorum_agrees(struct checks *checks, struct sentinel *sentinel, const char *event);
/* check_votes.c: a vote is held for its candidate. */
void check_votes_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event);
/* check_claims.c: what hellos say of who is where. */
void check_claims_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
/* check_deployed.c: who really is there, whatever the core believes. */
void check_deployed_heard(struct check_groups *all, const struct sentinel *to, const char *message);
void check_deployed_booted(struct checks *checks, const struct sentinel *sentinel);
void check_deployed_forgets(struct checks *checks, const struct sentinel *sentinel);
void check_deployed_event(struct checks *checks, struct sentinel *sentinel,
                          const struct sn_action_notice *event);
void check_deployed_saved(struct check_groups *all, struct sentinel *sentinel,
                          const struct sn_image *image);
/* "" if every running sentinel knows all others that run, else who does not. */
const char *check_deployed_alone(const struct checks *checks);
/* check_fate.c: what becomes of orders, and of the servers that they were for. */
void check_forget_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
void check_forget_info(struct checks *checks, struct sentinel *to, uint16_t port,
                       const struct sn_info *info);
void check_rescue_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
void check_rescue_late(struct checks *checks, struct sentinel *sentinel);
void check_rescue_send(struct checks *checks, struct sentinel *from, uint16_t port,
                       const struct sn_action_send *send);
/* Bytes that the old master, still a master, was last seen to have beyond the new one; 0: none, or
 * none that matter. */
uint64_t check_lost_left(struct lost *lost);
void check_testimony_event(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_action_notice *event);
void check_testimony_info(struct checks *checks, struct sentinel *to, uint16_t port,
                          const struct sn_info *info);
/* check_truce.c */
void check_truce_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event);
void check_truce_crashed(struct checks *checks, struct sentinel *sentinel);
void check_lost_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event);
void check_lost_info(struct checks *checks, struct sentinel *to, uint16_t port,
                     const struct sn_info *info);
void check_restore_event(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event);
bool check_restore_ordered(struct checks *checks, const struct sentinel *sentinel);
void check_restore_info(struct checks *checks, struct sentinel *to, uint16_t port,
                        const struct sn_info *info);
void check_fate_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event);
void check_fate_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                     const struct sn_action_send *send);
void check_fate_obeyed(struct checks *checks, struct model_redis *redis, struct sentinel *by,
                       enum sn_order order);
/* check_lead.c: orders of those who may give them, drains and demotions. */
void check_lead_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event);
void check_lead_send(struct checks *checks, struct sentinel *sentinel, uint16_t port,
                     const struct sn_action_send *send);
/* The sentinel has a link of that kind to port that is up. */
bool check_link_up(const struct sentinel *sentinel, uint16_t port, enum sn_link_kind kind);
/* The port in "master NAME IP PORT …", "slave …", "sentinel …"; 0 if there is none. */
uint16_t check_port_in(const char *payload);
/* "sentinel ID IP PORT …" names node by another id than its own, which somebody has forged. */
bool check_misnames(const char *payload, const struct node *node);
/* check_reconf.c: replicas behind a switch, claims of other groups. */
void check_reconf_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
void check_reconf_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                       uint16_t port, const struct sn_action_send *send);
void check_reconf_info(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                       const struct sn_info *info);
void check_reconf_reply(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        enum sn_order order, const struct sn_reply *reply);
void check_reconf_hello(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        const struct sn_hello *hello);
/* check_memory.c: what is shown is what is saved, and what was ordered. */
void check_memory_snapshot(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_image *image);
void check_memory_booted(struct checks *checks, struct sentinel *sentinel);
void check_memory_command(struct checks *checks, const struct sentinel *sentinel,
                          const struct sn_command *command);
void check_memory_commanded(struct checks *checks, struct sentinel *sentinel);
/* check_silence.c: how long somebody has to be silent. */
/* An answer to PING. checks: whose link that is; NULL: of the peer's own id. */
void check_silence_reply(struct check_groups *all, struct checks *checks, struct sentinel *to,
                         const struct node *server, uint16_t port, const struct sn_reply *reply);
/* PING is sent on the link of that group. */
void check_silence_ping(struct check_groups *all, struct checks *checks,
                        const struct sentinel *from, const struct node *server,
                        struct sn_link_id link);
/* Milliseconds since the last valid answer to PING from node at port, on a link of this group. */
/* True if refused-after-milliseconds may make the master at port S_DOWN here. */
bool check_silence_gone(struct checks *checks, const struct sentinel *sentinel, uint16_t port,
                        sn_ms unheard);
sn_ms check_silence_age(const struct checks *checks, const struct sentinel *sentinel,
                        const struct node *node, uint16_t port);
/* …from a sentinel, on the link of its own id. */
sn_ms check_silence_peer_age(const struct check_groups *all, const struct sentinel *sentinel,
                             const struct node *node);
void check_silence_info(struct checks *checks, struct sentinel *to, const struct node *server,
                        const struct sn_info *info);
void check_silence_event(struct check_groups *all, struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event);
void check_silence_crashed(struct check_groups *all, const struct sentinel *sentinel);
/* check_choice.c: the replica that is promoted. */
/* A master that has lost its data may be failed over without being down. */
bool check_choice_may_replace(struct checks *checks, const struct sentinel *sentinel);
void check_choice_info(struct checks *checks, struct sentinel *sentinel, const struct node *server,
                       uint16_t port, const struct sn_info *info);
void check_choice_hello(struct checks *checks, struct sentinel *sentinel, const struct node *server,
                        const struct sn_hello *hello);
void check_choice_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event);
void check_choice_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                       const struct sn_action_send *send);
/* check_tilt.c: nothing acts in TILT. */
void check_tilt_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event);
void check_tilt_send(struct checks *checks, struct sentinel *sentinel,
                     const struct sn_action_send *send);
void check_tilt_answer(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_answer *answer);
/* check_config.c: acknowledged changes of the configuration stay. */
void check_config_init(struct checks *checks, uint32_t quorum);
void check_config_command(struct checks *checks, struct sentinel *sentinel,
                          const struct sn_command *command);
void check_config_answer(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_answer *answer);
void check_config_saved(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_image *image);
void check_config_crashed(struct checks *checks, struct sentinel *sentinel);
/* check_disk.c: the bytes of the state file; of the first group's checkers only. */
void check_disk_saved(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_image *image);
/* What it has saved is replaced by what the daemon's own reader makes of the daemon's own files. */
void check_disk_reread(struct checks *checks, struct sentinel *sentinel);
/* check_loss.c: planned switchovers lose no acknowledged write. */
void check_loss_send(struct checks *checks, struct sentinel *sentinel,
                     const struct sn_action_send *send);
void check_loss_obeyed(struct checks *checks, struct model_redis *redis, const struct node *by,
                       enum sn_order order);
/* check_hearsay.c: switches that nobody has made. */
void check_hearsay_event(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event);
void check_hearsay_saved(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_image *image);
/* check_heard.c: subscribers, strangers. */
void check_heard_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event);
void check_heard_send(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_send *send);
void check_heard_saved(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_image *image);
void check_heard_init(struct checks *checks, const struct sn_group_image *image);
/* An operator says that the master is there. */
void check_heard_monitor(struct checks *checks, uint16_t port);
/* It publishes that. */
void check_heard_hello(struct check_groups *all, struct sentinel *sentinel, const char *message);
/* The subscriber connects again and asks. */
void check_heard_ask(struct checks *checks, struct sentinel *sentinel);
/* "" if every subscriber knows the master that its sentinel names, else who does not. */
const char *check_heard_deaf(const struct checks *checks);

#endif
