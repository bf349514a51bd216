/* SPDX-License-Identifier: BSD-3-Clause */

/* Builds the world of a plan, lets it run through its faults, then demands that everybody agrees.
 */

#include "sim.h"

#include "cast.h"
#include "cluster_internal.h"
#include "stock_model.h"

#include <stdio.h>
#include <string.h>

#define BURST_MS 250

static sn_ms travel(void *arg, struct cluster *cluster, const struct node *from,
                    const struct node *to)
{
    const struct sim *sim = arg;
    const struct plan *plan = &sim->plan;
    bool peace = sim->peace && (!plan->rtt_peace || sim->fast);
    if (plan->rtt_percent > 0 && !peace) {
        sn_ms way = plan->down_after_ms * plan->rtt_percent / 200;
        return way - (sn_ms)sn_prng_below(&cluster->prng, (uint64_t)way / 8 + 1);
    }
    sn_ms most = peace && plan->delay_max_ms > 10 ? 10 : plan->delay_max_ms;
    uint64_t spread = (uint64_t)(most - plan->delay_min_ms) + 1;
    return plan->delay_min_ms + (sn_ms)sn_prng_below(&cluster->prng, spread) +
           sim->slow_ms[from->index] + sim->slow_ms[to->index];
}

static void note_leader(struct cluster *cluster, struct node *who, void *arg)
{
    (void)cluster;
    ((struct sim *)arg)->leader = who;
}

/* ---- the client ---------------------------------------------------------------------------------
 */

static void write_once(struct cluster *cluster, void *arg)
{
    struct sim_group *group = arg;
    struct sim *sim = group->sim;
    unsigned whom = (unsigned)sn_prng_below(&cluster->prng, sim->plan.sentinels);
    struct node *node =
        cluster_find_node(cluster, "127.0.0.1", group->checks->seen[whom].client_port);
    if (node != NULL && node->redis != NULL && model_redis_write(node->redis, 10))
        sim->acked_writes++;
    else
        sim->refused_writes++;
    cluster_after(cluster, sim->plan.write_ms, write_once, group);
}

/* Replication in bursts: between them the replicas lie behind. */
static void burst(struct cluster *cluster, void *arg)
{
    struct sim *sim = arg;
    for (unsigned i = 0; i < sim->server_count; i++) {
        if (sim->fault_lag[i])
            continue;
        if (sn_prng_below(&cluster->prng, 3) > 0)
            model_redis_catch_up(sim->servers[i]);
        sim->servers[i]->lagging = !sim->peace;
    }
    if (!sim->peace)
        cluster_after(cluster, 1 + (sn_ms)sn_prng_below(&cluster->prng, BURST_MS), burst, sim);
}

/* ---- building -----------------------------------------------------------------------------------
 */

static bool is_alias(const struct plan *plan, unsigned index)
{
    return index == 1 && (plan->features & FEATURE_ALIAS) != 0;
}

/* The servers of the first group under another name. */
static struct sn_group_image *add_alias(struct sim *sim, struct sim_group *group, const char *name,
                                        uint32_t quorum)
{
    const struct sim_group *first = &sim->groups[0];
    group->server_count = first->server_count;
    memcpy(group->servers, first->servers, sizeof(group->servers));
    sim->cluster->also[0] = first->name;
    sim->cluster->also[1] = name;
    cluster_say(sim->cluster, NULL, "%s is %s%s", name, first->name,
                sim->plan.two_deployments ? " to others" : "");
    return cluster_add_group(sim->cluster, name, first->servers[0], quorum);
}

static void add_group(struct sim *sim, unsigned index)
{
    const struct plan *plan = &sim->plan;
    struct sim_group *group = &sim->groups[index];
    uint16_t port = (uint16_t)(SIM_PORT + SIM_PORT_STEP * index);
    unsigned replicas = index == 0 ? plan->replicas : plan->other_replicas[index];
    /* Stock nodes take no part in the other groups. */
    uint32_t quorum = index > 0 && plan->quorum > plan->sentinels ? plan->sentinels : plan->quorum;
    if (plan->two_deployments && index < 2 && quorum > 2)
        quorum = 2;
    struct sn_group_image *image =
        is_alias(plan, index)
            ? add_alias(sim, group, cast_group_name(index), quorum)
            : cluster_add_simple(sim->cluster, cast_group_name(index), port, replicas, quorum);
    image->params.down_after_ms = plan->down_after_ms;
    image->params.refused_after_ms = plan->refused_after_ms;
    image->params.max_lag = plan->max_lag;
    image->params.forget_after_s = plan->forget_after_s;
    if (plan->replica_veto)
        image->params.replica_veto = sn_strdup("yes");
    if (plan->chained)
        image->params.chained = sn_strdup("yes");
    if (plan->rescue)
        image->params.rescue = sn_strdup("yes");
    if (plan->reborn_failover)
        image->params.reborn_empty = sn_strdup("failover");
    image->params.failover_timeout_ms = plan->failover_timeout_ms;
    image->params.parallel_syncs = plan->parallel_syncs;
    group->sim = sim;
    group->name = cast_group_name(index);
    group->checks = &sim->checks.groups[index];
    group->quorum = quorum;
    if (is_alias(plan, index))
        return;
    group->server_count = replicas + 1;
    for (unsigned i = 0; i < group->server_count; i++) {
        struct model_redis *redis = sim->cluster->servers[sim->server_count];
        group->servers[i] = redis;
        sim->servers[sim->server_count] = redis;
        sim->homes[sim->server_count++] = redis->node.addr.port;
        redis->sync_ms = plan->sync_ms;
        redis->loading_ms = plan->loading_ms;
        redis->sync_load_ms = plan->sync_load_ms;
        redis->diskless = plan->diskless;
        redis->backlog_max = plan->backlog_max;
    }
}

