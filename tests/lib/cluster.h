/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_CLUSTER_H
#define TESTS_LIB_CLUSTER_H

/* Several real cores and model Redis servers in one process, in simulated time.
 *
 * Everything is deterministic: the same seed and the same calls give the same trace, byte for byte.
 * Time only moves inside cluster_run_*. Nodes talk over connections with order per direction, as
 * TCP has it: a partition or a hanging process delays what is on its way, a killed process ends its
 * connections, a killed or missing server refuses new ones.
 *
 * Safety is checked all the time (cluster_check.c): one vote per sentinel, group and epoch; one
 * leader and one address per group and epoch; epochs that never go backwards; nothing with an epoch
 * in it leaves before that epoch is durable. A violation becomes a trace line that begins with '!',
 * and makes cluster_free() fail the test.
 *
 * Names in the trace: sentinels s1, s2…, servers r1, r2…; run ids are shown as these names. */

#include "base/prng.h"
#include "base/timer.h"
#include "core/core.h"
#include "core/view.h"
#include "shadow.h"
#include "trace.h"

struct cluster;
struct conn;
struct packet;
struct model_redis;
struct sentinel;
struct cluster_watch;
struct cluster_guest;

enum node_state {
    NODE_OFF = 0, /* not running: connections are refused */
    NODE_RUNNING,
    NODE_HUNG /* stopped: connections are taken, nothing is answered */
};

/* What servers and sentinels have in common. */
struct node {
    struct cluster *cluster;
    enum node_state state;
    size_t index;     /* in cluster->nodes */
    sn_ms started_at; /* last */
    char name[16];
    struct sn_addr addr;
    struct sentinel *sentinel; /* one of these two is set */
    struct model_redis *redis;
    struct cluster_guest *guest; /* …or neither: somebody else's program */
    struct conn *conns;          /* accepted or on their way to it, by their node_prev/node_next */
    struct node *port_next;      /* the next one with this port, in the order of their making */
};

/* Milliseconds that a packet takes; called once for each. */
typedef sn_ms cluster_delay_fn(void *arg, struct cluster *cluster, const struct node *from,
                               const struct node *to);
typedef void cluster_fn(struct cluster *cluster, void *arg);
/* who: the node that the line is about, NULL if none. */
typedef void cluster_line_fn(struct cluster *cluster, struct node *who, void *arg);
typedef bool cluster_condition_fn(struct cluster *cluster, void *arg);

/* The disk of a sentinel. One write at a time; what piles up meanwhile is saved by the next. */
struct disk {
    sn_ms latency_ms;        /* of a write, at least… */
    sn_ms latency_jitter_ms; /* …and up to this much more */
    bool failing;            /* writes end in an error… */
    bool lands;              /* …but half of them are what a restart finds: the rename took place,
                                and then its folder could not be synced */
    bool lost_on_crash; /* a write under way at a crash: false decides by lot if it took place */
    /* Private: */
    bool busy, again, done_waiting, done_ok;
    uint64_t version, wanted;
    struct sn_image image; /* being written */
    struct shadow shadow;  /* what has to be written, by the records alone */
    struct sn_timer timer;
};

struct sentinel {
    struct node node;
    struct sn_core *core; /* NULL while it is not running */
    struct sn_runid id;
    struct sn_image durable; /* what a restart would begin with */
    struct disk disk;
    const char *deployment; /* those of another one may use the same group names for other groups */
    uint32_t leaves_out;    /* bits of the configured groups that are none of its own */
    unsigned boots;
    bool stepping;        /* inside the execution of a step's actions */
    bool crash_asked;     /* by a hook during that */
    sn_ms clock_offset;   /* its clock reads world time + offset + drift */
    int64_t clock_ppm;    /* set before it is started */
    int64_t wall_offset;  /* of its wall clock; may jump at any time */
    struct sn_timer wake; /* the core's deadline */
    struct sn_timer late; /* PERSISTED that waits for a hung process */
    uint64_t next_ticket;
    struct ticket *tickets;
    bool told_update; /* its last event was +config-update-from */
    struct script_run *scripts;
    struct rescue_run *rescues;
    struct lookup *lookups;
};

#define CLUSTER_PORTS 65536

