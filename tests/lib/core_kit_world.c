/* SPDX-License-Identifier: BSD-3-Clause */

/* The model surroundings of a core under test: data nodes, peers, the disk. */

#include "core_kit_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define REPLY_ITEMS_MAX 16

/* A reply made from text; its items and their texts live here. */
struct reply_room {
    struct sn_reply items[REPLY_ITEMS_MAX];
    char text[8192];
};

/* ---- nodes ---------------------------------------------------------------------------------- */

static struct kit_node *new_node(struct kit *kit, const char *name, const char *host, uint16_t port)
{
    struct kit_node *node = sn_alloc(sizeof(*node));
    (void)snprintf(node->name, sizeof(node->name), "%s", name);
    (void)snprintf(node->host, sizeof(node->host), "%s", host);
    node->port = port;
    node->role = SN_ROLE_MASTER;
    node->link_up = true;
    node->priority = SN_PRIORITY_DEFAULT;
    if (name[0] == 'n')
        (void)snprintf(node->runid.hex, sizeof(node->runid.hex), "%040d", atoi(name + 1));
    LL_APPEND(kit->nodes, node);
    return node;
}

struct kit_node *kit_node(struct kit *kit, const char *name)
{
    struct kit_node *node;
    char host[SN_IP_MAX + 1];
    LL_FOREACH(kit->nodes, node) {
        if (strcmp(node->name, name) == 0)
            return node;
    }
    if (name[0] == 'n' && name[1] >= '0' && name[1] <= '9') {
        int number = atoi(name + 1);
        (void)snprintf(host, sizeof(host), "10.0.%d.%d", number / 250 * 10, number % 250);
        return new_node(kit, name, host, 6379);
    }
    if (name[1] == '\0' && name[0] >= 'a' && name[0] <= 'f') {
        (void)snprintf(host, sizeof(host), "10.0.1.%d", name[0] - 'a' + 1);
        return new_node(kit, name, host, 26379);
    }
    const char *colon = strrchr(name, ':');
    assert_non_null(colon);
    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - name), name);
    return new_node(kit, name, host, (uint16_t)atoi(colon + 1));
}

/* What kit_node would make this address of. */
static void short_name(const char *host, uint16_t port, char *name, size_t size)
{
    int high, low;
    bool ours = sscanf(host, "10.0.%d.%d", &high, &low) == 2;
    if (ours && port == 6379 && high % 10 == 0)
        (void)snprintf(name, size, "n%d", high / 10 * 250 + low);
    else if (ours && port == 26379 && high == 1 && low >= 1 && low <= 6)
        (void)snprintf(name, size, "%c", 'a' + low - 1);
    else
        (void)snprintf(name, size, "%s:%u", host, port);
}

struct kit_node *kit_node_at(struct kit *kit, const char *host, uint16_t port)
{
    struct kit_node *node;
    char name[SN_HOST_MAX + 16];
    LL_FOREACH(kit->nodes, node) {
        if (node->port == port && strcmp(node->host, host) == 0)
            return node;
    }
    short_name(host, port, name, sizeof(name));
    return kit_node(kit, name);
}

struct sn_group *kit_group(struct kit *kit, const char *name)
{
    struct sn_group *group = sn_group_by_name(kit->core, name, strlen(name));
    assert_non_null(group);
    return group;
}

struct sn_instance *kit_instance(struct kit *kit, const char *group_name, const char *node_name)
{
    const struct kit_node *node = kit_node(kit, node_name);
    struct sn_group *group = kit_group(kit, group_name);
    struct sn_instance *found;
    struct sn_addr addr;
    assert_int_equal(sn_addr_make(node->host, node->port, &addr), 0);
    if (sn_addr_equal(&group->master->addr, &addr))
        return group->master;
    DL_FOREACH(group->peers, found) {
        if (sn_addr_equal(&found->addr, &addr))
            return found;
    }
    return sn_group_find_replica(group, &addr);
}

const char *kit_node_name(struct kit *kit, const struct sn_instance *instance)
{
    return kit_node_at(kit, instance->addr.ip, instance->addr.port)->name;
}

/* ---- what they say -------------------------------------------------------------------------- */

