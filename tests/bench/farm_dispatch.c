/* SPDX-License-Identifier: BSD-3-Clause */
/* Which handler a request goes to, what is refused before, and transactions. */
#include "farm_commands.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define IN_SUBSCRIPTION                                                                            \
    "Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "        \
    "allowed in this context"

enum {
    SUBSCRIBED = 1, /* allowed while subscribed */
    AT_ONCE = 2,    /* not queued by MULTI */
    WRITES = 4,     /* waits during CLIENT PAUSE … WRITE */
};

struct command {
    const char *name;   /* as errors give it */
    const char *second; /* word of a container; NULL: none */
    int arity;          /* negative: at least */
    unsigned flags;
    void (*run)(const struct farm_call *call);
    uint64_t count;
};

static bool is(const char *word, const char *other)
{
    return strcasecmp(word, other) == 0;
}

/* ---- MULTI ---- */

void farm_dispatch_forget_queue(struct farm_conn *conn)
{
    while (conn->queue != NULL) {
        struct farm_queued *item = conn->queue;

        conn->queue = item->next;
        free(item);
    }
    conn->in_multi = conn->multi_failed = false;
}

static void queue(struct farm_conn *conn, const struct farm_request *request)
{
    struct farm_queued *item;
    size_t size = 0;

    for (size_t i = 0; i < request->argc; i++)
        size += request->lens[i] + 1;
    item = sn_alloc(sizeof(*item) + size);
    item->request = *request;
    char *at = item->text;
    for (size_t i = 0; i < request->argc; i++) {
        memcpy(at, request->argv[i], request->lens[i] + 1);
        item->request.argv[i] = at;
        at += request->lens[i] + 1;
    }
    LL_APPEND(conn->queue, item);
    sn_buf_puts(&conn->out, "+QUEUED\r\n");
}

static void run_multi(const struct farm_call *call)
{
    if (call->conn->in_multi) {
        farm_reply(call->out, "-ERR MULTI calls can not be nested");
        return;
    }
    call->conn->in_multi = true;
    farm_reply(call->out, "+OK");
}

static void run_discard(const struct farm_call *call)
{
    if (!call->conn->in_multi) {
        farm_reply(call->out, "-ERR DISCARD without MULTI");
        return;
    }
    farm_dispatch_forget_queue(call->conn);
    farm_reply(call->out, "+OK");
}

static void run_exec(const struct farm_call *call);

/* The first ones are those that sentinels send all the time. */
static struct command commands[] = {
    {"ping", NULL, -1, SUBSCRIBED, farm_command_ping, 0},
    {"publish", NULL, 3, WRITES, farm_command_publish, 0},
    {"info", NULL, -1, 0, farm_command_info, 0},
    {"slaveof", NULL, 3, 0, farm_command_replicaof, 0},
    {"replicaof", NULL, 3, 0, farm_command_replicaof, 0},
    {"multi", NULL, 1, AT_ONCE, run_multi, 0},
    {"exec", NULL, 1, AT_ONCE, run_exec, 0},
    {"discard", NULL, 1, AT_ONCE, run_discard, 0},
    {"client|setname", "setname", 3, 0, farm_command_client_setname, 0},
    {"client|getname", "getname", 2, 0, farm_command_client_getname, 0},
    {"client|id", "id", 2, 0, farm_command_client_id, 0},
    {"client|kill", "kill", -3, 0, farm_command_client_kill, 0},
    {"client|pause", "pause", -3, 0, farm_command_client_pause, 0},
    {"client|unpause", "unpause", 2, 0, farm_command_client_unpause, 0},
    {"subscribe", NULL, -2, SUBSCRIBED, farm_command_subscribe, 0},
    {"unsubscribe", NULL, -1, SUBSCRIBED, farm_command_unsubscribe, 0},
    {"config|rewrite", "rewrite", 2, 0, farm_command_config_rewrite, 0},
    {"config|get", "get", -3, 0, farm_command_config_get, 0},
    {"config|set", "set", -4, 0, farm_command_config_set, 0},
    {"role", NULL, 1, 0, farm_command_role, 0},
    {"auth", NULL, -2, 0, farm_command_auth, 0},
    {"hello", NULL, -1, 0, farm_command_hello, 0},
    {"script|kill", "kill", 2, 0, farm_command_script_kill, 0},
    {"replconf", NULL, -1, 0, farm_command_replconf, 0},
    {"echo", NULL, 2, 0, farm_command_echo, 0},
    {"select", NULL, 2, 0, farm_command_select, 0},
    {"reset", NULL, 1, SUBSCRIBED | AT_ONCE, farm_command_reset, 0},
    {"quit", NULL, -1, SUBSCRIBED | AT_ONCE, farm_command_quit, 0},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* Of a container, its first word is what it is named by, and then a bar. */
static bool is_container(const struct command *command, const char *word)
{
    size_t len = strlen(word);

    return command->second != NULL && strncasecmp(command->name, word, len) == 0 &&
           command->name[len] == '|';
}

static struct command *find(const struct farm_request *request, bool *container)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        struct command *command = &commands[i];

