/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RIVAL_H
#define SN_CORE_RIVAL_H

/* Rival: another sentinel that may be failing a group over. Internal to the core. */

#include "core/model/group.h"

/* True if there is a rival that is a known peer and not S_DOWN. */
bool sn_rival_is_known(const struct sn_group *group);
/* True if, in addition, the rival's time is not over. */
bool sn_rival_is_active(const struct sn_group *group);
/* Instant from which peers are asked whom they voted for, while sn_rival_is_active: the vote should
 * be on their disks, if those are as fast as ours. An answer that waits for a save delays the PONG
 * after it. */
sn_ms sn_rival_ask_whom_at(const struct sn_group *group);
/* rival, voted for in epoch, may be failing the group over: no own attempt until 2 *
 * failover-timeout after since. False if rival is not a known peer. */
bool sn_rival_yield_to(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                       sn_ms since);
/* A peer has told its vote: ends the wait if no rival can have won. */
void sn_rival_late_vote(struct sn_group *group);
/* peer has told the epoch of its last vote: ends the wait if peer is the rival and has not voted in
 * its own election. */
void sn_rival_told(struct sn_instance *peer, uint64_t vote_epoch);

#endif
