/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_HELLO_H
#define SN_CORE_HELLO_H

/* What is learned from hellos. Internal to the core. */

#include "core/model/group.h"

void sn_hello_receive(struct sn_core *core, const struct sn_input_hello *event);
/* A host name was looked up: a hello that waited for it is taken now (PROTOCOL.md §10.3). */
void sn_hello_resolved(struct sn_core *core, const char *host, const char *ip);

#endif
