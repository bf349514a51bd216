/* SPDX-License-Identifier: BSD-3-Clause */

/* Carries out the faults of a plan, and undoes each when its time is over. */

#include "faults.h"

#include "cluster_internal.h"
#include "meaning.h"
#include "stock_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node *node_of(struct sim *sim, const struct fault *fault, unsigned target)
{
    if (target == TARGET_MASTER)
        return &operator_master(&sim->groups[fault->group])->node;
    if (target == TARGET_LEADER)
        return sim->leader != NULL ? sim->leader : &sim->sentinels[0]->node;
    return sim->cluster->nodes[target % sim->cluster->node_count];
}

static struct sentinel *sentinel_of(struct sim *sim, unsigned target)
{
    if (target == TARGET_LEADER && sim->leader != NULL && sim->leader->sentinel != NULL)
        return sim->leader->sentinel;
    return sim->sentinels[target % sim->plan.sentinels];
}

/* ---- what holds ---------------------------------------------------------------------------------
 */

static struct job jobs[PLAN_FAULTS_MAX]; /* one run at a time */

const struct job *faults_newest(enum fault_kind kind, const struct node *node)
{
    const struct job *newest = NULL;
    for (unsigned i = 0; i < PLAN_FAULTS_MAX; i++) {
        const struct job *job = &jobs[i];
        if (job->running && job->fault->kind == kind && job->node == node &&
            (newest == NULL || job->since >= newest->since))
            newest = job;
    }
    return newest;
}

bool faults_port_is_free(const struct sim *sim, uint16_t port)
{
    for (size_t i = 0; i < sim->cluster->node_count; i++) {
        const struct node *node = sim->cluster->nodes[i];
        if (node->addr.port == port && node->state != NODE_OFF)
            return false;
    }
    return true;
}

void faults_start(struct sim *sim, struct node *node)
{
    static const enum fault_kind deaths[] = {FAULT_KILL,   FAULT_KILL_AT,    FAULT_EMPTY,
                                             FAULT_REBORN, FAULT_OTHER_DATA, FAULT_READDRESS};
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        if (faults_newest(deaths[i], node) != NULL)
            return;
    }
    if (node->state == NODE_OFF && faults_port_is_free(sim, node->addr.port))
        cluster_start(node);
}

/* ---- network ------------------------------------------------------------------------------------
 */

static bool is_server(const struct node *node)
{
    return node->redis != NULL;
}

/* A lot for each pair, and one more for each direction. */
static bool mesh_cuts(const struct fault *fault, const struct node *apart, const struct node *from,
                      const struct node *to)
{
    const struct node *low = from->index < to->index ? from : to;
    const struct node *high = low == from ? to : from;
    unsigned servers = is_server(from) + is_server(to);
    unsigned kind = (unsigned)(fault->value2 % MESH_KINDS);
    if (kind == MESH_APART) {
        const struct node *far = apart == from ? to : from;
        return (apart == from || apart == to) && far->sentinel != NULL &&
               ((fault->value >> (far->name[1] - '1')) & 1) != 0;
    }
    if ((kind == MESH_SENTINEL_SERVER && servers != 1) || (kind == MESH_SERVERS && servers != 2) ||
        (kind == MESH_SENTINELS && servers != 0))
        return false;
    uint64_t hash = sn_hash_bytes(fault->value, &low->index, sizeof(low->index));
    hash = sn_hash_finish(sn_hash_bytes(hash, &high->index, sizeof(high->index)));
    if (hash % 100 >= 20 + fault->value % 60)
        return false;
    unsigned way = (unsigned)(hash >> 32) % 4; /* half of them are cut both ways */
    return way >= 2 || (way == 0) == (low == from);
}

static bool cuts(const struct job *job, const struct node *from, const struct node *to)
{
    if (!job->running)
        return false;
    enum fault_kind kind = job->fault->kind;
    uint64_t sides = job->fault->value;
    if (kind == FAULT_CUT_WAY)
        return job->node == from && job->other == to;
    if (kind == FAULT_CUT)
        return (job->node == from && job->other == to) || (job->node == to && job->other == from);
    if (kind == FAULT_ISOLATE || kind == FAULT_ISOLATE_AT)
        return job->node == from || job->node == to;
    if (kind == FAULT_MESH)
        return mesh_cuts(job->fault, job->node, from, to);
    return kind == FAULT_SPLIT && ((sides >> from->index) & 1) != ((sides >> to->index) & 1);
}

