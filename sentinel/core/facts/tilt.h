/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TILT_H
#define SN_CORE_TILT_H

/* TILT: stalls of this process. Internal to the core. */

#include "core/model/group.h"

void sn_tilt_check(struct sn_core *core, sn_ms last_now);
void sn_tilt_link_answered(struct sn_link *link);
void sn_tilt_link_gone(struct sn_link *link);
void sn_tilt_leave(struct sn_core *core);
void sn_tilt_plan_heartbeat(struct sn_core *core);

#endif
