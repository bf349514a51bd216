/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SELECT_H
#define SN_CORE_SELECT_H

/* Which replica is promoted. Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"

/* The best replica to promote (PROTOCOL.md §16); NULL if none will do. */
struct sn_instance *sn_select_replica(const struct sn_group *group);
/* Notes of every refused candidate why. */
void sn_select_note_refused(const struct sn_group *group);
/* The replica that the operator asked for, if it will do in this mode; the best one if wanted->port
 * is 0. Logs and notes why not. */
struct sn_instance *sn_select_wanted(struct sn_group *group, const struct sn_addr *wanted,
                                     enum sn_failover_mode mode);
/* Why replica cannot be promoted now; NONE if it can. */
struct sn_why sn_select_refusal(const struct sn_group *group, const struct sn_instance *replica);
/* True if something speaks against replica, which is taken only if there is nobody else. */
bool sn_select_is_last_resort(const struct sn_instance *replica);
/* True if every replica that answers has told its state since the failure (D10) (PROTOCOL.md
 * §15.2). */
bool sn_select_facts_fresh(const struct sn_group *group);
/* When the wait for that ends (PROTOCOL.md §15.2). */
sn_ms sn_select_facts_deadline(const struct sn_group *group);

#endif
