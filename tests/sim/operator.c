/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim.h"

#include "cluster_internal.h"
#include "meaning.h"
#include "stock_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of repair after which a stock node, whose TILT lasts 30 s, is not waited for any more. */
#define STOCK_PATIENCE 4

static void order(struct sim_group *group, struct sentinel *sentinel,
                  const struct sn_command *command)
{
    if (sentinel->core == NULL || sentinel->node.state != NODE_RUNNING ||
        !cluster_watches(sentinel, group->name))
        return;
    if (command->kind == SN_COMMAND_REMOVE)
        check_forget_group(sentinel, group->name);
    checks_command(group->checks, sentinel, command);
    cluster_command(sentinel, command);
    checks_commanded(group->checks, sentinel);
    if (sentinel->core != NULL &&
        (command->kind == SN_COMMAND_REMOVE || command->kind == SN_COMMAND_MONITOR))
        check_heard_ask(group->checks, sentinel);
}

static struct sn_command on_group(const struct sim_group *group, enum sn_command_kind kind)
{
    return (struct sn_command){.kind = kind, .name = group->name, .name_len = strlen(group->name)};
}

void operator_failover(struct sim_group *group, struct sentinel *sentinel,
                       enum sn_failover_mode mode, const struct model_redis *to)
{
    struct sn_command command = on_group(group, SN_COMMAND_FAILOVER);
    command.mode = mode;
    if (to != NULL)
        command.addr = to->node.addr;
    cluster_say(group->sim->cluster, NULL, "order %s FAILOVER %s %s of %s", sentinel->node.name,
                meaning_mode_name(mode), to == NULL ? "-" : to->node.name, group->name);
    order(group, sentinel, &command);
}

void operator_set(struct sim_group *group, struct sentinel *sentinel, enum sn_option option,
                  const char *name, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    struct sn_change change = {.option = option, .name = name, .value = text, .number = value};
    struct sn_command command = on_group(group, SN_COMMAND_SET);
    command.changes = &change;
    command.change_count = 1;
    cluster_say(group->sim->cluster, NULL, "order %s SET %s %s %s", sentinel->node.name,
                group->name, name, text);
    order(group, sentinel, &command);
}

void operator_forget(struct sim_group *group, struct sentinel *sentinel)
{
    struct sn_command command = on_group(group, SN_COMMAND_RESET);
    cluster_say(group->sim->cluster, NULL, "order %s RESET %s", sentinel->node.name, group->name);
    order(group, sentinel, &command);
}

void operator_pause(struct sim_group *group, struct sentinel *sentinel, uint32_t seconds)
{
    struct sn_command command = on_group(group, seconds > 0 ? SN_COMMAND_PAUSE : SN_COMMAND_RESUME);
    command.seconds = seconds;
    command.reason = "work on the racks";
    command.wall_ms = cluster_wall(group->sim->cluster);
    cluster_say(group->sim->cluster, NULL, "order %s %s %s for %u s", sentinel->node.name,
                seconds > 0 ? "PAUSE" : "RESUME", group->name, (unsigned)seconds);
    order(group, sentinel, &command);
}

void operator_remove(struct sim_group *group, struct sentinel *sentinel)
{
    struct sn_command command = on_group(group, SN_COMMAND_REMOVE);
    cluster_say(group->sim->cluster, NULL, "order %s REMOVE %s", sentinel->node.name, group->name);
    order(group, sentinel, &command);
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

bool operator_sees(const struct sim_group *group, const struct sentinel *sentinel, uint16_t port)
{
    struct look look = {.port = port};
    const struct sn_core *core = sentinel->core;
    const struct sn_group *seen =
        core == NULL ? NULL : sn_core_group_find(core, group->name, strlen(group->name));
    const struct sn_instance *replica = seen == NULL ? NULL : sn_group_replica_first(seen);
    for (; replica != NULL; replica = sn_instance_next(replica))
        sn_instance_describe(core, replica, group->sim->cluster->now, look_at, &look);
    return look.found;
}

static bool is_known(const struct sim_group *group, uint16_t port)
{
    bool known = false;
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++)
        known |= operator_sees(group, group->sim->sentinels[i], port);
    return known;
}

