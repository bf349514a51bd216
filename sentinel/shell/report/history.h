/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_HISTORY_H
#define SN_SHELL_REPORT_HISTORY_H

/* SENTINEL HISTORY, in words and as JSON. An entry is a line of JSON (HTTP.md). */

#include "core/view.h"
#include "shell/report/lines.h"

#define SN_HISTORY_COUNT     10   /* entries, if nobody says how many */
#define SN_HISTORY_COUNT_MAX 1000 /* at most */

/* Calls line with the entry in one line; in_full: also its steps and the replicas, one line each.
 * What is no entry is left out. */
void sn_history_lines(const char *entry, bool in_full, sn_line_fn *line, void *arg);

/* The JSON of several entries is begun, gets each one, and is ended. */
void sn_history_json_begin(const struct sn_core *core, struct sn_buf *out);
void sn_history_json_add(const char *entry, bool is_first, struct sn_buf *out);
void sn_history_json_end(struct sn_buf *out);

#endif
