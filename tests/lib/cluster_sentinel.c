/* SPDX-License-Identifier: BSD-3-Clause */

/* The host of one core: hands it events, does what its actions say, crashes and restarts it. */

#include "cluster_internal.h"

#include "base/text.h"
#include "core/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CHECK_EVERY 16
#define PPM         1000000

/* ---- the clock --------------------------------------------------------------------------------
 */

static sn_ms local_time(const struct sentinel *sentinel, sn_ms world)
{
    return sentinel->clock_offset + world + world * sentinel->clock_ppm / PPM;
}

sn_ms sentinel_local_now(const struct sentinel *sentinel)
{
    return local_time(sentinel, sentinel->node.cluster->now);
}

/* The first world time at which the local clock shows at least local. */
static sn_ms world_time(const struct sentinel *sentinel, sn_ms local)
{
    sn_ms world = (local - sentinel->clock_offset) * PPM / (PPM + sentinel->clock_ppm);
    while (local_time(sentinel, world) >= local)
        world--;
    while (local_time(sentinel, world) < local)
        world++;
    return world;
}

static void arm_wake(struct sentinel *sentinel)
{
    struct cluster *cluster = sentinel->node.cluster;
    sn_ms deadline = sn_core_deadline(sentinel->core);
    if (deadline == SN_MS_NEVER) {
        sn_timer_stop(&cluster->wakes, &sentinel->wake);
        return;
    }
    sn_ms at = world_time(sentinel, deadline);
    if (cluster->timer_late_ms > 0)
        at += (sn_ms)sn_prng_below(&cluster->prng, (uint64_t)cluster->timer_late_ms + 1);
    sn_timer_set(&cluster->wakes, &sentinel->wake, at < cluster->now ? cluster->now : at);
}

void sentinel_wake_due(struct sentinel *sentinel)
{
    struct sn_input event = {.kind = SN_INPUT_TIMER};
    if (sentinel->core != NULL && sentinel->node.state == NODE_RUNNING)
        sentinel_feed(sentinel, &event);
}

/* ---- actions ----------------------------------------------------------------------------------
 */

static const char *order_name(enum sn_order order)
{
    switch (order) {
    case SN_ORDER_PING:
        return "PING";
    case SN_ORDER_INFO:
        return "INFO";
    case SN_ORDER_PUBLISH:
        return "PUBLISH";
    case SN_ORDER_SETTINGS:
        return "SETTINGS";
    case SN_ORDER_CONFIG:
        return "CONFIG";
    case SN_ORDER_WHERE:
        return "WHERE";
    case SN_ORDER_MYID:
        return "MYID";
    case SN_ORDER_TRY_ASK:
        return "TRY ASK";
    case SN_ORDER_ASK:
        return "ASK";
    case SN_ORDER_PROMOTE:
        return "PROMOTE";
    case SN_ORDER_FOLLOW:
        return "FOLLOW";
    case SN_ORDER_SCRIPT_KILL:
        return "SCRIPT KILL";
    case SN_ORDER_CLIENT_PAUSE:
        return "CLIENT PAUSE";
    case SN_ORDER_CLIENT_UNPAUSE:
        return "CLIENT UNPAUSE";
    case SN_ORDER_TRY_FOLLOW:
        return "TRY SLAVEOF";
    case SN_ORDER_TRY_KILL:
        return "TRY CLIENT KILL";
    case SN_ORDER_TRY_PAUSE:
        return "TRY CLIENT PAUSE";
    case SN_ORDER_TRY_UNPAUSE:
        return "TRY CLIENT UNPAUSE";
    case SN_ORDER_TRY_EXEC:
        return "TRY EXEC";
    case SN_ORDER_TRY_TRANSACTION:
        return "TRY MULTI";
    case SN_ORDER_NONE:
        break;
    }
    return "?";
}

static void say_send(struct sentinel *sentinel, const struct sn_action_send *send, const char *to)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct node *node = &sentinel->node;
    const char *order = order_name(send->order);
    if (send->order == SN_ORDER_PROMOTE)
        cluster_say(cluster, node, "> %s %s", to, order);
    else if (send->order == SN_ORDER_FOLLOW)
        cluster_say(cluster, node, "> %s %s %s %u", to, order, send->host, send->port);
    else if (send->order == SN_ORDER_ASK && strcmp(send->runid, "*") != 0)
        cluster_say(cluster, node, "> %s ASK %s %u %llu %s", to, send->host, send->port,
                    (unsigned long long)send->epoch, send->runid);
    else if (send->order == SN_ORDER_ASK)
        cluster_murmur(cluster, node, "> %s ASK %s %u %llu *", to, send->host, send->port,
                       (unsigned long long)send->epoch);
    else
        cluster_murmur(cluster, node, "> %s %s%s%s", to, order, send->message == NULL ? "" : " ",
                       send->message == NULL ? "" : send->message);
}

