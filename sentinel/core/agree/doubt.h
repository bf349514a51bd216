/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_DOUBT_H
#define SN_CORE_DOUBT_H

/* Doubts about a replica's data: it is promoted only if no other replica is left, and if something
 * outweighs the doubt (PROTOCOL.md §24.2, DESIGN.md D10, D20). Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"

/* Returns the gravest doubt; NONE if there is none. */
struct sn_why sn_doubt_about(const struct sn_instance *replica);
/* Gravity of the gravest doubt, to compare replicas by; 0 if there is none. */
unsigned sn_doubt_gravity(const struct sn_instance *replica);
/* Returns the gravest doubt that nothing outweighs in this mode; NONE if the replica may be
 * promoted. */
struct sn_why sn_doubt_decisive(const struct sn_instance *replica, enum sn_failover_mode mode);
/* Returns why a doubted replica may be promoted all the same. Precondition: no doubt about it is
 * decisive in this mode. */
const char *sn_doubt_outweighed_by(const struct sn_instance *replica, enum sn_failover_mode mode);

#endif
