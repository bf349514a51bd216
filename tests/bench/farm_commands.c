/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of the mock servers: those that sentinels and their operators send, with the words
 * of a Redis 7.0. tests/compat/test_farm.py compares them with a real one. */
#include "farm_commands.h"

#include "base/alloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define NO_PASSWORD                                                                                \
    "-ERR AUTH <password> called without any password configured for the default user. Are you "   \
    "sure your configuration is correct?"

static void ok(const struct farm_call *call)
{
    sn_buf_puts(call->out, "+OK\r\n");
}

static bool is(const char *word, const char *other)
{
    return strcasecmp(word, other) == 0;
}

static bool read_number(const char *word, int64_t *value)
{
    char *stop = NULL;

    errno = 0;
    *value = strtoll(word, &stop, 10);
    return errno == 0 && stop != word && *stop == '\0';
}

/* ---- the connection ---- */

void farm_command_ping(const struct farm_call *call)
{
    if (call->conn->channel_count > 0 && !call->conn->resp3) {
        sn_buf_puts(call->out, "*2\r\n$4\r\npong\r\n");
        farm_reply_bulk(call->out, call->argc > 1 ? call->argv[1] : "");
    } else if (call->argc > 1) {
        farm_reply_bulk(call->out, call->argv[1]);
    } else {
        sn_buf_puts(call->out, "+PONG\r\n");
    }
}

void farm_command_echo(const struct farm_call *call)
{
    farm_reply_bulk(call->out, call->argv[1]);
}

void farm_command_auth(const struct farm_call *call)
{
    if (call->argc > 3)
        farm_reply(call->out, "-ERR syntax error");
    else if (call->argc == 2)
        farm_reply(call->out, NO_PASSWORD);
    else if (strcmp(call->argv[1], "default") != 0)
        farm_reply(call->out, "-WRONGPASS invalid username-password pair or user is disabled.");
    else
        ok(call);
}

void farm_command_hello(const struct farm_call *call)
{
    int64_t version = call->conn->resp3 ? 3 : 2;

    if (call->argc > 1 && !read_number(call->argv[1], &version)) {
        farm_reply(call->out, "-ERR Protocol version is not an integer or out of range");
        return;
    }
    if (version != 2 && version != 3) {
        farm_reply(call->out, "-NOPROTO unsupported protocol version");
        return;
    }
    for (size_t i = 2; i < call->argc; i += 2) {
        if (is(call->argv[i], "SETNAME") && i + 1 < call->argc) {
            sn_strset(&call->conn->name, call->argv[i + 1]);
        } else if (is(call->argv[i], "AUTH") && i + 2 < call->argc) {
            i++;
        } else {
            farm_reply(call->out, "-ERR Syntax error in HELLO option '%s'", call->argv[i]);
            return;
        }
    }
    call->conn->resp3 = version == 3;
    farm_info_hello(call->out, call->conn);
}

void farm_command_quit(const struct farm_call *call)
{
    ok(call);
    call->conn->ends = true;
}

static void forget_channels(struct farm_conn *conn)
{
    while (conn->channel_count > 0)
        free(conn->channels[--conn->channel_count]);
}

void farm_command_reset(const struct farm_call *call)
{
    farm_dispatch_forget_queue(call->conn);
    forget_channels(call->conn);
    sn_strset(&call->conn->name, NULL);
    call->conn->resp3 = false;
    sn_buf_puts(call->out, "+RESET\r\n");
}

void farm_command_select(const struct farm_call *call)
{
    ok(call);
}

void farm_command_client_setname(const struct farm_call *call)
{
    sn_strset(&call->conn->name, call->argv[2]);
    ok(call);
}

static void reply_nil(const struct farm_call *call)
{
    sn_buf_puts(call->out, call->conn->resp3 ? "_\r\n" : "$-1\r\n");
}

void farm_command_client_getname(const struct farm_call *call)
{
    if (call->conn->name == NULL)
        reply_nil(call);
    else
        farm_reply_bulk(call->out, call->conn->name);
}

void farm_command_client_id(const struct farm_call *call)
{
    farm_reply(call->out, ":%" PRIu64, call->conn->id);
}

struct kill_filter {
    uint64_t id;      /* 0: any */
    const char *type; /* NULL: any */
    bool skip_me;
};

