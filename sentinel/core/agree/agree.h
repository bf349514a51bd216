/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_AGREE_H
#define SN_CORE_AGREE_H

/* O_DOWN, and the questions to peers. Internal to the core. */

#include "core/model/group.h"

/* True if the present facts make the master of group O_DOWN (PROTOCOL.md §13.4). */
bool sn_agree_is_down(const struct sn_group *group);
/* Judges O_DOWN by the present facts (PROTOCOL.md §13.4). */
void sn_agree_update(struct sn_group *group);
/* Starts or stops the questions: the master entered or left S_DOWN (PROTOCOL.md §13.5). */
void sn_agree_master_flipped(struct sn_group *group);
/* Asks every peer for its view now, with a vote request if an attempt is collecting votes. */
void sn_agree_ask_all(struct sn_group *group);
/* The same for one peer. Where its link is full, the question waits for room. */
void sn_agree_ask(struct sn_instance *peer);
void sn_agree_ask_due(struct sn_instance *peer);
void sn_agree_answer(struct sn_instance *peer, const struct sn_reply *reply);
void sn_agree_answer_old(struct sn_instance *peer);
/* A peer asked about our S_DOWN master, so views may have changed: asks those peers again that did
 * not agree (PROTOCOL.md §13.5). */
void sn_agree_hint(struct sn_group *group);

#endif