/* As people write them: any printable character but comma and blank. */
void make_odd_id(uint64_t lot, struct sn_runid *id)
{
    static const char odd[] = "!#$%&'()*+-./:;<=>?@[]^_{|}~\"\\`";
    char text[64];
    switch (lot % 4) {
    case 0:
        return;
    case 1:
        for (size_t i = 0; i < SN_RUNID_LEN; i++)
            id->hex[i] = (char)(id->hex[i] >= 'a' ? id->hex[i] - 'a' + 'A' : id->hex[i]);
        return;
    case 2:
        (void)snprintf(text, sizeof(text), "redis-sentinel-node-%u-aaaaaaaaaaaaaaaaaaaa",
                       (unsigned)(lot % 10));
        memcpy(id->hex, text, SN_RUNID_LEN);
        return;
    default:
        for (size_t i = (size_t)(lot % 3); i < SN_RUNID_LEN; i += 3)
            id->hex[i] = odd[(lot / 16 + i * i) % (sizeof(odd) - 1)];
        return;
    }
}

static void add_sentinels(struct sim *sim)
{
    const struct plan *plan = &sim->plan;
    struct cluster *cluster = sim->cluster;
    for (unsigned i = 0; i < plan->sentinels; i++) {
        struct sentinel *sentinel = cluster_add_sentinel(cluster);
        uint64_t drift = (uint64_t)(2 * plan->drift_ppm) + 1;
        sentinel->disk.latency_ms = plan->disk_ms;
        sentinel->disk.latency_jitter_ms = plan->disk_jitter_ms;
        sentinel->disk.lost_on_crash = plan->lost_on_crash;
        sentinel->clock_ppm = (int64_t)sn_prng_below(&cluster->prng, drift) - plan->drift_ppm;
        sim->sentinels[i] = sentinel;
        if (plan->two_deployments)
            sentinel->leaves_out = i % 2 == 0 ? 2 : 1;
        if ((plan->features & FEATURE_IDS) != 0)
            make_odd_id(plan->id_lot + i, &sentinel->id);
    }
    for (unsigned i = 0; i < plan->stocks; i++)
        sim->stocks[i] = stock_new(sim, i);
}

/* ---- what a failure looks like ------------------------------------------------------------------
 */

static void report(struct sim *sim, unsigned groups)
{
    struct sim_result *result = sim->result;
    struct sn_buf text;
    sn_buf_init(&text, REPORT_MAX - 1);
    report_write(sim, groups, &text);
    (void)snprintf(result->report, sizeof(result->report), "%s", sn_buf_text(&text));
    sn_buf_fini(&text);
}

static void note_violation(struct cluster *cluster, struct node *who, void *arg)
{
    struct sim *sim = arg;
    const char *text = cluster->trace.lines[cluster->trace.count - 1].text;
    (void)who;
    sim->result->groups = lens_groups_now(sim, text);
    sim->result->failed_at = cluster->now;
    if (sim->lens.look_at == SN_MS_NEVER)
        report(sim, sim->result->groups);
}

static void look(struct cluster *cluster, void *arg)
{
    struct sim *sim = arg;
    unsigned group =
        sim->lens.group == NULL ? sim->cast.groups : cast_find_group(&sim->cast, sim->lens.group);
    (void)cluster;
    report(sim, group < sim->cast.groups ? 1U << group : 0);
}

/* Milliseconds until then; before all have started there is nothing to see. */
static sn_ms look_in(const struct sim *sim)
{
    sn_ms in = sim->lens.look_at - sim->cluster->now;
    return in > 0 ? in : 0;
}

/* Prints what the lens wants, and reports the first violation; neither changes the run. */
static void look_on(struct sim *sim)
{
    struct cluster *cluster = sim->cluster;
    cluster->trace.shows = lens_shows;
    cluster->trace.shows_arg = sim;
    cluster_when(cluster, "* ! *", 1, note_violation, sim);
}