static void do_send(struct sentinel *sentinel, const struct sn_action_send *send)
{
    struct conn *conn = conn_find(&sentinel->node, send->link);
    if (conn == NULL) {
        /* Its end has arrived, but the core is told of something else first: TILT, for one. */
        cluster_murmur(sentinel->node.cluster, &sentinel->node, "%s comes too late",
                       order_name(send->order));
        return;
    }
    const struct cluster_watch *watch = sentinel->node.cluster->watch;
    say_send(sentinel, send, conn->server == NULL ? "nobody" : conn->server->name);
    check_send(sentinel, send);
    if (watch != NULL && watch->send != NULL)
        watch->send(watch->arg, sentinel, conn->server, conn->port, send);
    struct packet *packet = packet_new(PACKET_REQUEST);
    packet->order = send->order;
    packet->tag = send->tag;
    packet->message = sn_strdup(send->message);
    packet->host = sn_strdup(send->host);
    packet->runid = sn_strdup(send->runid);
    packet->port = send->port;
    packet->epoch = send->epoch;
    packet->duration_ms = send->duration_ms;
    packet->no_rewrite = send->no_rewrite;
    conn_send(conn, packet);
}

static void do_disconnect(struct sentinel *sentinel, struct sn_link_id link)
{
    struct conn *conn = conn_find(&sentinel->node, link);
    if (conn != NULL) /* its end may be on its way to the core */
        conn_close_by_client(conn);
}

static void do_script(struct sentinel *sentinel, const struct sn_action_script *script)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct sn_buf words;
    sn_buf_init(&words, 4096);
    for (char *const *word = script->argv; *word != NULL; word++)
        sn_buf_printf(&words, " %s", *word);
    cluster_say(cluster, &sentinel->node, "script%s", sn_buf_text(&words));
    sn_buf_fini(&words);
    struct script_run *run = sn_alloc(sizeof(*run));
    run->job = script->job;
    run->sentinel = sentinel;
    sn_timer_init(&run->timer, WIRE_SCRIPT, run);
    sn_timer_set(&cluster->wires, &run->timer, cluster->now + 1);
    LL_PREPEND(sentinel->scripts, run);
}

static void perform(struct sentinel *sentinel, const struct sn_action *action)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct node *node = &sentinel->node;
    switch (action->kind) {
    case SN_ACTION_CONNECT:
        cluster_murmur(cluster, node, "connects %llu to %s:%u",
                       (unsigned long long)action->u.connect.link.v, action->u.connect.ip,
                       action->u.connect.port);
        conn_open(node, &action->u.connect);
        break;
    case SN_ACTION_DISCONNECT:
        cluster_murmur(cluster, node, "disconnects %llu",
                       (unsigned long long)action->u.disconnect.v);
        do_disconnect(sentinel, action->u.disconnect);
        break;
    case SN_ACTION_SEND:
        do_send(sentinel, &action->u.send);
        break;
    case SN_ACTION_RESOLVE:
        lookup_begin(sentinel, action->u.resolve);
        break;
    case SN_ACTION_PERSIST:
        cluster_murmur(cluster, node, "saves %llu", (unsigned long long)action->u.persist.version);
        disk_persist(sentinel, &action->u.persist);
        break;
    case SN_ACTION_ANSWER:
        sentinel_answer(sentinel, &action->u.answer);
        break;
    case SN_ACTION_NOTICE:
        cluster_say(cluster, node, "%s %s", action->u.notice.name, action->u.notice.payload);
        if (cluster->watch != NULL && cluster->watch->event != NULL)
            cluster->watch->event(cluster->watch->arg, sentinel, &action->u.notice);
        check_event(sentinel, &action->u.notice);
        break;
    case SN_ACTION_LOG:
        if (action->u.log.level >= SN_LEVEL_NOTICE)
            cluster_say(cluster, node, "# %s", action->u.log.text);
        else
            cluster_murmur(cluster, node, "# %s", action->u.log.text);
        break;
    case SN_ACTION_SCRIPT_START:
        do_script(sentinel, &action->u.script);
        break;
    case SN_ACTION_SCRIPT_KILL:
        break; /* model scripts end by themselves */
    case SN_ACTION_RESCUE:
        rescue_begin(sentinel, &action->u.rescue);
        break;
    case SN_ACTION_EXIT:
        cluster_say(cluster, node, "exits with %d", action->u.exit_status);
        sentinel->crash_asked = true;
        break;
    case SN_ACTION_NONE:
        break;
    }
}