static void make_item(const char *text, size_t len, struct reply_room *room, size_t *used,
                      struct sn_reply *reply)
{
    static const struct {
        char mark;
        enum sn_reply_type type;
    } types[] = {{'+', SN_REPLY_STATUS},
                 {'-', SN_REPLY_ERROR},
                 {':', SN_REPLY_INTEGER},
                 {'$', SN_REPLY_STRING},
                 {'_', SN_REPLY_NIL}};
    memset(reply, 0, sizeof(*reply));
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i].mark == text[0])
            reply->type = types[i].type;
    }
    assert_true(reply->type != SN_REPLY_NONE);
    assert_true(*used + len <= sizeof(room->text));
    reply->text = "";
    if (reply->type == SN_REPLY_INTEGER)
        reply->integer = strtoll(text + 1, NULL, 10);
    if (reply->type == SN_REPLY_INTEGER || reply->type == SN_REPLY_NIL)
        return;
    char *copy = room->text + *used;
    memcpy(copy, text + 1, len - 1);
    copy[len - 1] = '\0';
    *used += len;
    reply->text = copy;
    reply->len = len - 1;
}

static void make_reply(const char *text, struct reply_room *room, struct sn_reply *reply)
{
    size_t used = 0;
    if (text[0] != '[') {
        make_item(text, strlen(text), room, &used, reply);
        return;
    }
    *reply = (struct sn_reply){.type = SN_REPLY_ARRAY, .text = "", .items = room->items};
    const char *at = text + 1;
    while (*at != ']') {
        size_t len = strcspn(at, "|]");
        assert_true(reply->count < REPLY_ITEMS_MAX);
        make_item(at, len, room, &used, &room->items[reply->count++]);
        at += len + (at[len] == '|');
    }
}

static struct sn_runid peer_id(char letter)
{
    struct sn_runid runid = {""};
    memset(runid.hex, letter, SN_RUNID_LEN);
    return runid;
}

static size_t write_data_set(const struct kit_node *node, char *out, size_t size)
{
    size_t len = 0;
    if (node->loading)
        len += (size_t)snprintf(out + len, size - len, "loading:1\r\n");
    if (node->history != '\0')
        len += (size_t)snprintf(
            out + len, size - len,
            "master_replid:%s\r\nmaster_replid2:%s\r\nsecond_repl_offset:%llu\r\n",
            peer_id(node->history).hex, peer_id(node->history2 == '\0' ? '0' : node->history2).hex,
            node->second_offset);
    if (!node->tells_keys)
        return len;
    len += (size_t)snprintf(out + len, size - len,
                            "rdb_changes_since_last_save:%llu\r\nrdb_last_save_time:%llu\r\n"
                            "# Keyspace\r\n",
                            node->changes, node->saved_at_s);
    if (node->keys > 0)
        len += (size_t)snprintf(out + len, size - len, "db0:keys=%llu,expires=0\r\n", node->keys);
    return len;
}

static size_t write_replicas(struct kit *kit, const struct kit_node *node, char *out, size_t size)
{
    const struct kit_node *other;
    size_t len = 0;
    unsigned number = 0;
    LL_FOREACH(kit->nodes, other) {
        if (other->role == SN_ROLE_REPLICA && strcmp(other->master, node->name) == 0)
            len += (size_t)snprintf(out + len, size - len,
                                    "slave%u:ip=%s,port=%u,state=online,offset=1,lag=0\r\n",
                                    number++, other->host, other->port);
    }
    return len;
}

static void write_info(struct kit *kit, const struct kit_node *node, char *out, size_t size)
{
    const struct kit_node *other;
    size_t len =
        (size_t)snprintf(out, size, "%srun_id:%s\r\n",
                         node->server_info == NULL ? "" : node->server_info, node->runid.hex);
    if (node->role == SN_ROLE_MASTER) {
        len += (size_t)snprintf(out + len, size - len, "role:master\r\nmaster_repl_offset:%llu\r\n",
                                node->offset);
        if (node->keeps_replicas)
            len += (size_t)snprintf(out + len, size - len, "min_slaves_good_slaves:1\r\n");
        len += write_replicas(kit, node, out + len, size - len);
        (void)write_data_set(node, out + len, size - len);
        return;
    }
    other = kit_node(kit, node->master);
    len += (size_t)snprintf(out + len, size - len,
                            "role:slave\r\nmaster_host:%s\r\nmaster_port:%u\r\n"
                            "master_link_status:%s\r\nmaster_sync_in_progress:%d\r\n"
                            "slave_priority:%u\r\nslave_repl_offset:%llu\r\n",
                            other->host, other->port, node->link_up ? "up" : "down", node->syncing,
                            node->priority, node->offset);
    len += write_data_set(node, out + len, size - len);
    if (node->tells_last_io)
        len += (size_t)snprintf(out + len, size - len, "master_last_io_seconds_ago:%d\r\n",
                                node->link_up ? (int)node->last_io_s : -1);
    len += write_replicas(kit, node, out + len, size - len);
    if (node->link_down_s > 0 || node->never_up)
        (void)snprintf(out + len, size - len, "master_link_down_since_seconds:%d\r\n",
                       node->never_up ? -1 : (int)node->link_down_s);
}

