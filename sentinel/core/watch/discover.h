/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DISCOVER_H
#define SN_CORE_DISCOVER_H

/* Takes in INFO replies. Internal to the core. */

#include "core/model/group.h"

/* Takes in an INFO reply. False if the reply is not INFO text. */
bool sn_discover_info(struct sn_instance *instance, const struct sn_reply *reply,
                      const struct sn_info *info);

#endif