/* A sentinel of any kind takes it for the master, and it is one. */
static bool is_a_master(const struct sim_group *group, const struct model_redis *redis)
{
    const struct sim *sim = group->sim;
    uint16_t port = redis->node.addr.port;
    bool named = false;
    for (unsigned i = 0; i < sim->plan.sentinels; i++)
        named |= cluster_master_port(sim->sentinels[i], group->name) == port;
    for (unsigned i = 0; group == &sim->groups[0] && i < sim->plan.stocks; i++)
        named |= stock_master_port(sim->stocks[i]) == port;
    return named && redis->role == SN_ROLE_MASTER;
}

static bool has_server(const struct sim_group *group, uint16_t port)
{
    for (unsigned i = 0; i < group->server_count; i++) {
        if (group->servers[i]->node.addr.port == port)
            return true;
    }
    return false;
}

/* It replicates another group, or that one lists it: then neither touches it (DESIGN.md D16). */
static bool is_claimed(const struct sim_group *group, const struct model_redis *redis)
{
    const struct sim *sim = group->sim;
    uint16_t port = redis->node.addr.port;
    if (sim->mixed && redis->role == SN_ROLE_REPLICA && !has_server(group, redis->master.port))
        return true;
    for (unsigned k = 0; sim->mixed && k < sim->plan.groups; k++) {
        if (&sim->groups[k] != group && is_known(&sim->groups[k], port))
            return true;
    }
    return false;
}

/* The other groups forget whom they have found at an address of theirs. */
static void part(struct sim_group *group)
{
    struct sim *sim = group->sim;
    for (unsigned k = 0; k < sim->plan.groups; k++) {
        for (unsigned i = 0; &sim->groups[k] != group && i < sim->plan.sentinels; i++)
            operator_forget(&sim->groups[k], sim->sentinels[i]);
    }
    for (unsigned i = 0; group != &sim->groups[0] && i < sim->plan.stocks; i++)
        stock_reset(sim->stocks[i]);
    sim->removals = true;
}

/* REPLICAOF to servers that no sentinel knows: forgotten by RESET while they were away. And to
 * those that another group has made its own. */
static void adopt_orphans(struct sim_group *group)
{
    struct model_redis *master = operator_master(group);
    if (is_claimed(group, master)) {
        part(group);
        model_redis_promote(master);
    }
    for (unsigned i = 0; i < group->server_count; i++) {
        struct model_redis *redis = group->servers[i];
        bool replica = redis->role == SN_ROLE_REPLICA;
        if (group->sim->doomed[redis->node.index])
            continue;
        /* An order meant for the server that had its address before: it follows itself. */
        if (replica && redis->master.port == redis->node.addr.port)
            model_redis_promote(redis);
        bool stolen = is_claimed(group, redis);
        bool follows = replica && redis->master.port == master->node.addr.port;
        /* Whoever replicates it gets no orders either. */
        if (stolen && follows)
            part(group);
        if (redis == master || follows || (is_known(group, redis->node.addr.port) && !stolen))
            continue;
        /* Most name a replica: then those are wrong (is_lost), not this one. */
        if (master->role != SN_ROLE_MASTER && is_a_master(group, redis))
            continue;
        if (stolen)
            part(group);
        cluster_say(group->sim->cluster, NULL, "order %s REPLICAOF %s", redis->node.name,
                    master->node.name);
        model_redis_follow(redis, "127.0.0.1", master->node.addr.port);
    }
}

