/* SPDX-License-Identifier: BSD-3-Clause */

/* Carries out the faults of a plan, and undoes each when its time is over. */

#include "sim.h"

#include "cluster_internal.h"
#include "stock_model.h"
#include "wire/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRANGER_PORT 7777
#define FRESH_PORT    7400
#define PAUSE_MAX_MS  4000

struct job {
    struct sim *sim;
    struct fault *fault;
    struct node *node;
};

static const char *const moments[] = {
    "s* +odown *",
    "s* +try-failover *",
    "s* +vote-for-leader *",
    "s* > s* ASK * s*",
    "s* saved *",
    "s* answers s* *",
    "s* +elected-leader *",
    "s* +selected-slave *",
    "s* > r* PROMOTE",
    "s* +promoted-slave *",
    "s* +failover-state-reconf-slaves *",
    "s* > r* FOLLOW *",
    "s* +switch-master *",
    "r* is master now",
    "r* follows *",
    "r* syncs from *",
};

#define MOMENT_COUNT (sizeof(moments) / sizeof(moments[0]))

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

static struct model_redis *server_of(struct sim *sim, const struct fault *fault)
{
    unsigned target = fault->a;
    if (target == TARGET_MASTER)
        return operator_master(&sim->groups[fault->group]);
    return sim->servers[target % sim->server_count];
}

static unsigned server_index(const struct sim *sim, const struct model_redis *redis)
{
    for (unsigned i = 0; i < sim->server_count; i++) {
        if (sim->servers[i] == redis)
            return i;
    }
    abort();
}

/* What was heard from it is of another server now. */
static void forget_heard(struct sim *sim, const struct model_redis *redis)
{
    unsigned index = server_index(sim, redis);
    for (unsigned k = 0; k < sim->plan.groups; k++) {
        for (unsigned i = 0; i < sim->plan.sentinels; i++)
            memset(&sim->groups[k].checks->seen[i].heard[index], 0, sizeof(struct heard));
    }
}

/* ---- network ------------------------------------------------------------------------------------
 */

static void cut_off(struct sim *sim, struct node *node, bool cut)
{
    for (size_t i = 0; i < sim->cluster->node_count; i++) {
        struct node *other = sim->cluster->nodes[i];
        if (other == node)
            continue;
        if (cut) {
            cluster_cut(node, other);
        } else {
            cluster_mend_way(node, other);
            cluster_mend_way(other, node);
        }
    }
}

static void split(struct sim *sim, uint64_t sides, bool cut)
{
    struct cluster *cluster = sim->cluster;
    cluster_say(cluster, NULL, "split %s", cut ? "begins" : "ends");
    for (size_t i = 0; i < cluster->node_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (((sides >> i) & 1) == ((sides >> k) & 1))
                continue;
            if (cut) {
                cluster_cut(cluster->nodes[i], cluster->nodes[k]);
            } else {
                cluster_mend_way(cluster->nodes[i], cluster->nodes[k]);
                cluster_mend_way(cluster->nodes[k], cluster->nodes[i]);
            }
        }
    }
}

static void reset_all(struct sim *sim, struct node *node)
{
    for (size_t i = 0; i < sim->cluster->node_count; i++) {
        if (sim->cluster->nodes[i] != node)
            cluster_reset(node, sim->cluster->nodes[i]);
    }
}

static void network(struct sim *sim, const struct fault *fault, struct node *node, bool begin)
{
    struct node *other = node_of(sim, fault, fault->b);
    if (node == other)
        other = sim->cluster->nodes[(node->index + 1) % sim->cluster->node_count];
    if (fault->kind == FAULT_RESET && begin) {
        cluster_reset(node, other);
    } else if (fault->kind == FAULT_CUT_WAY && begin) {
        cluster_cut_way(node, other);
    } else if (fault->kind == FAULT_CUT && begin) {
        cluster_cut(node, other);
    } else if (fault->kind == FAULT_CUT || fault->kind == FAULT_CUT_WAY) {
        cluster_mend_way(node, other);
        cluster_mend_way(other, node);
    } else if (fault->kind == FAULT_ISOLATE) {
        cut_off(sim, node, begin);
    } else if (fault->kind == FAULT_SPLIT) {
        split(sim, fault->value, begin);
    } else if (fault->kind == FAULT_SLOW) {
        sim->slow_ms[node->index] = begin ? (sn_ms)(fault->value % 900) : 0;
    }
}

