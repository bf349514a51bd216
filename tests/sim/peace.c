/* SPDX-License-Identifier: BSD-3-Clause */

/* After the faults: everything comes back, except what is lost for good, and all have to agree
 * within a bound that follows from the rules. What cannot be replaced at that moment, as nobody
 * knows a replica yet, is lost only when all have agreed once; then they have to do so again. */

#include "sim.h"

#include "cluster_internal.h"
#include "stock_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS   100
#define HOLD_MS   3000  /* agreement has to last */
#define REPAIR_MS 15000 /* then somebody clears up what two operators have done */
#define PEACE_MS  60000 /* where somebody had to, plus PEACE_TIMEOUTS failover-timeouts */
#define PEACE_STOCK_MS                                                                             \
    120000 /* with stock nodes: TILT lasts 30 s there, a stray is seen after 20 */
#define PEACE_TIMEOUTS 4
#define KNOWN_MS       15000 /* replicas and peers are found again by then */

/* Without operators. A vote given at the last moment holds its voter back for two failover-timeouts
 * (DESIGN.md D8), the attempt that follows may run into one more; the master is down only after
 * down-after, and a TILT gives everybody one more of these; the rest are hellos, two rounds of
 * INFO, which comes every ten seconds, servers that load for four, and elections. */
#define TIGHT_MS       25000
#define TIGHT_TIMEOUTS 3
#define TIGHT_DOWNS    3
#define SLOW_TRIPS     40 /* one after the other, where links are slow */

/* ---- agreement ----------------------------------------------------------------------------------
 */

static bool is_doomed(const struct sim *sim, const struct node *node)
{
    return sim->doomed[node->index];
}

/* Directly or, where chains are left alone, through others that do. */
static bool replicates(const struct sim_group *group, const struct model_redis *redis,
                       uint16_t port)
{
    const struct model_redis *at = redis;
    for (unsigned hops = 0; hops <= group->server_count && at != NULL; hops++) {
        const struct model_redis *above = NULL;
        if (at->role != SN_ROLE_REPLICA || at->repl != REPL_UP)
            return false;
        if (at->master.port == port)
            return true;
        for (unsigned i = 0; group->sim->plan.chained && i < group->server_count; i++) {
            if (model_redis_follows(at, group->servers[i]))
                above = group->servers[i];
        }
        at = above;
    }
    return false;
}

/* "" if everybody agrees about the group, else what is missing. */
static const char *what_group_misses(const struct sim_group *group, char *text, size_t size)
{
    const struct sim *sim = group->sim;
    const struct model_redis *master = operator_master(group);
    uint16_t port = master->node.addr.port;
    bool first = group == &sim->groups[0];
    text[0] = '\0';
    if (!cluster_agreed(sim->cluster, group->name, port)) {
        (void)snprintf(text, size, "the sentinels do not agree on %s", master->node.name);
    } else if (master->role != SN_ROLE_MASTER || master->node.state != NODE_RUNNING) {
        (void)snprintf(text, size, "%s is no master", master->node.name);
    } else if (check_heard_deaf(group->checks)[0] != '\0') {
        (void)snprintf(text, size, "a subscriber of %s has not heard of %s",
                       check_heard_deaf(group->checks), master->node.name);
    } else if (check_deployed_alone(group->checks)[0] != '\0') {
        (void)snprintf(text, size, "%s does not know all others",
                       check_deployed_alone(group->checks));
    }
    for (unsigned i = 0; first && i < sim->plan.stocks && text[0] == '\0'; i++) {
        if (stock_master_port(sim->stocks[i]) != port)
            (void)snprintf(text, size, "k%u does not agree on %s", i + 1, master->node.name);
    }
    for (unsigned i = 0; i < group->server_count && text[0] == '\0'; i++) {
        const struct model_redis *redis = group->servers[i];
        if (redis != master && !is_doomed(sim, &redis->node) && !replicates(group, redis, port))
            (void)snprintf(text, size, "%s does not replicate %s", redis->node.name,
                           master->node.name);
    }
    return text;
}

static const char *what_is_missing(const struct sim *sim, char *text, size_t size)
{
    for (unsigned i = 0; i < sim->plan.groups; i++) {
        if (what_group_misses(&sim->groups[i], text, size)[0] != '\0')
            break;
    }
    return text;
}

