/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ATTEMPT_H
#define SN_CORE_ATTEMPT_H

/* State of a group's failover attempt: transitions and end. Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"
#include "core/tell/notice.h"

/* Changes the failover state; asserts that the transition is legal. Nothing else changes it
 * (PROTOCOL.md §15). */
void sn_attempt_enter(struct sn_group *group, enum sn_failover_state state);
/* Sets how far replica is with following the new master. */
void sn_attempt_set_reconf(struct sn_instance *replica, enum sn_reconf reconf);
/* Ends the attempt without a new master: raises notice, records why, and allows the next attempt
 * from retry_at on. Resumes a paused master. Precondition: the state is before RECONF. */
void sn_attempt_abort(struct sn_group *group, enum sn_notice notice, const struct sn_why *why,
                      sn_ms retry_at);
/* Ends the attempt, if any, without a notice. */
void sn_attempt_clear(struct sn_group *group);
const char *sn_attempt_state_name(enum sn_failover_state state);

#endif
