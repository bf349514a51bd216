/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_SILENCE_H
#define SN_CORE_SILENCE_H

/* How long nothing acceptable has been heard on a link. Only these functions write silence_at,
 * act_ping_at and traffic_at. Internal to the core. */

#include "core/model/group.h"

/* Silence counts from at, whatever was heard before. */
void sn_silence_count_from(struct sn_link *link, sn_ms at);
/* Silence counts from now, unless it counts from earlier. */
void sn_silence_begin(struct sn_link *link);
/* A PING is sent. */
void sn_silence_ping(struct sn_link *link);
/* An acceptable reply to PING arrived. */
void sn_silence_end(struct sn_link *link);
/* A silence under way counts from now at the earliest. */
void sn_silence_restart(struct sn_link *link);
/* Anything arrived on link. */
void sn_silence_traffic(struct sn_link *link);
/* Forgets the evidence that the process at the other side has ended (evidence.h). */
void sn_silence_forget_evidence(struct sn_link *link);
/* This process stalled: what it did not hear, and what was refused before, prove nothing
 * (PROTOCOL.md §18). */
void sn_silence_stalled(struct sn_link *link);

#endif
