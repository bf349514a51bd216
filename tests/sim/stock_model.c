/* SPDX-License-Identifier: BSD-3-Clause */

/* The links of the stock model, and what it does at once when something arrives. */

#include "stock_internal.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define STOCK_PORT  27379
#define PENDING_MAX 100

void stock_say(struct stock *stock, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    cluster_say(stock->guest.node.cluster, &stock->guest.node, "%s", text);
}

sn_ms stock_now(const struct stock *stock)
{
    return stock->guest.node.cluster->now + 1; /* never 0, which means "not yet" */
}

/* ---- members ------------------------------------------------------------------------------------
 */

void stock_member_init(struct stock *stock, struct stock_member *member, enum stock_kind kind,
                       uint16_t port)
{
    sn_ms now = stock_now(stock);
    memset(member, 0, sizeof(*member));
    member->kind = kind;
    member->port = port;
    member->act_ping_at = now;
    member->last_avail_at = now;
    member->last_pong_at = now;
    member->answered_at = now;
    member->role = kind == STOCK_MASTER ? SN_ROLE_MASTER : SN_ROLE_REPLICA;
    member->role_at = now;
    member->master_at = now;
    member->priority = 100;
}

struct stock_member *stock_find_replica(struct stock *stock, uint16_t port)
{
    for (unsigned i = 0; i < stock->replica_count; i++) {
        if (stock->replicas[i].port == port)
            return &stock->replicas[i];
    }
    return NULL;
}

void stock_save(struct stock *stock)
{
    struct stock_saved *saved = &stock->saved;
    bool won = stock->state == STOCK_RECONF;
    saved->epoch = stock->epoch;
    saved->config_epoch = stock->config_epoch;
    saved->leader_epoch = stock->leader_epoch;
    saved->master_port = won ? stock->promoted : stock->master.port;
    saved->replica_count = 0;
    for (unsigned i = 0; i < stock->replica_count; i++) {
        uint16_t port = stock->replicas[i].port;
        saved->replicas[saved->replica_count++] =
            won && port == stock->promoted ? stock->master.port : port;
    }
    saved->peer_count = stock->peer_count;
    for (unsigned i = 0; i < stock->peer_count; i++) {
        saved->peer_ports[i] = stock->peers[i].port;
        saved->peer_ids[i] = stock->peers[i].runid;
    }
}

/* Finds whose link id is; *sub tells which of the two. */
static struct stock_member *find_link(struct stock *stock, uint64_t id, struct stock_link **link)
{
    struct stock_member *all[2 * STOCK_MEMBERS_MAX + 1];
    unsigned count = 0;
    all[count++] = &stock->master;
    for (unsigned i = 0; i < stock->replica_count; i++)
        all[count++] = &stock->replicas[i];
    for (unsigned i = 0; i < stock->peer_count; i++)
        all[count++] = &stock->peers[i];
    for (unsigned i = 0; i < count; i++) {
        *link = all[i]->cmd.id == id ? &all[i]->cmd : &all[i]->sub;
        if ((*link)->id == id)
            return all[i];
    }
    return NULL;
}

/* ---- links --------------------------------------------------------------------------------------
 */

static void open_link(struct stock *stock, const struct stock_member *member,
                      struct stock_link *link, enum sn_link_kind kind)
{
    sn_ms now = stock_now(stock);
    if (link->id != 0 || (link->tried_at != 0 && now - link->tried_at < STOCK_PING_MS))
        return;
    link->id = ++stock->next_link;
    link->up = false;
    link->pending = 0;
    link->tried_at = now;
    struct sn_action_connect connect = {
        .link = {link->id}, .kind = kind, .ip = "127.0.0.1", .port = member->port, .name = ""};
    conn_open(&stock->guest.node, &connect);
}

void stock_connect(struct stock *stock, struct stock_member *member)
{
    if (member->kind == STOCK_PEER) {
        open_link(stock, member, &member->cmd, SN_LINK_PEER);
        return;
    }
    open_link(stock, member, &member->cmd, SN_LINK_DATA);
    open_link(stock, member, &member->sub, SN_LINK_SUBSCRIBE);
}

