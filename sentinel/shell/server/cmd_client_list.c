/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT LIST and CLIENT KILL (PROTOCOL.md §5.5). */

#include "base/error.h"
#include "base/text.h"
#include "shell/server/accounts.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_client.h"
#include "shell/server/describe.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define LIST_IDS_MAX 1024

enum client_type { TYPE_NONE = 0, TYPE_NORMAL, TYPE_MASTER, TYPE_REPLICA, TYPE_PUBSUB };

static enum client_type type_of(const struct sn_client *client)
{
    return sn_client_subscribed(client) ? TYPE_PUBSUB : TYPE_NORMAL;
}

/* TYPE_NONE: no such type; the error is in the reply. */
static enum client_type parse_type(struct sn_call *call, size_t index)
{
    if (sn_call_word_is(call, index, "normal"))
        return TYPE_NORMAL;
    if (sn_call_word_is(call, index, "master") || sn_call_word_is(call, index, "primary"))
        return TYPE_MASTER;
    if (sn_call_word_is(call, index, "replica") || sn_call_word_is(call, index, "slave"))
        return TYPE_REPLICA;
    if (sn_call_word_is(call, index, "pubsub"))
        return TYPE_PUBSUB;
    sn_resp_errorf(call->resp, "Unknown client type '%.128s'", call->argv[index]);
    return TYPE_NONE;
}

static int by_number(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return first < second ? -1 : first > second;
}

/* Clients are in the order of their ids; the next slice begins at the id in reply->next. With ids
 * in the request only those are looked at (PROTOCOL.md §5.5). */
static bool render_list(struct sn_call *call, struct sn_long_reply *reply)
{
    uint64_t ids[LIST_IDS_MAX];
    size_t count = 0;
    struct sn_client *client;
    int64_t id = 0;

    for (size_t i = 3; i < call->argc && sn_call_word_is(call, 2, "id"); i++) {
        if (sn_call_integer(call, i, &id) == 0)
            ids[count++] = (uint64_t)id;
    }
    qsort(ids, count, sizeof(ids[0]), by_number);
    DL_FOREACH(sn_server_clients(call->server)->all, client) {
        if (client->id < reply->next ||
            (reply->filter != TYPE_NONE && type_of(client) != (enum client_type)reply->filter) ||
            (count > 0 && !bsearch(&client->id, ids, count, sizeof(ids[0]), by_number)))
            continue;
        reply->next = client->id;
        if (reply->count > 0 && sn_clients_turn_is_over(call->server))
            return false;
        sn_client_describe(client, &reply->body);
        sn_buf_putc(&reply->body, '\n');
        reply->next = client->id + 1;
        reply->count++;
    }
    return true;
}

/* PROTOCOL.md §5.5. */
void sn_cmd_client_list(struct sn_call *call)
{
    enum client_type type = TYPE_NONE;
    int64_t id = 0;

    if (call->argc == 4 && sn_call_word_is(call, 2, "type")) {
        type = parse_type(call, 3);
        if (type == TYPE_NONE)
            return;
    } else if (call->argc > 3 && sn_call_word_is(call, 2, "id")) {
        if (call->argc - 3 > LIST_IDS_MAX) {
            sn_resp_error(call->resp, "too many client IDs");
            return;
        }
        for (size_t i = 3; i < call->argc; i++) {
            if (sn_call_integer(call, i, &id) != 0 || id <= 0) {
                sn_resp_error(call->resp, "Invalid client ID");
                return;
            }
        }
    } else if (call->argc > 2) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    struct sn_long_reply *reply = sn_long_reply_new(call, render_list);
    reply->is_text = true;
    reply->filter = (int)type;
    sn_client_render(call->client);
}

struct filter {
    uint64_t id;
    const char *peer;
    const char *local;
    const char *user;
    enum client_type type;
    int64_t max_age_s; /* only older ones; 0: any */
    bool skip_me;
};

/* Takes the pair at index into filter. False: the error is in the reply. */
static bool parse_filter(struct sn_call *call, size_t index, struct filter *filter)
{
    const char *value = call->argv[index + 1];
    int64_t number = 0;

    if (!sn_call_is_text(call, index + 1)) {
        sn_resp_error(call->resp,
                      "syntax error"); /* addresses, users and words never contain a NUL byte */
        return false;
    }
    if (sn_call_word_is(call, index, "id")) {
        if (sn_call_integer(call, index + 1, &number) != 0 || number <= 0) {
            sn_resp_error(call->resp, "client-id should be greater than 0");
            return false;
        }
        filter->id = (uint64_t)number;
    } else if (sn_call_word_is(call, index, "addr")) {
        filter->peer = value;
    } else if (sn_call_word_is(call, index, "laddr")) {
        filter->local = value;
    } else if (sn_call_word_is(call, index, "user")) {
        if (!sn_acl_find(&sn_server_accounts(call->server)->acl, value)) {
            sn_resp_errorf(call->resp, "No such user '%.128s'", value);
            return false;
        }
        filter->user = value;
    } else if (sn_call_word_is(call, index, "type")) {
        filter->type = parse_type(call, index + 1);
        return filter->type != TYPE_NONE;
    } else if (sn_call_word_is(call, index, "maxage")) {
        if (sn_call_integer(call, index + 1, &number) != 0 || number <= 0) {
            sn_resp_error(call->resp, "maxage is not an integer or out of range");
            return false;
        }
        filter->max_age_s = number;
    } else if (sn_call_word_is(call, index, "skipme") &&
               (strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0)) {
        filter->skip_me = strcasecmp(value, "yes") == 0;
    } else {
        sn_resp_error(call->resp, "syntax error");
        return false;
    }
    return true;
}

/* CLIENT KILL closes those that all filters match (PROTOCOL.md §5.5). */
static bool matches(const struct filter *filter, const struct sn_client *client,
                    const struct sn_client *self)
{
    uint64_t age_ms = sn_server_now(client->server) - client->created_at;

    return !(filter->skip_me && client == self) && !client->rejected &&
           (filter->id == 0 || filter->id == client->id) &&
           (!filter->peer || strcmp(filter->peer, client->peer) == 0) &&
           (!filter->local || strcmp(filter->local, client->local) == 0) &&
           (!filter->user ||
            (client->authenticated && strcmp(filter->user, client->user->name) == 0)) &&
           (filter->type == TYPE_NONE || filter->type == type_of(client)) &&
           age_ms / 1000 >= (uint64_t)filter->max_age_s;
}

/* The caller itself still gets its reply (PROTOCOL.md §5.5). */
static size_t kill_matching(struct sn_call *call, const struct filter *filter)
{
    struct sn_client *client;
    size_t count = 0;

    DL_FOREACH(sn_server_clients(call->server)->all, client) {
        if (sn_client_is_gone(client) || !matches(filter, client, call->client))
            continue;
        count++;
        if (client == call->client)
            sn_client_end(client);
        else
            sn_client_doom(client);
    }
    return count;
}

void sn_cmd_client_kill(struct sn_call *call)
{
    struct filter filter = {.skip_me = true};

    if (call->argc == 3) {
        filter.peer = call->argv[2];
        filter.skip_me = false;
        if (sn_call_is_text(call, 2) && kill_matching(call, &filter) > 0)
            sn_resp_status(call->resp, "OK");
        else
            sn_resp_error(call->resp, "No such client");
        return;
    }
    if (call->argc % 2 != 0) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    for (size_t i = 2; i < call->argc; i += 2) {
        if (!parse_filter(call, i, &filter))
            return;
    }
    sn_resp_integer(call->resp, (int64_t)kill_matching(call, &filter));
}
