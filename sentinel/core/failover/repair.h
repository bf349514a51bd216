/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REPAIR_H
#define SN_CORE_REPAIR_H

/* Repairs replicas whose role or master differs from the configuration. Internal to the core. */

#include "core/model/group.h"

/* INFO of a replica was read: orders it to follow the master if it does not, and if nothing forbids
 * the order. */
void sn_repair_replica(struct sn_instance *replica);

#endif
