/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ELECTION_H
#define SN_CORE_ELECTION_H

/* Elections: epochs, votes given and counted. Internal to the core. */

#include "core/model/group.h"

/* False if no epoch is left for an attempt: the precondition of sn_election_start. */
bool sn_election_possible(const struct sn_group *group);
/* Gives, or does not give, this sentinel's vote (PROTOCOL.md §14.2, DESIGN.md D7). */
void sn_election_vote(struct sn_group *group, const char *candidate, uint64_t epoch);
/* Arms the next attempt if one is due at some time. */
void sn_election_plan(struct sn_group *group);
void sn_election_due(struct sn_group *group); /* SN_TIMER_ELECTION */
/* peer has entered or left S_DOWN. */
void sn_election_peer_flipped(struct sn_instance *peer);
/* One more peer can be asked: an attempt that was held for want of voters may begin. */
void sn_election_voter_up(struct sn_group *group);
void sn_election_start(struct sn_group *group, enum sn_failover_mode mode,
                       const struct sn_addr *wanted);
/* The own vote is durable: ask for the others. */
void sn_election_collect(struct sn_group *group, uint64_t epoch);
/* … and could not be saved. */
void sn_election_unsaved(struct sn_group *group, uint64_t epoch);
void sn_election_count(struct sn_group *group);
/* The attempt that collects votes: ends it if it has become pointless or takes too long, or arms
 * its deadline. */
void sn_election_step(struct sn_group *group);

#endif
