/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_QUORUM_H
#define SN_SHELL_SERVER_QUORUM_H

/* What SENTINEL CKQUORUM says (PROTOCOL.md §4.5). */

#include "core/view.h"

#define SN_QUORUM_TEXT_MAX 1535

/* Writes "OK 3 usable Sentinels. …" or "NOQUORUM …" to text (SN_QUORUM_TEXT_MAX + 1 bytes). Returns
 * true if enough sentinels are up to agree that the master is down and to authorize a failover. */
bool sn_quorum_describe(const struct sn_group *group, char *text);

#endif
