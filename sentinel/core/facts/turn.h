/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TURN_H
#define SN_CORE_TURN_H

/* When this sentinel's next attempt may begin. Only these functions write rank_at, retry_at,
 * stand_back_until, lost_rounds, held and rival* of a group. Internal to the core. */

#include "core/model/group.h"

/* The group is newly monitored or was RESET: nothing delays an attempt. */
void sn_turn_begin(struct sn_group *group);
/* The group has a new master: clears lost rounds, holds and rivals. */
void sn_turn_new_master(struct sn_group *group);
/* The master left O_DOWN: clears delays after earlier attempts. */
void sn_turn_master_up(struct sn_group *group);
/* A peer is up again: an election that was unwinnable without it is retried at once. */
void sn_turn_peer_up(struct sn_group *group);

/* No attempt before at, the turn of this sentinel's rank (DESIGN.md D6). */
void sn_turn_rank(struct sn_group *group, sn_ms at);
/* No attempt before at, the end of the back-off after an own attempt. */
void sn_turn_retry(struct sn_group *group, sn_ms at);
/* No attempt before until, unless there is a replica to promote: other candidates go first. */
void sn_turn_stand_back(struct sn_group *group, sn_ms until);
/* Counts a lost attempt. Returns how many were lost in a row before it. */
unsigned sn_turn_lost(struct sn_group *group);
/* An attempt is held because too few voters are up. False if it was held already. */
bool sn_turn_hold(struct sn_group *group);
void sn_turn_release(struct sn_group *group);

/* No attempt before until: rival may be failing the group over after an election in epoch. */
void sn_turn_wait_for(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                      sn_ms until);
/* A different rival may have won that election. */
void sn_turn_wait_for_other(struct sn_group *group, const struct sn_runid *rival);
void sn_turn_wait_for_nobody(struct sn_group *group);

#endif