/* ---- processes and disks ------------------------------------------------------------------------
 */

static void start_again(struct cluster *cluster, void *arg)
{
    (void)cluster;
    cluster_start(arg);
}

static void resume_again(struct cluster *cluster, void *arg)
{
    (void)cluster;
    cluster_resume(arg);
}

static void strike(struct cluster *cluster, struct node *who, void *arg)
{
    const struct job *job = arg;
    struct sim *sim = job->sim;
    if (who == NULL || sim->peace)
        return;
    const char *moment = moments[job->fault->value % MOMENT_COUNT];
    if (job->fault->kind == FAULT_KILL_AT) {
        cluster_say(cluster, NULL, "kill-at %s", moment);
        cluster_kill(who);
        cluster_after(cluster, job->fault->lasts, start_again, who);
    } else {
        cluster_say(cluster, NULL, "hang-at %s", moment);
        cluster_hang(who);
        cluster_after(cluster, job->fault->lasts, resume_again, who);
    }
}

static void disk(struct sim *sim, const struct fault *fault, bool begin)
{
    struct sentinel *sentinel = sentinel_of(sim, fault->a);
    if (fault->kind == FAULT_DISK_FAIL) {
        sentinel->disk.failing = begin;
        cluster_say(sim->cluster, &sentinel->node, "disk %s", begin ? "fails" : "is well");
    } else {
        sentinel->disk.latency_ms = begin ? (sn_ms)(50 + fault->value % 2500) : sim->plan.disk_ms;
        cluster_say(sim->cluster, &sentinel->node, "disk takes %lld ms",
                    (long long)sentinel->disk.latency_ms);
    }
}

static void process(struct job *job, bool begin)
{
    struct sim *sim = job->sim;
    struct fault *fault = job->fault;
    if (fault->kind == FAULT_KILL) {
        if (begin)
            cluster_kill(job->node);
        else
            cluster_start(job->node);
    } else if (fault->kind == FAULT_HANG) {
        if (begin)
            cluster_hang(job->node);
        else
            cluster_resume(job->node);
    } else if (begin) {
        cluster_when(sim->cluster, moments[fault->value % MOMENT_COUNT], 1, strike, job);
    }
}

/* ---- operators ----------------------------------------------------------------------------------
 */

static void order_set(struct sim_group *group, struct sentinel *sentinel, const struct fault *fault)
{
    uint64_t lot = fault->value2;
    unsigned all = group->checks->voters;
    switch (fault->value % 4) {
    case 0:
        operator_set(group, sentinel, SN_OPTION_QUORUM, "quorum", (int64_t)(1 + lot % all));
        break;
    case 1:
        operator_set(group, sentinel, SN_OPTION_DOWN_AFTER, "down-after-milliseconds",
                     (int64_t)(300 + lot % 3000));
        break;
    case 2:
        operator_set(group, sentinel, SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout",
                     (int64_t)(1000 + lot % 9000));
        break;
    default:
        operator_set(group, sentinel, SN_OPTION_PARALLEL_SYNCS, "parallel-syncs",
                     (int64_t)(1 + lot % 3));
        break;
    }
}

