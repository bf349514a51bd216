/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RIVAL_H
#define SN_CORE_RIVAL_H

/* Somebody else who may be failing a group over. Internal to the core. */

#include "core/model/group.h"

/* There is a rival whom we know, and it is not down. */
bool sn_rival_is_known(const struct sn_group *group);
/* True while it may be failing the group over: voted for, and not known to be down. */
bool sn_rival_is_active(const struct sn_group *group);
/* From when on peers are asked whom they voted for, while sn_rival_is_active: not before their
 * disks, if they are like ours, had the time for the vote. An answer that has to wait for a save
 * holds up the PONG behind it. */
sn_ms sn_rival_ask_whom_at(const struct sn_group *group);
/* rival may be failing the group over since it was voted for in epoch: no attempt of ours for the
 * stock time. False if we do not know it. */
bool sn_rival_yield_to(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                       sn_ms since);
/* A peer has told its vote: if the rival cannot have won, we need not wait. */
void sn_rival_late_vote(struct sn_group *group);
/* peer, asked since we made room for its attempt, has told the epoch of its last vote. */
void sn_rival_told(struct sn_instance *peer, uint64_t vote_epoch);

#endif