/* A master that is lost is replaced by nobody but the sentinels. */
static void repair(struct sim *sim, unsigned round)
{
    char text[128];
    size_t lines = sim->cluster->trace.count;
    bool removed = false;
    operator_reunite(sim);
    for (unsigned i = 0; i < sim->plan.groups; i++) {
        struct sim_group *group = &sim->groups[i];
        if (!is_doomed(sim, &operator_master(group)->node) &&
            what_group_misses(group, text, sizeof(text))[0] != '\0')
            removed |= operator_repair(group, round);
    }
    if (removed)
        cluster_run_for(sim->cluster, sim->plan.down_after_ms);
    for (unsigned i = 0; removed && i < sim->plan.groups; i++)
        operator_begin_anew(&sim->groups[i]);
    if (sim->cluster->trace.count == lines)
        return;
    sim->cleared_up = true;
    cluster_say(sim->cluster, NULL, "cleared up");
}

/* Round trips that are just short enough stay so to the end. */
static bool is_slow(const struct sim *sim)
{
    return sim->plan.rtt_percent > 0 && sim->plan.rtt_peace && !sim->fast;
}

static sn_ms bound_of(const struct sim *sim)
{
    const struct plan *plan = &sim->plan;
    sn_ms trips = is_slow(sim) ? SLOW_TRIPS * plan->down_after_ms : 0;
    if (sim->prompt_ms > 0)
        return sim->prompt_ms + trips;
    if (plan->stocks > 0)
        return PEACE_STOCK_MS + PEACE_TIMEOUTS * plan->failover_timeout_ms;
    if (sim->cleared_up)
        return PEACE_MS + PEACE_TIMEOUTS * plan->failover_timeout_ms + trips;
    return TIGHT_MS + trips + TIGHT_TIMEOUTS * plan->failover_timeout_ms +
           TIGHT_DOWNS * plan->down_after_ms;
}

/* Milliseconds until agreement into *took. */
static bool demand_agreement(struct sim *sim, struct sim_result *result, sn_ms *took)
{
    struct cluster *cluster = sim->cluster;
    sn_ms begin = cluster->now;
    sn_ms since = SN_MS_NEVER;
    unsigned repairs = 0;
    char text[128] = "";
    while (since != SN_MS_NEVER || cluster->now - begin < bound_of(sim)) {
        cluster_run_for(cluster, LOOK_MS);
        if (what_is_missing(sim, text, sizeof(text))[0] != '\0')
            since = SN_MS_NEVER;
        else if (since == SN_MS_NEVER)
            since = cluster->now;
        if (since != SN_MS_NEVER && cluster->now - since >= HOLD_MS) {
            unsigned percent = (unsigned)(100 * (since - begin) / bound_of(sim));
            *took = since - begin;
            if (percent > result->bound_percent)
                result->bound_percent = percent;
            return true;
        }
        if (since == SN_MS_NEVER && cluster->now - begin >= REPAIR_MS * (repairs + 1))
            repair(sim, ++repairs);
    }
    (void)snprintf(result->why, sizeof(result->why), "after %lld ms of peace %s",
                   (long long)(cluster->now - begin), text);
    return false;
}

/* ---- losses -------------------------------------------------------------------------------------
 */

static uint64_t number_of(const struct sim_group *group, const struct sentinel *sentinel,
                          const char *field)
{
    char value[256];
    cluster_field(sentinel, group->name, field, value);
    return strtoull(value, NULL, 10);
}

/* A leader that hung, or was away, may still tell of a master which the others have made a replica
 * meanwhile: if the old one is lost just then, no replica has been connected for too long. */
static bool has_plans(const struct sim_group *group, const struct sentinel *sentinel)
{
    char flags[256];
    cluster_field(sentinel, group->name, "flags", flags);
    return strstr(flags, "failover_in_progress") != NULL ||
           cluster_master_port(sentinel, group->name) != operator_master(group)->node.addr.port;
}

/* Each server at its present address: one that has just moved is known again when the master has
 * been asked for INFO, every ten seconds, and a dead master does not tell. */
static bool sees_all_servers(const struct sim_group *group, const struct sentinel *sentinel)
{
    const struct model_redis *master = operator_master(group);
    bool sees = true;
    for (unsigned i = 0; i < group->server_count; i++)
        sees &= group->servers[i] == master ||
                operator_sees(group, sentinel, group->servers[i]->node.addr.port);
    return sees;
}

/* Everybody who is left knows everybody, and a replica has what it takes. */
static bool can_replace(const struct sim_group *group)
{
    const struct sim *sim = group->sim;
    const struct model_redis *master = operator_master(group);
    bool fit = false;
    if (sim->mixed) /* a replica that two groups claim is promoted by neither (DESIGN.md D16) */
        return false;
    if (master->role != SN_ROLE_MASTER || master->node.state != NODE_RUNNING)
        return false;
    for (unsigned i = 0; i < group->server_count; i++) {
        const struct model_redis *redis = group->servers[i];
        fit |= redis->role == SN_ROLE_REPLICA && redis->repl == REPL_UP &&
               redis->master.port == master->node.addr.port;
    }
    /* A stock leader waits for ever for the server that it has promoted (PROTOCOL.md §15). */
    for (unsigned i = 0; group == &sim->groups[0] && i < sim->plan.stocks; i++)
        fit = fit && !stock_is_busy(sim->stocks[i]);
    for (unsigned i = 0; fit && i < sim->plan.sentinels; i++) {
        const struct sentinel *sentinel = sim->sentinels[i];
        if (!cluster_watches(sentinel, group->name))
            continue;
        if (has_plans(group, sentinel))
            return false;
        if (!is_doomed(sim, &sentinel->node) &&
            (!sees_all_servers(group, sentinel) ||
             number_of(group, sentinel, "num-other-sentinels") != group->checks->voters - 1))
            return false;
    }
    return fit;
}