static bool read_filter(const struct farm_call *call, struct kill_filter *filter)
{
    static const char *const types[] = {"normal", "pubsub", "master", "slave", "replica"};
    int64_t id = 0;

    for (size_t i = 2; i + 1 < call->argc; i += 2) {
        const char *value = call->argv[i + 1];

        if (is(call->argv[i], "ID")) {
            if (!read_number(value, &id) || id < 1) {
                farm_reply(call->out, "-ERR client-id should be greater than 0");
                return false;
            }
            filter->id = (uint64_t)id;
        } else if (is(call->argv[i], "TYPE")) {
            for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
                filter->type = is(value, types[t]) ? types[t] : filter->type;
            if (filter->type == NULL) {
                farm_reply(call->out, "-ERR Unknown client type '%s'", value);
                return false;
            }
        } else if (is(call->argv[i], "SKIPME") && (is(value, "yes") || is(value, "no"))) {
            filter->skip_me = is(value, "yes");
        } else {
            farm_reply(call->out, "-ERR syntax error");
            return false;
        }
    }
    return true;
}

static bool matches(const struct farm_conn *conn, const struct kill_filter *filter)
{
    const char *type = conn->channel_count > 0 ? "pubsub" : "normal";

    return (filter->id == 0 || filter->id == conn->id) &&
           (filter->type == NULL || strcmp(filter->type, type) == 0);
}

void farm_command_client_kill(const struct farm_call *call)
{
    struct kill_filter filter = {.skip_me = true};
    struct farm_conn *conn, *next;
    unsigned killed = 0;

    if (call->argc == 3) {
        farm_reply(call->out, "-ERR No such client"); /* an address: nobody has that here */
        return;
    }
    if (call->argc % 2 != 0) {
        farm_reply(call->out, "-ERR syntax error");
        return;
    }
    if (!read_filter(call, &filter))
        return;
    DL_FOREACH_SAFE(call->server->conns, conn, next) {
        if (!matches(conn, &filter) || (conn == call->conn && filter.skip_me))
            continue;
        killed++;
        if (conn == call->conn)
            conn->ends = true;
        else
            farm_net_close(conn);
    }
    farm_reply(call->out, ":%u", killed);
}

void farm_command_client_pause(const struct farm_call *call)
{
    int64_t duration = 0;
    bool writes = call->argc > 3 && is(call->argv[3], "WRITE");

    if (call->argc > 4)
        farm_reply(call->out, "-ERR syntax error");
    else if (call->argc == 4 && !writes && !is(call->argv[3], "ALL"))
        farm_reply(call->out, "-ERR CLIENT PAUSE mode must be WRITE or ALL");
    else if (!read_number(call->argv[2], &duration))
        farm_reply(call->out, "-ERR timeout is not an integer or out of range");
    else if (duration < 0)
        farm_reply(call->out, "-ERR timeout is negative");
    else {
        farm_model_pause(call->server, writes ? FARM_PAUSE_WRITE : FARM_PAUSE_ALL,
                         call->server->farm->now + duration);
        ok(call);
    }
}

void farm_command_client_unpause(const struct farm_call *call)
{
    farm_model_pause(call->server, FARM_PAUSE_NONE, 0);
    ok(call);
    farm_net_wake(call->server);
}

/* ---- Pub/Sub ---- */

static size_t channel_index(const struct farm_conn *conn, const char *channel)
{
    size_t i = 0;

    while (i < conn->channel_count && strcmp(conn->channels[i], channel) != 0)
        i++;
    return i;
}

/* The head of what is said about Pub/Sub: a push in RESP3. */
static const char *array_of_message(const struct farm_conn *conn)
{
    return conn->resp3 ? ">3\r\n" : "*3\r\n";
}

static void tell_subscription(const struct farm_call *call, const char *what, const char *channel)
{
    sn_buf_puts(call->out, array_of_message(call->conn));
    farm_reply_bulk(call->out, what);
    if (channel == NULL)
        reply_nil(call);
    else
        farm_reply_bulk(call->out, channel);
    farm_reply(call->out, ":%zu", call->conn->channel_count);
}

void farm_command_subscribe(const struct farm_call *call)
{
    struct farm_conn *conn = call->conn;

    for (size_t i = 1; i < call->argc; i++) {
        if (channel_index(conn, call->argv[i]) == conn->channel_count) {
            conn->channels =
                sn_realloc(conn->channels, (conn->channel_count + 1) * sizeof(*conn->channels));
            conn->channels[conn->channel_count++] = sn_strdup(call->argv[i]);
        }
        tell_subscription(call, "subscribe", call->argv[i]);
    }
}

static void leave(const struct farm_call *call, size_t index, const char *channel)
{
    struct farm_conn *conn = call->conn;
    char *name = NULL;

    if (index < conn->channel_count) {
        name = conn->channels[index];
        conn->channels[index] = conn->channels[--conn->channel_count];
    }
    tell_subscription(call, "unsubscribe", channel != NULL ? channel : name);
    free(name);
}

