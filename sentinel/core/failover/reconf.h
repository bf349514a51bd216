/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RECONF_H
#define SN_CORE_RECONF_H

/* Reconfigures the other replicas after a switch. Internal to the core. */

#include "core/model/group.h"

void sn_reconf_step(struct sn_group *group);
/* INFO of a replica was read in state RECONF (PROTOCOL.md §15.6). */
void sn_reconf_info(struct sn_instance *replica);
void sn_reconf_reply(struct sn_instance *replica, const struct sn_input_reply *reply);
/* Orders replica to follow the group's master, unless another group claims it. False if the order
 * was not sent. */
bool sn_reconf_send(struct sn_instance *replica);

#endif
