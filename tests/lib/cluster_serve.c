/* SPDX-License-Identifier: BSD-3-Clause */

/* A sentinel as a server: requests of peers, commands of operators, and what its answers become. */

#include "cluster_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define SCRIPT_POLL_MS 100

static uint64_t make_ticket(struct sentinel *sentinel, struct conn *conn, struct slot *slot,
                            const char *group, uint16_t port)
{
    struct ticket *ticket = sn_alloc(sizeof(*ticket));
    ticket->v = ++sentinel->next_ticket;
    ticket->conn = conn;
    ticket->slot = slot;
    (void)sn_text_copy(ticket->group, sizeof(ticket->group), group);
    (void)sn_text_copy(ticket->about, sizeof(ticket->about), group);
    ticket->port = port;
    LL_PREPEND(sentinel->tickets, ticket);
    return ticket->v;
}

static struct ticket *take_ticket(struct sentinel *sentinel, uint64_t v)
{
    struct ticket *ticket;
    LL_SEARCH_SCALAR(sentinel->tickets, ticket, v, v);
    if (ticket != NULL)
        LL_DELETE(sentinel->tickets, ticket);
    return ticket;
}

void sentinel_forget_conn(struct sentinel *sentinel, struct conn *conn)
{
    struct ticket *ticket;
    struct slot *slot, *next;
    LL_FOREACH(sentinel->tickets, ticket) {
        if (ticket->conn == conn)
            ticket->conn = NULL;
    }
    LL_FOREACH_SAFE(conn->slots, slot, next) {
        sim_reply_fini(&slot->reply);
        free(slot);
    }
    conn->slots = NULL;
}

void sentinel_drop_runs(struct sentinel *sentinel)
{
    struct ticket *ticket, *next_ticket;
    struct script_run *run, *next_run;
    LL_FOREACH_SAFE(sentinel->tickets, ticket, next_ticket) {
        free(ticket);
    }
    sentinel->tickets = NULL;
    LL_FOREACH_SAFE(sentinel->scripts, run, next_run) {
        sn_timer_stop(&sentinel->node.cluster->wires, &run->timer);
        free(run);
    }
    sentinel->scripts = NULL;
    rescue_drop_all(sentinel);
}

void script_due(struct script_run *run)
{
    struct sentinel *sentinel = run->sentinel;
    struct sn_input event = {.kind = SN_INPUT_SCRIPT_EXITED,
                             .u.script = {.job = run->job, .spawned = true}};
    if (sentinel->node.state == NODE_HUNG) {
        struct cluster *cluster = sentinel->node.cluster;
        sn_timer_set(&cluster->wires, &run->timer, cluster->now + SCRIPT_POLL_MS);
        return;
    }
    LL_DELETE(sentinel->scripts, run);
    free(run);
    sentinel_feed(sentinel, &event);
}

/* ---- requests of peers --------------------------------------------------------------------------
 */

static struct slot *add_slot(struct conn *conn, const struct packet *request)
{
    struct slot *slot = sn_alloc(sizeof(*slot));
    slot->order = request->order;
    slot->tag = request->tag;
    LL_APPEND(conn->slots, slot);
    return slot;
}

/* Sends the replies that no earlier one holds up. */
static void flush_slots(struct conn *conn)
{
    while (conn->slots != NULL && conn->slots->done) {
        struct slot *slot = conn->slots;
        LL_DELETE(conn->slots, slot);
        conn_reply(conn, slot->order, slot->tag, &slot->reply);
        free(slot);
    }
}

static void serve_ask(struct sentinel *sentinel, struct conn *conn, const struct packet *request)
{
    struct sn_input event = {.kind = SN_INPUT_COMMAND};
    struct sn_command *command = &event.u.command;
    command->kind = SN_COMMAND_ASK;
    command->name = "";
    command->epoch = request->epoch;
    command->runid = request->runid;
    if (sn_addr_make(request->host, request->port, &command->addr) != 0)
        abort();
    command->ticket.v =
        make_ticket(sentinel, conn, add_slot(conn, request),
                    sentinel_group_at(sentinel, request->host, request->port), request->port);
    sentinel_feed(sentinel, &event);
}

/* What SENTINEL MASTER says of a pause; the rest of it is not needed. */
static void add_pause_field(void *arg, const char *name, const char *value)
{
    struct sim_reply *reply = arg;
    if (strncmp(name, "pause", 5) != 0 || reply->count + 2 > REPLY_ITEMS_MAX)
        return;
    reply->items[reply->count].type = reply->items[reply->count + 1].type = SN_REPLY_STRING;
    reply->items[reply->count++].text = sn_strdup(name);
    reply->items[reply->count++].text = sn_strdup(value);
}

