/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DRAIN_H
#define SN_CORE_DRAIN_H

/* The drain of a planned switchover (DESIGN.md D17). Internal to the core. */

#include "core/model/group.h"

enum sn_drain_verdict {
    SN_DRAIN_WAIT = 0, /* until something is answered, or the deadline */
    SN_DRAIN_PROMOTE,
    SN_DRAIN_CHOOSE_AGAIN, /* another replica has more than the chosen one, which is late */
    SN_DRAIN_GIVE_UP       /* writes could be lost, and the order forbids that */
};

/* Drains the master as far as is possible now. */
enum sn_drain_verdict sn_drain_step(struct sn_group *group);
/* The chosen replica was given up: whoever is next has to have all writes as well. */
void sn_drain_next(struct sn_group *group);
/* When sn_drain_step wants to be called next; NEVER if only replies matter. */
sn_ms sn_drain_deadline(const struct sn_group *group);
void sn_drain_pause_reply(struct sn_instance *master, const struct sn_reply *reply);
void sn_drain_unpause_reply(const struct sn_instance *node, const struct sn_reply *reply);
/* INFO of the master or of the chosen replica has been read. */
void sn_drain_info(struct sn_instance *instance, const struct sn_info *info);

#endif
