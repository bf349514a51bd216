/* SPDX-License-Identifier: BSD-3-Clause */

/* The life of a model server, and its replication. What a replica has is known by an id and an
 * offset, as in Redis: where the master's history has both, only what is missing is sent; else
 * everything, and what the replica had is lost. */

#include "cluster_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define REPL_PERIOD_MS 1000
#define PARTIAL_MS     2    /* of a partial resynchronisation */
#define KEYS           1000 /* that servers have before the first write */
#define CHAIN_MAX      8    /* of replicas of replicas */

/* Not from the dice of the cluster: ids decide nothing but whether they are equal. */
static void begin_history(struct model_redis *redis)
{
    struct sn_prng prng;
    uint64_t lot = redis->node.cluster->seed * 64 + redis->node.index;
    sn_prng_init(&prng, lot * 65536 + redis->histories++);
    sn_prng_runid(&prng, &redis->replid);
}

/* It goes its own way from here on; whoever has its data up to here may follow. */
static void fork_history(struct model_redis *redis)
{
    redis->replid2 = redis->replid;
    redis->second_offset = redis->offset;
    begin_history(redis);
}

static void forget_history(struct model_redis *redis)
{
    redis->replid2.hex[0] = '\0';
    redis->second_offset = 0;
    begin_history(redis);
}

void model_redis_init(struct model_redis *redis)
{
    sn_prng_runid(&redis->node.cluster->prng, &redis->runid);
    redis->role = SN_ROLE_MASTER;
    redis->saved_role = SN_ROLE_MASTER;
    redis->keys = KEYS;
    redis->priority = 100;
    redis->sync_ms = 20;
    redis->repl_timeout_ms = 60000;
    redis->silent_at = SN_MS_NEVER;
    begin_history(redis);
    sn_timer_init(&redis->timer, WIRE_REPL, redis);
}

static void wake_in(struct model_redis *redis, sn_ms delay_ms)
{
    struct cluster *cluster = redis->node.cluster;
    sn_timer_set(&cluster->wires, &redis->timer, cluster->now + delay_ms);
}

static struct model_redis *master_of(const struct model_redis *redis)
{
    struct node *node =
        cluster_find_node(redis->node.cluster, redis->master.ip, redis->master.port);
    return node == NULL ? NULL : node->redis;
}

bool model_redis_follows(const struct model_redis *redis, const struct model_redis *master)
{
    return redis->role == SN_ROLE_REPLICA && redis->master.port == master->node.addr.port &&
           strcmp(redis->master.ip, master->node.addr.ip) == 0;
}

bool model_redis_reaches(const struct model_redis *redis, const struct model_redis *master)
{
    const struct cluster *cluster = redis->node.cluster;
    return master != NULL && master != redis && master->node.state == NODE_RUNNING &&
           !cluster_is_cut(cluster, &redis->node, &master->node) &&
           !cluster_is_cut(cluster, &master->node, &redis->node);
}

/* ---- replication ------------------------------------------------------------------------------
 */

static void lose_master(struct model_redis *redis, sn_ms retry_ms)
{
    if (redis->repl != REPL_CONNECT)
        redis->link_down_at = redis->node.cluster->now;
    if (redis->repl == REPL_LOAD) {
        redis->loading_until = redis->node.cluster->now;
        cluster_say(redis->node.cluster, &redis->node, "has %s",
                    redis->diskless ? "lost its data to a broken sync" : "broken off a sync");
    }
    redis->repl = REPL_CONNECT;
    redis->silent_at = SN_MS_NEVER;
    wake_in(redis, retry_ms);
}

/* Every replica of redis loses its link. */
static void drop_replicas(struct model_redis *redis)
{
    struct cluster *cluster = redis->node.cluster;
    struct model_redis *other = cluster->followers[redis->node.addr.port];
    for (; other != NULL; other = other->fellow) {
        if (model_redis_follows(other, redis) && other->node.state != NODE_OFF &&
            (other->repl == REPL_SYNC || other->repl == REPL_LOAD || other->repl == REPL_UP))
            lose_master(other, REPL_PERIOD_MS);
    }
}

/* Servers look names up without fail. */
static bool make_addr(const struct model_redis *redis, const char *host, uint16_t port,
                      struct sn_addr *addr)
{
    if (sn_addr_make(host, port, addr) != 0)
        return false;
    if (addr->ip[0] == '\0')
        (void)snprintf(addr->ip, sizeof(addr->ip), "%s", cluster_lookup(redis->node.cluster, host));
    return true;
}

/* In the order of their making, so that runs do not depend on when they came. */
static void join_followers(struct model_redis *redis)
{
    struct model_redis **at = &redis->node.cluster->followers[redis->master.port];
    while (*at != NULL && (*at)->node.index < redis->node.index)
        at = &(*at)->fellow;
    redis->fellow = *at;
    *at = redis;
}

