/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_UNANSWERED_H
#define SN_CORE_UNANSWERED_H

/* What an instance has not answered on the present connection of its command link. Only these
 * functions write `unanswered` of an instance and `pauses_pending` of a data node; questions to
 * peers have a queue of their own (asked.h). Internal to the core. */

#include "core/model/group.h"

/* what: bits of enum sn_unanswered. */
void sn_unanswered_add(struct sn_instance *instance, unsigned what);
void sn_unanswered_remove(struct sn_instance *instance, unsigned what);
bool sn_unanswered_has(const struct sn_instance *instance, unsigned what);
/* CLIENT PAUSE was sent to a data node. Several may be unanswered at once. */
void sn_unanswered_add_pause(struct sn_instance *node);
/* A CLIENT PAUSE was answered. Returns the number of those that are still unanswered. */
unsigned sn_unanswered_remove_pause(struct sn_instance *node);
/* The connection is lost, and outstanding answers with it. */
void sn_unanswered_lost(struct sn_instance *instance);

#endif
