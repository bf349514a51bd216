/* SPDX-License-Identifier: BSD-3-Clause */

/* The network: connections of two pipes each. A pipe delivers its packets in order; its timer
 * stands at the first one. A packet that is due but cannot be delivered (a cut, a stopped process)
 * stalls its pipe until cluster_unstall(). */

#include "cluster_internal.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct packet *packet_new(enum packet_kind kind)
{
    struct packet *packet = sn_alloc(sizeof(*packet));
    packet->kind = kind;
    return packet;
}

void sim_reply_fini(struct sim_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++)
        free(reply->items[i].text);
    free(reply->text);
    free(reply->queue_error);
    memset(reply, 0, sizeof(*reply));
}

void packet_free(struct packet *packet)
{
    sim_reply_fini(&packet->reply);
    free(packet->message);
    free(packet->host);
    free(packet->runid);
    free(packet);
}

static void drop_packets(struct packet **packets)
{
    struct packet *packet, *next;
    LL_FOREACH_SAFE(*packets, packet, next) {
        packet_free(packet);
    }
    *packets = NULL;
}

static void empty_pipe(struct pipe *pipe)
{
    drop_packets(&pipe->packets);
    sn_timer_stop(&pipe->conn->cluster->wires, &pipe->timer);
    pipe->stalled = false;
}

static void bury_if_over(struct conn *conn)
{
    if (!conn->client_gone || !conn->server_gone || conn->to_client.packets != NULL ||
        conn->to_server.packets != NULL || conn->in_grave)
        return;
    conn->in_grave = true;
    conn->grave_next = conn->cluster->graves;
    conn->cluster->graves = conn;
}

static void leave_node(struct conn *conn)
{
    if (conn->in_node)
        DL_DELETE2(conn->server->conns, conn, node_prev, node_next);
    conn->in_node = false;
}

static void free_conn(struct conn *conn)
{
    if (conn->rider != NULL)
        conn->rider->carrier = NULL;
    if (conn->carrier != NULL && conn->carrier->rider == conn)
        conn->carrier->rider = NULL;
    empty_pipe(&conn->to_client);
    empty_pipe(&conn->to_server);
    drop_packets(&conn->inbox);
    if (conn->slots != NULL)
        sentinel_forget_conn(conn->server->sentinel, conn);
    sn_timer_stop(&conn->cluster->wires, &conn->serve);
    leave_node(conn);
    if (!conn->client_gone)
        HASH_DELETE(hh, conn->cluster->by_link, conn);
    DL_DELETE(conn->cluster->conns, conn);
    free(conn);
}

void cluster_bury(struct cluster *cluster)
{
    while (cluster->graves != NULL) {
        struct conn *conn = cluster->graves;
        cluster->graves = conn->grave_next;
        free_conn(conn);
    }
}

void cluster_free_conns(struct cluster *cluster)
{
    struct conn *conn, *next;
    cluster->graves = NULL;
    DL_FOREACH_SAFE(cluster->conns, conn, next) {
        free_conn(conn);
    }
}

static sn_ms travel_ms(struct cluster *cluster, const struct node *from, const struct node *to)
{
    if (cluster->delay != NULL && from != NULL && to != NULL)
        return cluster->delay(cluster->delay_arg, cluster, from, to);
    uint64_t spread = (uint64_t)(cluster->delay_max_ms - cluster->delay_min_ms) + 1;
    return cluster->delay_min_ms + (sn_ms)sn_prng_below(&cluster->prng, spread);
}

static void push(struct pipe *pipe, struct packet *packet)
{
    struct conn *conn = pipe->conn;
    struct cluster *cluster = conn->cluster;
    const struct node *from = pipe->to_client ? conn->server : conn->client;
    const struct node *to = pipe->to_client ? conn->client : conn->server;
    packet->due_at = cluster->now + travel_ms(cluster, from, to);
    if (packet->kind == PACKET_SYN && cluster->connect_ms > 0)
        packet->due_at += (sn_ms)sn_prng_below(&cluster->prng, (uint64_t)cluster->connect_ms + 1);
    if (packet->due_at < pipe->last_due_at)
        packet->due_at = pipe->last_due_at;
    pipe->last_due_at = packet->due_at;
    if (pipe->packets == NULL)
        sn_timer_set(&cluster->wires, &pipe->timer, packet->due_at);
    LL_APPEND(pipe->packets, packet);
}

