/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RANK_H
#define SN_CORE_RANK_H

/* The turns of candidates. Internal to the core. */

#include "core/model/group.h"

/* Longest round trip of the last answered PING, over all peers that are up, in milliseconds. */
sn_ms sn_rank_longest_trip(const struct sn_group *group);
/* How much later than ours the vote request of a candidate can arrive that began before us, in
 * milliseconds: longer with slow links, answers or disks (D6). */
sn_ms sn_rank_step_ms(const struct sn_group *group);
/* Delay from O_DOWN to this sentinel's turn, in milliseconds (D6): one step, long enough for a vote
 * request to arrive, for each earlier peer that may be a candidate, plus a short grace if other
 * earlier peers may become candidates. */
sn_ms sn_rank_turn_ms(const struct sn_group *group);

#endif