static void begin_replication(struct model_redis *redis, const char *host, uint16_t port)
{
    redis->role = SN_ROLE_REPLICA;
    if (redis->master.port != 0)
        LL_DELETE2(redis->node.cluster->followers[redis->master.port], redis, fellow);
    if (!make_addr(redis, host, port, &redis->master))
        abort();
    join_followers(redis);
    redis->repl = REPL_NONE;
    lose_master(redis, 0);
}

/* Neither side may be in a state in which it executes no PSYNC, or sends none. A replica that is
 * cut off from its own master takes nobody. */
static bool takes_replicas(const struct model_redis *redis, const struct model_redis *master)
{
    return model_redis_reaches(redis, master) && master->turns_away == NULL &&
           !model_redis_is_loading(redis) && !model_redis_is_loading(master) &&
           !model_redis_is_busy(redis) && !model_redis_is_busy(master) &&
           (master->role == SN_ROLE_MASTER || master->repl == REPL_UP);
}

static bool same_id(const struct sn_runid *a, const struct sn_runid *b)
{
    return strcmp(a->hex, b->hex) == 0;
}

/* What redis has is the beginning of what master has, and the rest is at hand. */
static bool can_continue(const struct model_redis *redis, const struct model_redis *master)
{
    bool known =
        same_id(&redis->replid, &master->replid) ||
        (same_id(&redis->replid, &master->replid2) && redis->offset <= master->second_offset);
    return known && redis->offset <= master->offset && redis->offset >= master->backlog_at &&
           master->offset - redis->offset < master->backlog_max;
}

static void try_sync(struct model_redis *redis)
{
    const struct model_redis *master = master_of(redis);
    if (!takes_replicas(redis, master)) {
        wake_in(redis, REPL_PERIOD_MS);
        return;
    }
    redis->repl = REPL_SYNC;
    redis->partial = can_continue(redis, master);
    redis->syncs++;
    cluster_say(redis->node.cluster, &redis->node,
                redis->partial ? "continues from %s" : "syncs from %s", master->node.name);
    wake_in(redis, redis->partial ? PARTIAL_MS : redis->sync_ms);
}

/* Everything has come, or is coming now: what it had before goes. */
static void begin_load(struct model_redis *redis)
{
    redis->repl = REPL_LOAD;
    redis->loading_until = redis->node.cluster->now + redis->sync_load_ms;
    cluster_say(redis->node.cluster, &redis->node, "loads what it got from %s",
                master_of(redis)->node.name);
    drop_replicas(redis);
    if (redis->diskless) {
        redis->offset = 0;
        redis->keys = 0;
        begin_history(redis);
    }
    wake_in(redis, redis->sync_load_ms);
}

/* What comes from a master are changes, too. */
static void take_rest(struct model_redis *redis, const struct model_redis *master)
{
    redis->changes += redis->offset < master->offset;
    redis->last_io_at = redis->node.cluster->now;
    redis->offset = master->offset;
    redis->keys = master->keys;
}

/* Takes over the history of its master. */
static void join_history(struct model_redis *redis, const struct model_redis *master)
{
    if (!redis->partial) {
        redis->backlog_at = master->offset;
        redis->replid2 = master->replid2;
        redis->second_offset = master->second_offset;
    } else if (!same_id(&redis->replid, &master->replid)) {
        redis->replid2 = redis->replid;
        redis->second_offset = redis->offset;
    }
    if (!redis->partial || !same_id(&redis->replid, &master->replid))
        drop_replicas(redis);
    redis->replid = master->replid;
}

static void end_sync(struct model_redis *redis)
{
    const struct model_redis *master = master_of(redis);
    if (!model_redis_reaches(redis, master)) {
        lose_master(redis, REPL_PERIOD_MS);
        return;
    }
    if (redis->repl == REPL_SYNC && !redis->partial && redis->sync_load_ms > 0) {
        begin_load(redis);
        return;
    }
    join_history(redis, master);
    redis->repl = REPL_UP;
    redis->link_up_at = redis->node.cluster->now;
    redis->was_up = true;
    take_rest(redis, master);
    cluster_say(redis->node.cluster, &redis->node, "replicates %s", master->node.name);
    wake_in(redis, REPL_PERIOD_MS);
}

static void check_link(struct model_redis *redis)
{
    sn_ms now = redis->node.cluster->now;
    if (model_redis_reaches(redis, master_of(redis))) {
        redis->silent_at = SN_MS_NEVER;
        redis->last_io_at = now;
    } else if (redis->silent_at == SN_MS_NEVER)
        redis->silent_at = now;
    if (redis->silent_at != SN_MS_NEVER && now - redis->silent_at >= redis->repl_timeout_ms)
        lose_master(redis, REPL_PERIOD_MS);
    else
        wake_in(redis, REPL_PERIOD_MS);
    /* What was held up while it could not read has arrived. */
    if (redis->repl == REPL_UP && !redis->lagging && !model_redis_is_busy(redis) &&
        redis->silent_at == SN_MS_NEVER && master_of(redis)->offset > redis->offset)
        take_rest(redis, master_of(redis));
}

