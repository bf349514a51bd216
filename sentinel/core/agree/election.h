/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ELECTION_H
#define SN_CORE_ELECTION_H

/* Elections: attempts, and the votes that are counted. Internal to the core. */

#include "core/model/group.h"

/* False if no epoch is left for an attempt; the precondition of sn_election_start. */
bool sn_election_possible(const struct sn_group *group);
/* Arms the timer of the next attempt, if one is to come. */
void sn_election_plan(struct sn_group *group);
/* SN_TIMER_ELECTION: begins the next attempt, unless there is a reason to wait (PROTOCOL.md §14.5).
 */
void sn_election_due(struct sn_group *group);
/* peer entered or left S_DOWN. */
void sn_election_peer_flipped(struct sn_instance *peer);
/* One more peer can vote: an attempt that was held for lack of voters may begin. */
void sn_election_voter_up(struct sn_group *group);
/* Begins an attempt: raises the epoch, raises +try-failover and votes for this sentinel. The vote
 * is saved before any peer is asked (PROTOCOL.md §7.3, §14.1, §14.5, §23). wanted: the replica
 * named by the command, or NULL. */
void sn_election_start(struct sn_group *group, enum sn_failover_mode mode,
                       const struct sn_addr *wanted);
/* The own vote is durable: requests those of the peers (PROTOCOL.md §14.5, §15.8). */
void sn_election_collect(struct sn_group *group, uint64_t epoch);
/* The own vote could not be saved: ends the attempt (PROTOCOL.md §24.1). */
void sn_election_unsaved(struct sn_group *group, uint64_t epoch);
/* Decides an attempt by the votes received so far; not in TILT (PROTOCOL.md §4.10, §14.4, §15.8,
 * §18). */
void sn_election_count(struct sn_group *group);
/* State WAIT_START: ends the attempt if it has become pointless or takes too long; else arms its
 * deadline (PROTOCOL.md §15.1). */
void sn_election_step(struct sn_group *group);

#endif
