/* SPDX-License-Identifier: BSD-3-Clause */

/* What peace has to stand beyond losses (peace.c): links that stay slow for a while, all sentinels
 * gone for long while the master dies, votes for a nobody right before it dies. */

#include "sim.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define BEARABLE_PERCENT 90 /* of down-after: answers to PING come in time */
#define LOOK_MS          250
#define SLOW_MS          45000 /* so long links stay slow… */
#define LINKS_MS         25000 /* …and in the last part of it all of them have to be seen up… */
#define GIVEN_MS         20000 /* …to whom was known so long before that */
#define AWAY_FACTOR      10 /* of down-after: replicas without a master for longer are passed over */
#define AWAY_MORE        4000
#define PROMPT_MS        12000 /* an election, a failover and its news, after down-after, unhindered */
#define RELOAD_MS        15000 /* INFO every ten seconds, and the synchronisation behind it */

/* ---- slow links ---------------------------------------------------------------------------------
 */

static bool is_up(const struct sentinel *sentinel, const struct node *node, enum sn_link_kind kind)
{
    const struct conn *conn;
    DL_FOREACH(sentinel->node.cluster->conns, conn) {
        if (conn->client == &sentinel->node && conn->server == node && conn->kind == kind &&
            conn->up && !conn->client_gone && !conn->server_gone)
            return true;
    }
    return false;
}

/* Marks what is up; who has two links to a server has both marked. */
static void look_at_links(const struct sim *sim, uint8_t *seen)
{
    const struct cluster *cluster = sim->cluster;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        for (size_t k = 0; k < cluster->node_count; k++) {
            const struct node *node = cluster->nodes[k];
            uint8_t *mark = &seen[i * SIM_NODES_MAX + k];
            if (node->redis != NULL)
                *mark |= (uint8_t)(is_up(sim->sentinels[i], node, SN_LINK_DATA) |
                                   is_up(sim->sentinels[i], node, SN_LINK_SUBSCRIBE) << 1);
            else if (is_up(sim->sentinels[i], node, SN_LINK_PEER))
                *mark = 3;
        }
    }
}

static bool are_peers(const struct sim *sim, const struct sentinel *a, const struct sentinel *b)
{
    bool peers = false;
    for (unsigned i = 0; i < sim->plan.groups; i++)
        peers |= cluster_watches(a, sim->groups[i].name) && cluster_watches(b, sim->groups[i].name);
    return peers;
}

/* A server is opened a link to once it is known; one that was emptied or promoted before anybody
 * had met it may need an operator. Marks those that are not as if their links had been seen. */
static void excuse_unknown(const struct sim *sim, uint8_t *seen)
{
    const struct cluster *cluster = sim->cluster;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        for (size_t k = 0; k < cluster->node_count; k++) {
            const struct node *node = cluster->nodes[k];
            bool known =
                node->redis == NULL
                    ? node->sentinel == NULL || are_peers(sim, sim->sentinels[i], node->sentinel)
                    : check_groups_know(&sim->checks, sim->sentinels[i], node->addr.port);
            if (!known)
                seen[i * SIM_NODES_MAX + k] = 3;
        }
    }
}

/* Two links, opened one after the other in a network slower than down-after, may need half the time
 * that links are looked at; orders to a server end all its connections. Marks such servers. */
static void excuse_killed(const struct sim *sim, uint8_t *seen)
{
    const struct cluster *cluster = sim->cluster;
    for (size_t k = 0; k < cluster->node_count; k++) {
        const struct model_redis *redis = cluster->nodes[k]->redis;
        if (redis == NULL || redis->killed_at + LINKS_MS < cluster->now)
            continue;
        for (unsigned i = 0; i < sim->plan.sentinels; i++)
            seen[i * SIM_NODES_MAX + k] = 3;
    }
}

static bool demand_links(const struct sim *sim, const uint8_t *seen, struct sim_result *result)
{
    const struct cluster *cluster = sim->cluster;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        const struct sentinel *sentinel = sim->sentinels[i];
        for (size_t k = 0; k < cluster->node_count; k++) {
            const struct node *node = cluster->nodes[k];
            if (sim->doomed[sentinel->node.index] || sim->doomed[k] || node == &sentinel->node ||
                seen[i * SIM_NODES_MAX + k] == 3 || sim->removals)
                continue;
            (void)snprintf(result->why, sizeof(result->why),
                           "in a slow network %s has no link to %s for %d s", sentinel->node.name,
                           node->name, LINKS_MS / 1000);
            return false;
        }
    }
    return true;
}

bool trial_of_slow_links(struct sim *sim, struct sim_result *result)
{
    uint8_t seen[PLAN_SENTINELS_MAX * SIM_NODES_MAX] = {0};
    sn_ms end = sim->cluster->now + SLOW_MS + 4 * sim->plan.down_after_ms;
    cluster_run_for(sim->cluster, end - LINKS_MS - GIVEN_MS - sim->cluster->now);
    excuse_unknown(sim, seen);
    cluster_run_for(sim->cluster, GIVEN_MS);
    while (sim->cluster->now < end) {
        cluster_run_for(sim->cluster, LOOK_MS);
        look_at_links(sim, seen);
    }
    excuse_killed(sim, seen);
    if (sim->plan.rtt_percent > BEARABLE_PERCENT) {
        sim->fast = true;
        cluster_say(sim->cluster, NULL, "links are fast");
    }
    return demand_links(sim, seen, result);
}

/* ---- the last loss ------------------------------------------------------------------------------
 */

static void doom(struct sim *sim, struct node *node)
{
    sim->doomed[node->index] = true;
    cluster_kill(node);
    cluster_say(sim->cluster, NULL, "lost for good: %s, a master", node->name);
}

static void leave(struct sim *sim)
{
    cluster_say(sim->cluster, NULL, "all sentinels are away");
    for (unsigned i = 0; i < sim->plan.sentinels; i++)
        cluster_kill(&sim->sentinels[i]->node);
}

static void come_back(struct sim *sim)
{
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        if (!sim->doomed[sim->sentinels[i]->node.index])
            cluster_start(&sim->sentinels[i]->node);
    }
}

sn_ms trial_begin(struct sim *sim, struct sim_group *group)
{
    const struct plan *plan = &sim->plan;
    struct node *master = &operator_master(group)->node;
    bool away = (plan->features & FEATURE_AWAY) != 0;
    bool nobody = (plan->features & FEATURE_NOBODY) != 0 && !away;
    if (away) {
        leave(sim);
        doom(sim, master);
        cluster_run_for(sim->cluster, AWAY_FACTOR * plan->down_after_ms + AWAY_MORE);
        come_back(sim);
        return 0;
    }
    if (nobody) {
        forge_votes(group, ~0U, plan->seed * 8 + 5);
        cluster_run_for(sim->cluster, 500);
    }
    doom(sim, master);
    /* A replica that loads when it is told to follow is told again with its next INFO. */
    sn_ms reload = plan->sync_load_ms > 0 ? RELOAD_MS : 0;
    return nobody ? PROMPT_MS + reload + 3 * plan->down_after_ms : 0;
}
