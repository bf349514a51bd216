/* SPDX-License-Identifier: BSD-3-Clause */

/* What a model server answers. Which commands a server in trouble refuses is what the flags of
 * COMMAND INFO say of redis-server 7.0.15: `loading`, `stale`, `allow_busy` and `no_auth`. */

#include "cluster_internal.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CHAIN_MAX 8 /* of replicas of replicas */

static void reply_text(struct conn *conn, const struct packet *request, enum sn_reply_type type,
                       const char *text)
{
    struct sim_reply reply = {.type = type, .text = sn_strdup(text)};
    conn_reply(conn, request->order, request->tag, &reply);
}

/* ---- trouble ----------------------------------------------------------------------------------
 */

#define BIT(order) (1U << (unsigned)(order))

/* A state, by the first word of its errors, and what a server in it refuses. */
struct trouble {
    const char *word;
    unsigned refused;
};

static const struct trouble troubles[] = {
    {"LOADING", BIT(SN_ORDER_PING) | BIT(SN_ORDER_SCRIPT_KILL) | BIT(SN_ORDER_PROMOTE) |
                    BIT(SN_ORDER_FOLLOW) | BIT(SN_ORDER_TRY_FOLLOW)},
    {"MASTERDOWN", BIT(SN_ORDER_PING) | BIT(SN_ORDER_SCRIPT_KILL)},
    {"BUSY", ~BIT(SN_ORDER_SCRIPT_KILL)},
    {"NOAUTH", ~0U},
};

static bool says(const struct model_redis *redis, const char *word)
{
    return redis->ping_error != NULL && strncmp(redis->ping_error, word, strlen(word)) == 0;
}

bool model_redis_is_busy(const struct model_redis *redis)
{
    return says(redis, "BUSY");
}

bool model_redis_is_loading(const struct model_redis *redis)
{
    return redis->node.cluster->now < redis->loading_until || says(redis, "LOADING");
}

/* The error that order is refused with; NULL if it is executed. */
static const char *refusal(const struct model_redis *redis, enum sn_order order)
{
    const char *error = redis->ping_error;
    if (error == NULL && model_redis_is_loading(redis))
        error = "LOADING Redis is loading the dataset in memory";
    if (error == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (strncmp(error, troubles[i].word, strlen(troubles[i].word)) == 0)
            return (troubles[i].refused & BIT(order)) != 0 ? error : NULL;
    }
    return order == SN_ORDER_PING ? error : NULL;
}

const char *model_redis_refuses_subscribers(const struct model_redis *redis)
{
    return model_redis_is_busy(redis) || says(redis, "NOAUTH") ? redis->ping_error : NULL;
}

static void refuse_transaction(struct conn *conn, const struct packet *request, const char *error)
{
    struct sim_reply reply = {
        .type = SN_REPLY_ERROR,
        .text = sn_strdup("EXECABORT Transaction discarded because of previous errors."),
        .queue_error = sn_strdup(error)};
    conn_reply(conn, request->order, request->tag, &reply);
}

static void refuse(struct model_redis *redis, struct conn *conn, const struct packet *request,
                   const char *error)
{
    if (request->order != SN_ORDER_PING)
        cluster_say(redis->node.cluster, &redis->node, "refuses order %u: %.9s",
                    (unsigned)request->order, error);
    if (request->order == SN_ORDER_PROMOTE || request->order == SN_ORDER_FOLLOW ||
        request->order == SN_ORDER_TRY_TRANSACTION)
        refuse_transaction(conn, request, error);
    else
        reply_text(conn, request, SN_REPLY_ERROR, error);
}

/* SCRIPT KILL. A script that has written cannot be ended. */
static void end_script(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    if (!model_redis_is_busy(redis)) {
        reply_text(conn, request, SN_REPLY_ERROR, "NOTBUSY No scripts in execution right now.");
    } else if (redis->script_wrote) {
        reply_text(conn, request, SN_REPLY_ERROR,
                   "UNKILLABLE Sorry the script already executed write commands against the "
                   "dataset. You can either wait the script termination or kill the server in a "
                   "hard way using the SHUTDOWN NOSAVE command.");
    } else {
        cluster_say(redis->node.cluster, &redis->node, "ends its script");
        redis->ping_error = NULL;
        reply_text(conn, request, SN_REPLY_STATUS, "OK");
    }
}

/* ---- replies ----------------------------------------------------------------------------------
 */

static void print_replicas(const struct model_redis *redis, struct sn_buf *out)
{
    const struct cluster *cluster = redis->node.cluster;
    unsigned count = 0;
    const struct model_redis *other = cluster->followers[redis->node.addr.port];
    for (; other != NULL; other = other->fellow) {
        if (other->repl == REPL_NONE || other->repl == REPL_CONNECT ||
            !model_redis_follows(other, redis))
            continue;
        sn_buf_printf(out, "slave%u:ip=%s,port=%u,state=%s,offset=%llu,lag=0\r\n", count++,
                      redis->node.cluster->names ? other->node.addr.host : other->node.addr.ip,
                      other->node.addr.port, other->repl == REPL_UP ? "online" : "wait_bgsave",
                      (unsigned long long)other->offset);
    }
}

/* Whose data it has, and how many. */
static void print_data_set(const struct model_redis *redis, struct sn_buf *out)
{
    bool second = redis->replid2.hex[0] != '\0';
    sn_buf_printf(out, "master_replid:%s\r\nmaster_replid2:%s\r\nmaster_repl_offset:%llu\r\n",
                  redis->replid.hex,
                  second ? redis->replid2.hex : "0000000000000000000000000000000000000000",
                  (unsigned long long)redis->offset);
    if (second)
        sn_buf_printf(out, "second_repl_offset:%llu\r\n",
                      (unsigned long long)redis->second_offset + 1);
    sn_buf_printf(out, "# Keyspace\r\n");
    if (redis->keys > 0)
        sn_buf_printf(out, "db0:keys=%llu,expires=0,avg_ttl=0\r\n",
                      (unsigned long long)redis->keys);
}