struct cluster {
    struct cluster *next_alive;
    struct trace trace;
    struct sn_prng prng; /* for faults and delays; cores have their own */
    uint64_t seed;
    sn_ms now;
    struct sn_timers wires; /* what comes from outside a core… */
    struct sn_timers wakes; /* …goes before the cores' own timers of the same millisecond */
    struct node **nodes;
    size_t node_count;
    struct sentinel **sentinels;
    size_t sentinel_count;
    struct model_redis **servers;
    size_t server_count;
    const char *also[2];    /* two names of groups that have the same servers; NULL: none */
    bool odd_ids;           /* ids of sentinels are no hexadecimal numbers */
    bool names;             /* servers have host names: "r1.test" for r1 */
    sn_ms resolve_max_ms;   /* a look-up takes up to this long… */
    unsigned resolve_fails; /* …and of a hundred so many fail */
    struct node *at_port[CLUSTER_PORTS];          /* by their port_next */
    struct model_redis *followers[CLUSTER_PORTS]; /* of the one at that port, as long as they are
                                                     replicas; by their fellow */
    bool *cuts; /* node_count × node_count, [from * node_count + to]; NULL until there is one */
    struct conn *conns;
    struct conn *by_link;
    struct conn *graves; /* closed at both ends; freed between events */
    uint64_t next_conn;
    cluster_delay_fn *delay; /* NULL: delay_min_ms … delay_max_ms, uniform */
    void *delay_arg;
    sn_ms delay_min_ms;
    sn_ms delay_max_ms;
    bool blocking_peers; /* a sentinel serves a client only after its last request is answered */
    sn_ms timer_late_ms; /* cores' timers fire up to this much late */
    sn_ms connect_ms;    /* a connection takes up to this much longer to open */
    bool quiet;          /* fine lines are neither in the digest nor seen by cluster_when */
    bool sparse;         /* what PERSIST names is checked when a write begins, not each time: with
                            thousands of groups that is what takes the time */
    struct hook *hooks;
    struct later *laters;
    struct fact *facts;
    unsigned violations;
    unsigned violations_expected;      /* for tests of the checks themselves */
    uint64_t steps;                    /* of all cores */
    struct sn_image config;            /* the groups as the operator configured them */
    const struct cluster_watch *watch; /* NULL: nobody looks on */
    /* The group that a line of the trace is about where its text names none; else NULL. */
    const char *about_next; /* of the next line */
    const char *about;      /* of the one that is being taken in */
};

/* Who looks on: called with everything that leaves a sentinel or reaches it, before it has any
 * effect. Every function may be NULL; none may change the cluster. port: to which the connection
 * was made; the server may have moved since. */
struct cluster_watch {
    void *arg;
    void (*send)(void *arg, struct sentinel *from, struct node *to, uint16_t port,
                 const struct sn_action_send *send); /* to: NULL if nobody is there */
    void (*event)(void *arg, struct sentinel *from, const struct sn_action_notice *event);
    /* asker: NULL for an operator. port: of the master that was asked about, group: whose it is, as
     * `from` sees it; 0 and "" for everything but votes. */
    void (*answer)(void *arg, struct sentinel *from, struct node *asker, const char *group,
                   uint16_t port, const struct sn_action_answer *answer);
    void (*saved)(void *arg, struct sentinel *sentinel, const struct sn_image *image);
    /* Before it starts again: may replace sentinel->durable by what the daemon reads of its files.
     */
    void (*rebooting)(void *arg, struct sentinel *sentinel);
    void (*booted)(void *arg, struct sentinel *sentinel);
    void (*crashed)(void *arg, struct sentinel *sentinel);
    /* An INFO reply reaches the sentinel. */
    void (*info)(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                 const struct sn_info *info);
    /* Any reply reaches it, on link, which was made to port. */
    void (*reply)(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                  struct sn_link_id link, enum sn_order order, uint64_t tag,
                  const struct sn_reply *reply);
    /* What it begins to write, at the moment at which that is what it knows. */
    void (*snapshot)(void *arg, struct sentinel *sentinel, const struct sn_image *image);
    /* A hello reaches it, whether it can be read or not; before the next function. */
    void (*heard)(void *arg, struct sentinel *to, const char *message);
    /* A hello published at the server reaches it. */
    void (*hello)(void *arg, struct sentinel *to, struct node *server, uint16_t port,
                  const struct sn_hello *hello);
    /* A server has obeyed PROMOTE or FOLLOW. */
    void (*obeyed)(void *arg, struct model_redis *redis, struct node *by, enum sn_order order);
    /* True if a violation found by cluster_check.c is to be overlooked. */
    bool (*excuses)(void *arg, const char *violation);
};

/* A node that is neither a core nor a model server. All functions are needed. */
struct cluster_guest {
    struct node node; /* added by cluster_add_guest */
    void (*start)(struct cluster_guest *guest);
    void (*stop)(struct cluster_guest *guest);
    /* As a client: what arrived on conn. */
    void (*take)(struct cluster_guest *guest, struct conn *conn, const struct packet *packet);
    /* As a server: requests wait in conn's inbox. */
    void (*serve)(struct cluster_guest *guest, struct conn *conn);
};

