/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_HEALTH_H
#define SN_SHELL_HTTP_HEALTH_H

/* Checks for load balancers and orchestrators: 200 or 503 (HTTP.md). */

#include "shell/http/parts.h"

#include <microhttpd.h>

/* The loop turns: always 200. It does not depend on any server, as a probe that restarts sentinels
 * during an outage would destroy the quorum. */
enum MHD_Result sn_health_live(struct MHD_Connection *connection);
/* Whether this sentinel can do its duty; else a line for each reason. */
enum MHD_Result sn_health_ready(const struct sn_http_parts *parts,
                                struct MHD_Connection *connection);
/* Whether addr is the master of group, and not O_DOWN. */
enum MHD_Result sn_health_primary(const struct sn_group *group, struct MHD_Connection *connection);
/* Whether addr is a replica of group that is up and says so itself; with lag, also whether it is
 * connected to the master and lacks at most so many bytes. */
enum MHD_Result sn_health_replica(const struct sn_http_parts *parts, const struct sn_group *group,
                                  struct MHD_Connection *connection);

#endif