static void obey(struct kit *kit, struct kit_node *node, const struct kit_sent *sent)
{
    const char *first = node->order == NULL ? "[+OK" : node->order;
    if (strncmp(first, "[+", 2) != 0)
        return;
    if (sent->order == SN_ORDER_PROMOTE) {
        node->role = SN_ROLE_MASTER;
        return;
    }
    node->role = SN_ROLE_REPLICA;
    node->link_up = !node->syncs_slowly;
    const struct kit_node *master = kit_node_at(kit, sent->host, sent->port);
    (void)snprintf(node->master, sizeof(node->master), "%s", master->name);
}

static void write_vote(struct kit_node *peer, const struct kit_sent *sent, char *out, size_t size)
{
    if (strcmp(sent->runid.hex, "*") == 0) {
        (void)snprintf(out, size, "[:%d|$*|:0]", peer->says_down);
        return;
    }
    if (!peer->refuses && sent->epoch > peer->vote_epoch) {
        peer->vote = sent->runid;
        peer->vote_epoch = sent->epoch;
    }
    (void)snprintf(out, size, "[:%d|$%s|:%llu]", peer->says_down,
                   peer->vote.hex[0] == '\0' ? "*" : peer->vote.hex, peer->vote_epoch);
}

static struct kit_belief *belief_of(struct kit_node *peer, const char *group, bool create)
{
    for (size_t i = 0; i < KIT_BELIEFS; i++) {
        struct kit_belief *belief = &peer->beliefs[i];
        if (create && belief->group[0] == '\0')
            (void)snprintf(belief->group, sizeof(belief->group), "%.63s", group);
        if (strcmp(belief->group, group) == 0)
            return belief;
    }
    return create ? &peer->beliefs[KIT_BELIEFS - 1] : NULL;
}

static void write_belief(struct kit_node *peer, const struct kit_sent *sent, char *out, size_t size)
{
    const struct kit_belief *belief = belief_of(peer, sent->message, false);
    if (belief == NULL)
        (void)snprintf(out, size, "-ERR No such master with that name");
    else if (sent->order == SN_ORDER_WHERE)
        (void)snprintf(out, size, "[$%s|$%u]", belief->host, belief->port);
    else if (peer->config != NULL)
        (void)snprintf(out, size, "%s", peer->config);
    else
        (void)snprintf(out, size, "[$name|$%s|$config-epoch|$%llu]", belief->group,
                       (unsigned long long)belief->config_epoch);
}

/* What node says to something that was sent to it. */
static void write_reply(struct kit *kit, struct kit_node *node, const struct kit_sent *sent,
                        char *out, size_t size)
{
    const char *text = "+OK";
    switch (sent->order) {
    case SN_ORDER_PING:
        text = node->pong == NULL ? "+PONG" : node->pong;
        break;
    case SN_ORDER_INFO:
        out[0] = '$';
        write_info(kit, node, out + 1, size - 1);
        return;
    case SN_ORDER_PUBLISH:
        text = ":1";
        break;
    case SN_ORDER_ASK:
        if (node->answer == NULL) {
            write_vote(node, sent, out, size);
            return;
        }
        text = node->answer;
        break;
    case SN_ORDER_TRY_ASK:
        text = node->answer != NULL ? node->answer : "[:0|$*|:0]";
        break;
    case SN_ORDER_MYID:
        if (node->myid != NULL)
            text = node->myid;
        else if (node->name[1] == '\0')
            (void)snprintf(out, size, "$%s", peer_id(node->name[0]).hex);
        else
            text = "-ERR Unknown sentinel subcommand 'MYID'";
        if (node->myid == NULL && node->name[1] == '\0')
            return;
        break;
    case SN_ORDER_PROMOTE:
    case SN_ORDER_FOLLOW:
        obey(kit, node, sent);
        text = node->order == NULL ? "[+OK|+OK|:1|:0]" : node->order;
        break;
    case SN_ORDER_CLIENT_PAUSE:
        text = node->pause == NULL ? "+OK" : node->pause;
        break;
    case SN_ORDER_TRY_FOLLOW:
    case SN_ORDER_TRY_KILL:
    case SN_ORDER_TRY_EXEC:
    case SN_ORDER_TRY_TRANSACTION:
    case SN_ORDER_TRY_PAUSE:
    case SN_ORDER_TRY_UNPAUSE:
        text = "-ERR nothing was done";
        break;
    case SN_ORDER_CONFIG:
    case SN_ORDER_WHERE:
        write_belief(node, sent, out, size);
        return;
    case SN_ORDER_SETTINGS:
        text = node->settings != NULL ? node->settings : "[$name|$m1]";
        break;
    case SN_ORDER_SCRIPT_KILL:
    case SN_ORDER_CLIENT_UNPAUSE:
    case SN_ORDER_NONE:
        break;
    }
    (void)snprintf(out, size, "%s", text);
}

