/* SPDX-License-Identifier: BSD-3-Clause */

/* replica-veto (DESIGN.md D24): no attempt of itself while a majority of all replicas has said that
 * something came from the master after that was S_DOWN, and a moment ago. */

#include "check.h"

#include "cluster_internal.h"

#include <string.h>

#define ERROR_MS  1500 /* full seconds, and the way of INFO */
#define RECENT_MS 2000

void check_testimony_info(struct checks *checks, struct sentinel *to, uint16_t port,
                          const struct sn_info *info)
{
    struct watched *seen = checks_of(checks, to);
    struct testifies *testifies = &seen->testifies;
    for (size_t i = 0; i < CHECK_NODES; i++) {
        struct testified *said = &testifies->said[i];
        if (said->port != port && said->port != 0)
            continue;
        said->port = port;
        said->heard_at = info->role == SN_ROLE_REPLICA && info->link_up && info->has_last_io &&
                                 info->master_port == seen->client_port
                             ? checks->cluster->now - info->last_io_ms - ERROR_MS
                             : 0;
        return;
    }
}

/* A master that says it is a replica is not vetoed, and need not lie: a late order may have made it
 * one. */
static bool is_called_replica(const struct checks *checks, uint16_t port)
{
    for (unsigned i = 0; i < checks->server_count; i++) {
        const struct model_redis *redis = checks->servers[i];
        if (redis->node.addr.port == port && (redis->lied || redis->role == SN_ROLE_REPLICA))
            return true;
    }
    return false;
}

void check_testimony_event(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    sn_ms now = checks->cluster->now;
    unsigned hearing = 0;
    if (strcmp(event->name, "+sdown") == 0 || strcmp(event->name, "+reset-master") == 0 ||
        strcmp(event->name, "+switch-master") == 0) {
        uint16_t port = strcmp(event->name, "+sdown") == 0 ? check_port_in(event->payload) : 0;
        for (size_t i = 0; i < CHECK_NODES; i++) {
            if (port == 0 || seen->testifies.said[i].port == port)
                seen->testifies.said[i].heard_at = 0;
        }
    }
    if (!checks->plan->replica_veto || strcmp(event->name, "+try-failover") != 0 ||
        seen->attempt.asked != SN_MODE_NONE || seen->down_at == 0 || checks_has_alias(checks) ||
        is_called_replica(checks, seen->client_port))
        return;
    for (size_t i = 0; i < CHECK_NODES; i++) {
        sn_ms heard_at = seen->testifies.said[i].heard_at;
        hearing += heard_at > seen->down_at && now - heard_at < RECENT_MS;
    }
    checks->testimonies++;
    if (2 * hearing > checks->server_count)
        checks_violated(checks, &sentinel->node,
                        "begins an attempt, and %u of %u servers still receive from the master",
                        hearing, checks->server_count);
}
