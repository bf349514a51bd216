/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RESCUE_H
#define SN_CORE_RESCUE_H

/* Saves the writes of an old master before it is demoted (DESIGN.md D21). Internal to the core. */

#include "core/model/group.h"

/* True if replica, which is to be demoted now, has to wait for that; begins it. Precondition: its
 * link can send. */
bool sn_rescue_holds(struct sn_instance *replica);
/* Milliseconds that the demotion of replica may wait; 0: there is nothing to rescue. */
sn_ms sn_rescue_patience(const struct sn_instance *replica);
/* node has answered CLIENT PAUSE. */
void sn_rescue_paused(struct sn_instance *node, const struct sn_reply *reply);
void sn_rescue_ended(struct sn_core *core, const struct sn_input_rescued *rescued);

#endif