void sentinel_broken(const struct sentinel *sentinel, const char *what)
{
    (void)fprintf(stderr, "seed %llu at %lld: %s breaks an invariant: %s\n",
                  (unsigned long long)sentinel->node.cluster->seed,
                  (long long)sentinel->node.cluster->now, sentinel->node.name, what);
    abort();
}

/* Not behind each step, as it looks at everybody: the more there are, the less often. */
static void check_now_and_then(const struct sentinel *sentinel)
{
    const struct cluster *cluster = sentinel->node.cluster;
    char text[SN_CHECK_TEXT_MAX + 1];
    size_t weight = cluster->sparse ? 10 * cluster->server_count : 1 + cluster->server_count / 10;
    if (cluster->steps % (CHECK_EVERY * weight) != 0)
        return;
    const char *broken = sn_core_check(sentinel->core, text);
    if (broken != NULL)
        sentinel_broken(sentinel, broken);
}

void sentinel_feed(struct sentinel *sentinel, struct sn_input *event)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct sn_actions actions;
    event->now = local_time(sentinel, cluster->now);
    sentinel->stepping = true;
    cluster->steps++;
    sn_core_step(sentinel->core, event, &actions);
    check_now_and_then(sentinel);
    for (size_t i = 0; i < actions.count && !sentinel->crash_asked; i++)
        perform(sentinel, &actions.items[i]);
    sentinel->stepping = false;
    if (sentinel->crash_asked)
        cluster_kill(&sentinel->node);
    else
        arm_wake(sentinel);
}

/* ---- life -------------------------------------------------------------------------------------
 */

void sentinel_boot(struct sentinel *sentinel)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct sn_input event = {.kind = SN_INPUT_START};
    uint64_t seed = cluster->seed;
    if (sentinel->boots == 0) {
        sn_image_fini(&sentinel->durable);
        sn_image_copy(&cluster->config, &sentinel->durable);
        for (size_t i = cluster->config.group_count; i > 0; i--) {
            if (i <= 32 && ((sentinel->leaves_out >> (i - 1)) & 1) != 0)
                sn_image_remove_group(&sentinel->durable, i - 1);
        }
        sentinel->durable.myid = sentinel->id;
    } else if (cluster->watch != NULL && cluster->watch->rebooting != NULL) {
        cluster->watch->rebooting(cluster->watch->arg, sentinel);
    }
    seed = sn_hash_bytes(seed, &sentinel->node.index, sizeof(sentinel->node.index));
    seed = sn_hash_finish(sn_hash_bytes(seed, &sentinel->boots, sizeof(sentinel->boots)));
    sentinel->boots++;
    sentinel->clock_offset = (sn_ms)sn_prng_below(&cluster->prng, 100000000);
    sentinel->durable.globals.listen_port = sentinel->node.addr.port;
    sentinel->durable.wall_ms = cluster_wall(cluster);
    sentinel->core = sn_core_new(&sentinel->durable, seed, local_time(sentinel, cluster->now));
    shadow_begin(&sentinel->disk.shadow, sentinel->core);
    if (cluster->watch != NULL && cluster->watch->booted != NULL)
        cluster->watch->booted(cluster->watch->arg, sentinel);
    sentinel_feed(sentinel, &event);
}

void sentinel_crash(struct sentinel *sentinel)
{
    struct cluster *cluster = sentinel->node.cluster;
    cluster_close_clients(&sentinel->node);
    if (cluster->watch != NULL && cluster->watch->crashed != NULL)
        cluster->watch->crashed(cluster->watch->arg, sentinel);
    disk_crash(sentinel);
    sn_timer_stop(&cluster->wakes, &sentinel->wake);
    sentinel_drop_runs(sentinel);
    lookup_drop_all(sentinel);
    sn_core_free(sentinel->core);
    shadow_fini(&sentinel->disk.shadow);
    sentinel->core = NULL;
    sentinel->crash_asked = false;
}

void sentinel_resumed(struct sentinel *sentinel)
{
    struct cluster *cluster = sentinel->node.cluster;
    if (sentinel->core == NULL)
        return;
    sn_timer_set(&cluster->wires, &sentinel->late, cluster->now);
    arm_wake(sentinel);
}

/* ---- as a client ------------------------------------------------------------------------------
 */

static void feed_link(struct sentinel *sentinel, enum sn_input_kind kind, const struct conn *conn,
                      const char *reason)
{
    struct sn_input event = {
        .kind = kind,
        .u.link = {.link = {conn->key.link}, .local_ip = sentinel->node.addr.ip, .reason = reason}};
    if (kind == SN_INPUT_LINK_DOWN && strcmp(reason, "Connection refused") == 0)
        event.u.link.end = SN_LINK_END_REFUSED;
    else if (kind == SN_INPUT_LINK_DOWN && conn->up)
        event.u.link.end = SN_LINK_END_CLOSED;
    sentinel_feed(sentinel, &event);
}

