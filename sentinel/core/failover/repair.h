/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REPAIR_H
#define SN_CORE_REPAIR_H

/* Replicas that are not what their group says. Internal to the core. */

#include "core/model/group.h"

/* INFO of a replica has been read: put it right if it is not what the group says. */
void sn_repair_replica(struct sn_instance *replica);

#endif
