/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_GAP_H
#define SN_CORE_GAP_H

/* How long a master that was well let its answers wait: what down-after has to allow. Internal to
 * the core. */

#include "core/model/group.h"

/* The master has answered again after gap_ms of silence, and was not S_DOWN meanwhile. */
void sn_gap_note(struct sn_group *group, sn_ms gap_ms);
/* Another server is the master. */
void sn_gap_new_master(struct sn_group *group);
/* Returns the longest gap of the last SN_GAP_DAYS days, today included, in milliseconds; 0: none.
 */
sn_ms sn_gap_longest_ms(const struct sn_group *group);

#endif