/* Some of the orders go to a stock node. */
static bool order_stock(struct sim *sim, const struct fault *fault)
{
    bool failover = fault->kind == FAULT_FAILOVER;
    if (sim->plan.stocks == 0 || (fault->value >> 30) % 3 != 0 ||
        (!failover && fault->kind != FAULT_FORGET))
        return false;
    struct stock *stock = sim->stocks[fault->a % sim->plan.stocks];
    cluster_say(sim->cluster, NULL, "order %s %s", stock_node(stock)->name,
                failover ? "FAILOVER" : "RESET");
    if (failover)
        stock_failover(stock);
    else
        stock_reset(stock);
    return true;
}

static void operate(struct sim *sim, const struct fault *fault, bool begin)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_PLANNED, SN_MODE_COORDINATED,
                                                  SN_MODE_FORCED, SN_MODE_COORDINATED};
    struct sentinel *sentinel = sentinel_of(sim, fault->a);
    struct sim_group *group = &sim->groups[fault->group];
    enum sn_failover_mode mode = modes[fault->value % 4];
    const struct model_redis *to = group->servers[fault->b % group->server_count];
    if (!begin) {
        if (fault->kind == FAULT_REMOVE)
            operator_monitor(group, sentinel);
        return;
    }
    if (order_stock(sim, fault))
        return;
    if (fault->kind == FAULT_FAILOVER || fault->kind == FAULT_FAILOVER_2)
        operator_failover(group, sentinel, mode, fault->value2 % 3 == 0 ? to : NULL);
    if (fault->kind == FAULT_FAILOVER_2)
        operator_failover(group, sentinel_of(sim, fault->b), modes[fault->value2 % 4], NULL);
    else if (fault->kind == FAULT_SET)
        order_set(group, sentinel, fault);
    else if (fault->kind == FAULT_FORGET)
        operator_forget(group, sentinel);
    else if (fault->kind == FAULT_REMOVE)
        operator_remove(group, sentinel);
}

/* ---- data nodes ---------------------------------------------------------------------------------
 */

static bool port_is_free(const struct sim *sim, uint16_t port)
{
    for (size_t i = 0; i < sim->cluster->node_count; i++) {
        const struct node *node = sim->cluster->nodes[i];
        if (node->addr.port == port && node->state != NODE_OFF)
            return false;
    }
    return true;
}

static void move(struct sim *sim, struct model_redis *redis, const struct fault *fault)
{
    unsigned whose = fault->b % sim->server_count;
    uint16_t taken = sim->homes[whose];
    cluster_kill(&redis->node);
    forget_heard(sim, redis);
    if (taken != redis->node.addr.port && port_is_free(sim, taken)) {
        bool mixed = taken / SIM_PORT_STEP != sim->homes[server_index(sim, redis)] / SIM_PORT_STEP;
        cluster_say(sim->cluster, NULL, "took the address of r%u%s", 1 + whose,
                    mixed ? " of another group" : "");
        sim->mixed |= mixed;
        cluster_readdress(&redis->node, taken);
    } else {
        cluster_readdress(&redis->node, (uint16_t)(FRESH_PORT + server_index(sim, redis)));
    }
}

static void start_server(struct sim *sim, struct model_redis *redis)
{
    if (redis->node.state == NODE_OFF && port_is_free(sim, redis->node.addr.port))
        cluster_start(&redis->node);
}

static void life_of_server(struct sim *sim, const struct fault *fault, struct model_redis *redis,
                           bool begin)
{
    if (!begin) {
        if (fault->kind == FAULT_EMPTY || fault->kind == FAULT_READDRESS)
            start_server(sim, redis);
        return;
    }
    if (fault->kind == FAULT_EMPTY) {
        cluster_kill(&redis->node);
        redis->offset = 0;
        redis->saved_role = SN_ROLE_MASTER;
    } else if (fault->kind == FAULT_READDRESS) {
        move(sim, redis, fault);
    } else if (fault->kind == FAULT_CLIENT_KILL) {
        reset_all(sim, &redis->node);
    } else if (fault->kind == FAULT_PROMOTED && redis->node.state == NODE_RUNNING) {
        model_redis_promote(redis);
    }
}