struct model_redis *operator_master(const struct sim_group *group)
{
    unsigned named[PLAN_SERVERS_MAX] = {0};
    unsigned best = 0;
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++) {
        uint16_t port = cluster_master_port(group->sim->sentinels[i], group->name);
        for (unsigned k = 0; k < group->server_count; k++)
            named[k] += group->servers[k]->node.addr.port == port;
    }
    for (unsigned k = 1; k < group->server_count; k++) {
        if (named[k] > named[best])
            best = k;
    }
    return group->servers[best];
}

/* The master with most writes, as an operator finds it who asks the servers. */
static uint16_t true_port(const struct sim_group *group)
{
    uint16_t port = group->servers[0]->node.addr.port;
    uint64_t offset = 0;
    for (unsigned i = 0; i < group->server_count; i++) {
        const struct model_redis *redis = group->servers[i];
        if (redis->role != SN_ROLE_MASTER || redis->offset < offset ||
            group->sim->doomed[redis->node.index])
            continue;
        offset = redis->offset;
        port = redis->node.addr.port;
    }
    return port;
}

/* What the other sentinels tell. */
static uint16_t named_port(const struct sim_group *group)
{
    unsigned most = 0;
    uint16_t best = true_port(group);
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++) {
        uint16_t port = cluster_master_port(group->sim->sentinels[i], group->name);
        unsigned named = 0;
        for (unsigned k = 0; port != 0 && k < group->sim->plan.sentinels; k++)
            named += cluster_master_port(group->sim->sentinels[k], group->name) == port;
        if (named > most) {
            most = named;
            best = port;
        }
    }
    for (unsigned i = 0; group->sim->peace && i < group->server_count; i++) {
        if (group->servers[i]->node.addr.port == best && group->servers[i]->role == SN_ROLE_MASTER)
            return best;
    }
    return group->sim->peace ? true_port(group) : best;
}

static void monitor_at(struct sim_group *group, struct sentinel *sentinel, uint16_t port)
{
    struct sn_command command = on_group(group, SN_COMMAND_MONITOR);
    if (sentinel->core == NULL || cluster_master_port(sentinel, group->name) != 0)
        return;
    if (sn_addr_make("127.0.0.1", port, &command.addr) != 0)
        abort();
    const struct node *node =
        cluster_find_node(group->sim->cluster, command.addr.ip, command.addr.port);
    if (node != NULL) /* by its name, if it has one */
        command.addr = node->addr;
    command.quorum = group->quorum;
    cluster_say(group->sim->cluster, NULL, "order %s MONITOR %s port %u", sentinel->node.name,
                group->name, port);
    order(group, sentinel, &command);
    operator_restore(group, sentinel);
}

void operator_monitor(struct sim_group *group, struct sentinel *sentinel)
{
    monitor_at(group, sentinel, named_port(group));
}

static uint64_t config_epoch(const struct sim_group *group, const struct sentinel *sentinel)
{
    char value[256];
    cluster_field(sentinel, group->name, "config-epoch", value);
    return strtoull(value, NULL, 10);
}

/* None of those who name the server at port has a newer configuration to tell. */
static bool is_newest(const struct sim_group *group, const struct sentinel *sentinel, uint16_t port)
{
    uint64_t own = config_epoch(group, sentinel);
    bool newest = true;
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++) {
        const struct sentinel *other = group->sim->sentinels[i];
        newest &=
            cluster_master_port(other, group->name) != port || config_epoch(group, other) <= own;
    }
    return newest;
}

/* All of ours who knew the newest configuration are lost for good. Who is left has heard of it from
 * stock nodes only, whose hellos name its master by a host name that nobody looks up; the log tells
 * so. One that monitors a replica since they saw to it is told by the operator what they say. */