static void close_link(struct stock *stock, struct stock_link *link)
{
    if (link->id != 0) {
        struct conn *conn = conn_find(&stock->guest.node, (struct sn_link_id){link->id});
        if (conn != NULL)
            conn_close_by_client(conn);
    }
    link->id = 0;
    link->up = false;
}

void stock_disconnect(struct stock *stock, struct stock_member *member)
{
    close_link(stock, &member->cmd);
    close_link(stock, &member->sub);
}

static void send_packet(struct stock *stock, struct stock_member *member, struct packet *packet)
{
    struct conn *conn = conn_find(&stock->guest.node, (struct sn_link_id){member->cmd.id});
    if (conn == NULL || !member->cmd.up || member->cmd.pending >= PENDING_MAX) {
        packet_free(packet);
        return;
    }
    member->cmd.pending++;
    conn_send(conn, packet);
}

void stock_send(struct stock *stock, struct stock_member *member, enum sn_order order)
{
    struct packet *packet = packet_new(PACKET_REQUEST);
    packet->order = order;
    packet->tag = member->port;
    if (order == SN_ORDER_PROMOTE)
        stock_say(stock, "> port %u PROMOTE", member->port);
    send_packet(stock, member, packet);
}

void stock_ask(struct stock *stock, struct stock_member *peer)
{
    struct packet *packet = packet_new(PACKET_REQUEST);
    packet->order = SN_ORDER_ASK;
    packet->tag = peer->port;
    packet->host = sn_strdup("127.0.0.1");
    packet->port = stock->master.port;
    packet->epoch = stock->epoch;
    packet->runid = sn_strdup(stock->state != STOCK_NONE ? stock->id.hex : "*");
    send_packet(stock, peer, packet);
}

void stock_follow(struct stock *stock, struct stock_member *member, uint16_t port)
{
    struct packet *packet = packet_new(PACKET_REQUEST);
    packet->order = SN_ORDER_FOLLOW;
    packet->tag = member->port;
    packet->host = sn_strdup("127.0.0.1");
    packet->port = port;
    stock_say(stock, "> port %u FOLLOW %u", member->port, port);
    send_packet(stock, member, packet);
}

void stock_publish(struct stock *stock, struct stock_member *member)
{
    struct sn_hello hello = {.port = stock->guest.node.addr.port,
                             .runid = stock->id,
                             .current_epoch = stock->epoch,
                             .master_port = stock_master_port(stock),
                             .master_config_epoch = stock->config_epoch};
    char text[SN_HELLO_MAX + 1];
    (void)snprintf(hello.ip, sizeof(hello.ip), "127.0.0.1");
    (void)snprintf(hello.master_ip, sizeof(hello.master_ip), "127.0.0.1");
    if ((stock->sim->plan.features & FEATURE_STOCK_NAMES) != 0)
        (void)snprintf(hello.master_ip, sizeof(hello.master_ip), CLUSTER_STOCK_NAME,
                       hello.master_port);
    (void)snprintf(hello.master_name, sizeof(hello.master_name), "%s", SIM_GROUP);
    if (sn_hello_format(&hello, text, sizeof(text)) != 0)
        abort();
    struct packet *packet = packet_new(PACKET_REQUEST);
    packet->order = SN_ORDER_PUBLISH;
    packet->tag = member->port;
    packet->message = sn_strdup(text);
    send_packet(stock, member, packet);
}

/* ---- what arrives -------------------------------------------------------------------------------
 */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void take_pong(struct stock *stock, struct stock_member *member,
                      const struct sim_reply *reply)
{
    const char *text = reply->text == NULL ? "" : reply->text;
    bool simple = reply->type == SN_REPLY_STATUS || reply->type == SN_REPLY_ERROR;
    member->last_pong_at = stock_now(stock);
    if (simple && (begins(text, "PONG") || begins(text, "LOADING") || begins(text, "MASTERDOWN"))) {
        member->last_avail_at = stock_now(stock);
        member->act_ping_at = 0;
    }
}

