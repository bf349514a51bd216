/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DRAIN_H
#define SN_CORE_DRAIN_H

/* The drain of a planned switchover (DESIGN.md D17). Internal to the core. */

#include "core/model/group.h"

enum sn_drain_verdict {
    SN_DRAIN_WAIT = 0, /* until a reply or the deadline */
    SN_DRAIN_PROMOTE,
    SN_DRAIN_CHOOSE_AGAIN, /* the chosen replica is late, and another one has more data */
    SN_DRAIN_GIVE_UP       /* writes could be lost, which the order forbids */
};

/* Advances the drain as far as possible now. */
enum sn_drain_verdict sn_drain_step(struct sn_group *group);
/* The chosen replica was given up: the next one has to be drained to again. */
void sn_drain_next(struct sn_group *group);
/* Instant of the next sn_drain_step; SN_MS_NEVER if it waits for replies only. */
sn_ms sn_drain_deadline(const struct sn_group *group);
void sn_drain_pause_reply(struct sn_instance *master, const struct sn_reply *reply);
void sn_drain_unpause_reply(const struct sn_instance *node, const struct sn_reply *reply);
/* INFO of the master or of the chosen replica was read. */
void sn_drain_info(struct sn_instance *instance, const struct sn_info *info);

#endif