static bool is_untold(const struct sim_group *group, const struct sentinel *sentinel)
{
    const struct sim *sim = group->sim;
    char role[256];
    uint64_t newest = 0;
    bool untold = false;
    cluster_field(sentinel, group->name, "role-reported", role);
    if (group != &sim->groups[0] || (sim->plan.features & FEATURE_STOCK_NAMES) == 0 ||
        strcmp(role, "slave") != 0)
        return false;
    for (unsigned i = 0; i < sim->plan.sentinels; i++) {
        uint64_t epoch = config_epoch(group, sim->sentinels[i]);
        newest = epoch > newest ? epoch : newest;
    }
    for (unsigned i = 0; i < sim->plan.stocks; i++)
        untold |= stock_config_epoch(sim->stocks[i]) > newest &&
                  stock_master_port(sim->stocks[i]) == named_port(group);
    return untold;
}

/* The master has left its address, and all servers are empty: no sentinel may promote one of those
 * instead (DESIGN.md D20). */
static bool is_all_gone(const struct sim_group *group, const struct sentinel *sentinel)
{
    bool gone = !has_server(group, cluster_master_port(sentinel, group->name));
    for (unsigned i = 0; gone && i < group->server_count; i++)
        gone = group->servers[i]->keys == 0;
    return gone;
}

/* Has a configuration that nothing can correct any more: of an epoch that two leaders shared, or
 * alone since a restart that followed a RESET, or of a replica that was monitored as a master, or
 * that became one while a RESET had made the sentinel forget its peers and the new master, or that
 * became one by an epoch which went with the last who knew it, or that was monitored while it had
 * the address of another group's server, or of a master that took all data with it. */
static bool is_lost(const struct sim_group *group, const struct sentinel *sentinel)
{
    char replicas[256], role[256];
    uint16_t port = named_port(group);
    cluster_field(sentinel, group->name, "num-slaves", replicas);
    cluster_field(sentinel, group->name, "role-reported", role);
    bool demoted = strcmp(role, "slave") == 0;
    return cluster_master_port(sentinel, group->name) != port &&
           (group->checks->collided || is_untold(group, sentinel) || is_all_gone(group, sentinel) ||
            (group->sim->removals &&
             (sentinel->boots > 1 || strcmp(replicas, "0") == 0 ||
              !has_server(group, cluster_master_port(sentinel, group->name)) ||
              (demoted &&
               (!operator_sees(group, sentinel, port) || is_newest(group, sentinel, port))))));
}

/* A stock node that a RESET made forget a switch, while a MONITOR has told the others of it: no
 * configuration is newer than its own. */
static void correct_stocks(struct sim_group *group)
{
    struct sim *sim = group->sim;
    uint16_t port = named_port(group);
    for (unsigned i = 0; i < sim->plan.stocks; i++) {
        if (stock_master_port(sim->stocks[i]) == port)
            continue;
        cluster_say(sim->cluster, NULL, "order k%u REMOVE and MONITOR port %u", i + 1, port);
        stock_monitor(sim->stocks[i], port);
    }
}

/* Replicas of one another, and no sentinel that knows more than one of them. */
static void crown(struct sim_group *group)
{
    struct model_redis *best = group->servers[0];
    for (unsigned i = 0; i < group->server_count; i++) {
        struct model_redis *redis = group->servers[i];
        if (group->sim->doomed[redis->node.index])
            continue;
        if (redis->role == SN_ROLE_MASTER)
            return;
        if (redis->offset > best->offset || group->sim->doomed[best->node.index])
            best = redis;
    }
    cluster_say(group->sim->cluster, NULL, "order %s REPLICAOF NO ONE", best->node.name);
    model_redis_promote(best);
}

/* The master forgot its role in a restart, and nobody else has data: no sentinel may promote an
 * empty replica (DESIGN.md D20). */
static bool is_only_one_with_data(const struct sim_group *group, const struct model_redis *master)
{
    bool only = master->role != SN_ROLE_MASTER && master->keys > 0;
    for (unsigned i = 0; only && i < group->server_count; i++)
        only = group->servers[i] == master || group->servers[i]->keys == 0;
    return only;
}

