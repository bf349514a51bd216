/* SPDX-License-Identifier: BSD-3-Clause */

/* Hellos that nobody's sentinel has sent, and vote requests for nobody: whoever can reach a port
 * can send both. They name the master as it is, so that nobody is a stranger by that, or a switch
 * that nobody has made. */

#include "faults.h"

#include "cluster_internal.h"
#include "meaning.h"
#include "wire/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODYS_PORT   28000
#define PRETENDER_PORT 29000
#define NEAR_EPOCHS    60

/* Above what the sentinel has: a little, or as far as a number goes. */
static uint64_t epoch_above(const struct sim *sim, const struct sentinel *sentinel, uint64_t lot)
{
    uint64_t now = sentinel->durable.current_epoch;
    switch ((sim->plan.features & FEATURE_EPOCHS) != 0 ? lot % 8 : 7) {
    case 0:
        return SN_EPOCH_MAX;
    case 1:
        return SN_EPOCH_MAX - 1;
    case 2:
        return SN_EPOCH_MAX - 1 - lot % 1000;
    case 3:
        return now + (UINT64_C(1) << 32);
    case 4:
        return now + NEAR_EPOCHS + lot % 5000;
    default:
        return now + 1 + lot / 8 % NEAR_EPOCHS;
    }
}

static void take_id(struct sn_prng *prng, const struct sentinel *of, struct sn_runid *id)
{
    if (of == NULL)
        sn_prng_runid(prng, id);
    else
        *id = of->id;
}

/* What sentinel `whose` would say if it were another one, or elsewhere, or later. */
static void compose(const struct job *job, const struct sentinel *whose,
                    const struct sentinel *other, struct sn_hello *hello)
{
    const struct sim *sim = job->sim;
    const struct fault *fault = job->fault;
    const struct sim_group *group = &sim->groups[fault->group];
    const struct sn_group_image *told = sn_image_find_group(&whose->durable, group->name);
    enum forgery forgery = meaning_forgery(&sim->plan, fault);
    bool new_id = forgery == FORGE_NOBODY || forgery == FORGE_TWIN || forgery == FORGE_SELF;
    struct sn_prng prng;
    sn_prng_init(&prng, fault->value);
    memset(hello, 0, sizeof(*hello));
    take_id(&prng, new_id ? NULL : whose, &hello->runid);
    hello->port = whose->node.addr.port;
    if (forgery == FORGE_NOBODY || forgery == FORGE_AWAY)
        hello->port = (uint16_t)(NOBODYS_PORT + fault->value % 1000);
    else if (forgery == FORGE_MOVED || forgery == FORGE_SELF)
        hello->port = other->node.addr.port;
    (void)snprintf(hello->ip, sizeof(hello->ip), "127.0.0.1");
    (void)snprintf(hello->master_ip, sizeof(hello->master_ip), "127.0.0.1");
    (void)snprintf(hello->master_name, sizeof(hello->master_name), "%s", group->name);
    hello->master_port = told->addr.port;
    hello->current_epoch = whose->durable.current_epoch;
    hello->master_config_epoch = told->config_epoch;
    if (forgery == FORGE_EPOCH)
        hello->current_epoch = epoch_above(sim, whose, fault->value2 >> 8);
    /* Far: in one that is near somebody may be elected just now. */
    if (forgery == FORGE_CONFIG)
        hello->master_config_epoch = epoch_above(sim, whose, fault->value2 >> 8 & ~UINT64_C(4));
    if (forgery == FORGE_CONFIG && fault->value2 / 2 % 2 == 0) /* else from above the current one */
        hello->current_epoch = hello->master_config_epoch;
}

static void say_hello(const struct job *job)
{
    struct sim *sim = job->sim;
    const struct fault *fault = job->fault;
    const struct sentinel *whose = sim->sentinels[fault->b % sim->plan.sentinels];
    struct sentinel *to = sim->sentinels[(fault->b + 1 + fault->a) % sim->plan.sentinels];
    struct model_redis *redis = job->node->redis;
    struct sn_hello hello;
    char text[SN_HELLO_MAX + 1];
    if (to->core == NULL ||
        sn_image_find_group(&whose->durable, sim->groups[fault->group].name) == NULL)
        return;
    compose(job, whose, to, &hello);
    if (sn_hello_format(&hello, text, sizeof(text)) != 0)
        abort();
    cluster_say(sim->cluster, NULL, "forged hello %s", text);
    if (fault->value2 % 2 == 0)
        cluster_publish(to, text);
    else if (redis->node.state == NODE_RUNNING)
        model_redis_publish(redis, text);
}

