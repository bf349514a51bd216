/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_VOTE_H
#define SN_CORE_VOTE_H

/* Votes that this sentinel gives. Internal to the core. */

#include "core/model/group.h"

/* Returns the group after `other` (NULL: the first one) with the same master as group; group itself
 * is among them. A vote request names an address, so a vote counts for all groups with that master.
 * Otherwise two sentinels could lead for one master (PROTOCOL.md §14.2, §24.3). */
struct sn_group *sn_vote_next_name(const struct sn_group *group, const struct sn_group *other);
/* Grants or refuses this sentinel's vote to candidate in epoch (PROTOCOL.md §14.2, §17.4, DESIGN.md
 * D7). */
void sn_vote_decide(struct sn_group *group, const char *candidate, uint64_t epoch);
/* Gives this sentinel its own vote, for all names of the master. Precondition: epoch is above that
 * of the last vote and of the configuration. Until it is on disk, sn_vote_decide may withdraw it
 * for a candidate that asks (DESIGN.md D6). */
void sn_vote_for_self(struct sn_group *group, uint64_t epoch);
/* Raises +vote-for-leader. */
void sn_vote_announce(struct sn_group *group, const char *candidate, uint64_t epoch);
/* An answer that names the last vote for group waits for its save. */
void sn_vote_told(struct sn_group *group);

#endif
