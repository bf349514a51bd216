/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ELECTION_H
#define SN_CORE_ELECTION_H

/* Elections: epochs, votes given and counted. Internal to the core. */

#include "core/model/group.h"

/* False if no epoch is left for an attempt: the precondition of sn_election_start. */
bool sn_election_possible(const struct sn_group *group);
/* Gives, or does not give, this sentinel's vote (PROTOCOL.md §14.2, §17.4, DESIGN.md D7). */
void sn_election_vote(struct sn_group *group, const char *candidate, uint64_t epoch);
/* Arms the next attempt if one is due at some time. */
void sn_election_plan(struct sn_group *group);
/* The time for the next attempt has come: begins it, unless there is a reason to wait (PROTOCOL.md
 * §14.5). SN_TIMER_ELECTION. */
void sn_election_due(struct sn_group *group);
/* peer has entered or left S_DOWN. */
void sn_election_peer_flipped(struct sn_instance *peer);
/* One more peer can be asked: an attempt that was held for want of voters may begin. */
void sn_election_voter_up(struct sn_group *group);
/* Begins an attempt: the epoch, +try-failover and the own vote, which is saved before anybody is
 * asked (PROTOCOL.md §7.3, §14.1, §14.5, §23). wanted: the replica that was ordered, or NULL. */
void sn_election_start(struct sn_group *group, enum sn_failover_mode mode,
                       const struct sn_addr *wanted);
/* The own vote is durable: ask for the others (PROTOCOL.md §14.5, §15.8). */
void sn_election_collect(struct sn_group *group, uint64_t epoch);
/* … and could not be saved (PROTOCOL.md §24.1). */
void sn_election_unsaved(struct sn_group *group, uint64_t epoch);
/* Decides an attempt by the votes that are there; in TILT when that ends (PROTOCOL.md §4.10, §14.4,
 * §15.8, §18). */
void sn_election_count(struct sn_group *group);
/* The attempt that collects votes: ends it if it has become pointless or takes too long, or arms
 * its deadline (PROTOCOL.md §15.1). */
void sn_election_step(struct sn_group *group);

#endif
