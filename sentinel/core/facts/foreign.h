/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FOREIGN_H
#define SN_CORE_FOREIGN_H

/* Data nodes that are not ours alone (DESIGN.md D16). Internal to the core. */

#include "core/model/group.h"

/* True if another group claims the node too: it gets no orders (DESIGN.md D16). */
bool sn_foreign_claimed(const struct sn_instance *replica);
/* True if replica must get no orders; says why, once for each reason. */
bool sn_foreign_tell(struct sn_instance *replica);
/* The process behind replica is the master itself, met at a second address: it must not be told to
 * follow itself. */
bool sn_foreign_is_master(const struct sn_instance *replica);

#endif
