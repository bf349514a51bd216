/* SPDX-License-Identifier: BSD-3-Clause */
#include "cluster_internal.h"

#include "base/buf.h"
#include "wire/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define REPL_PERIOD_MS 1000
#define CHAIN_MAX      8 /* of replicas of replicas */

void model_redis_init(struct model_redis *redis)
{
    sn_prng_runid(&redis->node.cluster->prng, &redis->runid);
    redis->role = SN_ROLE_MASTER;
    redis->saved_role = SN_ROLE_MASTER;
    redis->priority = 100;
    redis->sync_ms = 20;
    redis->repl_timeout_ms = 60000;
    redis->silent_at = SN_MS_NEVER;
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

static bool follows(const struct model_redis *redis, const struct model_redis *master)
{
    return redis->role == SN_ROLE_REPLICA && redis->master.port == master->node.addr.port &&
           strcmp(redis->master.ip, master->node.addr.ip) == 0;
}

static bool reaches(const struct model_redis *redis, const struct model_redis *master)
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
    redis->repl = REPL_CONNECT;
    redis->silent_at = SN_MS_NEVER;
    wake_in(redis, retry_ms);
}

static void begin_replication(struct model_redis *redis, const char *host, uint16_t port)
{
    redis->role = SN_ROLE_REPLICA;
    if (sn_addr_make(host, port, &redis->master) != 0)
        abort();
    redis->repl = REPL_NONE;
    lose_master(redis, 0);
}

static void try_sync(struct model_redis *redis)
{
    if (!reaches(redis, master_of(redis))) {
        wake_in(redis, REPL_PERIOD_MS);
        return;
    }
    redis->repl = REPL_SYNC;
    redis->syncs++;
    cluster_say(redis->node.cluster, &redis->node, "syncs from %s", master_of(redis)->node.name);
    wake_in(redis, redis->sync_ms);
}

static void end_sync(struct model_redis *redis)
{
    const struct model_redis *master = master_of(redis);
    if (!reaches(redis, master)) {
        lose_master(redis, REPL_PERIOD_MS);
        return;
    }
    redis->repl = REPL_UP;
    redis->offset = master->offset;
    cluster_say(redis->node.cluster, &redis->node, "replicates %s", master->node.name);
    wake_in(redis, REPL_PERIOD_MS);
}

static void check_link(struct model_redis *redis)
{
    sn_ms now = redis->node.cluster->now;
    if (reaches(redis, master_of(redis)))
        redis->silent_at = SN_MS_NEVER;
    else if (redis->silent_at == SN_MS_NEVER)
        redis->silent_at = now;
    if (redis->silent_at != SN_MS_NEVER && now - redis->silent_at >= redis->repl_timeout_ms)
        lose_master(redis, REPL_PERIOD_MS);
    else
        wake_in(redis, REPL_PERIOD_MS);
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
        end_sync(redis);
        break;
    case REPL_UP:
        check_link(redis);
        break;
    case REPL_NONE:
        break;
    }
}

/* Every replica of redis loses its link. */
static void drop_replicas(struct model_redis *redis)
{
    struct cluster *cluster = redis->node.cluster;
    for (size_t i = 0; i < cluster->server_count; i++) {
        struct model_redis *other = cluster->servers[i];
        if (follows(other, redis) && other->node.state != NODE_OFF &&
            (other->repl == REPL_SYNC || other->repl == REPL_UP))
            lose_master(other, REPL_PERIOD_MS);
    }
}

void model_redis_start(struct model_redis *redis)
{
    sn_prng_runid(&redis->node.cluster->prng, &redis->runid);
    redis->loading_until = redis->node.cluster->now + redis->loading_ms;
    redis->paused_until = 0;
    redis->repl = REPL_NONE;
    redis->role = redis->saved_role;
    if (redis->role == SN_ROLE_REPLICA)
        begin_replication(redis, redis->saved_master.host, redis->saved_master.port);
}

void model_redis_stopped(struct model_redis *redis)
{
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
    if (redis->role == SN_ROLE_MASTER)
        return;
    redis->role = SN_ROLE_MASTER;
    redis->repl = REPL_NONE;
    sn_timer_stop(&redis->node.cluster->wires, &redis->timer);
    cluster_say(redis->node.cluster, &redis->node, "is master now");
    save(redis);
}

void model_redis_follow(struct model_redis *redis, const char *host, uint16_t port)
{
    struct sn_addr addr;
    if (sn_addr_make(host, port, &addr) != 0)
        abort();
    if (redis->role == SN_ROLE_REPLICA && sn_addr_equal(&addr, &redis->master))
        return;
    cluster_say(redis->node.cluster, &redis->node, "follows %s %u", host, port);
    begin_replication(redis, host, port);
    save(redis);
}

