/* SPDX-License-Identifier: BSD-3-Clause */
/* The CLIENT subcommands that concern the calling connection only (PROTOCOL.md §5.5). */

#include "shell/server/cmd_client.h"

#include "base/alloc.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/cmd.h"
#include "shell/server/describe.h"

#include <stdlib.h>
#include <string.h>

bool sn_cmd_client_name(struct sn_call *call, size_t index, char **field)
{
    const char *text = call->argv[index];
    size_t len = call->lens[index];

    if (len > SN_CLIENT_NAME_MAX) {
        sn_resp_error(call->resp, "Client names cannot be longer than 1024 bytes.");
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '!' || text[i] > '~') {
            sn_resp_error(call->resp, "Client names cannot contain spaces, newlines or special "
                                      "characters.");
            return false;
        }
    }
    sn_strset(field, text);
    return true;
}

void sn_cmd_client_id(struct sn_call *call)
{
    sn_resp_integer(call->resp, (int64_t)call->client->id);
}

void sn_cmd_client_getname(struct sn_call *call)
{
    if (call->client->name)
        sn_resp_text(call->resp, call->client->name);
    else
        sn_resp_null(call->resp);
}

void sn_cmd_client_setname(struct sn_call *call)
{
    if (sn_cmd_client_name(call, 2, &call->client->name))
        sn_resp_status(call->resp, "OK");
}

/* PROTOCOL.md §5.5. */
void sn_cmd_client_setinfo(struct sn_call *call)
{
    bool is_name = sn_call_word_is(call, 2, "lib-name");
    char **field = is_name ? &call->client->lib_name : &call->client->lib_ver;

    if (!is_name && !sn_call_word_is(call, 2, "lib-ver")) {
        sn_resp_errorf(call->resp, "Unrecognized option '%.128s'", call->argv[2]);
        return;
    }
    for (size_t i = 0; i < call->lens[3]; i++) {
        char byte = call->argv[3][i];
        if (byte < '!' || byte > '~' || call->lens[3] > SN_CLIENT_NAME_MAX) {
            sn_resp_errorf(call->resp, "%s cannot contain spaces, newlines or special characters.",
                           is_name ? "lib-name" : "lib-ver");
            return;
        }
    }
    sn_strset(field, call->argv[3]);
    sn_resp_status(call->resp, "OK");
}

void sn_cmd_client_info(struct sn_call *call)
{
    struct sn_buf line;

    sn_buf_init(&line, 16384);
    sn_client_describe(call->client, &line);
    sn_buf_putc(&line, '\n');
    sn_call_reply_verbatim(call, &line);
    sn_buf_fini(&line);
}

/* CLIENT REPLY OFF and SKIP silence replies (PROTOCOL.md §5.5). */
void sn_cmd_client_reply(struct sn_call *call)
{
    struct sn_client *client = call->client;

    if (sn_call_word_is(call, 2, "on")) {
        client->muted = false;
        call->resp->out = &client->stream.out;
        sn_resp_status(call->resp, "OK");
    } else if (sn_call_word_is(call, 2, "off")) {
        client->muted = true;
    } else if (sn_call_word_is(call, 2, "skip")) {
        client->mute_next = !client->muted;
    } else {
        sn_resp_error(call->resp, "syntax error");
    }
}

/* PROTOCOL.md §5.5. */
void sn_cmd_client_no_evict(struct sn_call *call)
{
    bool on = sn_call_word_is(call, 2, "on");

    if (!on && !sn_call_word_is(call, 2, "off")) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    call->client->no_evict = on;
    sn_resp_status(call->resp, "OK");
}

/* Deliberately refused after the checks of its words: stock obeys, and thereby holds back the votes
 * of other sentinels (PROTOCOL.md §5.5, §24.2). */
void sn_cmd_client_pause(struct sn_call *call)
{
    int64_t timeout_ms = 0;

    if (call->argc > 4) {
        sn_resp_error(call->resp, "syntax error");
    } else if (call->argc == 4 && !sn_call_word_is(call, 3, "write") &&
               !sn_call_word_is(call, 3, "all")) {
        sn_resp_error(call->resp, "CLIENT PAUSE mode must be WRITE or ALL");
    } else if (sn_call_integer(call, 2, &timeout_ms) != 0) {
        sn_resp_error(call->resp, "timeout is not an integer or out of range");
    } else if (timeout_ms < 0) {
        sn_resp_error(call->resp, "timeout is negative");
    } else {
        sn_resp_error(call->resp, "CLIENT PAUSE is refused by a sentinel: it would hold back its "
                                  "answers to other sentinels");
    }
}

