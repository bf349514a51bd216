/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PUBLISH_H
#define SN_CORE_PUBLISH_H

/* Sends own hellos. Internal to the core. */

#include "core/model/group.h"

/* The hello of instance is due. Where its link is full, or the last one is unanswered, it waits. */
void sn_publish_due(struct sn_instance *instance);
/* The last hello to instance is answered. If it was taken, one that was due meanwhile leaves now.
 */
void sn_publish_answered(struct sn_instance *instance, bool taken);

#endif