static void manners_of_server(struct sim *sim, const struct fault *fault, struct model_redis *redis,
                              bool begin)
{
    static const char *const errors[] = {
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "NOAUTH Authentication required.",
        "NOPERM this user has no permissions to run the 'ping' command",
    };
    static const uint32_t priorities[] = {0, 0, 1, 50, 200};
    if (fault->kind == FAULT_LIES)
        redis->lies_role = !begin                          ? SN_ROLE_UNKNOWN
                           : redis->role == SN_ROLE_MASTER ? SN_ROLE_REPLICA
                                                           : SN_ROLE_MASTER;
    else if (fault->kind == FAULT_PING_ERROR)
        redis->ping_error = begin ? errors[fault->value % 5] : NULL;
    else if (fault->kind == FAULT_ORDER_ERROR)
        redis->order_error = begin ? "NOPERM this user has no permissions to run 'slaveof'" : NULL;
    else if (fault->kind == FAULT_PAUSE_ERROR)
        redis->pause_error =
            begin ? "NOPERM no permissions to run the 'client|pause' command" : NULL;
    else if (fault->kind == FAULT_IGNORES)
        redis->ignores_orders = begin;
    else if (fault->kind == FAULT_DROPS)
        redis->drops_orders = begin;
    else if (fault->kind == FAULT_PRIORITY)
        redis->priority = begin ? priorities[fault->value % 5] : 100;
    else if (fault->kind == FAULT_PAUSED && begin)
        redis->paused_until =
            sim->cluster->now + (fault->lasts < PAUSE_MAX_MS ? fault->lasts : PAUSE_MAX_MS);
}

static void lag(struct sim *sim, struct model_redis *redis, bool begin)
{
    sim->fault_lag[server_index(sim, redis)] = begin;
    if (begin)
        redis->lagging = true;
    else
        model_redis_catch_up(redis);
}

/* ---- strangers ----------------------------------------------------------------------------------
 */

/* A group without a configuration of its own has nothing to defend (DESIGN.md D15). */
static bool all_configured(const struct sim *sim)
{
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        const struct sn_group_image *group =
            sn_image_find_group(&sim->sentinels[i]->durable, SIM_GROUP);
        if (group == NULL || group->config_epoch == 0)
            return false;
    }
    return !sim->removals && sim->plan.stocks == 0; /* nobody begins anew */
}

static void speak_as_stranger(struct sim *sim, struct model_redis *redis, const struct fault *fault)
{
    struct sn_prng prng;
    struct sn_hello hello = {.port = 26999, .master_port = STRANGER_PORT};
    char text[1024];
    if (!all_configured(sim) || redis->node.state != NODE_RUNNING)
        return;
    sn_prng_init(&prng, fault->value);
    sn_prng_runid(&prng, &hello.runid);
    (void)snprintf(hello.ip, sizeof(hello.ip), "127.0.0.9");
    (void)snprintf(hello.master_ip, sizeof(hello.master_ip), "127.0.0.9");
    (void)snprintf(hello.master_name, sizeof(hello.master_name), "%s", SIM_GROUP);
    hello.current_epoch = 900;
    hello.master_config_epoch = 900;
    if (sn_hello_format(&hello, text, sizeof(text)) != 0)
        abort();
    for (unsigned i = 0; i < sim->plan.groups; i++)
        sim->groups[i].checks->stranger_port = STRANGER_PORT;
    cluster_say(sim->cluster, NULL, "a stranger speaks at %s", redis->node.name);
    model_redis_publish(redis, text);
}

/* ---- all of them --------------------------------------------------------------------------------
 */

