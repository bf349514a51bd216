/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MEMBERS_H
#define SN_CORE_MEMBERS_H

/* The groups and their members. Internal to the core. */

#include "core/model/group.h"

struct sn_group *sn_group_by_id(const struct sn_core *core, uint64_t id);
struct sn_group *sn_group_by_name(struct sn_core *core, const char *name, size_t len);
/* Returns the first group whose master is at addr (IP, or host ignoring case); NULL if none
 * (PROTOCOL.md §4.4). */
struct sn_group *sn_group_at(struct sn_core *core, const struct sn_addr *addr);

struct sn_instance *sn_group_find_replica(const struct sn_group *group, const struct sn_addr *addr);
struct sn_instance *sn_group_find_peer(const struct sn_group *group, const struct sn_runid *runid);

/* Add a new peer to its group, and remove one; counts are updated. */
struct sn_instance *sn_peer_add(struct sn_group *group, const struct sn_runid *runid,
                                const struct sn_addr *addr);
void sn_peer_remove(struct sn_instance *peer);
/* Warns if there are more than twice as many voters as the quorum. */
void sn_peer_judge_count(struct sn_group *group);

/* Votes needed to be elected: a majority of all known sentinels, and at least the quorum
 * (PROTOCOL.md §14.3, §23). */
size_t sn_group_votes_needed(const struct sn_group *group);
/* Smallest number that is more than half of all known sentinels, this one included (PROTOCOL.md
 * §10.4). */
size_t sn_group_majority(const struct sn_group *group);

#endif
