/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *mode_name(enum sn_failover_mode mode)
{
    switch (mode) {
    case SN_MODE_PLANNED:
        return "PLANNED";
    case SN_MODE_COORDINATED:
        return "COORDINATED";
    case SN_MODE_FORCED:
        return "FORCED";
    case SN_MODE_NONE:
        break;
    }
    return "?";
}

void operator_order(struct sim *sim, struct sentinel *sentinel, const struct sn_command *command)
{
    if (sentinel->core == NULL || sentinel->node.state != NODE_RUNNING)
        return;
    if (command->kind == SN_COMMAND_REMOVE)
        check_forget_group(sentinel, SIM_GROUP);
    checks_command(&sim->checks, sentinel, command);
    cluster_command(sentinel, command);
    checks_commanded(&sim->checks, sentinel);
    if (sentinel->core != NULL &&
        (command->kind == SN_COMMAND_REMOVE || command->kind == SN_COMMAND_MONITOR))
        check_heard_ask(&sim->checks, sentinel);
}

static struct sn_command on_group(enum sn_command_kind kind)
{
    return (struct sn_command){.kind = kind, .name = SIM_GROUP, .name_len = strlen(SIM_GROUP)};
}

void operator_failover(struct sim *sim, struct sentinel *sentinel, enum sn_failover_mode mode,
                       const struct model_redis *to)
{
    struct sn_command command = on_group(SN_COMMAND_FAILOVER);
    command.mode = mode;
    if (to != NULL)
        command.addr = to->node.addr;
    cluster_say(sim->cluster, NULL, "order %s FAILOVER %s %s", sentinel->node.name, mode_name(mode),
                to == NULL ? "-" : to->node.name);
    operator_order(sim, sentinel, &command);
}

void operator_set(struct sim *sim, struct sentinel *sentinel, enum sn_option option,
                  const char *name, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    struct sn_change change = {.option = option, .name = name, .value = text, .number = value};
    struct sn_command command = on_group(SN_COMMAND_SET);
    command.changes = &change;
    command.change_count = 1;
    cluster_say(sim->cluster, NULL, "order %s SET %s %s", sentinel->node.name, name, text);
    operator_order(sim, sentinel, &command);
}

void operator_forget(struct sim *sim, struct sentinel *sentinel)
{
    struct sn_command command = on_group(SN_COMMAND_RESET);
    cluster_say(sim->cluster, NULL, "order %s RESET", sentinel->node.name);
    operator_order(sim, sentinel, &command);
}

void operator_remove(struct sim *sim, struct sentinel *sentinel)
{
    struct sn_command command = on_group(SN_COMMAND_REMOVE);
    cluster_say(sim->cluster, NULL, "order %s REMOVE", sentinel->node.name);
    operator_order(sim, sentinel, &command);
}

struct look {
    uint16_t port;
    bool found;
};

static void look_at(void *arg, const char *name, const char *value)
{
    struct look *look = arg;
    if (strcmp(name, "port") == 0 && strtoul(value, NULL, 10) == look->port)
        look->found = true;
}

static bool is_known(const struct sim *sim, uint16_t port)
{
    struct look look = {.port = port};
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        const struct sn_core *core = sim->sentinels[i]->core;
        const struct sn_group *group =
            core == NULL ? NULL : sn_core_group_find(core, SIM_GROUP, strlen(SIM_GROUP));
        const struct sn_instance *replica = group == NULL ? NULL : sn_group_replica_first(group);
        for (; replica != NULL; replica = sn_instance_next(replica))
            sn_instance_describe(core, replica, sim->cluster->now, look_at, &look);
    }
    return look.found;
}

void operator_adopt_orphans(struct sim *sim)
{
    const struct model_redis *master = operator_master(sim);
    for (unsigned i = 0; i < sim->server_count; i++) {
        struct model_redis *redis = sim->servers[i];
        /* An order meant for the server that had its address before: it follows itself. */
        if (redis->role == SN_ROLE_REPLICA && redis->master.port == redis->node.addr.port)
            model_redis_promote(redis);
        bool follows =
            redis->role == SN_ROLE_REPLICA && redis->master.port == master->node.addr.port;
        if (redis == master || follows || is_known(sim, redis->node.addr.port))
            continue;
        cluster_say(sim->cluster, NULL, "order %s REPLICAOF %s", redis->node.name,
                    master->node.name);
        model_redis_follow(redis, "127.0.0.1", master->node.addr.port);
    }
}

