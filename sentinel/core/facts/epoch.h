/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_EPOCH_H
#define SN_CORE_EPOCH_H

/* The current epoch, and how far messages from outside may raise it. Internal to the core. */

#include "core/model/group.h"

void sn_epoch_init(struct sn_core *core);
/* True if epoch is close enough to ours, or below it, to be accepted from any sender. */
bool sn_epoch_near(const struct sn_core *core, uint64_t epoch);
/* Records the epoch in a hello of peer, whether or not it is accepted. */
void sn_epoch_heard(struct sn_instance *peer, uint64_t epoch);
/* Raises the current epoch to epoch, received for group, unless it is implausibly high. peer:
 * sender of the hello; NULL if it came otherwise. False if the current epoch is below epoch
 * afterwards (PROTOCOL.md §10.3, §14.1, §24.1). */
bool sn_epoch_take(struct sn_group *group, const struct sn_instance *peer, uint64_t epoch);
/* Raises the current epoch to epoch, unchecked, if that is higher; for own elections (PROTOCOL.md
 * §10.3). */
void sn_epoch_raise(struct sn_group *group, uint64_t epoch);

#endif
