/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_EXPLAIN_H
#define SN_SHELL_REPORT_EXPLAIN_H

/* SENTINEL EXPLAIN, in words and as JSON (DESIGN.md D28). Both say the same. */

#include "core/explain.h"
#include "shell/report/lines.h"

#include <jansson.h>

#define SN_EXPLAIN_SCHEMA 1

/* Calls line for each line, in the order in which a tired operator asks: what is, since when, why,
 * what comes next, what would stop it; then who says what, and what is wrong. */
void sn_explain_lines(const struct sn_group *group, sn_ms now, sn_line_fn *line, void *arg);

/* The schema is in HTTP.md; fields may be added to it. The caller releases it. */
json_t *sn_explain_json(const struct sn_core *core, const struct sn_group *group, sn_ms now);

#endif
