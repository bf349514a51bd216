/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SETTLE_H
#define SN_CORE_SETTLE_H

/* Runs the rules, in one fixed order. Internal to the core. */

#include "core/model/group.h"

/* Runs the rules over everything that is marked, until nothing is. In TILT nothing is judged: the
 * marks are dropped, and leaving TILT marks everything. The number of rounds is bounded; if a
 * defect in the rules exhausts it, the rest stays marked for the next step (PROTOCOL.md §4.10,
 * §18). */
void sn_settle(struct sn_core *core);
/* True if something is marked: the next step must come at once. */
bool sn_settle_is_due(const struct sn_core *core);

#endif
