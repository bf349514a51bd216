/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ASKED_H
#define SN_CORE_ASKED_H

/* The questions to a peer that have no answer yet, oldest first. Internal to the core. */

#include "core/model/group.h"

/* What else a question was about than a vote in some epoch. */
#define SN_ASKED_STALE UINT64_MAX       /* the answer is to be ignored */
#define SN_ASKED_VOTED (UINT64_MAX - 1) /* for whom it voted last, without wanting its vote */

/* Room for another question. */
bool sn_asked_room(const struct sn_instance *peer);
/* A question is sent: for a vote in epoch about, 0 without one, or SN_ASKED_…. */
void sn_asked_push(struct sn_instance *peer, uint64_t about);
/* Takes the record of the oldest question off; false if there is none. */
bool sn_asked_pop(struct sn_instance *peer, uint64_t *about);
/* The vote request for epoch is answered or on its way. */
bool sn_asked_for_vote(const struct sn_instance *peer, uint64_t epoch);
/* Answers still on their way are about something that is over. */
void sn_asked_forget(struct sn_instance *peer);
/* Answers to earlier questions for whom it voted are no news of its present attempt. */
void sn_asked_forget_votes(struct sn_instance *peer);
/* The connection is gone, and with it all answers. */
void sn_asked_lost(struct sn_instance *peer);

#endif
