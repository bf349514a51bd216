/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PAUSE_H
#define SN_CORE_PAUSE_H

/* CLIENT PAUSE that this sentinel has sent to a data node. Internal to the core. */

#include "core/model/group.h"

/* Longest drain within a pause, in milliseconds. The pause itself also covers promotion and
 * demotion. */
sn_ms sn_pause_drain_ms(const struct sn_group *group);
/* Longest pause of this group's master, in milliseconds. */
sn_ms sn_pause_longest_ms(const struct sn_group *group);
/* True while a PUBLISH to node would block our link to it. */
bool sn_pause_is_on(const struct sn_instance *node);
/* Resumes the clients of node if this sentinel has paused them. */
void sn_pause_end(struct sn_instance *node);
/* node has been demoted: ends the pause, and warns if it ended too early to hold back all writes.
 */
void sn_pause_demoted(struct sn_instance *node);

#endif
