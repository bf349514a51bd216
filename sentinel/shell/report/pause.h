/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_PAUSE_H
#define SN_SHELL_REPORT_PAUSE_H

/* An operator's pause of automatic failovers (DESIGN.md D28), in words and as JSON. */

#include "base/buf.h"
#include "core/view.h"

#include <jansson.h>

/* Appends one sentence or two; nothing if there is no pause. */
void sn_report_pause_words(const struct sn_group *group, sn_ms now, struct sn_buf *out);
/* Null if there is no pause. */
json_t *sn_report_pause_json(const struct sn_group *group, sn_ms now);

#endif
