/* SPDX-License-Identifier: BSD-3-Clause */

/* Faults of the data nodes, and strangers that speak there. */

#include "faults.h"

#include "cluster_internal.h"
#include "meaning.h"
#include "wire/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRANGER_PORT 7777
#define FRESH_PORT    7400
#define PAUSE_MAX_MS  4000

struct model_redis *faults_server_of(struct sim *sim, const struct fault *fault)
{
    if (fault->a == TARGET_MASTER)
        return operator_master(&sim->groups[fault->group]);
    return sim->servers[fault->a % sim->server_count];
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
        for (unsigned i = 0; i < sim->plan.sentinels; i++) {
            struct heard *heard = &sim->groups[k].checks->seen[i].heard[index];
            /* What was claimed is the address, as far as sentinels know. */
            *heard = (struct heard){.claimed_at = heard->claimed_at};
        }
    }
}

/* ---- data nodes ---------------------------------------------------------------------------------
 */

static void move(struct sim *sim, struct model_redis *redis, const struct fault *fault)
{
    unsigned whose = fault->b % sim->server_count;
    uint16_t taken = sim->homes[whose];
    cluster_kill(&redis->node);
    forget_heard(sim, redis);
    if (taken != redis->node.addr.port && faults_port_is_free(sim, taken)) {
        bool mixed = taken / SIM_PORT_STEP != sim->homes[server_index(sim, redis)] / SIM_PORT_STEP;
        cluster_say(sim->cluster, NULL, "took the address of r%u%s", 1 + whose,
                    mixed ? " of another group" : "");
        sim->mixed |= mixed;
        forget_heard(sim, sim->servers[whose]); /* who is heard at its address is another now */
        cluster_readdress(&redis->node, taken);
    } else {
        cluster_readdress(&redis->node, (uint16_t)(FRESH_PORT + server_index(sim, redis)));
    }
    for (unsigned k = 0; k < sim->plan.groups; k++) {
        for (unsigned i = 0; i < sim->groups[k].server_count; i++) {
            if (sim->groups[k].servers[i] == redis)
                check_heard_monitor(sim->groups[k].checks, redis->node.addr.port);
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

static struct model_redis *above(const struct model_redis *redis)
{
    struct node *node =
        cluster_find_node(redis->node.cluster, redis->master.ip, redis->master.port);
    return redis->role != SN_ROLE_REPLICA || node == NULL ? NULL : node->redis;
}

/* Its operator puts a replica below another one of its group, and seldom makes a circle. */
static void put_below(const struct job *job, struct model_redis *redis)
{
    const struct checks *checks = job->sim->groups[0].checks;
    bool ours = false;
    for (unsigned i = 0; i < checks->server_count; i++)
        ours |= checks->servers[i] == redis;
    struct model_redis *to = checks->servers[job->fault->value % checks->server_count], *at = to;
    if (!ours || to == redis || redis->role != SN_ROLE_REPLICA || to->role != SN_ROLE_REPLICA ||
        redis->node.state != NODE_RUNNING || to->node.state != NODE_RUNNING)
        return;
    for (unsigned i = 0; i < checks->server_count && at != NULL; i++, at = above(at)) {
        if (at == redis && job->fault->value / 64 % 2 == 0)
            return;
    }
    cluster_say(job->sim->cluster, NULL, "%s is put below %s", redis->node.name, to->node.name);
    model_redis_follow(redis, to->node.addr.ip, to->node.addr.port);
    redis->put_below = true;
    redis->put_below_at = redis->node.cluster->now;
}

static void life_of_server(struct job *job, struct model_redis *redis)
{
    struct sim *sim = job->sim;
    enum fault_kind kind = job->fault->kind;
    if (!job->running) {
        if (kind != FAULT_CLIENT_KILL && kind != FAULT_PROMOTED && kind != FAULT_CHAIN)
            faults_start(sim, &redis->node);
        return;
    }
    if (kind == FAULT_EMPTY || kind == FAULT_REBORN) {
        cluster_kill(&redis->node);
        model_redis_replace_data(redis, 0);
        if (kind == FAULT_EMPTY)
            redis->saved_role = SN_ROLE_MASTER;
    } else if (kind == FAULT_OTHER_DATA) {
        cluster_kill(&redis->node);
        model_redis_replace_data(redis, 1 + job->fault->value);
    } else if (kind == FAULT_READDRESS) {
        move(sim, redis, job->fault);
    } else if (kind == FAULT_CLIENT_KILL) {
        reset_all(sim, &redis->node);
    } else if (kind == FAULT_CHAIN) {
        put_below(job, redis);
    } else if (kind == FAULT_PROMOTED && redis->node.state == NODE_RUNNING) {
        model_redis_promote(redis);
    }
}

static enum sn_role lie_of(const struct model_redis *redis)
{
    return redis->role == SN_ROLE_MASTER ? SN_ROLE_REPLICA : SN_ROLE_MASTER;
}

/* newest: NULL if it is over. */
static void fall_into_trouble(const struct job *newest, struct model_redis *redis)
{
    redis->ping_error = newest == NULL ? NULL : meaning_trouble(newest->fault->value);
    redis->script_wrote = newest != NULL && newest->fault->value2 % 2 == 0;
    /* Whoever was connected before there was a password needs none. */
    if (newest != NULL && strncmp(redis->ping_error, "NOAUTH", 6) == 0)
        reset_all(newest->sim, &redis->node);
}

/* Some have lost their connections before, and want them back. */
static void fill_up(const struct job *newest, struct model_redis *redis)
{
    uint64_t lot = newest == NULL ? 0 : newest->fault->value2;
    redis->turns_away = newest == NULL ? NULL
                        : lot % 3 == 0 ? ""
                                       : "ERR max number of clients reached";
    if (newest != NULL && (lot >> 8) % 2 == 0)
        reset_all(newest->sim, &redis->node);
}

static void reject(const struct job *newest, struct model_redis *redis)
{
    redis->rejects = newest != NULL;
    redis->rejected_until = redis->node.cluster->now;
    if (newest != NULL)
        reset_all(newest->sim, &redis->node);
}

/* As the newest of the faults of this kind wants it that run now. */
static void manners_of_server(const struct job *job, struct model_redis *redis)
{
    enum fault_kind kind = job->fault->kind;
    const struct job *newest = faults_newest(kind, &redis->node);
    bool on = newest != NULL;
    uint64_t lot = on ? newest->fault->value % 5 : 0;
    redis->lied |= kind == FAULT_LIES;
    if (kind == FAULT_LIES)
        redis->lies_role = on ? lie_of(redis) : SN_ROLE_UNKNOWN;
    else if (kind == FAULT_PING_ERROR)
        fall_into_trouble(newest, redis);
    else if (kind == FAULT_ORDER_ERROR)
        redis->order_error = on ? "NOPERM this user has no permissions to run 'slaveof'" : NULL;
    else if (kind == FAULT_PAUSE_ERROR)
        redis->pause_error = on ? "NOPERM no permissions to run the 'client|pause' command" : NULL;
    else if (kind == FAULT_IGNORES)
        redis->ignores_orders = on;
    else if (kind == FAULT_CONFIG_ERROR)
        redis->config_error = !on            ? NULL
                              : lot % 2 == 0 ? "ERR unknown command 'CONFIG'"
                                             : "NOPERM no permissions to run 'config|rewrite'";
    else if (kind == FAULT_FULL)
        fill_up(newest, redis);
    else if (kind == FAULT_REJECT)
        reject(newest, redis);
    else if (kind == FAULT_DROPS)
        redis->drops_orders = on;
    else if (kind == FAULT_PRIORITY)
        redis->priority = on ? meaning_priority(newest->fault) : 100;
}

static void pause_writes(const struct job *job, struct model_redis *redis)
{
    sn_ms lasts = job->fault->lasts < PAUSE_MAX_MS ? job->fault->lasts : PAUSE_MAX_MS;
    sn_ms until = job->sim->cluster->now + lasts;
    if (job->running && redis->paused_until < until)
        redis->paused_until = until;
}

static void lag(struct sim *sim, struct model_redis *redis, bool lags)
{
    sim->fault_lag[server_index(sim, redis)] = lags;
    if (lags)
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
    if (!all_configured(sim) || redis->node.state != NODE_RUNNING ||
        (sim->plan.features & (FEATURE_FORGED | FEATURE_EPOCHS | FEATURE_HEARSAY)) != 0)
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

void faults_server(struct job *job)
{
    struct sim *sim = job->sim;
    struct model_redis *redis = job->node->redis;
    enum fault_kind kind = job->fault->kind;
    if (kind == FAULT_LAG)
        lag(sim, redis, faults_newest(kind, job->node) != NULL);
    else if (kind == FAULT_PAUSED)
        pause_writes(job, redis);
    else if (kind == FAULT_STRANGER && job->running)
        speak_as_stranger(sim, redis, job->fault);
    else if (kind == FAULT_FORGE_HELLO || kind == FAULT_FORGE_VOTE || kind == FAULT_FORGE_SWITCH)
        forge(job);
    else if (kind == FAULT_EMPTY || kind == FAULT_REBORN || kind == FAULT_OTHER_DATA ||
             kind == FAULT_READDRESS || kind == FAULT_CLIENT_KILL || kind == FAULT_PROMOTED ||
             kind == FAULT_CHAIN)
        life_of_server(job, redis);
    else
        manners_of_server(job, redis);
}

void faults_mend_server(struct sim *sim, struct model_redis *redis)
{
    uint16_t home = sim->homes[server_index(sim, redis)];
    redis->lies_role = SN_ROLE_UNKNOWN;
    redis->ping_error = NULL;
    redis->turns_away = NULL;
    redis->rejects = false;
    redis->order_error = NULL;
    redis->pause_error = NULL;
    if ((sim->plan.features & FEATURE_CONFIG) == 0) /* a right that nobody has missed */
        redis->config_error = NULL;
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