static void push_note(struct pipe *pipe, enum packet_kind kind, const char *message)
{
    struct packet *packet = packet_new(kind);
    packet->message = sn_strdup(message);
    push(pipe, packet);
}

static void init_pipe(struct conn *conn, struct pipe *pipe, bool to_client)
{
    pipe->conn = conn;
    pipe->to_client = to_client;
    sn_timer_init(&pipe->timer, WIRE_PIPE, pipe);
}

static void end_server_side(struct conn *conn)
{
    conn->server_gone = true;
    conn->open = false;
    empty_pipe(&conn->to_server);
    drop_packets(&conn->inbox);
    if (conn->server->sentinel != NULL)
        sentinel_forget_conn(conn->server->sentinel, conn);
    leave_node(conn);
}

/* Nothing travels: the client itself knows that the connection is gone. */
static void part(struct conn *rider)
{
    struct packet *packet = packet_new(PACKET_PARTED);
    packet->message = sn_strdup("the connection it shares is gone");
    packet->due_at = rider->cluster->now;
    empty_pipe(&rider->to_client);
    rider->server_gone = true;
    LL_APPEND(rider->to_client.packets, packet);
    sn_timer_set(&rider->cluster->wires, &rider->to_client.timer, packet->due_at);
}

struct conn *conn_find(const struct node *client, struct sn_link_id link)
{
    struct conn_key key = {client->index, link.v};
    struct conn *conn;
    HASH_FIND(hh, client->cluster->by_link, &key, sizeof(key), conn);
    return conn;
}

/* SUBSCRIBE on the connection of another link: a pair of pipes of its own, which ends with that. */
static void ride(struct conn *conn, struct sn_link_id over)
{
    struct conn *carrier = conn_find(conn->client, over);
    if (carrier == NULL) {
        part(conn);
        return;
    }
    conn->carrier = carrier;
    conn->server = carrier->server; /* whoever may have its address by now */
    conn->port = carrier->port;
    carrier->rider = conn;
    push(&conn->to_server, packet_new(PACKET_SYN));
}

static void drop_rider(struct conn *carrier)
{
    struct conn *rider = carrier->rider;
    carrier->rider = NULL;
    if (rider == NULL)
        return;
    rider->carrier = NULL;
    if (!rider->server_gone)
        end_server_side(rider);
    if (!rider->client_gone)
        part(rider);
    bury_if_over(rider);
}

void conn_open(struct node *client, const struct sn_action_connect *connect)
{
    struct cluster *cluster = client->cluster;
    struct conn *conn = sn_alloc(sizeof(*conn));
    conn->cluster = cluster;
    conn->id = ++cluster->next_conn;
    conn->kind = connect->kind;
    conn->key.client = client->index;
    conn->key.link = connect->link.v;
    HASH_ADD(hh, cluster->by_link, key, sizeof(conn->key), conn);
    conn->client = client;
    conn->server = cluster_find_node(cluster, connect->ip, connect->port);
    conn->asks_resp3 = connect->resp3;
    conn->port = connect->port;
    init_pipe(conn, &conn->to_server, false);
    init_pipe(conn, &conn->to_client, true);
    sn_timer_init(&conn->serve, WIRE_SERVE, conn);
    DL_APPEND(cluster->conns, conn);
    if (connect->over.v != 0)
        ride(conn, connect->over);
    else
        push(&conn->to_server, packet_new(PACKET_SYN));
}

static void end_client_side(struct conn *conn)
{
    conn->client_gone = true;
    empty_pipe(&conn->to_client);
    HASH_DELETE(hh, conn->cluster->by_link, conn);
    drop_rider(conn);
}

void conn_send(struct conn *conn, struct packet *take_packet)
{
    if (conn->server_gone)
        packet_free(take_packet); /* the news is on its way */
    else
        push(&conn->to_server, take_packet);
}

void conn_close_by_client(struct conn *conn)
{
    end_client_side(conn);
    if (!conn->server_gone)
        push(&conn->to_server, packet_new(PACKET_FIN));
    bury_if_over(conn);
}

void conn_close_by_server(struct conn *conn, const char *reason)
{
    if (conn->server_gone)
        return;
    end_server_side(conn);
    if (!conn->client_gone)
        push_note(&conn->to_client, PACKET_CLOSED, reason);
    bury_if_over(conn);
}

