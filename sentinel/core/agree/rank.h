/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RANK_H
#define SN_CORE_RANK_H

/* Whose turn it is. Internal to the core. */

#include "core/model/group.h"

/* The slowest answer of a peer that is up to the last PING. */
sn_ms sn_rank_longest_trip(const struct sn_group *group);
/* How long after O_DOWN our turn comes (D6): a step for each peer before us that may be a candidate
 * as well, long enough for its request to arrive, and a moment if others may become one. */
sn_ms sn_rank_turn_ms(const struct sn_group *group);

#endif
