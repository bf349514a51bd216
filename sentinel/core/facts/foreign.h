/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FOREIGN_H
#define SN_CORE_FOREIGN_H

/* Data nodes that another group claims as well (DESIGN.md D16). Internal to the core. */

#include "core/model/group.h"

/* True if another group claims replica: it gets no orders (DESIGN.md D16). */
bool sn_foreign_claimed(const struct sn_instance *replica);
/* True if replica must get no orders; logs the reason, once per claim. */
bool sn_foreign_tell(struct sn_instance *replica);
/* True if replica is the master process itself at a second address: it must not be told to follow
 * itself. */
bool sn_foreign_is_master(const struct sn_instance *replica);

#endif
