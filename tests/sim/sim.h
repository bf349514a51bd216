/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

/* One run of the simulator: the plan of a seed carried out on a cluster, then peace, in which all
 * must come to agree. */

#include "cast.h"
#include "check.h"
#include "coverage.h"
#include "lens.h"
#include "plan.h"
#include "report.h"

#define SIM_GROUP     "mymaster" /* the first one */
#define SIM_PORT      6379       /* of the first server; the others count up */
#define SIM_PORT_STEP 100        /* from group to group */
#define SIM_WHY_MAX   400
#define SIM_NODES_MAX 32

enum sim_verdict { SIM_FINE = 0, SIM_UNSAFE, SIM_STUCK, SIM_CRASHED };

struct sim_result {
    enum sim_verdict verdict;
    char why[SIM_WHY_MAX];
    uint64_t steps;
    uint64_t digest;
    sn_ms simulated_ms;
    sn_ms agreed_ms; /* from the end of the faults to agreement */
    sn_ms lost_ms;   /* from the loss of masters or sentinels for good to agreement; 0: none */
    unsigned bound_percent; /* the larger of both, of what is allowed */
    uint32_t executed[FAULT_KIND_COUNT];
    uint32_t counts[COVER_COUNT];
    sn_ms failed_at;         /* the first violation, or the end of the wait for agreement */
    unsigned groups;         /* bits of those that failed; 0: not known */
    char report[REPORT_MAX]; /* of that instant, or of the lens's; "" if there is none */
};

struct stock;

struct sim_group {
    struct sim *sim;
    const char *name;
    struct checks *checks;
    struct model_redis *servers[PLAN_SERVERS_MAX];
    unsigned server_count;
    uint32_t quorum;
    uint16_t told_port; /* the master, as the operator repairs it */
};

struct sim {
    struct plan plan;
    struct cast cast;
    struct lens lens;
    struct sim_result *result;
    struct cluster *cluster;
    sn_ms plan_at; /* from when on the times of faults count: all have been started */
    struct check_groups checks;
    struct sim_group groups[PLAN_GROUPS_MAX];
    struct model_redis *servers[PLAN_ALL_SERVERS_MAX]; /* of all groups */
    uint16_t homes[PLAN_ALL_SERVERS_MAX];              /* their ports */
    struct sentinel *sentinels[PLAN_SENTINELS_MAX];
    struct stock *stocks[PLAN_SENTINELS_MAX];
    unsigned server_count;
    sn_ms slow_ms[SIM_NODES_MAX];
    bool fault_lag[PLAN_ALL_SERVERS_MAX]; /* lags because of a fault */
    uint32_t executed[FAULT_KIND_COUNT];  /* faults that have begun */
    struct node *leader;                  /* elected last */
    bool peace;
    bool fast;                  /* slow links are not slow any more */
    bool doomed[SIM_NODES_MAX]; /* dead for good */
    bool cleared_up;            /* an operator had to: that takes as long as it takes */
    sn_ms prompt_ms;            /* so soon all have to agree; 0: by the usual bounds */
    bool removals;
    bool mixed; /* a server has had an address of another group */
    unsigned acked_writes, refused_writes;
};

/* Carries out plan, whose faults may have been dropped. lens: what is printed, if the environment
 * asks for a trace; NULL: all of it. */
void sim_run(const struct plan *plan, const struct lens *lens, struct sim_result *result);

/* world.c: another id in place of the one drawn. */
void make_odd_id(uint64_t lot, struct sn_runid *id);

/* faults.c */
void faults_schedule(struct sim *sim);
/* Ends all of them; what is doomed remains dead. */
void faults_end(struct sim *sim);

/* peace.c: the end of the faults, and what has to come of it. */
void peace_begin(struct sim *sim);
bool peace_demand(struct sim *sim, struct sim_result *result);

/* forge.c: vote requests for a nobody, to the sentinels whose bit is in whom. */
void forge_votes(struct sim_group *group, unsigned whom, uint64_t lot);

/* trials.c: what peace has to stand; false if it did not. */
bool trial_of_slow_links(struct sim *sim, struct sim_result *result);
/* The master of the group is lost for good, as the plan's features say. Returns how soon all have
 * to agree; 0: as after any loss. */
sn_ms trial_begin(struct sim *sim, struct sim_group *group);

/* memory.c: in one seed of two hundred, whether what living cores use grows in peace; the line that
 * says so makes the run unsafe. */
void memory_look(struct sim *sim);

/* operator.c: whoever gives commands; every one of them passes the checkers. */
void operator_failover(struct sim_group *group, struct sentinel *sentinel,
                       enum sn_failover_mode mode, const struct model_redis *to);
void operator_set(struct sim_group *group, struct sentinel *sentinel, enum sn_option option,
                  const char *name, int64_t value);
void operator_forget(struct sim_group *group, struct sentinel *sentinel);
/* seconds 0: RESUME. */
void operator_pause(struct sim_group *group, struct sentinel *sentinel, uint32_t seconds);
void operator_remove(struct sim_group *group, struct sentinel *sentinel);
/* Monitors the group again, where the others say its master is. */
void operator_monitor(struct sim_group *group, struct sentinel *sentinel);
/* What an operator does who sees that there is no agreement, the round-th time. True if some
 * sentinels, whose configuration nothing can correct, do not watch the group any more. */
bool operator_repair(struct sim_group *group, unsigned round);
/* They watch it again, a while later, when no hello of theirs is on its way any more. */
void operator_begin_anew(struct sim_group *group);
/* Two deployments with a name each for one master: who was restarted between the two switches does
 * not know of the other name any more, and FORCE ends that (DESIGN.md D16). */
void operator_reunite(struct sim *sim);
/* All settings as the plan has them. */
void operator_restore(struct sim_group *group, struct sentinel *sentinel);
/* True if sentinel has a replica of the group at port. */
bool operator_sees(const struct sim_group *group, const struct sentinel *sentinel, uint16_t port);
/* What most running sentinels name as the master; never NULL. */
struct model_redis *operator_master(const struct sim_group *group);

#endif