static bool is_to_be_cut(const struct node *from, const struct node *to)
{
    for (unsigned i = 0; i < PLAN_FAULTS_MAX; i++) {
        if (cuts(&jobs[i], from, to))
            return true;
    }
    return false;
}

static void cut_or_mend(struct node *from, struct node *to, bool cut)
{
    if (cut && !cluster_is_cut(from->cluster, from, to))
        cluster_cut_way(from, to);
    else if (!cut)
        cluster_mend_way(from, to);
}

static void apply_cuts(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->node_count; i++) {
        for (size_t k = 0; k < i; k++) {
            struct node *a = cluster->nodes[i], *b = cluster->nodes[k];
            bool there = is_to_be_cut(a, b), back = is_to_be_cut(b, a);
            if (there && back && !cluster_is_cut(cluster, a, b) && !cluster_is_cut(cluster, b, a)) {
                cluster_cut(a, b);
            } else {
                cut_or_mend(a, b, there);
                cut_or_mend(b, a, back);
            }
        }
    }
}

static void network(struct job *job)
{
    struct sim *sim = job->sim;
    enum fault_kind kind = job->fault->kind;
    if (kind == FAULT_RESET) {
        if (job->running)
            cluster_reset(job->node, job->other);
    } else if (kind == FAULT_SLOW) {
        const struct job *newest = faults_newest(kind, job->node);
        sim->slow_ms[job->node->index] = newest == NULL ? 0 : meaning_slow_ms(newest->fault);
    } else {
        if (kind == FAULT_SPLIT || kind == FAULT_MESH)
            cluster_say(sim->cluster, NULL, "%s %s", kind == FAULT_SPLIT ? "split" : "mesh",
                        job->running ? "begins" : "ends");
        apply_cuts(sim->cluster);
    }
}

/* ---- processes, disks, clocks -------------------------------------------------------------------
 */

static void process(struct job *job)
{
    enum fault_kind kind = job->fault->kind;
    bool dies = kind == FAULT_KILL || kind == FAULT_KILL_AT;
    if (kind == FAULT_ISOLATE_AT)
        apply_cuts(job->sim->cluster);
    else if (job->running && dies)
        cluster_kill(job->node);
    else if (job->running)
        cluster_hang(job->node);
    else if (dies)
        faults_start(job->sim, job->node);
    else if (faults_newest(FAULT_HANG, job->node) == NULL &&
             faults_newest(FAULT_HANG_AT, job->node) == NULL)
        cluster_resume(job->node);
}

static void disk(struct job *job)
{
    struct sim *sim = job->sim;
    struct sentinel *sentinel = job->node->sentinel;
    const struct job *newest = faults_newest(job->fault->kind, job->node);
    if (job->fault->kind == FAULT_DISK_FAIL) {
        sentinel->disk.failing = newest != NULL;
        sentinel->disk.lands = newest != NULL && newest->fault->value % 2 == 0;
        cluster_say(sim->cluster, job->node, "disk %s", newest != NULL ? "fails" : "is well");
    } else {
        sentinel->disk.latency_ms =
            newest == NULL ? sim->plan.disk_ms : meaning_disk_ms(newest->fault);
        cluster_say(sim->cluster, job->node, "disk takes %lld ms",
                    (long long)sentinel->disk.latency_ms);
    }
}

/* Forward or backward: nothing may hang on it. */
static void jump(struct job *job)
{
    int64_t by = meaning_jump_ms(job->fault);
    if (!job->running)
        return;
    job->node->sentinel->wall_offset += by;
    cluster_say(job->sim->cluster, job->node, "wall clock jumps by %lld ms", (long long)by);
}

/* ---- operators ----------------------------------------------------------------------------------
 */

static void order_set(struct sim_group *group, struct sentinel *sentinel, const struct fault *fault)
{
    struct meaning_setting setting = meaning_setting(fault->value, group->checks->voters);
    operator_set(group, sentinel, setting.option, setting.name,
                 (int64_t)(setting.low + fault->value2 % setting.span));
}

