/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TURN_H
#define SN_CORE_TURN_H

/* When the next attempt of ours may begin: rank_at, retry_at, stand_back_until, lost_rounds, held
 * and rival of a group are written here only. Internal to the core. */

#include "core/model/group.h"

/* A group that is monitored, or was RESET: nobody is waited for. */
void sn_turn_begin(struct sn_group *group);
/* It has a new master, which has lost no attempt so far. */
void sn_turn_new_master(struct sn_group *group);
/* The master left O_DOWN: no attempt has anything to wait for. */
void sn_turn_master_up(struct sn_group *group);
/* A peer came back: what could not be won without it is tried again at once. */
void sn_turn_peer_up(struct sn_group *group);

/* Not before at: the turn of our rank (DESIGN.md D6), … */
void sn_turn_rank(struct sn_group *group, sn_ms at);
/* … the pause behind an attempt of ours, … */
void sn_turn_retry(struct sn_group *group, sn_ms at);
/* … the turn of those who voted for us in vain. */
void sn_turn_stand_back(struct sn_group *group, sn_ms until);
/* Counts a lost attempt; how many were lost in a row before it. */
unsigned sn_turn_lost(struct sn_group *group);
/* An attempt is held for want of voters, or not any more. False if that was known. */
bool sn_turn_hold(struct sn_group *group);
void sn_turn_release(struct sn_group *group);

/* rival may be failing the group over since an election in epoch: it is waited for until then. */
void sn_turn_wait_for(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                      sn_ms until);
/* Another one may have won that election in its stead. */
void sn_turn_wait_for_other(struct sn_group *group, const struct sn_runid *rival);
void sn_turn_wait_for_nobody(struct sn_group *group);

#endif
