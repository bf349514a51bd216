/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_CAST_H
#define TESTS_SIM_CAST_H

/* Who takes part in the run of a plan, by the plan alone: servers r1, r2… of the groups g1, g2…,
 * sentinels s1, s2…, stock nodes k1, k2…; in this order they are the nodes of the cluster. */

#include "plan.h"

#define CAST_NAME_MAX 16

struct cast {
    unsigned groups, servers, sentinels, stocks;
    unsigned first[PLAN_GROUPS_MAX];  /* index of each group's first server */
    unsigned counts[PLAN_GROUPS_MAX]; /* of each group's servers */
    unsigned voters[PLAN_GROUPS_MAX]; /* sentinels of all kinds that monitor it */
};

void cast_make(const struct plan *plan, struct cast *cast);
unsigned cast_nodes(const struct cast *cast);
/* The name of a node by its index, below cast_nodes(). */
void cast_name(const struct cast *cast, unsigned index, char name[CAST_NAME_MAX]);
/* Index of the node called name; cast_nodes() if there is none. */
unsigned cast_find(const struct cast *cast, const char *name);
/* The name of a group in configurations and traces, below PLAN_GROUPS_MAX: "mymaster", "second"… */
const char *cast_group_name(unsigned group);
/* The group called so, or g1, g2…; cast->groups if there is none. */
unsigned cast_find_group(const struct cast *cast, const char *name);

#endif