static void print_info(const struct model_redis *redis, struct sn_buf *out)
{
    sn_ms now = redis->node.cluster->now;
    enum sn_role role = redis->lies_role != SN_ROLE_UNKNOWN ? redis->lies_role : redis->role;
    sn_buf_printf(out,
                  "# Server\r\nredis_version:7.0.15\r\nrun_id:%s\r\n# Persistence\r\nloading:%d\r\n"
                  "rdb_changes_since_last_save:%llu\r\n# Replication\r\nrole:%s\r\n",
                  redis->runid.hex, model_redis_is_loading(redis),
                  (unsigned long long)redis->changes, role == SN_ROLE_MASTER ? "master" : "slave");
    if (role == SN_ROLE_REPLICA) {
        bool up = redis->repl == REPL_UP;
        sn_buf_printf(out,
                      "master_host:%s\r\nmaster_port:%u\r\nmaster_link_status:%s\r\nmaster_sync_in_"
                      "progress:%u\r\n",
                      redis->master.host, redis->master.port, up ? "up" : "down",
                      (redis->repl == REPL_SYNC && !redis->partial) || redis->repl == REPL_LOAD);
        sn_buf_printf(out, "master_last_io_seconds_ago:%lld\r\n",
                      up ? (long long)(now - redis->last_io_at) / 1000 : -1LL);
        sn_buf_printf(out, "slave_repl_offset:%llu\r\n", (unsigned long long)redis->offset);
        /* -1: it never was, since the server has become a replica. */
        if (!up)
            sn_buf_printf(out, "master_link_down_since_seconds:%lld\r\n",
                          redis->was_up ? (long long)(now - redis->link_down_at) / 1000 : -1LL);
        sn_buf_printf(out, "slave_priority:%u\r\nreplica_announced:1\r\n", redis->priority);
    }
    print_replicas(redis, out);
    print_data_set(redis, out);
}

static void reply_info(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    struct sn_buf text;
    sn_buf_init(&text, 1 << 20);
    print_info(redis, &text);
    struct sim_reply reply = {.type = SN_REPLY_STRING, .text = sn_buf_take(&text)};
    conn_reply(conn, request->order, request->tag, &reply);
}

static int64_t publish(struct model_redis *redis, const char *message, unsigned depth)
{
    struct cluster *cluster = redis->node.cluster;
    struct conn *conn;
    int64_t count = 0;
    DL_FOREACH2(redis->node.conns, conn, node_next) {
        if (conn->kind != SN_LINK_SUBSCRIBE || conn->deaf)
            continue;
        conn_publish(conn, message);
        count++;
    }
    struct model_redis *other = cluster->followers[redis->node.addr.port];
    for (; other != NULL && depth < CHAIN_MAX; other = other->fellow) {
        if (other->repl == REPL_UP && other->node.state == NODE_RUNNING &&
            !model_redis_is_busy(other) && model_redis_follows(other, redis) &&
            model_redis_reaches(other, redis))
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
    redis->killed_at = redis->node.cluster->now;
    for (conn = redis->node.conns; conn != NULL; conn = next) {
        next = conn->node_next;
        if (conn != but && (but == NULL || conn->carrier != but))
            conn_close_by_server(conn, "Server closed the connection");
    }
}

static void obey(struct model_redis *redis, struct conn *conn, const struct packet *request)
{
    struct sim_reply reply = {.type = SN_REPLY_ARRAY, .count = 4};
    enum sn_role saved_role = redis->saved_role;
    struct sn_addr saved_master = redis->saved_master;
    if (request->order == SN_ORDER_PROMOTE) {
        redis->promotions++;
        if (!redis->ignores_orders)
            model_redis_promote(redis);
    } else {
        redis->follows++;
        if (!redis->ignores_orders)
            model_redis_follow(redis, request->host, request->port);
    }
    if (request->no_rewrite) {
        redis->saved_role = saved_role;
        redis->saved_master = saved_master;
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
    const char *error = redis->order_error;
    if (error == NULL && !request->no_rewrite)
        error = redis->config_error;
    if (error == NULL)
        obey(redis, conn, request);
    else
        refuse_transaction(conn, request, error);
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
    const char *error = refusal(redis, packet->order);
    if (error != NULL) {
        refuse(redis, conn, packet, error);
        return;
    }
    switch (packet->order) {
    case SN_ORDER_PING:
        reply_text(conn, packet, SN_REPLY_STATUS, "PONG");
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
        end_script(redis, conn, packet);
        break;
    case SN_ORDER_TRY_TRANSACTION:
        if (redis->config_error != NULL) {
            refuse_transaction(conn, packet, redis->config_error);
            break;
        }
        /* fall through */
    case SN_ORDER_TRY_FOLLOW:
    case SN_ORDER_TRY_KILL:
    case SN_ORDER_TRY_EXEC:
    case SN_ORDER_TRY_PAUSE:
    case SN_ORDER_TRY_UNPAUSE:
        reply_text(conn, packet, SN_REPLY_ERROR, "ERR nothing was done");
        break;
    case SN_ORDER_MYID:
    case SN_ORDER_SETTINGS:
    case SN_ORDER_CONFIG:
    case SN_ORDER_WHERE:
    case SN_ORDER_TRY_ASK:
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