static void write_down(struct model_redis *redis, unsigned depth)
{
    struct cluster *cluster = redis->node.cluster;
    for (size_t i = 0; i < cluster->server_count && depth < CHAIN_MAX; i++) {
        struct model_redis *other = cluster->servers[i];
        if (other->repl != REPL_UP || other->lagging || other->node.state != NODE_RUNNING ||
            !follows(other, redis) || !reaches(other, redis))
            continue;
        other->offset = redis->offset;
        write_down(other, depth + 1);
    }
}

bool model_redis_write(struct model_redis *redis, uint64_t bytes)
{
    if (redis->node.state != NODE_RUNNING || redis->role != SN_ROLE_MASTER ||
        model_redis_is_paused(redis))
        return false;
    redis->offset += bytes;
    write_down(redis, 0);
    return true;
}

void model_redis_catch_up(struct model_redis *redis)
{
    redis->lagging = false;
    if (redis->repl == REPL_UP && reaches(redis, master_of(redis)))
        redis->offset = master_of(redis)->offset;
}

unsigned model_redis_syncing(const struct cluster *cluster)
{
    unsigned count = 0;
    for (size_t i = 0; i < cluster->server_count; i++)
        count += cluster->servers[i]->repl == REPL_SYNC;
    return count;
}

/* ---- replies ----------------------------------------------------------------------------------
 */

static void reply_text(struct conn *conn, const struct packet *request, enum sn_reply_type type,
                       const char *text)
{
    struct sim_reply reply = {.type = type, .text = sn_strdup(text)};
    conn_reply(conn, request->order, request->tag, &reply);
}

static void print_replicas(const struct model_redis *redis, struct sn_buf *out)
{
    const struct cluster *cluster = redis->node.cluster;
    unsigned count = 0;
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct model_redis *other = cluster->servers[i];
        if ((other->repl != REPL_SYNC && other->repl != REPL_UP) || !follows(other, redis))
            continue;
        sn_buf_printf(out, "slave%u:ip=%s,port=%u,state=%s,offset=%llu,lag=0\r\n", count++,
                      other->node.addr.ip, other->node.addr.port,
                      other->repl == REPL_UP ? "online" : "wait_bgsave",
                      (unsigned long long)other->offset);
    }
}

static void print_info(const struct model_redis *redis, struct sn_buf *out)
{
    sn_ms now = redis->node.cluster->now;
    enum sn_role role = redis->lies_role != SN_ROLE_UNKNOWN ? redis->lies_role : redis->role;
    sn_buf_printf(out,
                  "# Server\r\nredis_version:7.0.15\r\nrun_id:%s\r\n# Replication\r\nrole:%s\r\n",
                  redis->runid.hex, role == SN_ROLE_MASTER ? "master" : "slave");
    if (role == SN_ROLE_REPLICA) {
        bool up = redis->repl == REPL_UP;
        sn_buf_printf(out, "master_host:%s\r\nmaster_port:%u\r\nmaster_link_status:%s\r\n",
                      redis->master.host, redis->master.port, up ? "up" : "down");
        sn_buf_printf(out, "slave_repl_offset:%llu\r\n", (unsigned long long)redis->offset);
        if (!up)
            sn_buf_printf(out, "master_link_down_since_seconds:%lld\r\n",
                          (long long)(now - redis->link_down_at) / 1000);
        sn_buf_printf(out, "slave_priority:%u\r\nreplica_announced:1\r\n", redis->priority);
    }
    print_replicas(redis, out);
    sn_buf_printf(out, "master_repl_offset:%llu\r\n", (unsigned long long)redis->offset);
}

static void reply_info(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    struct sn_buf text;
    sn_buf_init(&text, 1 << 20);
    print_info(redis, &text);
    struct sim_reply reply = {.type = SN_REPLY_STRING, .text = sn_buf_take(&text)};
    conn_reply(conn, request->order, request->tag, &reply);
}

static void reply_ping(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    if (redis->ping_error != NULL)
        reply_text(conn, request, SN_REPLY_ERROR, redis->ping_error);
    else if (redis->node.cluster->now < redis->loading_until)
        reply_text(conn, request, SN_REPLY_ERROR, "LOADING Redis is loading the dataset in memory");
    else
        reply_text(conn, request, SN_REPLY_STATUS, "PONG");
}

static int64_t publish(struct model_redis *redis, const char *message, unsigned depth)
{
    struct cluster *cluster = redis->node.cluster;
    struct conn *conn;
    int64_t count = 0;
    DL_FOREACH2(redis->node.conns, conn, node_next) {
        if (conn->kind != SN_LINK_SUBSCRIBE)
            continue;
        conn_publish(conn, message);
        count++;
    }
    for (size_t i = 0; i < cluster->server_count && depth < CHAIN_MAX; i++) {
        struct model_redis *other = cluster->servers[i];
        if (other->repl == REPL_UP && other->node.state == NODE_RUNNING && follows(other, redis) &&
            reaches(other, redis))
            (void)publish(other, message, depth + 1);
    }
    return count;
}

void model_redis_publish(struct model_redis *redis, const char *message)
{
    (void)publish(redis, message, 0);
}

