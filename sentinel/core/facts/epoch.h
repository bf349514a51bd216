/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_EPOCH_H
#define SN_CORE_EPOCH_H

/* The current epoch, and how far a word from outside may raise it. Internal to the core. */

#include "core/model/group.h"

void sn_epoch_init(struct sn_core *core);
/* True if epoch is so near to ours, or below it, that anybody's word is enough. */
bool sn_epoch_near(const struct sn_core *core, uint64_t epoch);
/* A hello of peer names epoch, before it is taken or not. */
void sn_epoch_heard(struct sn_instance *peer, uint64_t epoch);
/* Raises the current epoch to one that somebody outside has named, unless it is too far above ours;
 * group hears of it. peer: whose hello it is, NULL if it comes from elsewhere. False if it is above
 * the current epoch afterwards (PROTOCOL.md §10.3, §14.1, §24.1). */
bool sn_epoch_take(struct sn_group *group, const struct sn_instance *peer, uint64_t epoch);
/* The same, of our own accord (PROTOCOL.md §10.3). */
void sn_epoch_raise(struct sn_group *group, uint64_t epoch);

#endif
