/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ATTEMPT_H
#define SN_CORE_ATTEMPT_H

/* The state of a group's failover: how it changes, and how it ends. Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"
#include "core/tell/notice.h"

/* The only place where a failover state changes; refuses impossible transitions (PROTOCOL.md §15).
 */
void sn_attempt_enter(struct sn_group *group, enum sn_failover_state state);
/* How far replica is with following the new master. */
void sn_attempt_set_reconf(struct sn_instance *replica, enum sn_reconf reconf);
/* The attempt ends without a new master: notice says so, and why is remembered; not before retry_at
 * comes the next one. The master goes on, if we paused it. Before RECONF. */
void sn_attempt_abort(struct sn_group *group, enum sn_notice notice, const struct sn_why *why,
                      sn_ms retry_at);
/* The attempt, if any, is over; without a word. */
void sn_attempt_clear(struct sn_group *group);
const char *sn_attempt_state_name(enum sn_failover_state state);

#endif
