/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REBORN_H
#define SN_CORE_REBORN_H

/* Masters that come back without their data (DESIGN.md D20). Internal to the core. */

#include "core/input.h"
#include "core/model/group.h"

/* The master has a new run id. */
void sn_reborn_begin(struct sn_instance *master);
/* Judges the data set of a master by its INFO, which is learned already; raises
 * +master-reborn-empty. */
void sn_reborn_judge(struct sn_instance *master, const struct sn_info *info);

#endif
