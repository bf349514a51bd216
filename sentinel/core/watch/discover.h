/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DISCOVER_H
#define SN_CORE_DISCOVER_H

/* What is learned from INFO. Internal to the core. */

#include "core/model/group.h"

/* False if the reply is no INFO. */
bool sn_discover_info(struct sn_instance *instance, const struct sn_reply *reply,
                      const struct sn_info *info);

#endif