static void build(struct sim *sim)
{
    struct cluster *cluster = cluster_new(sim->plan.seed);
    const char *names[PLAN_GROUPS_MAX];
    sim->cluster = cluster;
    look_on(sim);
    cluster->quiet = true;
    cluster->delay = travel;
    cluster->delay_arg = sim;
    cluster->blocking_peers = sim->plan.blocking_peers;
    cluster->timer_late_ms = sim->plan.timer_late_ms;
    cluster->connect_ms = sim->plan.connect_ms;
    cluster->odd_ids = (sim->plan.features & FEATURE_IDS) != 0;
    if ((sim->plan.features & FEATURE_SINGLE) != 0)
        cluster_use_single_connections(cluster);
    if (sim->plan.names) {
        cluster_use_names(cluster, sim->plan.announce_names);
        cluster->resolve_max_ms = sim->plan.resolve_max_ms;
        cluster->resolve_fails = sim->plan.resolve_fails;
        cluster_say(cluster, NULL, "host names are %s",
                    sim->plan.announce_names ? "announced" : "looked up");
    }
    for (unsigned i = 0; i < sim->plan.groups; i++)
        add_group(sim, i);
    add_sentinels(sim);
    for (unsigned i = 0; i < PLAN_GROUPS_MAX; i++)
        names[i] = cast_group_name(i);
    check_groups_init(&sim->checks, cluster, &sim->plan, names, sim->plan.groups);
    if (sim->plan.groups > 1)
        cluster_say(cluster, NULL, "%u groups", sim->plan.groups);
    cluster_when(cluster, "s* +elected-leader *", UINT32_MAX, note_leader, sim);
    for (size_t i = 0; i < cluster->node_count; i++) {
        cluster_start(cluster->nodes[i]);
        cluster_run_for(cluster, (sn_ms)sn_prng_below(&cluster->prng, 100));
    }
    for (unsigned i = 0; i < sim->plan.groups; i++)
        cluster_after(cluster, 1, write_once, &sim->groups[i]);
    if (sim->plan.lag)
        cluster_after(cluster, 1, burst, sim);
}

/* ---- the run -----------------------------------------------------------------------------------
 */

static void judge(struct sim *sim, struct sim_result *result, bool agreed)
{
    struct cluster *cluster = sim->cluster;
    size_t line = trace_find(&cluster->trace, 0, "* ! *");
    if (line != TRACE_NOT_FOUND) {
        result->verdict = SIM_UNSAFE;
        (void)snprintf(result->why, sizeof(result->why), "at %lld ms: %s",
                       (long long)cluster->trace.lines[line].at, cluster->trace.lines[line].text);
    } else if (!agreed) {
        result->verdict = SIM_STUCK;
        result->failed_at = cluster->now;
        result->groups = lens_groups(sim, result->why);
        if (sim->lens.look_at == SN_MS_NEVER)
            report(sim, result->groups);
    }
}

static void destroy(struct sim *sim)
{
    for (unsigned i = 0; i < sim->plan.sentinels; i++)
        cluster_kill(&sim->sentinels[i]->node);
    for (unsigned i = 0; i < sim->plan.stocks; i++)
        cluster_kill(stock_node(sim->stocks[i]));
    sim->cluster->watch = NULL;
    (void)cluster_teardown(NULL);
    for (unsigned i = 0; i < sim->plan.stocks; i++)
        stock_free(sim->stocks[i]);
}

void sim_run(const struct plan *plan, const struct lens *lens, struct sim_result *result)
{
    static struct sim sim;
    memset(&sim, 0, sizeof(sim));
    memset(result, 0, sizeof(*result));
    sim.plan = *plan;
    sim.result = result;
    cast_make(plan, &sim.cast);
    if (lens != NULL)
        sim.lens = *lens;
    else
        lens_init(&sim.lens);
    build(&sim);
    sim.plan_at = sim.cluster->now;
    faults_schedule(&sim);
    if (sim.lens.look_at != SN_MS_NEVER)
        cluster_after(sim.cluster, look_in(&sim), look, &sim);
    cluster_run_for(sim.cluster, sim.plan.warm_ms + sim.plan.span_ms);
    peace_begin(&sim);
    bool agreed = peace_demand(&sim, result);
    if (agreed)
        memory_look(&sim);
    judge(&sim, result, agreed);
    coverage_take(&sim.cluster->trace, result->counts);
    memcpy(result->executed, sim.executed, sizeof(result->executed));
    result->steps = sim.cluster->steps;
    result->digest = sim.cluster->trace.digest;
    result->simulated_ms = sim.cluster->now;
    destroy(&sim);
}
