/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_TRUCE_H
#define SN_CORE_TRUCE_H

/* A truce: an operator has paused the automatic failovers of a group with SENTINEL PAUSE (DESIGN.md
 * D28; "pause" alone is that of clients, pause.h). While it is on, this sentinel begins no attempt,
 * lends no agreement, and votes only for those who know of the truce: their attempts are an
 * operator's. All sentinels of ours share one truce for each group: the latest order wins, PAUSE or
 * RESUME. Its version is the wall clock of the order in milliseconds, or one more than what was
 * known then. Internal to the core. */

#include "core/model/group.h"

bool sn_truce_is_on(const struct sn_group *group);
/* Precondition: it is on. */
int64_t sn_truce_left_s(const struct sn_group *group);
/* True if it keeps an attempt of our own from beginning: says so. An operator's FAILOVER does not
 * ask. */
bool sn_truce_holds(const struct sn_group *group);
/* True if our attempt, which still collects votes, is not an operator's and has to end. */
bool sn_truce_ends_attempt(const struct sn_group *group);
/* True if no vote is due to the candidate with this id. */
bool sn_truce_denies(const struct sn_group *group, const char *candidate);

/* Orders of an operator here. wall_ms: the wall clock. Precondition: 0 < seconds <= SN_TRUCE_MAX_S;
 * reason is free of control characters. */
void sn_truce_begin(struct sn_group *group, uint32_t seconds, const char *reason, int64_t wall_ms);
/* False if there is no truce. */
bool sn_truce_end(struct sn_group *group, int64_t wall_ms);

/* The answer of peer to SENTINEL MASTER: takes over a newer truce. */
void sn_truce_told(struct sn_instance *peer, const struct sn_reply *reply);
/* True if peer is to be told, with its next hello, that our truce has changed. */
bool sn_truce_wants_hint(const struct sn_instance *peer);

/* The truce as one text for the state; NULL: none. The caller frees it. */
char *sn_truce_text(const struct sn_group *group);
/* Restores a truce from that text, which may hold anything. wall_ms: the wall clock; 0: unknown,
 * then there is none. */
void sn_truce_load(struct sn_group *group, const char *text, int64_t wall_ms);
/* The process starts: tells of a truce that was loaded. */
void sn_truce_announce(struct sn_group *group);
/* The timer of truce: its time is over. */
void sn_truce_due(struct sn_truce *truce);
void sn_truce_free(struct sn_group *group);

#endif
