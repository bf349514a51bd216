/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_OWN_H
#define SN_CORE_OWN_H

/* The addresses under which we announce ourselves, or have lately. Internal to the core. */

#include "core/model/group.h"

/* A hello of ours calls us host:port: echoes are known by it. */
void sn_own_note(struct sn_core *core, const char *host, uint16_t port);
/* addr is one of ours. */
bool sn_own_is(const struct sn_core *core, const struct sn_addr *addr);

#endif