/* ---- building ------------------------------------------------------------------------------- */

struct cluster *cluster_new(uint64_t seed);
/* Fails the test if a safety check was violated; then frees everything. */
void cluster_free(struct cluster *cluster);
/* Teardown of a test: frees the clusters that a failed test has left behind. */
int cluster_teardown(void **state);
/* A server at 127.0.0.1:port, off until started. */
struct model_redis *cluster_add_server(struct cluster *cluster, uint16_t port);
/* A sentinel at 127.0.0.1:(26379 + n), off until started. */
struct sentinel *cluster_add_sentinel(struct cluster *cluster);
/* A node of another kind at 127.0.0.1:port, off until started. It belongs to the caller and must
 * outlive the cluster; its functions are set. */
void cluster_add_guest(struct cluster *cluster, struct cluster_guest *guest, uint16_t port,
                       const char *name);
/* Configures a group for all sentinels added before and after, until they are first started.
 * Returns its image, to change parameters in; valid until the next group is added. */
struct sn_group_image *cluster_add_group(struct cluster *cluster, const char *name,
                                         const struct model_redis *master, uint32_t quorum);
/* One connection to each server that speaks RESP3, which every second one does. */
void cluster_use_single_connections(struct cluster *cluster);
/* Servers that are added from here on have host names, all sentinels look them up, and show them if
 * announce. */
void cluster_use_names(struct cluster *cluster, bool announce);
/* What models of stock sentinels call the server with a port. */
#define CLUSTER_STOCK_NAME "redis-%u.test"
/* The IP that host is or has, as long as the resolver answers; "" if there is none. */
const char *cluster_lookup(const struct cluster *cluster, const char *host);
/* The usual thing: a running group `name` of a master and replicas at port, port + 1…, down-after
 * 1000 ms. */
struct sn_group_image *cluster_add_simple(struct cluster *cluster, const char *name, uint16_t port,
                                          unsigned replicas, uint32_t quorum);
/* Adds n sentinels and starts them, step_ms apart. */
void cluster_start_sentinels(struct cluster *cluster, unsigned n, sn_ms step_ms);
/* What most tests begin with: three sentinels, and "mymaster" with the master r1 at 6379 and the
 * replicas r2 at 6380 and r3 at 6381, quorum 2, settled. r2 lags behind, so r3 will be chosen. */
struct cluster *cluster_new_three(uint64_t seed);
/* Runs until every sentinel that runs knows every other one and every server that replicates in its
 * groups, and all links are up. Fails the test if that takes more than ten seconds. */
void cluster_settle(struct cluster *cluster);

/* ---- running -------------------------------------------------------------------------------- */

void cluster_run_for(struct cluster *cluster, sn_ms duration_ms);
/* Runs until condition holds (looked at after every event), at most bound_ms. Returns whether it
 * does. */
bool cluster_run_until(struct cluster *cluster, cluster_condition_fn *condition, void *arg,
                       sn_ms bound_ms);
/* Runs until a line from index `from` on matches; fails the test if none does within bound_ms.
 * Returns its index. */
size_t cluster_run_to_line(struct cluster *cluster, size_t from, const char *pattern,
                           sn_ms bound_ms);
/* Calls fn at the given time from now. */
void cluster_after(struct cluster *cluster, sn_ms delay_ms, cluster_fn *fn, void *arg);
/* Calls fn the next time, or times times, that a line matches, from within the step that makes it:
 * fn may inject faults and call cluster_after, but must not run the cluster or give commands. */
void cluster_when(struct cluster *cluster, const char *pattern, unsigned times, cluster_line_fn *fn,
                  void *arg);
/* Kills whoever the next matching line is about, at once: what follows in its step does not happen.
 */
void cluster_kill_when(struct cluster *cluster, const char *pattern);

/* ---- faults --------------------------------------------------------------------------------- */

void cluster_start(struct node *node);
/* Ends the process: its connections are closed, new ones are refused. */
void cluster_kill(struct node *node);
/* Stops the process (SIGSTOP), and lets it go on. */
void cluster_hang(struct node *node);
void cluster_resume(struct node *node);
/* Nothing from `from` reaches `to` any more; what is under way waits for the end of the cut. */
void cluster_cut_way(struct node *from, struct node *to);
/* Ends the cut of one way. */
void cluster_mend_way(struct node *from, struct node *to);
/* Both ways. */
void cluster_cut(struct node *a, struct node *b);
/* Cuts node off from everybody. */
void cluster_isolate(struct node *node);
/* Ends all cuts. */
void cluster_heal(struct cluster *cluster);
bool cluster_is_cut(const struct cluster *cluster, const struct node *from, const struct node *to);
/* Ends the connections between two nodes as a reset would. */
void cluster_reset(struct node *a, struct node *b);
/* The address of a node that is off changes. */
void cluster_readdress(struct node *node, uint16_t port);

