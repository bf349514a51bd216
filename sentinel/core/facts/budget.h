/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_BUDGET_H
#define SN_CORE_BUDGET_H

/* How often masters are probed (DESIGN.md D19). The error of detecting a hang is the period of
 * PINGs, and each PING costs; all masters together get so many a second. Internal to the core. */

#include "core/model/group.h"

/* Counts the master of group, with its present down-after; again after each change of that. */
void sn_budget_count(struct sn_group *group);
/* group is about to be freed. */
void sn_budget_leave(struct sn_group *group);
/* Period of PINGs to the master of group, in milliseconds: down-after / 40, from 20 ms to a second,
 * and longer, for all evenly, while the budget is short. */
sn_ms sn_budget_period_ms(const struct sn_group *group);

#endif