static void order_stock(struct job *job)
{
    struct sim *sim = job->sim;
    bool failover = job->fault->kind == FAULT_FAILOVER;
    if (failover && (sim->plan.features & FEATURE_STOCK_NAMES) != 0)
        return; /* nobody could follow it */
    cluster_say(sim->cluster, NULL, "order %s %s", job->node->name,
                failover ? "FAILOVER" : "RESET");
    for (unsigned i = 0; i < sim->plan.stocks; i++) {
        if (stock_node(sim->stocks[i]) != job->node)
            continue;
        if (failover)
            stock_failover(sim->stocks[i]);
        else
            stock_reset(sim->stocks[i]);
    }
}

static void operate(struct job *job)
{
    const struct fault *fault = job->fault;
    struct sentinel *sentinel = job->node->sentinel;
    struct sim_group *group = &job->sim->groups[fault->group];
    const struct model_redis *to = group->servers[fault->b % group->server_count];
    if (!job->running) {
        const struct job *newest = faults_newest(fault->kind, job->node);
        if (fault->kind == FAULT_REMOVE && (newest == NULL || newest->fault->group != fault->group))
            operator_monitor(group, sentinel);
        if (fault->kind == FAULT_TRUCE && sentinel != NULL)
            operator_pause(group, sentinel, 0);
        return;
    }
    if (sentinel == NULL) {
        order_stock(job);
        return;
    }
    if (fault->kind == FAULT_FAILOVER || fault->kind == FAULT_FAILOVER_2)
        operator_failover(group, sentinel, meaning_mode(fault->value),
                          meaning_has_target(fault) ? to : NULL);
    if (fault->kind == FAULT_FAILOVER_2)
        operator_failover(group, job->other->sentinel, meaning_mode(fault->value2), NULL);
    else if (fault->kind == FAULT_SET)
        order_set(group, sentinel, fault);
    else if (fault->kind == FAULT_FORGET)
        operator_forget(group, sentinel);
    else if (fault->kind == FAULT_TRUCE)
        operator_pause(group, sentinel, (uint32_t)(fault->lasts / 1000 + 1 - fault->lasts % 2));
    else if (fault->kind == FAULT_REMOVE)
        operator_remove(group, sentinel);
}

/* ---- all of them --------------------------------------------------------------------------------
 */

/* Some of the orders go to a stock node. */
static struct node *who_is_ordered(struct sim *sim, const struct fault *fault)
{
    if (meaning_to_stock(&sim->plan, fault))
        return stock_node(sim->stocks[fault->a % sim->plan.stocks]);
    return &sentinel_of(sim, fault->a)->node;
}

/* Whom the fault is about. It stays that one to the end, whoever may lead or be the master then. */
static void aim(struct job *job)
{
    struct sim *sim = job->sim;
    const struct fault *fault = job->fault;
    if (fault->kind >= FAULT_LIES) {
        job->node = &faults_server_of(sim, fault)->node;
    } else if (fault->kind >= FAULT_FAILOVER) {
        job->node = who_is_ordered(sim, fault);
        job->other = &sentinel_of(sim, fault->b)->node;
    } else if (fault->kind == FAULT_WALL_JUMP || fault->kind == FAULT_DISK_SLOW ||
               fault->kind == FAULT_DISK_FAIL) {
        job->node = &sentinel_of(sim, fault->a)->node;
    } else if (fault->kind == FAULT_MESH) {
        job->node = &sim->servers[fault->a % sim->server_count]->node;
    } else {
        job->node = node_of(sim, fault, fault->a);
        job->other = node_of(sim, fault, fault->b);
        if (job->other == job->node)
            job->other = sim->cluster->nodes[(job->node->index + 1) % sim->cluster->node_count];
    }
}

static void carry_out(struct job *job)
{
    enum fault_kind kind = job->fault->kind;
    if (kind <= FAULT_SLOW)
        network(job);
    else if (kind <= FAULT_DISK_FAIL)
        disk(job);
    else if (kind <= FAULT_ISOLATE_AT)
        process(job);
    else if (kind == FAULT_WALL_JUMP)
        jump(job);
    else if (kind <= FAULT_FAILOVER_2)
        operate(job);
    else
        faults_server(job);
}

