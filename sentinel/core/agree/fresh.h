/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FRESH_H
#define SN_CORE_FRESH_H

/* Which facts about replicas are younger than the failure (DESIGN.md D10). Internal to the core. */

#include "core/model/group.h"

/* True if the replica has reported its state since the failure. */
bool sn_fresh_is(const struct sn_instance *replica);
/* True if every replica that answers has (PROTOCOL.md §15.2). */
bool sn_fresh_are_all(const struct sn_group *group);
/* Instant at which the wait for that ends (PROTOCOL.md §15.2). */
sn_ms sn_fresh_deadline(const struct sn_group *group);

#endif
