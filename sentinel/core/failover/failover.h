/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FAILOVER_H
#define SN_CORE_FAILOVER_H

/* The leader's failover, until the master is switched. Internal to the core. */

#include "core/model/group.h"

/* Advances the failover as far as possible now and arms the deadline of its state. */
void sn_failover_step(struct sn_group *group);
void sn_failover_promote_reply(struct sn_instance *replica, const struct sn_input_reply *reply);
void sn_failover_promoted_info(struct sn_instance *replica, enum sn_role role);
void sn_failover_switch_durable(struct sn_group *group, uint64_t epoch);

#endif