/* What CLIENT KILL TYPE normal and TYPE pubsub do: everybody but the one who asks. */
static void kill_clients(struct model_redis *redis, const struct conn *but)
{
    struct conn *conn, *next;
    for (conn = redis->node.conns; conn != NULL; conn = next) {
        next = conn->node_next;
        if (conn != but)
            conn_close_by_server(conn, "Server closed the connection");
    }
}

static void obey(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    struct sim_reply reply = {.type = SN_REPLY_ARRAY, .count = 4};
    if (request->order == SN_ORDER_PROMOTE) {
        redis->promotions++;
        if (!redis->ignores_orders)
            model_redis_promote(redis);
    } else {
        redis->follows++;
        if (!redis->ignores_orders)
            model_redis_follow(redis, request->host, request->port);
    }
    const struct cluster_watch *watch = redis->node.cluster->watch;
    if (!redis->ignores_orders && watch != NULL && watch->obeyed != NULL)
        watch->obeyed(watch->arg, redis, conn->client, request->order);
    kill_clients(redis, conn);
    if (redis->drops_orders) {
        conn_close_by_server(conn, "Connection reset by peer");
        return;
    }
    reply.items[0].type = reply.items[1].type = SN_REPLY_STATUS;
    reply.items[0].text = sn_strdup("OK");
    reply.items[1].text = sn_strdup("OK");
    reply.items[2].type = reply.items[3].type = SN_REPLY_INTEGER;
    reply.items[2].integer = reply.items[3].integer = 1;
    conn_reply(conn, request->order, request->tag, &reply);
}

static void take_order(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    if (redis->order_error == NULL) {
        obey(redis, conn, request);
        return;
    }
    struct sim_reply reply = {
        .type = SN_REPLY_ERROR,
        .text = sn_strdup("EXECABORT Transaction discarded because of previous errors."),
        .queue_error = sn_strdup(redis->order_error)};
    conn_reply(conn, request->order, request->tag, &reply);
}

static void unpause(struct model_redis *redis)
{
    struct cluster *cluster = redis->node.cluster;
    struct conn *conn;
    redis->paused_until = 0;
    DL_FOREACH2(redis->node.conns, conn, node_next) {
        if (conn->inbox != NULL)
            sn_timer_set(&cluster->wires, &conn->serve, cluster->now);
    }
}

static void take_pause(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    if (redis->pause_error != NULL) {
        reply_text(conn, request, SN_REPLY_ERROR, redis->pause_error);
        return;
    }
    if (request->order == SN_ORDER_CLIENT_PAUSE)
        redis->paused_until = redis->node.cluster->now + request->duration_ms;
    else
        unpause(redis);
    cluster_say(redis->node.cluster, &redis->node,
                request->order == SN_ORDER_CLIENT_PAUSE ? "pauses writes" : "takes writes again");
    reply_text(conn, request, SN_REPLY_STATUS, "OK");
}

static void answer(struct model_redis *redis, struct conn *conn, const struct packet *packet)
{
    struct sim_reply number = {.type = SN_REPLY_INTEGER};
    switch (packet->order) {
    case SN_ORDER_PING:
        reply_ping(redis, conn, packet);
        break;
    case SN_ORDER_INFO:
        reply_info(redis, conn, packet);
        break;
    case SN_ORDER_PUBLISH:
        number.integer = publish(redis, packet->message, 0);
        conn_reply(conn, packet->order, packet->tag, &number);
        break;
    case SN_ORDER_PROMOTE:
    case SN_ORDER_FOLLOW:
        take_order(redis, conn, packet);
        break;
    case SN_ORDER_CLIENT_PAUSE:
    case SN_ORDER_CLIENT_UNPAUSE:
        take_pause(redis, conn, packet);
        break;
    case SN_ORDER_SCRIPT_KILL:
        reply_text(conn, packet, SN_REPLY_STATUS, "OK");
        break;
    case SN_ORDER_TRY_FOLLOW:
    case SN_ORDER_TRY_KILL:
    case SN_ORDER_TRY_EXEC:
    case SN_ORDER_TRY_TRANSACTION:
        reply_text(conn, packet, SN_REPLY_ERROR, "ERR nothing was done");
        break;
    case SN_ORDER_ASK:
    case SN_ORDER_NONE:
        reply_text(conn, packet, SN_REPLY_ERROR, "ERR unknown command");
        break;
    }
}

bool model_redis_is_paused(const struct model_redis *redis)
{
    return redis->node.cluster->now < redis->paused_until;
}

void model_redis_serve(struct model_redis *redis, struct conn *conn)
{
    while (conn->inbox != NULL && !conn->server_gone) {
        struct packet *request = conn->inbox;
        if (request->order == SN_ORDER_PUBLISH && model_redis_is_paused(redis)) {
            sn_timer_set(&redis->node.cluster->wires, &conn->serve, redis->paused_until);
            return;
        }
        LL_DELETE(conn->inbox, request);
        answer(redis, conn, request);
        packet_free(request);
    }
}
