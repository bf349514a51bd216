/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MEMBERS_H
#define SN_CORE_MEMBERS_H

/* Which groups there are, and who belongs to them. Internal to the core. */

#include "core/model/group.h"

struct sn_group *sn_group_by_id(const struct sn_core *core, uint64_t id);
struct sn_group *sn_group_by_name(struct sn_core *core, const char *name, size_t len);
/* The first group whose master is at addr (IP, or host ignoring case); NULL if none (PROTOCOL.md
 * §4.4). */
struct sn_group *sn_group_at(struct sn_core *core, const struct sn_addr *addr);

struct sn_instance *sn_group_find_replica(const struct sn_group *group, const struct sn_addr *addr);
struct sn_instance *sn_group_find_peer(const struct sn_group *group, const struct sn_runid *runid);

/* Puts a new peer into its group, and takes one out of it; counts follow. */
struct sn_instance *sn_peer_add(struct sn_group *group, const struct sn_runid *runid,
                                const struct sn_addr *addr);
void sn_peer_remove(struct sn_instance *peer);
/* Warns when there are more than twice as many voters as the quorum. */
void sn_peer_judge_count(struct sn_group *group);

/* Votes that it takes to be elected: a majority of all known sentinels, and the quorum (PROTOCOL.md
 * §14.3, §23). */
size_t sn_group_votes_needed(const struct sn_group *group);
/* More than half of all known sentinels, ourselves among them (PROTOCOL.md §10.4). */
size_t sn_group_majority(const struct sn_group *group);

#endif
