/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FACTS_REASON_H
#define SN_CORE_FACTS_REASON_H

/* The reasons that a group remembers (core/reason.h): a ring of the last SN_REASONS_MAX, made with
 * the first one. Whoever decides notes why not; what only asks returns a reason and notes nothing.
 * Internal, as model.h. What the other side of a link refuses is in refusal.h. */

#include "core/model/group.h"
#include "core/reason.h"

/* A decision against what about stands for: the master for its group. */
void sn_reason_note(const struct sn_instance *about, enum sn_reason reason);
void sn_reason_note_numbers(const struct sn_instance *about, enum sn_reason reason, int64_t a,
                            int64_t b, int64_t c);
void sn_reason_note_why(const struct sn_instance *about, const struct sn_why *why);
/* About the peer with this id, or somebody who is none: ids can be invented without end, so that
 * all of these are one entry for each reason. */
void sn_reason_note_id(struct sn_group *group, const char *id, enum sn_reason reason, int64_t a,
                       int64_t b);
void sn_reason_free(struct sn_group *group);

#endif