static void take_answer(struct stock *stock, struct stock_member *peer,
                        const struct sim_reply *reply)
{
    if (reply->type != SN_REPLY_ARRAY || reply->count != 3)
        return;
    peer->answered_at = stock_now(stock);
    peer->says_down = reply->items[0].integer == 1;
    if (reply->items[1].text != NULL && strcmp(reply->items[1].text, "*") != 0) {
        (void)snprintf(peer->vote.hex, sizeof(peer->vote.hex), "%s", reply->items[1].text);
        peer->vote_epoch = (uint64_t)reply->items[2].integer;
    }
}

static void take_reply(struct stock *stock, struct stock_member *member,
                       const struct packet *packet)
{
    const struct sim_reply *reply = &packet->reply;
    struct sn_info info;
    if (member->cmd.pending > 0)
        member->cmd.pending--;
    if (packet->order == SN_ORDER_PING) {
        take_pong(stock, member, reply);
    } else if (packet->order == SN_ORDER_ASK) {
        take_answer(stock, member, reply);
    } else if (packet->order == SN_ORDER_PUBLISH && reply->type != SN_REPLY_ERROR) {
        member->published_at = stock_now(stock);
    } else if (packet->order == SN_ORDER_INFO && reply->type == SN_REPLY_STRING) {
        sn_info_parse(reply->text, strlen(reply->text), &info);
        stock_info(stock, member, &info);
        sn_info_fini(&info);
    }
}

static void take(struct cluster_guest *guest, struct conn *conn, const struct packet *packet)
{
    struct stock *stock = (struct stock *)guest;
    struct stock_link *link = NULL;
    struct stock_member *member = find_link(stock, conn->key.link, &link);
    if (member == NULL)
        return;
    if (packet->kind == PACKET_OPENED) {
        link->up = true;
        if (link == &member->cmd)
            stock_send(stock, member, SN_ORDER_PING); /* §9.2 */
    } else if (packet->kind == PACKET_REFUSED || packet->kind == PACKET_CLOSED) {
        link->id = 0;
        link->up = false;
    } else if (packet->kind == PACKET_MESSAGE) {
        if (strstr(packet->message, stock->id.hex) == NULL)
            stock_hello(stock, packet->message);
    } else if (packet->kind == PACKET_REPLY) {
        take_reply(stock, member, packet);
    }
}

static void answer_question(struct stock *stock, struct conn *conn, const struct packet *request)
{
    bool ours = request->port == stock->master.port;
    bool down = ours && stock->master.s_down && stock->tilt_at == 0;
    const char *leader = "*";
    uint64_t epoch = 0;
    if (ours && strcmp(request->runid, "*") != 0) {
        stock_vote(stock, request->runid, request->epoch);
        leader = stock->leader.hex[0] == '\0' ? "*" : stock->leader.hex;
        epoch = stock->leader_epoch;
        stock_say(stock, "answers %s %d %s %llu", conn->client->name, down, leader,
                  (unsigned long long)epoch);
    }
    checks_guest_vote(&stock->sim->checks.groups[0], &stock->guest.node, conn->client, down, leader,
                      epoch);
    struct sim_reply reply = {.type = SN_REPLY_ARRAY, .count = 3};
    reply.items[0].type = SN_REPLY_INTEGER;
    reply.items[0].integer = down;
    reply.items[1].type = SN_REPLY_STRING;
    reply.items[1].text = sn_strdup(leader);
    reply.items[2].type = SN_REPLY_INTEGER;
    reply.items[2].integer = (int64_t)epoch;
    conn_reply(conn, request->order, request->tag, &reply);
}

/* What SENTINEL MASTER and GET-MASTER-ADDR-BY-NAME say: the second one tells of a promotion before
 * the first one does, the epoch of both is new then. */
static void tell_config(const struct stock *stock, const struct packet *request,
                        struct sim_reply *reply)
{
    char text[2][64] = {"config-epoch", ""};
    reply->type = SN_REPLY_ERROR;
    if (strcmp(request->message, SIM_GROUP) != 0) {
        reply->text = sn_strdup("ERR No such master with that name");
        return;
    }
    if (request->order == SN_ORDER_CONFIG) {
        (void)snprintf(text[1], sizeof(text[1]), "%llu", (unsigned long long)stock->config_epoch);
    } else {
        uint16_t port = stock_master_port(stock);
        bool names = (stock->sim->plan.features & FEATURE_STOCK_NAMES) != 0;
        (void)snprintf(text[0], sizeof(text[0]), names ? CLUSTER_STOCK_NAME : "127.0.0.1", port);
        (void)snprintf(text[1], sizeof(text[1]), "%u", port);
    }
    reply->type = SN_REPLY_ARRAY;
    reply->count = 2;
    for (size_t i = 0; i < 2; i++) {
        reply->items[i].type = SN_REPLY_STRING;
        reply->items[i].text = sn_strdup(text[i]);
    }
}

