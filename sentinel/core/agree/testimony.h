/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TESTIMONY_H
#define SN_CORE_TESTIMONY_H

/* What the replicas hear of a master that is down here (DESIGN.md D24). Internal to the core. */

#include "core/model/group.h"

/* True if replica-veto holds the next attempt back for now: says so. */
bool sn_testimony_holds(struct sn_group *group);
/* An attempt begins: notes the replicas that still hear the master, if there are any. */
void sn_testimony_note(struct sn_group *group);

#endif
