/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_PHRASE_H
#define SN_SHELL_REPORT_PHRASE_H

/* Parts of sentences. Functions append to out. */

#include "base/buf.h"
#include "core/view.h"

/* The word for why an attempt exists, as in the schemas: "master-down", "planned" … */
const char *sn_phrase_mode(enum sn_failover_mode mode);
/* "310 ms", "2.1 s", "3 min 20 s", "2 h 5 min", "3 days 2 h". */
void sn_phrase_span(struct sn_buf *out, sn_ms ms);
/* "10.0.0.1:6379". */
void sn_phrase_address(struct sn_buf *out, const struct sn_instance *member);
/* "10.0.0.1:6379: it is down (for 1200 ms)." about: NULL if the reason concerns the group; then the
 * sentence begins with a capital letter. */
void sn_phrase_reason(struct sn_buf *out, const struct sn_why *why,
                      const struct sn_instance *about);
/* Words of others: control characters are escaped, and a full stop follows. */
void sn_phrase_quoted(struct sn_buf *out, const char *text);

#endif