/* The port of the master that a forged switch names: one of the group's servers, or of nobody. */
static uint16_t pretender(const struct job *job)
{
    const struct checks *checks = job->sim->groups[job->fault->group].checks;
    uint64_t lot = job->fault->value;
    if (lot % 8 == 0 || checks->server_count == 0)
        return (uint16_t)(PRETENDER_PORT + lot / 8 % 1000);
    return checks->servers[lot / 8 % checks->server_count]->node.addr.port;
}

/* A switch that nobody has made, in the name of a sentinel or of nobody, at a server or sent to one
 * sentinel. */
static void say_switch(const struct job *job)
{
    struct sim *sim = job->sim;
    const struct fault *fault = job->fault;
    const struct sentinel *whose = sim->sentinels[fault->b % sim->plan.sentinels];
    struct sentinel *to = sim->sentinels[fault->value2 / 8 % sim->plan.sentinels];
    struct model_redis *redis = job->node->redis;
    struct sn_hello hello = {.port = whose->node.addr.port, .master_port = pretender(job)};
    struct sn_prng prng;
    char text[SN_HELLO_MAX + 1];
    if (to->core == NULL)
        return;
    bool nobody = fault->value2 / 2 % 4 == 0;
    sn_prng_init(&prng, fault->value2);
    take_id(&prng, nobody ? NULL : whose, &hello.runid);
    if (nobody)
        hello.port = (uint16_t)(NOBODYS_PORT + fault->value2 % 1000);
    (void)snprintf(hello.ip, sizeof(hello.ip), "127.0.0.1");
    (void)snprintf(hello.master_ip, sizeof(hello.master_ip), "127.0.0.1");
    (void)snprintf(hello.master_name, sizeof(hello.master_name), "%s",
                   sim->groups[fault->group].name);
    hello.master_config_epoch = hello.current_epoch =
        to->durable.current_epoch + 1 + fault->value2 / 64 % NEAR_EPOCHS;
    if (sn_hello_format(&hello, text, sizeof(text)) != 0)
        abort();
    cluster_say(sim->cluster, NULL, "forged switch %s", text);
    if (fault->value2 % 2 == 0)
        cluster_publish(to, text);
    else if (redis->node.state == NODE_RUNNING)
        model_redis_publish(redis, text);
}

void forge_votes(struct sim_group *group, unsigned whom, uint64_t lot)
{
    struct sim *sim = group->sim;
    struct sn_runid id;
    struct sn_prng prng;
    struct sn_addr addr;
    sn_prng_init(&prng, lot);
    sn_prng_runid(&prng, &id);
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        struct sentinel *sentinel = sim->sentinels[i];
        uint16_t port = cluster_master_port(sentinel, group->name);
        if (((whom >> i) & 1) == 0 || port == 0 || sentinel->node.state != NODE_RUNNING)
            continue;
        if (sn_addr_make("127.0.0.1", port, &addr) != 0)
            abort();
        uint64_t epoch = epoch_above(sim, sentinel, lot);
        cluster_say(sim->cluster, NULL, "forged vote request to %s in %llu", sentinel->node.name,
                    (unsigned long long)epoch);
        cluster_ask(sentinel, &addr, epoch, lot % 3 == 0 ? "nobody" : id.hex);
    }
}

void forge(const struct job *job)
{
    const struct fault *fault = job->fault;
    if (!job->running || job->sim->plan.stocks > 0) /* they take every epoch */
        return;
    if (fault->kind == FAULT_FORGE_HELLO)
        say_hello(job);
    else if (fault->kind == FAULT_FORGE_SWITCH)
        say_switch(job);
    else
        forge_votes(&job->sim->groups[fault->group],
                    fault->value2 % 2 == 0 ? ~0U : 1U << fault->b % job->sim->plan.sentinels,
                    fault->value);
}