static void fault_over(struct cluster *cluster, void *arg)
{
    struct job *job = arg;
    (void)cluster;
    job->running = false;
    if (!job->sim->peace)
        carry_out(job);
}

static void begin(struct job *job)
{
    struct cluster *cluster = job->sim->cluster;
    job->running = true;
    job->since = cluster->now;
    job->sim->executed[job->fault->kind]++;
    carry_out(job);
    cluster_after(cluster, job->fault->lasts, fault_over, job);
}

static void strike(struct cluster *cluster, struct node *who, void *arg)
{
    struct job *job = arg;
    if (who == NULL || job->sim->peace)
        return;
    cluster_say(cluster, NULL, "%s %s", plan_fault_name(job->fault->kind),
                meaning_moment(job->fault->value));
    job->node = who;
    begin(job);
}

static void fault_due(struct cluster *cluster, void *arg)
{
    struct job *job = arg;
    struct fault *fault = job->fault;
    bool later = fault->kind >= FAULT_KILL_AT && fault->kind <= FAULT_ISOLATE_AT;
    bool all = later || fault->kind == FAULT_SPLIT || fault->kind == FAULT_MESH;
    if (job->sim->peace)
        return;
    aim(job);
    cluster_say(cluster, NULL, "fault %zu %s %s for %lld ms",
                (size_t)(fault - job->sim->plan.faults), plan_fault_name(fault->kind),
                all ? "all" : job->node->name, (long long)fault->lasts);
    if (later)
        cluster_when(cluster, meaning_moment(fault->value), 1, strike, job);
    else
        begin(job);
}

void faults_schedule(struct sim *sim)
{
    memset(jobs, 0, sizeof(jobs));
    for (unsigned i = 0; i < sim->plan.fault_count; i++) {
        struct fault *fault = &sim->plan.faults[i];
        jobs[i] = (struct job){.sim = sim, .fault = fault};
        sim->removals |= fault->kind == FAULT_REMOVE || fault->kind == FAULT_FORGET;
        if (!fault->dropped)
            cluster_after(sim->cluster, fault->at, fault_due, &jobs[i]);
    }
}

/* Nobodies among the voters cannot be told from sentinels that are gone: RESET forgets both. */
static void forget_forged(struct sim *sim)
{
    char count[256];
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        bool forged = sim->executed[FAULT_FORGE_HELLO] + sim->executed[FAULT_FORGE_SWITCH] > 0;
        for (unsigned k = 0; forged && k < sim->plan.groups; k++) {
            struct sim_group *group = &sim->groups[k];
            cluster_field(sim->sentinels[i], group->name, "num-other-sentinels", count);
            if (strtoul(count, NULL, 10) < group->checks->voters)
                continue;
            sim->removals = true;
            operator_forget(group, sim->sentinels[i]);
        }
    }
}

void faults_end(struct sim *sim)
{
    struct cluster *cluster = sim->cluster;
    sim->peace = true;
    memset(sim->slow_ms, 0, sizeof(sim->slow_ms));
    cluster->resolve_max_ms = cluster->resolve_max_ms > 100 ? 100 : cluster->resolve_max_ms;
    cluster->resolve_fails = 0;
    cluster_heal(cluster);
    for (unsigned i = 0; i < sim->server_count; i++)
        faults_mend_server(sim, sim->servers[i]);
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        sim->sentinels[i]->disk.failing = false;
        sim->sentinels[i]->disk.latency_ms = sim->plan.disk_ms;
    }
    for (size_t i = 0; i < cluster->node_count; i++) {
        cluster_resume(cluster->nodes[i]);
        if (!sim->doomed[i])
            cluster_start(cluster->nodes[i]);
    }
    forget_forged(sim);
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        for (unsigned k = 0; k < sim->plan.groups; k++) {
            operator_monitor(&sim->groups[k], sim->sentinels[i]);
            if (sim->executed[FAULT_TRUCE] > 0)
                operator_pause(&sim->groups[k], sim->sentinels[i], 0);
            operator_restore(&sim->groups[k], sim->sentinels[i]);
        }
    }
}
