/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RAISE_H
#define SN_CORE_RAISE_H

/* Raising a notice. Internal to the core. */

#include "core/model/group.h"
#include "core/tell/notice.h"

/* Raises a notice: to subscribers, the log and the notification script of instance's group
 * (PROTOCOL.md §7.1). The payload is the form of instance, a blank and the formatted text. format
 * is NULL if the notice has no text. */
SN_PRINTF(3, 4)
void sn_raise(struct sn_instance *instance, enum sn_notice notice, const char *format, ...);
/* Raises a notice without a subject: the payload is the formatted text alone. group: NULL if the
 * notice concerns no group. */
SN_PRINTF(4, 5)
void sn_raise_plain(struct sn_core *core, struct sn_group *group, enum sn_notice notice,
                    const char *format, ...);

#endif
