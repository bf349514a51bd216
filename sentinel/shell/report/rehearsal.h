/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_REHEARSAL_H
#define SN_SHELL_REPORT_REHEARSAL_H

/* SENTINEL FAILOVER … DRYRUN (DESIGN.md D28), in words and as JSON. */

#include "core/rehearse.h"
#include "shell/report/lines.h"

#include <jansson.h>

#define SN_REHEARSAL_SCHEMA 1

/* An order that is not given. */
struct sn_rehearsed_order {
    const struct sn_group *group;
    const struct sn_addr *wanted; /* NULL: the best replica */
    enum sn_failover_mode mode;
};

void sn_rehearsal_lines(const struct sn_rehearsed_order *order, sn_ms now, sn_line_fn *line,
                        void *arg);
/* The schema is in HTTP.md; fields may be added to it. The caller releases it. */
json_t *sn_rehearsal_json(const struct sn_rehearsed_order *order, sn_ms now);

#endif