static void deliver(struct kit *kit, struct kit_sent *sent, const char *text,
                    const char *queue_error)
{
    struct reply_room room;
    struct sn_reply reply;
    struct sn_info info;
    struct sn_input event = {.kind = SN_INPUT_REPLY};
    make_reply(text, &room, &reply);
    event.u.reply = (struct sn_input_reply){.link = sent->link,
                                            .order = sent->order,
                                            .tag = sent->tag,
                                            .reply = &reply,
                                            .queue_error = queue_error};
    bool readable = sent->order == SN_ORDER_INFO && reply.type == SN_REPLY_STRING;
    if (readable) {
        sn_info_parse(reply.text, reply.len, &info);
        event.u.reply.info = &info;
    }
    DL_DELETE(kit->sent, sent);
    free(sent);
    kit_step(kit, &event);
    if (readable)
        sn_info_fini(&info);
}

static bool answer_connect(struct kit *kit)
{
    for (size_t i = 0; i < kit->conn_count; i++) {
        struct kit_conn *conn = &kit->conns[i];
        struct sn_input event = {
            .u.link = {.link = conn->id, .local_ip = "10.0.9.9", .reason = ""}};
        if (!conn->asked || conn->orphan || conn->node->mode == KIT_GONE)
            continue;
        conn->asked = false;
        if (conn->node->mode == KIT_REFUSING || conn->node->mode == KIT_NO_ROOM) {
            event.kind = SN_INPUT_LINK_DOWN;
            event.u.link.reason = "Connection refused";
            event.u.link.no_room = conn->node->mode == KIT_NO_ROOM;
            event.u.link.end =
                conn->node->mode == KIT_NO_ROOM ? SN_LINK_END_OTHER : SN_LINK_END_REFUSED;
            kit_forget_conn(kit, conn->id);
        } else {
            event.kind = SN_INPUT_LINK_UP;
            conn->up = true;
        }
        kit_step(kit, &event);
        return true;
    }
    return false;
}

static bool answer_hello(struct kit *kit)
{
    for (size_t i = 0; i < kit->conn_count; i++) {
        struct kit_conn *conn = &kit->conns[i];
        struct sn_input event = {
            .kind = SN_INPUT_LINK_PROTOCOL,
            .u.link = {.link = conn->id, .local_ip = "", .reason = "", .resp3 = conn->node->resp3}};
        if (!conn->up || !conn->hello || conn->node->mode != KIT_WELL)
            continue;
        conn->hello = false;
        if (conn->node->shy) {
            event.kind = SN_INPUT_LINK_DOWN;
            event.u.link.end = SN_LINK_END_CLOSED;
            kit_forget_conn(kit, conn->id);
        }
        kit_step(kit, &event);
        return true;
    }
    return false;
}

static bool tell_orphan(struct kit *kit)
{
    for (size_t i = 0; i < kit->conn_count; i++) {
        struct sn_input event = {
            .kind = SN_INPUT_LINK_DOWN,
            .u.link = {.link = kit->conns[i].id, .local_ip = "", .reason = "shared"}};
        if (!kit->conns[i].orphan)
            continue;
        kit_forget_conn(kit, kit->conns[i].id);
        kit_step(kit, &event);
        return true;
    }
    return false;
}