static void serve_settings(const struct sentinel *sentinel, const char *name,
                           struct sim_reply *reply)
{
    const struct sn_group *group = sn_core_group_find(sentinel->core, name, strlen(name));
    reply->type = group == NULL ? SN_REPLY_ERROR : SN_REPLY_ARRAY;
    if (group == NULL)
        reply->text = sn_strdup("ERR No such master with that name");
    else
        sn_instance_describe(sentinel->core, sn_group_master(group), sentinel_local_now(sentinel),
                             add_pause_field, reply);
}

static void put_text(struct sim_reply *reply, const char *text)
{
    reply->type = SN_REPLY_ARRAY;
    reply->items[reply->count].type = SN_REPLY_STRING;
    reply->items[reply->count++].text = sn_strdup(text);
}

static void put_config_fields(void *arg, const char *name, const char *value)
{
    if (strcmp(name, "config-epoch") != 0 && strcmp(name, "switch-unsaved") != 0)
        return;
    put_text(arg, name);
    put_text(arg, value);
}

/* What SENTINEL MASTER and GET-MASTER-ADDR-BY-NAME say. */
static void tell_config(const struct sentinel *sentinel, const struct packet *request,
                        struct sim_reply *reply)
{
    const struct sn_core *core = sentinel->core;
    const struct sn_group *group =
        sn_core_group_find(core, request->message, strlen(request->message));
    const char *host;
    char number[16];
    uint16_t port;
    if (group == NULL) {
        reply->type = SN_REPLY_ERROR;
        reply->text = sn_strdup("ERR No such master with that name");
    } else if (request->order == SN_ORDER_CONFIG) {
        sn_instance_describe(core, sn_group_master(group), sentinel_local_now(sentinel),
                             put_config_fields, reply);
    } else {
        sn_group_address(core, group, &host, &port);
        (void)snprintf(number, sizeof(number), "%u", port);
        put_text(reply, host);
        put_text(reply, number);
    }
}

static void serve_at_once(const struct sentinel *sentinel, struct conn *conn,
                          const struct packet *request)
{
    struct slot *slot = add_slot(conn, request);
    slot->done = true;
    if (request->order == SN_ORDER_PUBLISH) {
        slot->reply.type = SN_REPLY_INTEGER;
        slot->reply.integer = 1;
    } else if (request->order == SN_ORDER_PING) {
        slot->reply.type = SN_REPLY_STATUS;
        slot->reply.text = sn_strdup("PONG");
    } else if (request->order == SN_ORDER_MYID) {
        slot->reply.type = SN_REPLY_STRING;
        slot->reply.text = sn_strdup(sn_core_myid(sentinel->core)->hex);
    } else if (request->order == SN_ORDER_SETTINGS) {
        serve_settings(sentinel, request->message, &slot->reply);
    } else if (request->order == SN_ORDER_CONFIG || request->order == SN_ORDER_WHERE) {
        tell_config(sentinel, request, &slot->reply);
    } else if (request->order == SN_ORDER_TRY_ASK) {
        slot->reply.type = SN_REPLY_INTEGER; /* no error; that is all that matters */
    } else {
        slot->reply.type = SN_REPLY_ERROR;
        slot->reply.text = sn_strdup("ERR unknown command");
    }
    flush_slots(conn);
}

static void serve(struct sentinel *sentinel, struct conn *conn, const struct packet *request)
{
    struct sn_input event = {.kind = SN_INPUT_HELLO};
    if (request->order == SN_ORDER_ASK) {
        serve_ask(sentinel, conn, request);
        return;
    }
    serve_at_once(sentinel, conn, request);
    const struct cluster_watch *watch = sentinel->node.cluster->watch;
    if (request->order != SN_ORDER_PUBLISH)
        return;
    if (watch != NULL && watch->heard != NULL)
        watch->heard(watch->arg, sentinel, request->message);
    struct sn_hint hint;
    if (sn_hint_parse(request->message, strlen(request->message), &hint)) {
        event.kind = SN_INPUT_HINT;
        event.u.hint = hint;
    } else {
        (void)sn_hello_parse(request->message, strlen(request->message), &event.u.hello.hello);
    }
    sentinel_feed(sentinel, &event);
}

