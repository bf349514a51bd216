/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_COMMAND_H
#define SN_CORE_COMMAND_H

/* Commands of clients and operators. Internal to the core. */

#include "core/model/group.h"

void sn_command_run(struct sn_core *core, const struct sn_command *command);

#endif