/* A published hello reaches our own subscription to the same node too. */
static void echo(struct kit *kit, const struct kit_node *node)
{
    struct sn_input event = {.kind = SN_INPUT_LINK_TRAFFIC,
                             .u.link = {.local_ip = "", .reason = ""}};
    for (size_t i = 0; i < kit->conn_count; i++) {
        const struct kit_conn *conn = &kit->conns[i];
        if (conn->node == node && conn->kind == SN_LINK_SUBSCRIBE && conn->up && !node->deaf)
            event.u.link.link = conn->id;
    }
    if (event.u.link.link.v != 0)
        kit_step(kit, &event);
}

bool kit_answer_one(struct kit *kit)
{
    struct kit_sent *sent;
    char text[8192];
    if (tell_orphan(kit) || answer_connect(kit) || answer_hello(kit))
        return true;
    if (kit->saving != 0 && kit->disk != KIT_DISK_SLOW) {
        kit_persisted(kit, kit->disk == KIT_DISK_GOOD);
        return true;
    }
    DL_FOREACH(kit->sent, sent) {
        if (sent->node->mode != KIT_WELL || (kit->hold & KIT_HOLD(sent->order)) != 0)
            continue;
        struct kit_node *node = sent->node;
        bool published = sent->order == SN_ORDER_PUBLISH;
        write_reply(kit, node, sent, text, sizeof(text));
        deliver(kit, sent, text, "");
        if (published)
            echo(kit, node);
        return true;
    }
    return false;
}

/* ---- events by hand ------------------------------------------------------------------------- */

static struct kit_sent *outstanding(struct kit *kit, const char *node, enum sn_order order)
{
    struct kit_sent *sent;
    DL_FOREACH(kit->sent, sent) {
        if (sent->order == order && strcmp(sent->node->name, node) == 0)
            return sent;
    }
    return NULL;
}

void kit_reply_queue_error(struct kit *kit, const char *node, enum sn_order order, const char *text,
                           const char *queue_error)
{
    struct kit_sent *sent = outstanding(kit, node, order);
    assert_non_null(sent);
    deliver(kit, sent, text, queue_error);
}

void kit_reply(struct kit *kit, const char *node, enum sn_order order, const char *text)
{
    kit_reply_queue_error(kit, node, order, text, "");
}

void kit_info(struct kit *kit, const char *node, const char *text)
{
    char out[8192];
    struct kit_sent *sent = outstanding(kit, node, SN_ORDER_INFO);
    assert_non_null(sent);
    if (text == NULL)
        write_reply(kit, sent->node, sent, out, sizeof(out));
    else
        (void)snprintf(out, sizeof(out), "$%s", text);
    deliver(kit, sent, out, "");
}

void kit_drop(struct kit *kit, const char *name)
{
    kit_drop_link(kit, name, SN_LINK_NONE);
}

void kit_drop_link(struct kit *kit, const char *name, enum sn_link_kind kind)
{
    const struct kit_node *node = kit_node(kit, name);
    bool found = true;
    bool busy = kit->busy;
    kit->busy = true; /* everything breaks before anything is answered */
    while (found) {
        found = false;
        for (size_t i = 0; i < kit->conn_count && !found; i++) {
            struct sn_input event = {.kind = SN_INPUT_LINK_DOWN,
                                     .u.link = {.link = kit->conns[i].id,
                                                .local_ip = "",
                                                .reason = "Connection closed",
                                                .end = SN_LINK_END_CLOSED}};
            if (kit->conns[i].node != node || !kit->conns[i].up ||
                (kind != SN_LINK_NONE && kit->conns[i].kind != kind))
                continue;
            found = true;
            kit_forget_conn(kit, kit->conns[i].id);
            kit_step(kit, &event);
        }
    }
    kit->busy = busy;
}

void kit_mode(struct kit *kit, const char *name, enum kit_mode mode)
{
    kit_node(kit, name)->mode = mode;
    if (mode == KIT_REFUSING)
        kit_drop(kit, name);
}

void kit_persisted(struct kit *kit, bool ok)
{
    struct sn_input event = {.kind = SN_INPUT_PERSISTED,
                             .u.persisted = {.version = kit->saving, .ok = ok}};
    assert_true(kit->saving != 0);
    kit->saving = 0;
    kit_step(kit, &event);
}

