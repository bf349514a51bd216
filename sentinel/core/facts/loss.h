/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_LOSS_H
#define SN_CORE_LOSS_H

/* Writes that the last switch of the master has lost (DESIGN.md D21). Internal to the core. */

#include "core/model/group.h"

/* The group is about to switch to new_master, NULL if that is no member yet. Precondition: its
 * present master is still in its part. */
void sn_loss_begin(struct sn_group *group, const struct sn_instance *new_master);
/* Notes the age of the newest fact when a replica is chosen; the next switch takes it over. */
void sn_loss_note_choice(struct sn_group *group);
/* Learns from instance, whose data set was just learned: where the new master's history parted from
 * that of the old one, or how far the old one got. */
void sn_loss_learn(struct sn_instance *instance);
/* The switch is announced. */
void sn_loss_announced(struct sn_group *group);

#endif
