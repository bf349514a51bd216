/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_HISTORY_H
#define SN_CORE_HISTORY_H

/* Data sets: whose data a replica has (DESIGN.md D20). Internal to the core. */

#include "core/input.h"
#include "core/model/group.h"

/* How a replica's data relate to those of the group. */
enum sn_kin {
    SN_KIN_UNKNOWN = 0, /* the replica or the master has not told its id, or not lately */
    SN_KIN_SAME,        /* the present history of the group, or the beginning of it */
    SN_KIN_EARLIER, /* a history that the group had before, or that parted from the present one */
    SN_KIN_FOREIGN  /* an id that the master was never seen with */
};

/* Learns the data set of instance from its INFO (PROTOCOL.md §12). Precondition: the rest of the
 * INFO is learned already, except for the role. */
void sn_history_learn(struct sn_instance *instance, const struct sn_info *info);
/* Learns the history of the group from its master, which has just reported this role. One that lost
 * its data set begins no new history: if it dies, the old data are the right ones. */
void sn_history_learn_group(const struct sn_instance *master, enum sn_role role);
/* True if the link of this replica to the master of its group is up, or was up since that instant.
 * Seconds are rounded down, and statements of the server about an earlier link prove nothing
 * (PROTOCOL.md §24.2). */
bool sn_history_shows_sync(const struct sn_instance *instance, const struct sn_info *info,
                           sn_ms since);
enum sn_kin sn_history_kin(const struct sn_instance *replica);
/* True if a data set with keys, compared with one with others, is what that one was before it got
 * lost: it has more than twice as many. */
bool sn_history_is_far_fuller(uint64_t keys, uint64_t others);
/* True if the data set is known to be empty. */
bool sn_history_is_empty(const struct sn_instance *instance);

#endif