struct model_redis *operator_master(const struct sim *sim)
{
    unsigned named[PLAN_SERVERS_MAX] = {0};
    unsigned best = 0;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        uint16_t port = cluster_master_port(sim->sentinels[i], SIM_GROUP);
        for (unsigned k = 0; k < sim->server_count; k++)
            named[k] += sim->servers[k]->node.addr.port == port;
    }
    for (unsigned k = 1; k < sim->server_count; k++) {
        if (named[k] > named[best])
            best = k;
    }
    return sim->servers[best];
}

/* The master with most writes, as an operator finds it who asks the servers. */
static uint16_t true_port(const struct sim *sim)
{
    uint16_t port = SIM_PORT;
    uint64_t offset = 0;
    for (unsigned i = 0; i < sim->server_count; i++) {
        const struct model_redis *redis = sim->servers[i];
        if (redis->role != SN_ROLE_MASTER || redis->offset < offset)
            continue;
        offset = redis->offset;
        port = redis->node.addr.port;
    }
    return port;
}

/* What the other sentinels tell. */
static uint16_t named_port(const struct sim *sim)
{
    unsigned most = 0;
    uint16_t best = true_port(sim);
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        uint16_t port = cluster_master_port(sim->sentinels[i], SIM_GROUP);
        unsigned named = 0;
        for (unsigned k = 0; port != 0 && k < sim->plan.sentinels; k++)
            named += cluster_master_port(sim->sentinels[k], SIM_GROUP) == port;
        if (named > most) {
            most = named;
            best = port;
        }
    }
    for (unsigned i = 0; sim->peace && i < sim->server_count; i++) {
        if (sim->servers[i]->node.addr.port == best && sim->servers[i]->role != SN_ROLE_MASTER)
            return true_port(sim);
    }
    return best;
}

void operator_monitor(struct sim *sim, struct sentinel *sentinel)
{
    struct sn_command command = on_group(SN_COMMAND_MONITOR);
    uint16_t port = named_port(sim);
    if (sentinel->core == NULL || cluster_master_port(sentinel, SIM_GROUP) != 0)
        return;
    if (sn_addr_make("127.0.0.1", port, &command.addr) != 0)
        abort();
    command.quorum = sim->plan.quorum;
    cluster_say(sim->cluster, NULL, "order %s MONITOR port %u", sentinel->node.name, port);
    operator_order(sim, sentinel, &command);
    operator_restore(sim, sentinel);
}

/* Has a configuration that nothing can correct any more: of an epoch that two leaders shared, or
 * alone since a restart that followed a RESET, or of a replica that was monitored as a master. */
static bool is_lost(const struct sim *sim, const struct sentinel *sentinel)
{
    char replicas[256];
    cluster_field(sentinel, SIM_GROUP, "num-slaves", replicas);
    return cluster_master_port(sentinel, SIM_GROUP) != named_port(sim) &&
           (sim->checks.collided ||
            (sim->removals && (sentinel->boots > 1 || strcmp(replicas, "0") == 0)));
}

/* Replicas of one another, and no sentinel that knows more than one of them. */
static void crown(struct sim *sim)
{
    struct model_redis *best = sim->servers[0];
    for (unsigned i = 0; i < sim->server_count; i++) {
        if (sim->servers[i]->role == SN_ROLE_MASTER)
            return;
        if (sim->servers[i]->offset > best->offset)
            best = sim->servers[i];
    }
    cluster_say(sim->cluster, NULL, "order %s REPLICAOF NO ONE", best->node.name);
    model_redis_promote(best);
}

void operator_repair(struct sim *sim, unsigned round)
{
    operator_adopt_orphans(sim);
    if (round == 1 && sim->checks.collided)
        operator_failover(sim, sim->sentinels[0], SN_MODE_FORCED, NULL);
    if (round > 1 && sim->removals)
        crown(sim);
    for (unsigned i = 0; round > 1 && i < sim->plan.sentinels; i++) {
        if (!is_lost(sim, sim->sentinels[i]))
            continue;
        operator_remove(sim, sim->sentinels[i]);
        operator_monitor(sim, sim->sentinels[i]);
    }
}

void operator_restore(struct sim *sim, struct sentinel *sentinel)
{
    const struct plan *plan = &sim->plan;
    operator_set(sim, sentinel, SN_OPTION_QUORUM, "quorum", plan->quorum);
    operator_set(sim, sentinel, SN_OPTION_DOWN_AFTER, "down-after-milliseconds",
                 plan->down_after_ms);
    operator_set(sim, sentinel, SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout",
                 plan->failover_timeout_ms);
    operator_set(sim, sentinel, SN_OPTION_PARALLEL_SYNCS, "parallel-syncs", plan->parallel_syncs);
}
