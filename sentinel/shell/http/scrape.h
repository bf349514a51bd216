/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_SCRAPE_H
#define SN_SHELL_HTTP_SCRAPE_H

/* The families of metrics, one after the other. scrape_process.c and scrape_group.c know the values
 * of each row of the table. */

#include "shell/http/metrics_table.h"
#include "shell/http/parts.h"

/* Append the samples of a family, whose name in the table is `name`. */
void sn_scrape_process(const struct sn_http_parts *parts, enum sn_process_metric metric,
                       const char *name, struct sn_buf *out);
void sn_scrape_group(const struct sn_http_parts *parts, const struct sn_group *group,
                     enum sn_group_metric metric, const char *name, struct sn_buf *out);

#endif
