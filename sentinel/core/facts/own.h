/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_OWN_H
#define SN_CORE_OWN_H

/* Addresses that this sentinel announces, or has recently announced. Internal to the core. */

#include "core/model/group.h"

/* Records host:port as announced in an own hello, to recognise its echo. */
void sn_own_note(struct sn_core *core, const char *host, uint16_t port);
/* True if addr is an own address. */
bool sn_own_is(const struct sn_core *core, const struct sn_addr *addr);

#endif