void cluster_close_clients(struct node *client)
{
    struct conn *conn, *next;
    DL_FOREACH_SAFE(client->cluster->conns, conn, next) {
        if (conn->client == client && !conn->client_gone)
            conn_close_by_client(conn);
    }
}

void conn_reply(struct conn *conn, enum sn_order order, uint64_t tag, struct sim_reply *take_reply)
{
    if (conn->client_gone || conn->server_gone) {
        sim_reply_fini(take_reply);
        return;
    }
    struct packet *packet = packet_new(PACKET_REPLY);
    packet->order = order;
    packet->tag = tag;
    packet->reply = *take_reply;
    memset(take_reply, 0, sizeof(*take_reply));
    push(&conn->to_client, packet);
}

void conn_publish(struct conn *conn, const char *message)
{
    if (!conn->client_gone && !conn->server_gone)
        push_note(&conn->to_client, PACKET_MESSAGE, message);
}

void conn_serve_due(struct conn *conn)
{
    /* cluster_unstall() looks again when a stopped process goes on. */
    if (conn->server_gone || conn->server->state != NODE_RUNNING)
        return;
    if (conn->server->redis != NULL)
        model_redis_serve(conn->server->redis, conn);
    else if (conn->server->guest != NULL)
        conn->server->guest->serve(conn->server->guest, conn);
    else
        sentinel_serve(conn->server->sentinel, conn);
}

/* ---- delivery ---------------------------------------------------------------------------------
 */

/* Whoever connects says AUTH, and on a subscription SUBSCRIBE, at once. */
static void greet(struct conn *conn)
{
    const struct model_redis *redis = conn->server->redis;
    const char *error = redis == NULL ? NULL : model_redis_refuses_subscribers(redis);
    push_note(&conn->to_client, PACKET_OPENED, NULL);
    if (conn->asks_resp3)
        push_note(&conn->to_client, PACKET_PROTOCOL, NULL);
    if (error == NULL || conn->kind != SN_LINK_SUBSCRIBE)
        return;
    conn->deaf = true;
    cluster_say(conn->cluster, conn->server, "refuses a subscriber: %.6s", error);
    push_note(&conn->to_client, PACKET_NOTE, error);
}

/* The kernel has taken the connection already; the server has no place for it. */
static void turn_away(struct conn *conn, const char *error)
{
    conn->server_gone = true;
    cluster_say(conn->cluster, conn->server, "turns a client away: %s",
                error[0] == '\0' ? "reset" : error);
    if (conn->client_gone)
        return;
    push_note(&conn->to_client, PACKET_OPENED, NULL);
    if (error[0] != '\0')
        push_note(&conn->to_client, PACKET_NOTE, error);
    push_note(&conn->to_client, PACKET_CLOSED,
              error[0] != '\0' ? "Server closed the connection" : "Connection reset by peer");
}

static void accept_or_refuse(struct conn *conn)
{
    bool moved = conn->server != NULL && conn->server->addr.port != conn->port;
    bool rejected =
        conn->server != NULL && conn->server->redis != NULL && conn->server->redis->rejects;
    if (conn->server == NULL || conn->server->state == NODE_OFF || moved || rejected) {
        conn->server_gone = true;
        if (!conn->client_gone)
            push_note(&conn->to_client, PACKET_REFUSED, "Connection refused");
        return;
    }
    if (conn->server->redis != NULL && conn->server->redis->turns_away != NULL) {
        turn_away(conn, conn->server->redis->turns_away);
        return;
    }
    conn->open = true;
    conn->in_node = true;
    DL_APPEND2(conn->server->conns, conn, node_prev, node_next);
    if (!conn->client_gone)
        greet(conn);
}

static void deliver_to_server(struct conn *conn, struct packet *packet)
{
    if (packet->kind == PACKET_SYN) {
        accept_or_refuse(conn);
        packet_free(packet);
    } else if (packet->kind == PACKET_FIN) {
        packet_free(packet);
        if (!conn->server_gone) /* it never was there, or has closed as well */
            end_server_side(conn);
    } else {
        LL_APPEND(conn->inbox, packet);
        conn_serve_due(conn);
    }
}

