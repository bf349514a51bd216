/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CHAIN_H
#define SN_CORE_CHAIN_H

/* Replicas of replicas (DESIGN.md D22), for groups with chained-replicas. Internal to the core. */

#include "core/model/group.h"

/* replica has reported another master than before: whether that makes it a part of a chain. */
void sn_chain_learn(struct sn_instance *replica);
/* Returns the replica of the group that `replica` follows as a part of a chain; NULL if it is in
 * none. */
struct sn_instance *sn_chain_upstream(const struct sn_instance *replica);
/* True if replica is in a chain of replicas that are up, and which ends at the master, or at a
 * replica that the present failover tells to follow it. */
bool sn_chain_holds(const struct sn_instance *replica);
/* True if the chain is broken right above replica, or replica is in a circle. Where it is broken
 * further up, the one below the break is the orphan, and takes replica with it. */
bool sn_chain_is_orphan(const struct sn_instance *replica);
/* For how long the chain above replica has not held; 0: it holds. Precondition: replica is in one.
 */
sn_ms sn_chain_broken_ms(const struct sn_instance *replica);

#endif
