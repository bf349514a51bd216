/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_SCENARIO_H
#define TESTS_LIB_SCENARIO_H

/* What many scenarios of the group "mymaster" do or demand. */

#include "cluster.h"

/* Sets failover-timeout at all sentinels, and lets them save it. */
void scenario_set_failover_timeout(struct cluster *cluster, sn_ms timeout_ms);
/* Fails the test unless exactly one running server is master and all running sentinels name it.
 * Returns it. */
const struct model_redis *scenario_require_one_master(struct cluster *cluster, size_t from);
/* The same, and every other running server replicates it. */
void scenario_require_healed(struct cluster *cluster, size_t from);
/* Runs for duration_ms; returns how many servers were syncing at once at most. */
unsigned scenario_most_syncs(struct cluster *cluster, sn_ms duration_ms);

#endif
