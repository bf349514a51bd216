/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL HISTORY [NAME] [COUNT] [JSON] (DESIGN.md D28). */

#include "shell/chronicle/chronicle.h"
#include "shell/report/history.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"

#include <string.h>

struct history_request {
    const char *group; /* NULL: all */
    size_t count;
    bool json;
};

static bool read_count(const struct sn_call *call, size_t index, size_t *count)
{
    int64_t value = 0;

    if (sn_call_integer(call, index, &value) != 0 || value < 1 || value > SN_HISTORY_COUNT_MAX)
        return false;
    *count = (size_t)value;
    return true;
}

/* A number alone is a count, unless a group has that name. */
static bool read_history_request(const struct sn_call *call, struct history_request *request)
{
    bool json = sn_cmd_wants_json(call);
    size_t end = call->argc - json, next = 2;

    *request = (struct history_request){.count = SN_HISTORY_COUNT, .json = json};
    if (next < end && (end - next > 1 || sn_cmd_names_group(call, next) ||
                       !read_count(call, next, &request->count))) {
        if (!sn_call_is_text(call, next))
            return false;
        request->group = call->argv[next];
    }
    next += next < end;
    if (next < end && !read_count(call, next, &request->count))
        return false;
    return next + 1 >= end;
}

/* Lines on their way into a reply. */
struct history_lines {
    struct sn_resp *resp;
    size_t count;
};

static void add_history_line(void *arg, const char *line)
{
    struct history_lines *lines = arg;

    sn_resp_status(lines->resp, line);
    lines->count++;
}

static void render_entry(struct sn_call *call, struct sn_long_reply *reply,
                         const struct history_request *request, const char *entry)
{
    struct history_lines lines = {.resp = call->resp};

    if (request->json)
        sn_history_json_add(entry, reply->count == 0, call->resp->out);
    else
        sn_history_lines(entry, request->count == 1, add_history_line, &lines);
    reply->count += request->json ? 1 : lines.count;
}

/* reply->filter and reply->next are the place. */
static bool render_history(struct sn_call *call, struct sn_long_reply *reply)
{
    const struct sn_chronicle *chronicle = sn_server_env(call->server)->chronicle;
    struct sn_chronicle_place place = {reply->filter != 0, reply->next};
    struct history_request request;
    struct sn_buf entry;
    bool more = read_history_request(call, &request);

    sn_buf_init(&entry, SIZE_MAX);
    if (request.json && call->resp->out->len == 0)
        sn_history_json_begin(sn_server_core(call->server), call->resp->out);
    while (more) {
        sn_buf_clear(&entry);
        more = sn_chronicle_next(chronicle, request.group, &place, &entry);
        if (more)
            render_entry(call, reply, &request, sn_buf_text(&entry));
        if (sn_clients_turn_is_over(call->server))
            break;
    }
    if (request.json && !more)
        sn_history_json_end(call->resp->out);
    reply->filter = place.is_current;
    reply->next = place.number;
    sn_buf_fini(&entry);
    return !more;
}

/* A group that was removed has a past. */
static bool has_past(const struct sn_call *call, const char *group)
{
    const struct sn_chronicle *chronicle = sn_server_env(call->server)->chronicle;
    struct sn_chronicle_place place = {0};
    struct sn_buf entry;

    sn_buf_init(&entry, SIZE_MAX);
    bool found = sn_chronicle_next(chronicle, group, &place, &entry);
    sn_buf_fini(&entry);
    return found || sn_core_group_find(sn_server_core(call->server), group, strlen(group)) != NULL;
}

void sn_cmd_sentinel_history(struct sn_call *call)
{
    struct history_request request;
    struct sn_chronicle_place place;

    if (!read_history_request(call, &request)) {
        sn_resp_error(call->resp, "syntax error, or a count that is not between 1 and 1000");
        return;
    }
    if (request.group != NULL && !has_past(call, request.group)) {
        sn_resp_error(call->resp, "No such master with that name");
        return;
    }
    sn_chronicle_seek(sn_server_env(call->server)->chronicle, request.group, request.count, &place);
    struct sn_long_reply *reply = sn_long_reply_new(call, render_history);
    reply->is_text = request.json;
    reply->filter = place.is_current;
    reply->next = place.number;
    sn_client_render(call->client);
}
