/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the connection itself: AUTH, HELLO, PING, QUIT, RESET; and ROLE, SHUTDOWN. */

#include "shell/server/accounts.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_client.h"
#include "shell/server/parts.h"
#include "shell/server/stats.h"
#include "sn_version.h"

#include <string.h>

/* True if the client is now the named user; else the error is in the reply. */
static bool log_in(struct sn_call *call, const char *name, size_t name_len, size_t pass_at)
{
    struct sn_acl_user *user = NULL;

    if (sn_acl_authenticate(&sn_server_accounts(call->server)->acl, name, name_len,
                            call->argv[pass_at], call->lens[pass_at], &user) != 0) {
        sn_server_stats(call->server)->denied_login++;
        sn_accounts_note_refusal(call->client, "auth", call->argv[0], name);
        sn_resp_error(call->resp, "-WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    sn_client_login(call->client, user);
    return true;
}

/* AUTH takes a password, or a user and a password (PROTOCOL.md §5.3). */
void sn_cmd_auth(struct sn_call *call)
{
    bool is_named = call->argc == 3;
    const char *name = is_named ? call->argv[1] : "default";

    if (call->argc > 3) {
        sn_resp_error(call->resp, "syntax error");
    } else if (call->argc == 2 && sn_server_accounts(call->server)->acl.standard->nopass) {
        sn_resp_error(call->resp,
                      "AUTH <password> called without any password configured for the default "
                      "user. Are you sure your configuration is correct?");
    } else if (log_in(call, name, is_named ? call->lens[1] : strlen(name), call->argc - 1)) {
        sn_resp_status(call->resp, "OK");
    }
}

struct hello {
    int64_t version;
    size_t user_at; /* index of the user, the password follows; 0: none */
    size_t name_at; /* index of the name; 0: none */
};

/* False: the error is in the reply (PROTOCOL.md §5.2). */
static bool parse_hello(struct sn_call *call, struct hello *hello)
{
    if (call->argc > 1) {
        if (sn_call_integer(call, 1, &hello->version) != 0) {
            sn_resp_error(call->resp, "Protocol version is not an integer or out of range");
            return false;
        }
        if (hello->version != SN_RESP2 && hello->version != SN_RESP3) {
            sn_resp_error(call->resp, "-NOPROTO unsupported protocol version");
            return false;
        }
    }
    for (size_t i = 2; i < call->argc; i++) {
        size_t left = call->argc - 1 - i;
        if (sn_call_word_is(call, i, "auth") && left >= 2) {
            hello->user_at = i + 1;
            i += 2;
        } else if (sn_call_word_is(call, i, "setname") && left >= 1) {
            hello->name_at = ++i;
        } else {
            sn_resp_errorf(call->resp, "Syntax error in HELLO option '%.128s'", call->argv[i]);
            return false;
        }
    }
    return true;
}

static void reply_hello(struct sn_call *call)
{
    struct sn_resp *resp = call->resp;

    sn_resp_map(resp, 6);
    sn_resp_text(resp, "server");
    sn_resp_text(resp, "redis");
    sn_resp_text(resp, "version");
    sn_resp_text(resp, SN_REDIS_VERSION);
    sn_resp_text(resp, "proto");
    sn_resp_integer(resp, call->client->version);
    sn_resp_text(resp, "id");
    sn_resp_integer(resp, (int64_t)call->client->id);
    sn_resp_text(resp, "mode");
    sn_resp_text(resp, "sentinel");
    sn_resp_text(resp, "modules");
    sn_resp_array(resp, 0);
}

/* PROTOCOL.md §5.2. */
void sn_cmd_hello(struct sn_call *call)
{
    struct hello hello = {0};

    if (!parse_hello(call, &hello))
        return;
    if (hello.user_at > 0 &&
        !log_in(call, call->argv[hello.user_at], call->lens[hello.user_at], hello.user_at + 1))
        return;
    if (!call->client->authenticated) {
        sn_resp_error(call->resp,
                      "-NOAUTH HELLO must be called with the client already authenticated, "
                      "otherwise the HELLO <proto> AUTH <user> <pass> option can be used to "
                      "authenticate the client and select the RESP protocol version at the same "
                      "time");
        return;
    }
    if (hello.name_at > 0 && !sn_cmd_client_name(call, hello.name_at, &call->client->name))
        return;
    if (hello.version != 0)
        call->client->version = (enum sn_resp_version)hello.version;
    call->resp->version = call->client->version;
    reply_hello(call);
}

/* PING echoes its argument, and is an array in a RESP2 subscription (PROTOCOL.md §5.1). */
void sn_cmd_ping(struct sn_call *call)
{
    if (call->argc > 2) {
        sn_resp_error(call->resp, "wrong number of arguments for 'ping' command");
    } else if (call->client->version == SN_RESP2 && sn_client_subscribed(call->client)) {
        sn_resp_array(call->resp, 2);
        sn_resp_text(call->resp, "pong");
        if (call->argc == 2)
            sn_resp_bulk(call->resp, call->argv[1], call->lens[1]);
        else
            sn_resp_text(call->resp, "");
    } else if (call->argc == 2) {
        sn_resp_bulk(call->resp, call->argv[1], call->lens[1]);
    } else {
        sn_resp_status(call->resp, "PONG");
    }
}

/* QUIT and RESET are there (PROTOCOL.md §5, §24.4). */
void sn_cmd_quit(struct sn_call *call)
{
    sn_resp_status(call->resp, "OK");
    sn_client_end(call->client);
}

/* PROTOCOL.md §24.4. */
void sn_cmd_reset(struct sn_call *call)
{
    sn_client_reset(call->client);
    /* A mute client hears this one: RESET ends CLIENT REPLY OFF. */
    call->resp->out = &call->client->stream.out;
    call->resp->version = call->client->version;
    sn_resp_status(call->resp, "RESET");
}

/* ROLE lists the names of the groups (PROTOCOL.md §6.2). */
void sn_cmd_role(struct sn_call *call)
{
    const struct sn_core *core = sn_server_core(call->server);

    sn_resp_array(call->resp, 2);
    sn_resp_text(call->resp, "sentinel");
    sn_resp_array(call->resp, sn_core_group_count(core));
    for (const struct sn_group *group = sn_core_group_first(core); group;
         group = sn_group_next(group))
        sn_resp_text(call->resp, sn_group_name(group));
}

/* SHUTDOWN ends the process without a reply; bad words are an error (PROTOCOL.md §5.8). */
void sn_cmd_shutdown(struct sn_call *call)
{
    bool save = false, nosave = false, other = false, abort = false;

    for (size_t i = 1; i < call->argc; i++) {
        if (sn_call_word_is(call, i, "save")) {
            save = true;
        } else if (sn_call_word_is(call, i, "nosave")) {
            nosave = true;
        } else if (sn_call_word_is(call, i, "now") || sn_call_word_is(call, i, "force")) {
            other = true;
        } else if (sn_call_word_is(call, i, "abort")) {
            abort = true;
        } else {
            sn_resp_error(call->resp, "syntax error");
            return;
        }
    }
    if ((save && nosave) || (abort && (save || nosave || other))) {
        sn_resp_error(call->resp, "syntax error");
    } else if (abort) {
        sn_resp_error(call->resp, "No shutdown in progress.");
    } else {
        sn_log(sn_server_env(call->server)->log, SN_LEVEL_WARNING,
               "SHUTDOWN requested by client %s", call->client->peer);
        sn_client_doom(call->client);
        sn_server_env(call->server)->shutdown(sn_server_env(call->server)->arg);
    }
}