static void serve(struct cluster_guest *guest, struct conn *conn)
{
    struct stock *stock = (struct stock *)guest;
    while (conn->inbox != NULL && !conn->server_gone) {
        struct packet *request = conn->inbox;
        struct sim_reply reply = {.type = SN_REPLY_INTEGER, .integer = 1};
        LL_DELETE(conn->inbox, request);
        if (request->order == SN_ORDER_ASK) {
            answer_question(stock, conn, request);
        } else {
            if (request->order == SN_ORDER_PUBLISH)
                stock_hello(stock, request->message);
            if (request->order == SN_ORDER_PING) {
                reply.type = SN_REPLY_STATUS;
                reply.text = sn_strdup("PONG");
            }
            if (request->order == SN_ORDER_CONFIG || request->order == SN_ORDER_WHERE)
                tell_config(stock, request, &reply);
            conn_reply(conn, request->order, request->tag, &reply);
        }
        packet_free(request);
    }
}

/* ---- life ---------------------------------------------------------------------------------------
 */

static void start(struct cluster_guest *guest)
{
    struct stock *stock = (struct stock *)guest;
    const struct stock_saved *saved = &stock->saved;
    stock->epoch = saved->epoch;
    stock->config_epoch = saved->config_epoch;
    stock->leader_epoch = saved->leader_epoch;
    stock->leader.hex[0] = '\0';
    stock->state = STOCK_NONE;
    stock->forced = false;
    stock->promoted = 0;
    stock->started_at = 0;
    stock->o_down = false;
    stock->tilt_at = 0;
    stock->tick_at = 0;
    stock_member_init(stock, &stock->master, STOCK_MASTER, saved->master_port);
    stock->replica_count = saved->replica_count;
    for (unsigned i = 0; i < saved->replica_count; i++)
        stock_member_init(stock, &stock->replicas[i], STOCK_REPLICA, saved->replicas[i]);
    stock->peer_count = saved->peer_count;
    for (unsigned i = 0; i < saved->peer_count; i++) {
        stock_member_init(stock, &stock->peers[i], STOCK_PEER, saved->peer_ports[i]);
        stock->peers[i].runid = saved->peer_ids[i];
    }
    if (!stock->ticking)
        cluster_after(guest->node.cluster, 1, stock_tick, stock);
    stock->ticking = true;
}

static void stop(struct cluster_guest *guest)
{
    (void)guest; /* its connections are closed, and it saves all the time */
}

struct stock *stock_new(struct sim *sim, unsigned index)
{
    struct stock *stock = sn_alloc(sizeof(*stock));
    char name[16];
    stock->sim = sim;
    stock->guest.start = start;
    stock->guest.stop = stop;
    stock->guest.take = take;
    stock->guest.serve = serve;
    stock->saved.master_port = SIM_PORT;
    sn_prng_runid(&sim->cluster->prng, &stock->id);
    if ((sim->plan.features & FEATURE_IDS) != 0)
        make_odd_id(sim->plan.id_lot + 50 + index, &stock->id);
    (void)snprintf(name, sizeof(name), "k%u", index + 1);
    cluster_add_guest(sim->cluster, &stock->guest, (uint16_t)(STOCK_PORT + index), name);
    return stock;
}

void stock_free(struct stock *stock)
{
    free(stock);
}

struct node *stock_node(struct stock *stock)
{
    return &stock->guest.node;
}

uint16_t stock_master_port(const struct stock *stock)
{
    return stock->state == STOCK_RECONF ? stock->promoted : stock->master.port;
}

uint64_t stock_config_epoch(const struct stock *stock)
{
    return stock->config_epoch;
}

bool stock_is_busy(const struct stock *stock)
{
    return stock->state != STOCK_NONE;
}
