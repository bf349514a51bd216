/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RESOLVE_H
#define SN_CORE_RESOLVE_H

/* Results of host name look-ups. Internal to the core. */

#include "core/model/group.h"

/* Moves every member with this host to ip. "": host does not resolve, and the old IP remains
 * (PROTOCOL.md §9.2, §20.2). The log has the first failure of a name, and the end of it. */
void sn_resolve_done(struct sn_core *core, const char *host, const char *ip);
/* True if the last look-up of host failed. */
bool sn_resolve_fails(const struct sn_core *core, const char *host);

#endif
