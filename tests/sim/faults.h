/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

/* What faults.c and faults_server.c share. A fault under way is a job: it keeps whom it has hit,
 * and what holds is always worked out from all the jobs that run, so that the end of one does not
 * undo another. */

#include "sim.h"

struct job {
    struct sim *sim;
    struct fault *fault;
    struct node *node;  /* who is hit; of KILL_AT and HANG_AT only when it happens */
    struct node *other; /* at the far end */
    bool running;
    sn_ms since;
};

/* A job of this kind that runs about the node, the newest one; NULL if there is none. */
const struct job *faults_newest(enum fault_kind kind, const struct node *node);
/* Nobody runs at that address. */
bool faults_port_is_free(const struct sim *sim, uint16_t port);
/* No fault keeps the process from running any more: it starts, unless its address is taken. */
void faults_start(struct sim *sim, struct node *node);

/* faults_server.c: data nodes. */
struct model_redis *faults_server_of(struct sim *sim, const struct fault *fault);
/* From FAULT_LIES on; what remains to be done when the job begins or has ended. */
void faults_server(struct job *job);
/* Mends what has been done to it; it gets its own address again. */
void faults_mend_server(struct sim *sim, struct model_redis *redis);

/* forge.c, with forge_votes(): hellos and vote requests of nobodies. */
void forge(const struct job *job);

#endif
