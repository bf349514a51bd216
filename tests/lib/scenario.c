/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario.h"

#include "model_redis.h"

void scenario_set_failover_timeout(struct cluster *cluster, sn_ms timeout_ms)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        cluster_set(cluster->sentinels[i], "mymaster", SN_OPTION_FAILOVER_TIMEOUT,
                    "failover-timeout", timeout_ms);
    cluster_run_for(cluster, 100);
}

const struct model_redis *scenario_require_one_master(struct cluster *cluster, size_t from)
{
    const struct model_redis *master = NULL;
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct model_redis *redis = cluster->servers[i];
        if (redis->node.state != NODE_RUNNING || redis->role != SN_ROLE_MASTER)
            continue;
        cluster_require(cluster, from, master == NULL, "there is only one running master");
        master = redis;
    }
    cluster_require(cluster, from, master != NULL, "there is a running master");
    cluster_require(cluster, from, cluster_agreed(cluster, "mymaster", master->node.addr.port),
                    "all sentinels agree on it");
    return master;
}

void scenario_require_healed(struct cluster *cluster, size_t from)
{
    const struct model_redis *master = scenario_require_one_master(cluster, from);
    cluster_require_replicas(cluster, from, master, 0, UINT16_MAX);
}

static bool watch_syncs(struct cluster *cluster, void *arg)
{
    unsigned *most = arg;
    unsigned syncing = model_redis_syncing(cluster);
    if (syncing > *most)
        *most = syncing;
    return false;
}

unsigned scenario_most_syncs(struct cluster *cluster, sn_ms duration_ms)
{
    unsigned most = 0;
    (void)cluster_run_until(cluster, watch_syncs, &most, duration_ms);
    return most;
}
