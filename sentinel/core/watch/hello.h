/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_HELLO_H
#define SN_CORE_HELLO_H

/* Takes in hellos. Internal to the core. */

#include "core/model/group.h"

void sn_hello_receive(struct sn_core *core, const struct sn_input_hello *event);
/* host was resolved: takes in a hello that waited for it (PROTOCOL.md §10.3). */
void sn_hello_resolved(struct sn_core *core, const char *host, const char *ip);

#endif