void sentinel_serve(struct sentinel *sentinel, struct conn *conn)
{
    const struct cluster *cluster = sentinel->node.cluster;
    while (conn->inbox != NULL && sentinel->core != NULL && !conn->server_gone &&
           (conn->slots == NULL || !cluster->blocking_peers)) {
        struct packet *request = conn->inbox;
        LL_DELETE(conn->inbox, request);
        serve(sentinel, conn, request);
        packet_free(request);
    }
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void say_answer(struct sentinel *sentinel, const struct sn_action_answer *answer,
                       const char *to)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct node *node = &sentinel->node;
    switch (answer->kind) {
    case SN_ANSWER_OK:
        cluster_say(cluster, node, "answers %s OK", to);
        break;
    case SN_ANSWER_ERROR:
        cluster_say(cluster, node, "answers %s error %s", to, answer->text);
        break;
    case SN_ANSWER_INTEGER:
        cluster_say(cluster, node, "answers %s %lld", to, (long long)answer->number);
        break;
    case SN_ANSWER_VOTE:
        if (answer->epoch > 0)
            cluster_say(cluster, node, "answers %s %lld %s %llu", to, (long long)answer->number,
                        answer->text, (unsigned long long)answer->epoch);
        else
            cluster_murmur(cluster, node, "answers %s %lld *", to, (long long)answer->number);
        break;
    case SN_ANSWER_TEXT:
        cluster_say(cluster, node, "answers %s %s", to, answer->text);
        break;
    case SN_ANSWER_NONE:
        cluster_say(cluster, node, "! empty answer");
        break;
    }
}

static void make_reply(const struct sn_action_answer *answer, struct sim_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    if (answer->kind != SN_ANSWER_VOTE) {
        reply->type = SN_REPLY_ERROR;
        reply->text = sn_strdup(answer->text == NULL ? "ERR" : answer->text);
        return;
    }
    reply->type = SN_REPLY_ARRAY;
    reply->count = 3;
    reply->items[0].type = SN_REPLY_INTEGER;
    reply->items[0].integer = answer->number;
    reply->items[1].type = SN_REPLY_STRING;
    reply->items[1].text = sn_strdup(answer->text);
    reply->items[2].type = SN_REPLY_INTEGER;
    reply->items[2].integer = (int64_t)answer->epoch;
}

void sentinel_answer(struct sentinel *sentinel, const struct sn_action_answer *answer)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct ticket *ticket = take_ticket(sentinel, answer->ticket.v);
    if (ticket == NULL) {
        cluster_say(cluster, &sentinel->node, "! answered a command twice");
        return;
    }
    struct conn *conn = ticket->conn;
    cluster->about_next = ticket->about[0] == '\0' ? NULL : ticket->about;
    say_answer(sentinel, answer, conn == NULL ? "operator" : conn->client->name);
    check_answer(sentinel, ticket->group, answer);
    if (cluster->watch != NULL && cluster->watch->answer != NULL)
        cluster->watch->answer(cluster->watch->arg, sentinel, conn == NULL ? NULL : conn->client,
                               ticket->group, ticket->port, answer);
    if (conn != NULL) {
        make_reply(answer, &ticket->slot->reply);
        ticket->slot->done = true;
        flush_slots(conn);
        /* What waits behind it is served once this step is over. */
        if (conn->inbox != NULL)
            sn_timer_set(&cluster->wires, &conn->serve, cluster->now);
    }
    free(ticket);
}

/* ---- commands of operators ----------------------------------------------------------------------
 */

static const char *command_name(enum sn_command_kind kind)
{
    switch (kind) {
    case SN_COMMAND_ASK:
        return "ASK";
    case SN_COMMAND_MONITOR:
        return "MONITOR";
    case SN_COMMAND_REMOVE:
        return "REMOVE";
    case SN_COMMAND_RESET:
        return "RESET";
    case SN_COMMAND_FORGET:
        return "FORGET";
    case SN_COMMAND_FAILOVER:
        return "FAILOVER";
    case SN_COMMAND_PAUSE:
        return "PAUSE";
    case SN_COMMAND_RESUME:
        return "RESUME";
    case SN_COMMAND_SET:
        return "SET";
    case SN_COMMAND_CONFIG_SET:
        return "CONFIG SET";
    case SN_COMMAND_FLUSH:
        return "FLUSHCONFIG";
    case SN_COMMAND_SIMULATE:
        return "SIMULATE-FAILURE";
    case SN_COMMAND_DEBUG:
        return "DEBUG";
    case SN_COMMAND_MYID:
        return "MYID";
    case SN_COMMAND_NONE:
        break;
    }
    return "?";
}

