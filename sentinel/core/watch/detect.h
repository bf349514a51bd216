/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DETECT_H
#define SN_CORE_DETECT_H

/* Failure detection: S_DOWN. Internal to the core. */

#include "core/model/group.h"

/* Whether the facts of now make instance S_DOWN. */
bool sn_detect_is_down(const struct sn_instance *instance);
/* Judges S_DOWN by the facts of now, and arms the timer for the moment at which they would make it
 * S_DOWN. True if it has entered or left it, which was announced (PROTOCOL.md §13.2). */
bool sn_detect_judge(struct sn_instance *instance);

#endif