static void believe(struct kit *kit, const struct sn_hello *hello)
{
    if (hello->bad != 0)
        return;
    struct kit_belief *belief =
        belief_of(kit_node_at(kit, hello->ip, hello->port), hello->master_name, true);
    (void)snprintf(belief->host, sizeof(belief->host), "%s", hello->master_ip);
    (void)snprintf(belief->group, sizeof(belief->group), "%.63s", hello->master_name);
    belief->port = hello->master_port;
    belief->config_epoch = hello->master_config_epoch;
}

bool kit_hello_text(struct kit *kit, const char *node, const char *text)
{
    struct sn_hello hello;
    if (sn_hello_parse(text, strlen(text), &hello) == 0)
        believe(kit, &hello);
    return kit_forged(kit, node, text);
}

bool kit_forged(struct kit *kit, const char *node, const char *text)
{
    struct sn_input event = {.kind = SN_INPUT_HELLO};
    bool good = sn_hello_parse(text, strlen(text), &event.u.hello.hello) == 0;
    if (node != NULL) {
        for (size_t i = 0; i < kit->conn_count; i++) {
            const struct kit_conn *conn = &kit->conns[i];
            if (conn->kind == SN_LINK_SUBSCRIBE && strcmp(conn->node->name, node) == 0)
                event.u.hello.link = conn->id;
        }
        assert_true(event.u.hello.link.v != 0);
    }
    kit_step(kit, &event);
    return good;
}

void kit_hello(struct kit *kit, const char *peer, const char *group, const char *master,
               uint64_t epoch, uint64_t config_epoch)
{
    const struct kit_node *sender = kit_node(kit, peer);
    const struct kit_node *told = kit_node(kit, master);
    char runid[SN_RUNID_LEN + 1], text[512];
    memset(runid, peer[0], SN_RUNID_LEN);
    runid[SN_RUNID_LEN] = '\0';
    (void)snprintf(text, sizeof(text), "%s,%u,%s,%llu,%s,%s,%u,%llu", sender->host, sender->port,
                   runid, (unsigned long long)epoch, group, told->host, told->port,
                   (unsigned long long)config_epoch);
    assert_true(kit_hello_text(kit, NULL, text));
}

void kit_resolved(struct kit *kit, const char *host, const char *ip)
{
    struct sn_input event = {.kind = SN_INPUT_RESOLVED, .u.resolved = {.host = host, .ip = ip}};
    kit_step(kit, &event);
}

uint64_t kit_command(struct kit *kit, struct sn_command *command)
{
    struct sn_input event = {.kind = SN_INPUT_COMMAND};
    command->ticket.v = ++kit->tickets;
    event.u.command = *command;
    kit_step(kit, &event);
    return command->ticket.v;
}

uint64_t kit_ask(struct kit *kit, const char *master, uint64_t epoch, const char *runid)
{
    const struct kit_node *node = kit_node(kit, master);
    struct sn_command command = {.kind = SN_COMMAND_ASK, .epoch = epoch, .runid = runid};
    assert_int_equal(sn_addr_make(node->host, node->port, &command.addr), 0);
    return kit_command(kit, &command);
}

uint64_t kit_named(struct kit *kit, enum sn_command_kind kind, const char *name)
{
    struct sn_command command = {.kind = kind, .name = name, .name_len = strlen(name)};
    return kit_command(kit, &command);
}

uint64_t kit_failover(struct kit *kit, const char *group, enum sn_failover_mode mode)
{
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = group, .name_len = strlen(group), .mode = mode};
    return kit_command(kit, &command);
}

uint64_t kit_set(struct kit *kit, const char *group, enum sn_option option, const char *name,
                 const char *value, int64_t number)
{
    struct sn_change change = {.option = option, .name = name, .value = value, .number = number};
    struct sn_command command = {.kind = SN_COMMAND_SET,
                                 .name = group,
                                 .name_len = strlen(group),
                                 .changes = &change,
                                 .change_count = 1};
    return kit_command(kit, &command);
}

uint64_t kit_debug(struct kit *kit, enum sn_timing timing, sn_ms value_ms)
{
    struct sn_timing_change change = {.timing = timing, .value_ms = value_ms};
    struct sn_command command = {.kind = SN_COMMAND_DEBUG, .timings = &change, .timing_count = 1};
    return kit_command(kit, &command);
}