static struct sentinel *a_living_one(const struct sim_group *group)
{
    const struct sim *sim = group->sim;
    unsigned i = 0;
    while (i + 1 < sim->plan.sentinels && (sim->doomed[sim->sentinels[i]->node.index] ||
                                           !cluster_watches(sim->sentinels[i], group->name)))
        i++;
    return sim->sentinels[i];
}

static bool was_restarted(const struct sim_group *group)
{
    bool was = false;
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++)
        was |= cluster_watches(group->sim->sentinels[i], group->name) &&
               group->sim->sentinels[i]->boots > 1;
    return was;
}

static void join(struct sim_group *group, struct model_redis *own, struct model_redis *other)
{
    struct sentinel *sentinel = a_living_one(group);
    if (operator_sees(group, sentinel, other->node.addr.port)) {
        operator_failover(group, sentinel, SN_MODE_FORCED, other);
        return;
    }
    /* Forgotten by a RESET: its master is made a replica, and whoever monitors a replica is told
     * where the master is (is_lost). */
    cluster_say(group->sim->cluster, NULL, "order %s REPLICAOF %s", own->node.name,
                other->node.name);
    model_redis_follow(own, "127.0.0.1", other->node.addr.port);
}

void operator_reunite(struct sim *sim)
{
    struct sim_group *one = &sim->groups[0], *two = &sim->groups[1];
    if (!sim->plan.two_deployments || (!was_restarted(one) && !was_restarted(two)))
        return;
    struct model_redis *ones = operator_master(one), *twos = operator_master(two);
    if (ones == twos)
        return;
    if (twos->role == SN_ROLE_MASTER)
        join(one, ones, twos);
    else
        join(two, twos, ones);
}

/* Whatever is missing now, those who agree bring it about. */
static bool all_agree(const struct sim_group *group)
{
    const struct sim *sim = group->sim;
    const struct model_redis *master = operator_master(group);
    uint16_t port = master->node.addr.port;
    bool agree = master->role == SN_ROLE_MASTER && cluster_agreed(sim->cluster, group->name, port);
    for (unsigned i = 0; group == &sim->groups[0] && i < sim->plan.stocks; i++)
        agree = agree && stock_master_port(sim->stocks[i]) == port;
    return agree;
}

bool operator_repair(struct sim_group *group, unsigned round)
{
    bool removed = false;
    adopt_orphans(group);
    /* A new epoch is above all that others have; what begins anew would meet the old ones again. */
    if (round % 2 == 1 && group->checks->collided && !all_agree(group)) {
        operator_failover(group, a_living_one(group), SN_MODE_FORCED, NULL);
        return false;
    }
    if (round > 1 && (group->sim->removals || group->sim->mixed ||
                      is_only_one_with_data(group, operator_master(group))))
        crown(group);
    group->told_port = named_port(group);
    for (unsigned i = 0; round > 1 && i < group->sim->plan.sentinels; i++) {
        if (!is_lost(group, group->sim->sentinels[i]))
            continue;
        operator_remove(group, group->sim->sentinels[i]);
        removed = true;
    }
    if (round > STOCK_PATIENCE && group->sim->removals && group == &group->sim->groups[0])
        correct_stocks(group);
    return removed;
}

void operator_begin_anew(struct sim_group *group)
{
    for (unsigned i = 0; i < group->sim->plan.sentinels; i++)
        monitor_at(group, group->sim->sentinels[i], group->told_port);
}

void operator_restore(struct sim_group *group, struct sentinel *sentinel)
{
    const struct plan *plan = &group->sim->plan;
    operator_set(group, sentinel, SN_OPTION_QUORUM, "quorum", group->quorum);
    operator_set(group, sentinel, SN_OPTION_DOWN_AFTER, "down-after-milliseconds",
                 plan->down_after_ms);
    operator_set(group, sentinel, SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout",
                 plan->failover_timeout_ms);
    operator_set(group, sentinel, SN_OPTION_PARALLEL_SYNCS, "parallel-syncs", plan->parallel_syncs);
}
