/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ASKED_H
#define SN_CORE_ASKED_H

/* Queue of a peer's unanswered questions, oldest first. Internal to the core. */

#include "core/model/group.h"

/* Subjects of a question other than a vote in an epoch. */
#define SN_ASKED_STALE UINT64_MAX       /* ignore the answer */
#define SN_ASKED_VOTED (UINT64_MAX - 1) /* whom it voted for last; no vote requested */

/* True if another question may be sent. */
bool sn_asked_room(const struct sn_instance *peer);
/* Records a sent question. about: the epoch of a vote request, 0 without one, or SN_ASKED_…. */
void sn_asked_push(struct sn_instance *peer, uint64_t about);
/* Removes the oldest question and stores its subject in *about. False if there is none. */
bool sn_asked_pop(struct sn_instance *peer, uint64_t *about);
/* How long an answer takes at present, in milliseconds: as long as the last one on this link, or as
 * long as one is overdue by now. 0 if there was no question for a while. */
sn_ms sn_asked_answer_ms(const struct sn_instance *peer);
/* True if a vote request for epoch is answered or outstanding. */
bool sn_asked_for_vote(const struct sn_instance *peer, uint64_t epoch);
/* Marks outstanding answers as obsolete. */
void sn_asked_forget(struct sn_instance *peer);
/* Outstanding answers to SN_ASKED_VOTED say nothing about the peer's present attempt. */
void sn_asked_forget_votes(struct sn_instance *peer);
/* The connection is lost, and outstanding answers with it. */
void sn_asked_lost(struct sn_instance *peer);

#endif
