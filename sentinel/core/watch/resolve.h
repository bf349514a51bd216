/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RESOLVE_H
#define SN_CORE_RESOLVE_H

/* Host names. Internal to the core. */

#include "core/model/group.h"

/* Up to date addresses for everything called host (PROTOCOL.md §9.2, §20.2). */
void sn_resolve_done(struct sn_core *core, const char *host, const char *ip);

#endif