static void lose_sentinels(struct sim *sim)
{
    const struct plan *plan = &sim->plan;
    struct node *leader = sim->leader;
    bool lead = plan->lost_lot % 2 == 0 && leader != NULL && leader->sentinel != NULL;
    for (unsigned i = 0; i < plan->lost_sentinels; i++) {
        uint64_t index = (plan->lost_lot / 2 + i) % plan->sentinels;
        struct node *node = &sim->sentinels[index]->node;
        node = i == 0 && lead ? leader : node;
        sim->doomed[node->index] = true;
        cluster_kill(node);
        cluster_say(sim->cluster, NULL, "lost for good: %s", node->name);
    }
}

/* Returns whether all masters that are to be lost have been. */
static bool lose_masters(struct sim *sim)
{
    bool all = true;
    for (unsigned i = 0; i < sim->plan.groups; i++) {
        struct node *node = &operator_master(&sim->groups[i])->node;
        if (((sim->plan.lost_masters >> i) & 1) == 0)
            continue;
        if (i == 1 && (sim->plan.features & FEATURE_ALIAS) != 0) {
            sim->plan.lost_masters &= ~(1U << i); /* with the first one, if at all */
            continue;
        }
        if (!can_replace(&sim->groups[i])) {
            all = false;
            continue;
        }
        sim->plan.lost_masters &= ~(1U << i);
        sim->doomed[node->index] = true;
        cluster_kill(node);
        cluster_say(sim->cluster, NULL, "lost for good: %s, a master", node->name);
    }
    return all;
}

void peace_begin(struct sim *sim)
{
    cluster_say(sim->cluster, NULL, "peace");
    if (!sim->plan.lost_late)
        lose_sentinels(sim);
    faults_end(sim);
    bool settled = !sim->removals && !sim->mixed;
    for (unsigned i = 0; i < sim->plan.groups; i++)
        settled &= !sim->groups[i].checks->collided;
    if (!sim->plan.lost_late && settled)
        (void)lose_masters(sim);
}

/* The second time, without those who are lost late. */
static bool lose_late(struct sim *sim)
{
    sn_ms begin = sim->cluster->now;
    unsigned lost = sim->plan.lost_masters;
    if (sim->plan.lost_late)
        lose_sentinels(sim);
    while (!lose_masters(sim) && sim->cluster->now - begin < KNOWN_MS)
        cluster_run_for(sim->cluster, LOOK_MS);
    if (sim->plan.lost_masters != 0)
        cluster_say(sim->cluster, NULL, "excused: no replica can become the master");
    return sim->plan.lost_masters != lost || (sim->plan.lost_late && sim->plan.lost_sentinels > 0);
}

/* What is lost at last, and in a way of its own. */
static bool last_trial(struct sim *sim, struct sim_result *result)
{
    struct sim_group *group = &sim->groups[0];
    if ((sim->plan.features & (FEATURE_AWAY | FEATURE_NOBODY)) == 0 || sim->plan.stocks > 0 ||
        group->checks->collided || sim->cleared_up)
        return true;
    /* Those who have voted for somebody wait for that one at most so long (DESIGN.md D8). */
    cluster_run_for(sim->cluster, 2 * sim->plan.failover_timeout_ms + LOOK_MS);
    if (!can_replace(group))
        return true;
    sim->prompt_ms = trial_begin(sim, group);
    if (sim->plan
            .two_deployments) /* both may switch, and one see its master as the other's replica */
        sim->prompt_ms = 0;
    return demand_agreement(sim, result, &result->lost_ms);
}

bool peace_demand(struct sim *sim, struct sim_result *result)
{
    bool lost = false;
    if (is_slow(sim) && !trial_of_slow_links(sim, result))
        return false;
    for (unsigned i = 0; i < SIM_NODES_MAX; i++)
        lost |= sim->doomed[i];
    if (!demand_agreement(sim, result, lost ? &result->lost_ms : &result->agreed_ms))
        return false;
    if (lose_late(sim) && !demand_agreement(sim, result, &result->lost_ms))
        return false;
    return last_trial(sim, result);
}
