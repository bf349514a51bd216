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
enum sn_loss_at {
    SN_LOSS_NONE = 0, /* nothing, as far as known */
    SN_LOSS_DOUBTED,  /* the master's INFO is from before a stall */
    SN_LOSS_UNASKED,  /* its INFO is from before the switch */
    SN_LOSS_GONE,     /* another process: it has the data, but not their history */
    SN_LOSS_HAS       /* writes that are lost when it is demoted */
};

/* What replica still has of what the last switch lost. NONE if it is not the old master, or is a
 * replica by now. */
enum sn_loss_at sn_loss_at(const struct sn_instance *replica);
/* The switch is announced. */
void sn_loss_announced(struct sn_group *group);

#endif
