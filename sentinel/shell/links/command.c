/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/command.h"

#include "wire/hello.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MULTI, SLAVEOF, CONFIG REWRITE, two CLIENT KILLs, EXEC */
#define RECONFIGURE_REPLIES 6
/* MULTI, CONFIG REWRITE, SLAVEOF, EXEC */
#define TRY_REPLIES 4

#define WORDS_MAX 8

struct target {
    struct sn_buf *out;
    const struct sn_renames *renames;
};

/* words ends with NULL; its first word is the command's own name (PROTOCOL.md §9.3). */
static void put(const struct target *to, const char *const *words)
{
    const char *argv[WORDS_MAX];
    int argc = 0;
    char *bytes = NULL;

    while (words[argc] != NULL) {
        assert(argc < WORDS_MAX);
        argv[argc] = words[argc];
        argc++;
    }
    argv[0] = sn_renames_find(to->renames, words[0]);
    long long len = redisFormatCommandArgv(&bytes, argc, argv, NULL);
    if (len < 0)
        abort(); /* out of memory, see base/alloc.h */
    sn_buf_append(to->out, bytes, (size_t)len);
    redisFreeCommand(bytes);
}

#define PUT(to, ...) put((to), (const char *const[]){__VA_ARGS__, NULL})

/* One transaction, so that no client writes to the old role between the steps; the kills make
 * clients reconnect and ask who the master is. Returns the number of replies (PROTOCOL.md §15.3,
 * §20.6). */
static unsigned put_reconfigure(const struct target *to, const char *host, const char *port,
                                bool rewrite)
{
    PUT(to, "MULTI");
    PUT(to, "SLAVEOF", host, port);
    if (rewrite)
        PUT(to, "CONFIG", "REWRITE");
    PUT(to, "CLIENT", "KILL", "TYPE", "normal");
    PUT(to, "CLIENT", "KILL", "TYPE", "pubsub");
    PUT(to, "EXEC");
    return rewrite ? RECONFIGURE_REPLIES : RECONFIGURE_REPLIES - 1;
}

/* SLAVEOF without arguments is refused before it is queued, and so aborts the transaction. */
static void put_void_transaction(const struct target *to, const char *command, const char *word)
{
    PUT(to, "MULTI");
    PUT(to, command, word);
    PUT(to, "SLAVEOF");
    PUT(to, "EXEC");
}

unsigned sn_links_write_order(struct sn_buf *out, const struct sn_action_send *send)
{
    struct target to = {.out = out, .renames = &send->renames};
    char port[8];
    char number[24];

    snprintf(port, sizeof(port), "%u", (unsigned)send->port);
    switch (send->order) {
    case SN_ORDER_PING:
        PUT(&to, "PING");
        return 1;
    case SN_ORDER_INFO:
        PUT(&to, "INFO");
        return 1;
    case SN_ORDER_PUBLISH:
        PUT(&to, "PUBLISH", SN_HELLO_CHANNEL, send->message);
        return 1;
    case SN_ORDER_ASK:
        snprintf(number, sizeof(number), "%" PRIu64, send->epoch);
        PUT(&to, "SENTINEL", "is-master-down-by-addr", send->host, port, number, send->runid);
        return 1;
    case SN_ORDER_MYID:
        PUT(&to, "SENTINEL", "MYID");
        return 1;
    case SN_ORDER_SETTINGS:
    case SN_ORDER_CONFIG:
        PUT(&to, "SENTINEL", "MASTER", send->message);
        return 1;
    case SN_ORDER_WHERE:
        PUT(&to, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", send->message);
        return 1;
    case SN_ORDER_TRY_ASK:
        PUT(&to, "SENTINEL", "is-master-down-by-addr", "0.0.0.0", "0", "0", "*");
        return 1;
    case SN_ORDER_PROMOTE:
        return put_reconfigure(&to, "NO", "ONE", !send->no_rewrite);
    case SN_ORDER_FOLLOW:
        return put_reconfigure(&to, send->host, port, !send->no_rewrite);
    case SN_ORDER_SCRIPT_KILL:
        PUT(&to, "SCRIPT", "KILL");
        return 1;
    case SN_ORDER_CLIENT_PAUSE:
        snprintf(number, sizeof(number), "%" PRId64, send->duration_ms);
        PUT(&to, "CLIENT", "PAUSE", number, "WRITE");
        return 1;
    case SN_ORDER_CLIENT_UNPAUSE:
        PUT(&to, "CLIENT", "UNPAUSE");
        return 1;
    case SN_ORDER_TRY_FOLLOW:
        PUT(&to, "SLAVEOF", "rights-check", "none");
        return 1;
    case SN_ORDER_TRY_KILL:
        PUT(&to, "CLIENT", "KILL", "ID", "0");
        return 1;
    case SN_ORDER_TRY_PAUSE:
        PUT(&to, "CLIENT", "PAUSE", "rights-check", "WRITE");
        return 1;
    case SN_ORDER_TRY_EXEC:
        PUT(&to, "EXEC");
        return 1;
    case SN_ORDER_TRY_TRANSACTION:
        put_void_transaction(&to, "CONFIG", "REWRITE");
        return TRY_REPLIES;
    case SN_ORDER_TRY_UNPAUSE:
        put_void_transaction(&to, "CLIENT", "UNPAUSE");
        return TRY_REPLIES;
    case SN_ORDER_NONE:
        break;
    }
    assert(false && "an order without a command");
    return 0;
}

void sn_links_write_auth(struct sn_buf *out, const struct sn_action_connect *connect)
{
    struct target to = {.out = out, .renames = &connect->renames};

    if (connect->user != NULL)
        PUT(&to, "AUTH", connect->user, connect->pass);
    else
        PUT(&to, "AUTH", connect->pass);
}

/* Without AUTH and SETNAME among its arguments: each of the three may be refused by itself. */
void sn_links_write_hello(struct sn_buf *out, const struct sn_action_connect *connect)
{
    struct target to = {.out = out, .renames = &connect->renames};

    PUT(&to, "HELLO", "3");
}

void sn_links_write_setname(struct sn_buf *out, const struct sn_action_connect *connect)
{
    struct target to = {.out = out, .renames = &connect->renames};

    PUT(&to, "CLIENT", "SETNAME", connect->name);
}

void sn_links_write_subscribe(struct sn_buf *out, const struct sn_action_connect *connect)
{
    struct target to = {.out = out, .renames = &connect->renames};

    PUT(&to, "SUBSCRIBE", SN_HELLO_CHANNEL);
}

void sn_links_write_words(struct sn_buf *out, const struct sn_renames *renames,
                          const char *const *words)
{
    struct target to = {.out = out, .renames = renames};

    put(&to, words);
}

void sn_links_describe_error(const char *setup, const char *error, const char *pass, char *out,
                             size_t size)
{
    const char *hidden = strstr(error, "with args");

    if (hidden == NULL && pass != NULL && pass[0] != '\0')
        hidden = strstr(error, pass);
    if (strcmp(setup, "AUTH") != 0 || hidden == NULL)
        snprintf(out, size, "%s: %s", setup, error);
    else
        snprintf(out, size, "%s: %.*s...", setup, (int)(hidden - error), error);
}