void model_redis_timer(struct model_redis *redis)
{
    if (redis->node.state != NODE_RUNNING) {
        wake_in(redis, REPL_PERIOD_MS);
        return;
    }
    switch (redis->repl) {
    case REPL_CONNECT:
        try_sync(redis);
        break;
    case REPL_SYNC:
    case REPL_LOAD:
        end_sync(redis);
        break;
    case REPL_UP:
        check_link(redis);
        break;
    case REPL_NONE:
        break;
    }
}

void model_redis_replace_data(struct model_redis *redis, uint64_t offset)
{
    redis->offset = offset;
    redis->keys = offset > 0 ? KEYS : 0;
    forget_history(redis);
}

static void uncrown(struct model_redis *redis)
{
    if (redis->crowned)
        redis->uncrowned_at = redis->node.cluster->now;
    redis->crowned = false;
}

void model_redis_start(struct model_redis *redis)
{
    uncrown(redis);
    sn_prng_runid(&redis->node.cluster->prng, &redis->runid);
    /* An empty one has nothing to load. */
    redis->loading_until = redis->node.cluster->now + (redis->offset > 0 ? redis->loading_ms : 0);
    if (model_redis_is_loading(redis))
        cluster_say(redis->node.cluster, &redis->node, "loads for %lld ms",
                    (long long)redis->loading_ms);
    redis->paused_until = 0;
    redis->repl = REPL_NONE;
    redis->was_up = false;
    redis->role = redis->saved_role;
    redis->backlog_at = redis->offset;
    redis->changes = 0;
    if (redis->offset == 0)
        forget_history(redis);
    else if (redis->role == SN_ROLE_MASTER)
        fork_history(redis);
    if (redis->role == SN_ROLE_REPLICA)
        begin_replication(redis, redis->saved_master.host, redis->saved_master.port);
}

void model_redis_stopped(struct model_redis *redis)
{
    uncrown(redis);
    sn_timer_stop(&redis->node.cluster->wires, &redis->timer);
    drop_replicas(redis);
}

static void save(struct model_redis *redis)
{
    redis->saved_role = redis->role;
    redis->saved_master = redis->master;
}

void model_redis_promote(struct model_redis *redis)
{
    if (redis->role == SN_ROLE_MASTER || model_redis_is_loading(redis) ||
        model_redis_is_busy(redis))
        return;
    redis->role = SN_ROLE_MASTER;
    redis->put_below = false;
    redis->crowned = true;
    redis->repl = REPL_NONE;
    redis->was_up = false;
    fork_history(redis);
    drop_replicas(redis);
    sn_timer_stop(&redis->node.cluster->wires, &redis->timer);
    cluster_say(redis->node.cluster, &redis->node, "is master now");
    save(redis);
}

void model_redis_follow(struct model_redis *redis, const char *host, uint16_t port)
{
    struct sn_addr addr;
    if (!make_addr(redis, host, port, &addr))
        abort();
    if (redis->role == SN_ROLE_REPLICA && sn_addr_equal(&addr, &redis->master))
        return;
    cluster_say(redis->node.cluster, &redis->node, "follows %s %u", host, port);
    if (redis->role == SN_ROLE_MASTER)
        redis->demoted_at = redis->node.cluster->now;
    uncrown(redis);
    redis->put_below = false;
    begin_replication(redis, host, port);
    save(redis);
}

static void write_down(struct model_redis *redis, unsigned depth)
{
    struct cluster *cluster = redis->node.cluster;
    struct model_redis *other = cluster->followers[redis->node.addr.port];
    for (; other != NULL && depth < CHAIN_MAX; other = other->fellow) {
        if (other->repl != REPL_UP || other->lagging || model_redis_is_busy(other) ||
            other->node.state != NODE_RUNNING || !model_redis_follows(other, redis) ||
            !model_redis_reaches(other, redis))
            continue;
        take_rest(other, redis);
        write_down(other, depth + 1);
    }
}

bool model_redis_write(struct model_redis *redis, uint64_t bytes)
{
    if (redis->node.state != NODE_RUNNING || redis->role != SN_ROLE_MASTER ||
        model_redis_is_paused(redis) || model_redis_is_busy(redis) || model_redis_is_loading(redis))
        return false;
    redis->offset += bytes;
    redis->keys++;
    redis->changes++;
    write_down(redis, 0);
    return true;
}

void model_redis_catch_up(struct model_redis *redis)
{
    redis->lagging = false;
    if (redis->repl == REPL_UP && model_redis_reaches(redis, master_of(redis)))
        take_rest(redis, master_of(redis));
}

unsigned model_redis_syncing(const struct cluster *cluster)
{
    unsigned count = 0;
    for (size_t i = 0; i < cluster->server_count; i++)
        count += cluster->servers[i]->repl == REPL_SYNC || cluster->servers[i]->repl == REPL_LOAD;
    return count;
}
