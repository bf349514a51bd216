/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_EXPLAIN_WORDS_H
#define SN_SHELL_REPORT_EXPLAIN_WORDS_H

/* The sentences of an explanation. All of them append to out. */

#include "base/buf.h"
#include "core/explain.h"

void sn_explain_words_what(const struct sn_group *group, const struct sn_explanation *explanation,
                           struct sn_buf *out);
void sn_explain_words_why(const struct sn_group *group, const struct sn_explanation *explanation,
                          sn_ms now, struct sn_buf *out);
void sn_explain_words_next(const struct sn_group *group, const struct sn_explanation *explanation,
                           sn_ms now, struct sn_buf *out);
/* Nothing, if nothing goes on. */
void sn_explain_words_stop(const struct sn_group *group, const struct sn_explanation *explanation,
                           struct sn_buf *out);
void sn_explain_words_peer(const struct sn_peer_opinion *opinion, struct sn_buf *out);
void sn_explain_words_replica(const struct sn_replica_fitness *fitness, struct sn_buf *out);
/* What is wrong, and what to do about it. */
void sn_explain_words_trouble(const struct sn_group *group, const struct sn_trouble *trouble,
                              struct sn_buf *out);
void sn_explain_words_remedy(const struct sn_group *group, const struct sn_trouble *trouble,
                             struct sn_buf *out);

#endif