static void carry_out(struct job *job, bool begin)
{
    struct sim *sim = job->sim;
    struct fault *fault = job->fault;
    struct model_redis *redis = job->node == NULL ? NULL : job->node->redis;
    if (fault->kind <= FAULT_SLOW)
        network(sim, fault, job->node, begin);
    else if (fault->kind <= FAULT_DISK_FAIL)
        disk(sim, fault, begin);
    else if (fault->kind <= FAULT_HANG_AT)
        process(job, begin);
    else if (fault->kind == FAULT_WALL_JUMP)
        sentinel_of(sim, fault->a)->wall_offset += begin ? (int64_t)(fault->value % 7200000) : 0;
    else if (fault->kind <= FAULT_FAILOVER_2)
        operate(sim, fault, begin);
    else if (fault->kind == FAULT_LAG)
        lag(sim, redis, begin);
    else if (fault->kind == FAULT_STRANGER && begin)
        speak_as_stranger(sim, redis, fault);
    else if (fault->kind == FAULT_EMPTY || fault->kind == FAULT_READDRESS ||
             fault->kind == FAULT_CLIENT_KILL || fault->kind == FAULT_PROMOTED)
        life_of_server(sim, fault, redis, begin);
    else
        manners_of_server(sim, fault, redis, begin);
}

static void fault_over(struct cluster *cluster, void *arg)
{
    struct job *job = arg;
    (void)cluster;
    if (!job->sim->peace)
        carry_out(job, false);
}

static void fault_due(struct cluster *cluster, void *arg)
{
    struct job *job = arg;
    struct fault *fault = job->fault;
    if (job->sim->peace)
        return;
    job->node = fault->kind >= FAULT_LIES ? &server_of(job->sim, fault)->node
                                          : node_of(job->sim, fault, fault->a);
    cluster_say(cluster, NULL, "fault %zu %s %s for %lld ms",
                (size_t)(fault - job->sim->plan.faults), plan_fault_name(fault->kind),
                job->node->name, (long long)fault->lasts);
    carry_out(job, true);
    cluster_after(cluster, fault->lasts, fault_over, job);
}

static struct job jobs[PLAN_FAULTS_MAX]; /* one run at a time */

void faults_schedule(struct sim *sim)
{
    for (unsigned i = 0; i < sim->plan.fault_count; i++) {
        struct fault *fault = &sim->plan.faults[i];
        jobs[i] = (struct job){.sim = sim, .fault = fault};
        sim->removals |= fault->kind == FAULT_REMOVE || fault->kind == FAULT_FORGET;
        if (!fault->dropped)
            cluster_after(sim->cluster, fault->at, fault_due, &jobs[i]);
    }
}

static void mend_server(struct sim *sim, struct model_redis *redis)
{
    uint16_t home = sim->homes[server_index(sim, redis)];
    redis->lies_role = SN_ROLE_UNKNOWN;
    redis->ping_error = NULL;
    redis->order_error = NULL;
    redis->pause_error = NULL;
    redis->ignores_orders = false;
    redis->drops_orders = false;
    redis->priority = 100;
    lag(sim, redis, false);
    cluster_resume(&redis->node);
    if (redis->node.addr.port != home) {
        cluster_kill(&redis->node);
        forget_heard(sim, redis);
        cluster_readdress(&redis->node, home);
    }
}

void faults_end(struct sim *sim)
{
    struct cluster *cluster = sim->cluster;
    sim->peace = true;
    memset(sim->slow_ms, 0, sizeof(sim->slow_ms));
    cluster_heal(cluster);
    for (unsigned i = 0; i < sim->server_count; i++)
        mend_server(sim, sim->servers[i]);
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        sim->sentinels[i]->disk.failing = false;
        sim->sentinels[i]->disk.latency_ms = sim->plan.disk_ms;
    }
    for (size_t i = 0; i < cluster->node_count; i++) {
        cluster_resume(cluster->nodes[i]);
        cluster_start(cluster->nodes[i]);
    }
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        for (unsigned k = 0; k < sim->plan.groups; k++) {
            operator_monitor(&sim->groups[k], sim->sentinels[i]);
            operator_restore(&sim->groups[k], sim->sentinels[i]);
        }
    }
}
