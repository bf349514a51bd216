/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PUBLISH_H
#define SN_CORE_PUBLISH_H

/* Sends own hellos. Internal to the core. */

#include "core/model/group.h"

void sn_publish_due(struct sn_instance *instance); /* SN_TIMER_HELLO */

#endif
