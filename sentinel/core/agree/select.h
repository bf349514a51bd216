/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SELECT_H
#define SN_CORE_SELECT_H

/* Selects the replica to promote. Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"

/* Returns the best replica to promote (PROTOCOL.md §16); NULL if all are refused. */
struct sn_instance *sn_select_replica(const struct sn_group *group);
/* Records the reason for every refused replica. */
void sn_select_note_refused(const struct sn_group *group);
/* Returns the replica that the operator named, if this mode permits it; the best one if wanted is
 * NULL. NULL: none; the reason is logged and recorded. */
struct sn_instance *sn_select_wanted(struct sn_group *group, const struct sn_addr *wanted,
                                     enum sn_failover_mode mode);
/* Returns why replica cannot be promoted now; NONE if it can. */
struct sn_why sn_select_refusal(const struct sn_group *group, const struct sn_instance *replica);
/* The same in this mode of failover. */
struct sn_why sn_select_refusal_in(const struct sn_group *group, const struct sn_instance *replica,
                                   enum sn_failover_mode mode);
/* Returns what sn_select_wanted would, and does nothing else. *why: of a NULL, if wanted is the
 * reason; else NONE. */
const struct sn_instance *sn_select_would(const struct sn_group *group,
                                          const struct sn_addr *wanted, enum sn_failover_mode mode,
                                          struct sn_why *why);
/* True if replica is acceptable only if there is no better one. */
bool sn_select_is_last_resort(const struct sn_instance *replica);

#endif
