/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_HELLO_H
#define SN_CORE_HELLO_H

/* What is learned from INFO and hellos. Internal, as model.h. */

#include "core/model.h"

/* False if the reply is no INFO. */
bool sn_discover_info(struct sn_instance *instance, const struct sn_reply *reply,
                      const struct sn_info *info);
void sn_hello_receive(struct sn_core *core, const struct sn_event_hello *event);
/* A host name was looked up: a hello that waited for it is taken now. */
void sn_hello_resolved(struct sn_core *core, const char *host, const char *ip);

#endif
