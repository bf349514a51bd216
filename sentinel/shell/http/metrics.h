/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_METRICS_H
#define SN_SHELL_HTTP_METRICS_H

/* /metrics, made in pieces while it is sent: thousands of groups make megabytes. Groups that come
 * or go meanwhile may be in some families and not in others. */

#include "shell/http/parts.h"

struct sn_metrics {
    const struct sn_http_parts *parts;
    bool open_metrics; /* the OpenMetrics form; else that of Prometheus */
    bool ended;
    size_t family;  /* the next one, of the process and then of the groups */
    uint64_t group; /* the last one in this family; 0: the family has not begun */
};

/* Appends the next piece, of a few KiB. False: nothing is left. */
bool sn_metrics_next(struct sn_metrics *metrics, struct sn_buf *out);
/* True if a client with this Accept header (NULL: none) wants the OpenMetrics form. */
bool sn_metrics_wants_open(const char *accept);
/* Its Content-Type. */
const char *sn_metrics_type(bool open_metrics);

#endif
