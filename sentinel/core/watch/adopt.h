/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ADOPT_H
#define SN_CORE_ADOPT_H

/* Adoption of configurations. Internal to the core. */

#include "core/model/group.h"

/* Adopts the configuration of peer: its master, whose IP is known, and its config epoch, which is
 * above that of the group. False if the epoch is not accepted. */
bool sn_adopt_config(struct sn_instance *peer, const struct sn_addr *master, uint64_t config_epoch);

#endif