/* ---- commands, as an operator gives them --------------------------------------------------------
 */

/* Gives command (its ticket is chosen here); the answer becomes a line "sN answer …". */
void cluster_command(struct sentinel *sentinel, const struct sn_command *command);
void cluster_failover(struct sentinel *sentinel, const char *name, enum sn_failover_mode mode);
/* SENTINEL PAUSE for so many seconds; 0: RESUME. */
void cluster_pause(struct sentinel *sentinel, const char *name, uint32_t seconds);
/* What a clock on the wall would show, in milliseconds. */
int64_t cluster_wall(const struct cluster *cluster);
void cluster_reset_group(struct sentinel *sentinel, const char *pattern);
void cluster_remove(struct sentinel *sentinel, const char *name);
void cluster_monitor(struct sentinel *sentinel, const char *name, const struct sn_addr *addr,
                     uint32_t quorum);
/* SENTINEL SET of a numeric option. */
void cluster_set(struct sentinel *sentinel, const char *name, enum sn_option option,
                 const char *option_name, int64_t value);
/* The same, of another one. */
void cluster_set_text(struct sentinel *sentinel, const char *name, enum sn_option option,
                      const char *option_name, const char *value);
/* SENTINEL is-master-down-by-addr by somebody who is no sentinel. */
void cluster_ask(struct sentinel *sentinel, const struct sn_addr *addr, uint64_t epoch,
                 const char *runid);
/* PUBLISH of a hello by somebody who is no sentinel. */
void cluster_publish(struct sentinel *sentinel, const char *hello);

/* ---- looking ----------------------------------------------------------------------------------
 */

/* The port of the master as sentinel tells it; 0 if it runs not, or knows no such group. */
uint16_t cluster_master_port(const struct sentinel *sentinel, const char *name);
/* False if the group is configured for others only. */
bool cluster_watches(const struct sentinel *sentinel, const char *name);
/* How often something was decided for this reason, as far as sentinel remembers. */
size_t cluster_reasons(const struct sentinel *sentinel, const char *name, enum sn_reason reason);
/* True if every running sentinel that watches the group names port, and nobody fails over. */
bool cluster_agreed(const struct cluster *cluster, const char *name, uint16_t port);
/* The value of a field of the group's description (PROTOCOL.md §4.2) into out (256 bytes); "" if
 * there is none. */
void cluster_field(const struct sentinel *sentinel, const char *name, const char *field, char *out);
/* Epochs of a group as this sentinel has them in memory. */
uint64_t cluster_config_epoch(const struct sentinel *sentinel, const char *name);
uint64_t cluster_vote_epoch(const struct sentinel *sentinel, const char *name);
/* The node that a line of the trace is about; NULL if none. */
struct node *cluster_line_node(const struct cluster *cluster, size_t index);
struct sentinel *cluster_sentinel_by_id(const struct cluster *cluster, const char *runid);

/* ---- expecting --------------------------------------------------------------------------------
 */

/* Index of the next line to come: where an expectation begins. */
size_t cluster_mark(const struct cluster *cluster);
/* Fails the test, with the trace from `from` on, unless lines match the patterns (NULL ends them)
 * in this order; others may stand between. Returns the index after the last. */
size_t cluster_expect(const struct cluster *cluster, size_t from, const char *const *patterns);
/* Fails the test unless `condition`; shows the trace from `from` on. */
void cluster_require(const struct cluster *cluster, size_t from, bool condition, const char *what);
void cluster_expect_count(const struct cluster *cluster, size_t from, const char *pattern,
                          size_t count);
/* Fails the test unless every running server at ports first..last but master follows master. */
void cluster_require_replicas(const struct cluster *cluster, size_t from,
                              const struct model_redis *master, uint16_t first, uint16_t last);
/* Runs until cluster_agreed; fails the test after bound_ms. Returns the milliseconds it took. */
sn_ms cluster_run_to_agreement(struct cluster *cluster, const char *name, uint16_t port,
                               sn_ms bound_ms);

#define CLUSTER_TEST(test) cmocka_unit_test_teardown(test, cluster_teardown)

#define EXPECT(cluster, from, ...)                                                                 \
    cluster_expect(cluster, from, (const char *const[]){__VA_ARGS__, NULL})

#endif