void sn_cmd_client_unpause(struct sn_call *call)
{
    sn_resp_status(call->resp, "OK");
}

void sn_cmd_client_caching(struct sn_call *call)
{
    sn_resp_error(call->resp, "CLIENT CACHING can be called only when the client is in tracking "
                              "mode with OPTIN or OPTOUT mode enabled");
}

void sn_cmd_client_getredir(struct sn_call *call)
{
    sn_resp_integer(call->resp, call->client->tracking ? 0 : -1);
}

/* There are no keys to track, so the options have no effect. */
void sn_cmd_client_tracking(struct sn_call *call)
{
    bool on = sn_call_word_is(call, 2, "on");

    for (size_t i = 3; i < call->argc; i++) {
        if (sn_call_word_is(call, i, "bcast") || sn_call_word_is(call, i, "optin") ||
            sn_call_word_is(call, i, "optout") || sn_call_word_is(call, i, "noloop"))
            continue;
        if ((sn_call_word_is(call, i, "redirect") || sn_call_word_is(call, i, "prefix")) &&
            i + 1 < call->argc) {
            i++;
            continue;
        }
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    if (!on && !sn_call_word_is(call, 2, "off")) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    call->client->tracking = on;
    sn_resp_status(call->resp, "OK");
}

void sn_cmd_client_trackinginfo(struct sn_call *call)
{
    sn_resp_map(call->resp, 3);
    sn_resp_text(call->resp, "flags");
    sn_resp_set(call->resp, 1);
    sn_resp_text(call->resp, call->client->tracking ? "on" : "off");
    sn_resp_text(call->resp, "redirect");
    sn_resp_integer(call->resp, call->client->tracking ? 0 : -1);
    sn_resp_text(call->resp, "prefixes");
    sn_resp_array(call->resp, 0);
}

void sn_cmd_client_unblock(struct sn_call *call)
{
    int64_t id = 0;

    if (call->argc > 4 || (call->argc == 4 && !sn_call_word_is(call, 3, "timeout") &&
                           !sn_call_word_is(call, 3, "error")))
        sn_resp_error(call->resp, "CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    else if (sn_call_integer(call, 2, &id) != 0)
        sn_resp_error(call->resp, "value is not an integer or out of range");
    else
        sn_resp_integer(call->resp, 0);
}

void sn_cmd_client_help(struct sn_call *call)
{
    static const char *const lines[] = {
        "CACHING (YES|NO)",
        "    Tracking of the keys of the next command; there are no keys here.",
        "GETNAME",
        "    Show the name of this connection.",
        "GETREDIR",
        "    Show where tracking messages of this connection go.",
        "ID",
        "    Show the id of this connection.",
        "INFO",
        "    Describe this connection.",
        "KILL <ip:port>",
        "    Close the connection from that address.",
        "KILL <option> <value> [<option> <value> ...]",
        "    Close the connections to which all options apply:",
        "    ID <client-id>, ADDR <ip:port>, LADDR <ip:port>, USER <name>,",
        "    TYPE (NORMAL|MASTER|REPLICA|PUBSUB), MAXAGE <seconds>,",
        "    SKIPME (YES|NO): spare this connection (default: yes).",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [<client-id> ...]]",
        "    Describe all connections, or the named ones.",
        "NO-EVICT (ON|OFF)",
        "    Whether this connection is among the last to be closed when all clients hold",
        "    too much memory.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Refused: it would hold back answers to other sentinels.",
        "REPLY (ON|OFF|SKIP)",
        "    Switch the replies to this connection on or off, or skip the next one.",
        "SETINFO (LIB-NAME|LIB-VER) <value>",
        "    Name the library that uses this connection.",
        "SETNAME <name>",
        "    Name this connection.",
        "TRACKING (ON|OFF) [<option> ...]",
        "    Tracking of keys; there are no keys here.",
        "TRACKINGINFO",
        "    Show the state of tracking on this connection.",
        "UNBLOCK <client-id> [TIMEOUT|ERROR]",
        "    Accepted for compatibility; there are no blocking commands here.",
        "UNPAUSE",
        "    Accepted for compatibility.",
    };

    sn_call_reply_help(call, "CLIENT", lines, sizeof(lines) / sizeof(lines[0]));
}
