/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RESTORE_H
#define SN_CORE_RESTORE_H

/* Restores the role of a new master that obeyed the order of somebody else. Internal to the core.
 */

#include "core/model/group.h"

/* True if the group's master reports that it is a replica: no replica is told to follow it. */
bool sn_restore_is_wanted(const struct sn_group *group);
/* Promotes the group's master again if this sentinel won its present configuration a short time
 * ago, and nothing speaks against it (PROTOCOL.md §13.2). */
void sn_restore_master(struct sn_group *group);
/* EXEC of that promotion was answered. */
void sn_restore_reply(struct sn_instance *master, const struct sn_input_reply *reply);

#endif