/* Every second server is too old for RESP3. */
static void feed_protocol(struct sentinel *sentinel, const struct conn *conn)
{
    struct sn_input event = {.kind = SN_INPUT_LINK_PROTOCOL,
                             .u.link = {.link = {conn->key.link},
                                        .local_ip = "",
                                        .reason = "",
                                        .resp3 = conn->server->index % 2 == 0}};
    sentinel_feed(sentinel, &event);
}

static void feed_reply(struct sentinel *sentinel, const struct conn *conn,
                       const struct packet *packet)
{
    const struct sim_reply *from = &packet->reply;
    struct sn_reply items[REPLY_ITEMS_MAX];
    struct sn_info info;
    memset(items, 0, sizeof(items));
    for (size_t i = 0; i < from->count; i++) {
        items[i].type = from->items[i].type;
        items[i].text = from->items[i].text == NULL ? "" : from->items[i].text;
        items[i].len = strlen(items[i].text);
        items[i].integer = from->items[i].integer;
    }
    struct sn_reply reply = {.type = from->type,
                             .text = from->text == NULL ? "" : from->text,
                             .len = from->text == NULL ? 0 : strlen(from->text),
                             .integer = from->integer,
                             .items = items,
                             .count = from->count};
    bool has_info = packet->order == SN_ORDER_INFO && from->type == SN_REPLY_STRING;
    if (has_info)
        sn_info_parse(reply.text, reply.len, &info);
    struct sn_input event = {
        .kind = SN_INPUT_REPLY,
        .u.reply = {.link = {conn->key.link},
                    .order = packet->order,
                    .tag = packet->tag,
                    .reply = &reply,
                    .queue_error = from->queue_error == NULL ? "" : from->queue_error,
                    .info = has_info ? &info : NULL}};
    const struct cluster_watch *watch = sentinel->node.cluster->watch;
    check_reply(sentinel, conn->server, packet->order, &reply);
    if (watch != NULL && watch->reply != NULL)
        watch->reply(watch->arg, sentinel, conn->server, conn->port, event.u.reply.link,
                     packet->order, packet->tag, &reply);
    if (has_info && watch != NULL && watch->info != NULL)
        watch->info(watch->arg, sentinel, conn->server, conn->port, &info);
    sentinel_feed(sentinel, &event);
    if (has_info)
        sn_info_fini(&info);
}

static void feed_message(struct sentinel *sentinel, struct conn *conn, const struct packet *packet)
{
    struct sn_input event = {.kind = SN_INPUT_HELLO, .u.hello.link = {conn->key.link}};
    const struct cluster_watch *watch = sentinel->node.cluster->watch;
    feed_link(sentinel, SN_INPUT_LINK_TRAFFIC, conn, "");
    if (sentinel->core != NULL && watch != NULL && watch->heard != NULL)
        watch->heard(watch->arg, sentinel, packet->message);
    if (sentinel->core == NULL || conn->client_gone)
        return;
    int rc = sn_hello_parse(packet->message, strlen(packet->message), &event.u.hello.hello);
    if (rc == 0 && watch != NULL && watch->hello != NULL)
        watch->hello(watch->arg, sentinel, conn->server, conn->port, &event.u.hello.hello);
    sentinel_feed(sentinel, &event);
}

void sentinel_take_packet(struct sentinel *sentinel, struct conn *conn, const struct packet *packet)
{
    const char *from = conn->server == NULL ? "nobody" : conn->server->name;
    if (packet->kind == PACKET_REPLY)
        cluster_murmur(sentinel->node.cluster, &sentinel->node, "< %s %s reply", from,
                       order_name(packet->order));
    switch (packet->kind) {
    case PACKET_OPENED:
        feed_link(sentinel, SN_INPUT_LINK_UP, conn, "");
        break;
    case PACKET_NOTE:
        feed_link(sentinel, SN_INPUT_LINK_NOTE, conn, packet->message);
        break;
    case PACKET_PROTOCOL:
        feed_protocol(sentinel, conn);
        break;
    case PACKET_REFUSED:
    case PACKET_PARTED:
    case PACKET_CLOSED:
        cluster_murmur(sentinel->node.cluster, &sentinel->node, "< %s %s", from, packet->message);
        feed_link(sentinel, SN_INPUT_LINK_DOWN, conn, packet->message);
        break;
    case PACKET_REPLY:
        feed_reply(sentinel, conn, packet);
        break;
    case PACKET_MESSAGE:
        feed_message(sentinel, conn, packet);
        break;
    case PACKET_SYN:
    case PACKET_FIN:
    case PACKET_REQUEST:
    case PACKET_NONE:
        break;
    }
}
