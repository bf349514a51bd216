/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PAUSE_H
#define SN_CORE_PAUSE_H

/* CLIENT PAUSE of ours on a data node. Internal to the core. */

#include "core/model/group.h"

/* How long the master may be drained in a pause; the pause itself is longer by what the promotion
 * and the demotion behind it may take. */
sn_ms sn_pause_drain_ms(const struct sn_group *group);
/* The longest that a pause of this group's master may last. */
sn_ms sn_pause_longest_ms(const struct sn_group *group);
/* True while a PUBLISH to node would block our link to it. */
bool sn_pause_is_on(const struct sn_instance *node);
/* Lets the clients of node go on, if it was us who paused them. */
void sn_pause_end(struct sn_instance *node);
/* node, a master until now, follows another; says so if its clients could write until now. */
void sn_pause_demoted(struct sn_instance *node);

#endif
