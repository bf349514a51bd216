/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DETECT_H
#define SN_CORE_DETECT_H

/* Failure detection: S_DOWN. Internal to the core. */

#include "core/model/group.h"

/* True if the present facts make instance S_DOWN. */
bool sn_detect_is_down(const struct sn_instance *instance);
/* Judges S_DOWN by the present facts, and arms the timer for the instant at which they would make
 * instance S_DOWN. True if it entered or left S_DOWN; that was announced (PROTOCOL.md §13.2). */
bool sn_detect_judge(struct sn_instance *instance);

#endif
