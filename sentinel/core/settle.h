/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SETTLE_H
#define SN_CORE_SETTLE_H

/* The one order in which the rules run. Internal to the core. */

#include "core/model/group.h"

/* Runs the rules over all that is marked, until nothing is. In TILT nothing is judged: the marks
 * are dropped, and leaving TILT marks everything. What a bound leaves undone, which takes a fault
 * in the rules, stays marked for the next step (PROTOCOL.md §4.10, §18). */
void sn_settle(struct sn_core *core);
/* True if something is marked: the next step must come at once. */
bool sn_settle_is_due(const struct sn_core *core);

#endif
