/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FACTS_REASON_H
#define SN_CORE_FACTS_REASON_H

/* The recorded reasons of a group (core/reason.h): a ring of the last SN_REASONS_MAX, allocated
 * with the first. A function that decides records its reason; a function that only asks returns it.
 * Refusals by the other side of a link are in refusal.h. Internal to the core. */

#include "core/model/group.h"
#include "core/reason.h"

/* Record a reason concerning about; the master stands for its group. */
void sn_reason_note(const struct sn_instance *about, enum sn_reason reason);
void sn_reason_note_numbers(const struct sn_instance *about, enum sn_reason reason, int64_t a,
                            int64_t b, int64_t c);
void sn_reason_note_why(const struct sn_instance *about, const struct sn_why *why);
/* Records a reason concerning the sentinel with this id. All unknown ids share one entry per
 * reason, as ids can be invented without limit. */
void sn_reason_note_id(struct sn_group *group, const char *id, enum sn_reason reason, int64_t a,
                       int64_t b);
void sn_reason_free(struct sn_group *group);

#endif