static void deliver_to_client(struct conn *conn, struct packet *packet)
{
    /* First, because the core may open another one at once. */
    if (packet->kind == PACKET_REFUSED || packet->kind == PACKET_CLOSED ||
        packet->kind == PACKET_PARTED)
        end_client_side(conn);
    if (packet->kind == PACKET_OPENED)
        conn->up = true;
    if (conn->client->guest != NULL)
        conn->client->guest->take(conn->client->guest, conn, packet);
    else
        sentinel_take_packet(conn->client->sentinel, conn, packet);
    packet_free(packet);
}

static bool is_blocked(const struct pipe *pipe)
{
    const struct conn *conn = pipe->conn;
    const struct node *from = pipe->to_client ? conn->server : conn->client;
    const struct node *to = pipe->to_client ? conn->client : conn->server;
    if (pipe->packets->kind == PACKET_PARTED)
        return false;
    if (from != NULL && to != NULL && cluster_is_cut(conn->cluster, from, to))
        return true;
    /* The kernel of a stopped process still takes connections. */
    return to != NULL && to->state == NODE_HUNG && pipe->packets->kind != PACKET_SYN;
}

void pipe_due(struct pipe *pipe)
{
    struct conn *conn = pipe->conn;
    if (is_blocked(pipe)) {
        pipe->stalled = true;
        return;
    }
    struct packet *packet = pipe->packets;
    LL_DELETE(pipe->packets, packet);
    if (pipe->packets != NULL)
        sn_timer_set(&conn->cluster->wires, &pipe->timer, pipe->packets->due_at);
    if (pipe->to_client)
        deliver_to_client(conn, packet);
    else
        deliver_to_server(conn, packet);
    bury_if_over(conn);
}

static void unstall(struct pipe *pipe)
{
    if (!pipe->stalled)
        return;
    pipe->stalled = false;
    sn_timer_set(&pipe->conn->cluster->wires, &pipe->timer, pipe->conn->cluster->now);
}

void cluster_unstall(struct cluster *cluster)
{
    struct conn *conn;
    DL_FOREACH(cluster->conns, conn) {
        unstall(&conn->to_server);
        unstall(&conn->to_client);
        if (conn->inbox != NULL)
            sn_timer_set(&cluster->wires, &conn->serve, cluster->now);
    }
}

/* ---- faults -----------------------------------------------------------------------------------
 */

static void set_cut(struct node *from, struct node *to, bool cut)
{
    struct cluster *cluster = from->cluster;
    if (cluster->cuts == NULL)
        cluster->cuts = sn_alloc(cluster->node_count * cluster->node_count);
    cluster->cuts[from->index * cluster->node_count + to->index] = cut;
}

void cluster_cut_way(struct node *from, struct node *to)
{
    cluster_say(from->cluster, NULL, "cut %s -> %s", from->name, to->name);
    set_cut(from, to, true);
}

void cluster_mend_way(struct node *from, struct node *to)
{
    if (!cluster_is_cut(from->cluster, from, to))
        return;
    cluster_say(from->cluster, NULL, "mended %s -> %s", from->name, to->name);
    set_cut(from, to, false);
    cluster_unstall(from->cluster);
}

void cluster_cut(struct node *a, struct node *b)
{
    cluster_say(a->cluster, NULL, "cut %s <-> %s", a->name, b->name);
    set_cut(a, b, true);
    set_cut(b, a, true);
}

void cluster_isolate(struct node *node)
{
    struct cluster *cluster = node->cluster;
    cluster_say(cluster, NULL, "isolated %s", node->name);
    for (size_t i = 0; i < cluster->node_count; i++) {
        if (cluster->nodes[i] == node)
            continue;
        set_cut(node, cluster->nodes[i], true);
        set_cut(cluster->nodes[i], node, true);
    }
}

void cluster_heal(struct cluster *cluster)
{
    cluster_say(cluster, NULL, "healed");
    free(cluster->cuts);
    cluster->cuts = NULL;
    cluster_unstall(cluster);
}

bool cluster_is_cut(const struct cluster *cluster, const struct node *from, const struct node *to)
{
    return cluster->cuts != NULL && cluster->cuts[from->index * cluster->node_count + to->index];
}

void cluster_reset(struct node *a, struct node *b)
{
    struct conn *conn, *next;
    cluster_say(a->cluster, NULL, "reset %s <-> %s", a->name, b->name);
    DL_FOREACH_SAFE(a->cluster->conns, conn, next) {
        if ((conn->client == a && conn->server == b) || (conn->client == b && conn->server == a))
            conn_close_by_server(conn, "Connection reset by peer");
    }
}
