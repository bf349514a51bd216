/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_EVIDENCE_H
#define SN_CORE_EVIDENCE_H

/* Evidence that the process of a master has ended: its host closes the connection and refuses new
 * ones. Silence proves much less (DESIGN.md D18). Internal to the core. */

#include "core/model/group.h"

/* A connection, or an attempt, to the owner of link has ended. reached: it had got as far as the
 * TLS handshake. */
void sn_evidence_link_down(struct sn_link *link, enum sn_link_end end, bool reached);
/* The time of link for an attempt, if there is one under way, is over. */
void sn_evidence_timed_out(struct sn_link *link);
/* The owner of link was reached: its process is there. */
void sn_evidence_over(struct sn_link *link);
/* A replica of group has sent INFO, or has entered or left S_DOWN. */
void sn_evidence_testified(struct sn_group *group);
/* Returns from when on the evidence makes master S_DOWN, if nothing else is heard until then; NEVER
 * if there is none. */
sn_ms sn_evidence_down_at(const struct sn_instance *master);
/* master is S_DOWN by evidence: it stays so until it answers, an attempt reaches a process, or a
 * replica receives from it. */
void sn_evidence_believed(struct sn_instance *master);

#endif