void cluster_command(struct sentinel *sentinel, const struct sn_command *command)
{
    struct sn_input event = {.kind = SN_INPUT_COMMAND, .u.command = *command};
    if (sentinel->core == NULL || sentinel->node.state != NODE_RUNNING)
        return;
    cluster_say(sentinel->node.cluster, &sentinel->node, "command %s %.*s",
                command_name(command->kind), (int)command->name_len, command->name);
    const char *group = command->kind == SN_COMMAND_ASK
                            ? sentinel_group_at(sentinel, command->addr.host, command->addr.port)
                            : "";
    event.u.command.ticket.v = make_ticket(sentinel, NULL, NULL, group, 0);
    if (command->name_len > 0)
        (void)snprintf(sentinel->tickets->about, sizeof(sentinel->tickets->about), "%.*s",
                       (int)command->name_len, command->name);
    sentinel_feed(sentinel, &event);
}

static void simple(struct sentinel *sentinel, enum sn_command_kind kind, const char *name)
{
    struct sn_command command = {.kind = kind, .name = name, .name_len = strlen(name)};
    cluster_command(sentinel, &command);
}

void cluster_failover(struct sentinel *sentinel, const char *name, enum sn_failover_mode mode)
{
    struct sn_command command = {
        .kind = SN_COMMAND_FAILOVER, .name = name, .name_len = strlen(name), .mode = mode};
    cluster_command(sentinel, &command);
}

void cluster_pause(struct sentinel *sentinel, const char *name, uint32_t seconds)
{
    struct sn_command command = {.kind = seconds > 0 ? SN_COMMAND_PAUSE : SN_COMMAND_RESUME,
                                 .name = name,
                                 .name_len = strlen(name),
                                 .seconds = seconds,
                                 .reason = "new switch in rack 7",
                                 .wall_ms = cluster_wall(sentinel->node.cluster)};
    cluster_command(sentinel, &command);
}

int64_t cluster_wall(const struct cluster *cluster)
{
    return 1700000000000 + cluster->now;
}

void cluster_reset_group(struct sentinel *sentinel, const char *pattern)
{
    simple(sentinel, SN_COMMAND_RESET, pattern);
}

void cluster_remove(struct sentinel *sentinel, const char *name)
{
    check_forget_group(sentinel, name);
    simple(sentinel, SN_COMMAND_REMOVE, name);
}

void cluster_monitor(struct sentinel *sentinel, const char *name, const struct sn_addr *addr,
                     uint32_t quorum)
{
    struct sn_command command = {.kind = SN_COMMAND_MONITOR,
                                 .name = name,
                                 .name_len = strlen(name),
                                 .addr = *addr,
                                 .quorum = quorum};
    cluster_command(sentinel, &command);
}

static void set(struct sentinel *sentinel, const char *name, const struct sn_change *change)
{
    struct sn_command command = {.kind = SN_COMMAND_SET,
                                 .name = name,
                                 .name_len = strlen(name),
                                 .changes = change,
                                 .change_count = 1};
    cluster_command(sentinel, &command);
}

void cluster_set(struct sentinel *sentinel, const char *name, enum sn_option option,
                 const char *option_name, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    set(sentinel, name,
        &(struct sn_change){.option = option, .name = option_name, .value = text, .number = value});
}

void cluster_set_text(struct sentinel *sentinel, const char *name, enum sn_option option,
                      const char *option_name, const char *value)
{
    set(sentinel, name, &(struct sn_change){.option = option, .name = option_name, .value = value});
}

void cluster_ask(struct sentinel *sentinel, const struct sn_addr *addr, uint64_t epoch,
                 const char *runid)
{
    struct sn_command command = {
        .kind = SN_COMMAND_ASK, .name = "", .addr = *addr, .epoch = epoch, .runid = runid};
    cluster_command(sentinel, &command);
}

void cluster_publish(struct sentinel *sentinel, const char *hello)
{
    struct sn_input event = {.kind = SN_INPUT_HELLO};
    if (sentinel->core == NULL || sentinel->node.state != NODE_RUNNING)
        return;
    cluster_say(sentinel->node.cluster, &sentinel->node, "command PUBLISH %s", hello);
    (void)sn_hello_parse(hello, strlen(hello), &event.u.hello.hello);
    sentinel_feed(sentinel, &event);
}