void farm_command_unsubscribe(const struct farm_call *call)
{
    for (size_t i = 1; i < call->argc; i++)
        leave(call, channel_index(call->conn, call->argv[i]), call->argv[i]);
    if (call->argc > 1)
        return;
    do
        leave(call, 0, NULL);
    while (call->conn->channel_count > 0);
}

void farm_command_publish(const struct farm_call *call)
{
    struct farm_conn *conn;
    unsigned receivers = 0;

    DL_FOREACH(call->server->conns, conn) {
        if (channel_index(conn, call->argv[1]) == conn->channel_count)
            continue;
        receivers++;
        sn_buf_puts(&conn->out, array_of_message(conn));
        sn_buf_puts(&conn->out, "$7\r\nmessage\r\n");
        farm_reply_bulk(&conn->out, call->argv[1]);
        farm_reply_bulk(&conn->out, call->argv[2]);
        farm_net_dirty(conn);
    }
    call->server->farm->published += receivers;
    farm_reply(call->out, ":%u", receivers);
}

/* ---- roles, configuration ---- */

void farm_command_info(const struct farm_call *call)
{
    farm_info_write(call->conn, call->request);
}

void farm_command_role(const struct farm_call *call)
{
    farm_info_role(call->out, call->server);
}

void farm_command_replicaof(const struct farm_call *call)
{
    int64_t port = 0;

    if (is(call->argv[1], "NO") && is(call->argv[2], "ONE")) {
        farm_model_follow(call->server, NULL, 0);
        ok(call);
    } else if (!read_number(call->argv[2], &port) || port < 0 || port > 65535) {
        farm_reply(call->out, "-ERR Invalid master port");
    } else if (farm_model_follow(call->server, call->argv[1], (uint16_t)port)) {
        ok(call);
    } else {
        farm_reply(call->out, "+OK Already connected to specified master");
    }
}

void farm_command_replconf(const struct farm_call *call)
{
    static const char *const known[] = {"listening-port", "ip-address", "capa", "ack", "getack"};

    if (call->argc % 2 == 0) {
        farm_reply(call->out, "-ERR syntax error");
        return;
    }
    for (size_t i = 1; i < call->argc; i += 2) {
        size_t k = 0;

        while (k < sizeof(known) / sizeof(known[0]) && !is(call->argv[i], known[k]))
            k++;
        if (k == sizeof(known) / sizeof(known[0])) {
            farm_reply(call->out, "-ERR Unrecognized REPLCONF option: %s", call->argv[i]);
            return;
        }
    }
    ok(call);
}

void farm_command_config_rewrite(const struct farm_call *call)
{
    ok(call);
}

/* The settings that somebody might want to see; no patterns. */
void farm_command_config_get(const struct farm_call *call)
{
    char port[8], priority[12];
    const char *const table[][2] = {
        {"port", port}, {"replica-priority", priority}, {"slave-priority", priority}};
    const char *found[FARM_WORDS_MAX][2];
    size_t count = 0;

    snprintf(port, sizeof(port), "%u", (unsigned)farm_model_port(call->server));
    snprintf(priority, sizeof(priority), "%u", call->server->priority);
    for (size_t i = 2; i < call->argc; i++) {
        for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
            if (is(call->argv[i], table[t][0])) {
                found[count][0] = table[t][0];
                found[count++][1] = table[t][1];
            }
        }
    }
    if (call->conn->resp3)
        farm_reply(call->out, "%%%zu", count);
    else
        farm_reply(call->out, "*%zu", count * 2);
    for (size_t i = 0; i < count; i++) {
        farm_reply_bulk(call->out, found[i][0]);
        farm_reply_bulk(call->out, found[i][1]);
    }
}

void farm_command_config_set(const struct farm_call *call)
{
    int64_t number = 0;

    if (call->argc != 4 ||
        (!is(call->argv[2], "replica-priority") && !is(call->argv[2], "slave-priority")) ||
        !read_number(call->argv[3], &number) || number < 0 || number > INT32_MAX) {
        farm_reply(call->out, "-ERR Unknown option or number of arguments for CONFIG SET - '%s'",
                   call->argv[2]);
        return;
    }
    call->server->priority = (unsigned)number;
    ok(call);
}

void farm_command_script_kill(const struct farm_call *call)
{
    farm_reply(call->out, "-NOTBUSY No scripts in execution right now.");
}