        if (command->second == NULL ? is(command->name, request->argv[0])
                                    : request->argc > 1 && is(command->second, request->argv[1]) &&
                                          is_container(command, request->argv[0]))
            return command;
        *container |= is_container(command, request->argv[0]);
    }
    return NULL;
}

static void call(struct farm_conn *conn, struct command *command,
                 const struct farm_request *request)
{
    struct farm_call call = {.conn = conn,
                             .server = conn->server,
                             .out = &conn->out,
                             .request = request,
                             .argv = request->argv,
                             .argc = request->argc};

    command->count++;
    command->run(&call);
}

static void run_exec(const struct farm_call *exec)
{
    struct farm_conn *conn = exec->conn;
    struct farm_queued *item;
    size_t count = 0;
    bool container = false;

    if (!conn->in_multi) {
        farm_reply(exec->out, "-ERR EXEC without MULTI");
        return;
    }
    if (conn->multi_failed) {
        farm_reply(exec->out, "-EXECABORT Transaction discarded because of previous errors.");
    } else {
        LL_COUNT(conn->queue, item, count);
        farm_reply(exec->out, "*%zu", count);
        LL_FOREACH(conn->queue, item) {
            call(conn, find(&item->request, &container), &item->request);
        }
    }
    farm_dispatch_forget_queue(conn);
}

/* ---- what is refused before it is run ---- */

SN_PRINTF(3, 4)
static void refuse(struct farm_conn *conn, const struct command *command, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    conn->server->farm->refused++;
    if (command != NULL && command->run == run_exec) {
        farm_reply(&conn->out, "-EXECABORT Transaction discarded because of: %s", text);
        farm_dispatch_forget_queue(conn);
        return;
    }
    farm_reply(&conn->out, "-ERR %s", text);
    conn->multi_failed |= conn->in_multi;
}

static void refuse_unknown(struct farm_conn *conn, const struct farm_request *request,
                           bool container)
{
    char words[300] = "";
    size_t len = 0;

    if (container && request->argc == 1) {
        for (size_t i = 0; request->argv[0][i] != '\0' && i < sizeof(words) - 1; i++)
            words[i] = (char)(request->argv[0][i] | 0x20);
        refuse(conn, NULL, "wrong number of arguments for '%s' command", words);
        return;
    }
    if (container) {
        refuse(conn, NULL, "unknown subcommand '%.128s'. Try %s HELP.", request->argv[1],
               is(request->argv[0], "client")   ? "CLIENT"
               : is(request->argv[0], "config") ? "CONFIG"
                                                : "SCRIPT");
        return;
    }
    for (size_t i = 1; i < request->argc && len < 128; i++)
        len += (size_t)snprintf(words + len, sizeof(words) - len, "'%.*s' ", (int)(128 - len),
                                request->argv[i]);
    refuse(conn, NULL, "unknown command '%.128s', with args beginning with: %s", request->argv[0],
           words);
}

static bool is_paused(const struct farm_conn *conn, const struct command *command)
{
    struct farm_queued *item;
    bool container = false;

    if (conn->server->pause == FARM_PAUSE_NONE)
        return false;
    if (conn->server->pause == FARM_PAUSE_ALL || (command->flags & WRITES))
        return true;
    if (command->run == run_exec) {
        LL_FOREACH(conn->queue, item) {
            if (find(&item->request, &container)->flags & WRITES)
                return true;
        }
    }
    return false;
}

bool farm_dispatch_run(struct farm_conn *conn, const struct farm_request *request)
{
    bool container = false;
    struct command *command = find(request, &container);

    if (command == NULL) {
        refuse_unknown(conn, request, container);
        return true;
    }
    if ((command->arity > 0 && request->argc != (size_t)command->arity) ||
        (command->arity < 0 && request->argc < (size_t)-command->arity) ||
        (command->run == farm_command_ping && request->argc > 2)) {
        refuse(conn, command, "wrong number of arguments for '%s' command", command->name);
        return true;
    }
    if (conn->channel_count > 0 && !conn->resp3 && !(command->flags & SUBSCRIBED)) {
        refuse(conn, command, IN_SUBSCRIPTION, command->name);
        return true;
    }
    if (is_paused(conn, command))
        return false;
    if (conn->in_multi && !(command->flags & AT_ONCE))
        queue(conn, request);
    else
        call(conn, command, request);
    return true;
}

void farm_dispatch_list(void (*each)(const char *name, uint64_t count))
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].count > 0)
            each(commands[i].name, commands[i].count);
    }
}
