/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/routes.h"

#include "base/alloc.h"
#include "shell/http/events.h"
#include "shell/http/groups_json.h"
#include "shell/http/health.h"
#include "shell/http/history_pieces.h"
#include "shell/http/metrics.h"
#include "shell/http/page.h"
#include "shell/http/respond.h"
#include "shell/report/doctor.h"
#include "shell/report/explain.h"
#include "shell/server/checkup.h"

#include <string.h>

#define GROUPS  "/groups/"
#define EXPLAIN "/explain/"

bool sn_routes_allow(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ||
           strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
}

enum MHD_Result sn_routes_refuse(struct MHD_Connection *connection)
{
    return sn_respond_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "This port is to be read only: " SN_RESPOND_METHODS "\n");
}

static enum MHD_Result not_found(struct MHD_Connection *connection, const char *text)
{
    return sn_respond_text(connection, MHD_HTTP_NOT_FOUND, text);
}

static bool next_metrics(void *state, struct sn_buf *out)
{
    return sn_metrics_next(state, out);
}

static enum MHD_Result answer_metrics(const struct sn_http_parts *parts,
                                      struct MHD_Connection *connection, bool head_only)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    struct sn_metrics *metrics = sn_alloc(sizeof(*metrics));

    metrics->parts = parts;
    metrics->open_metrics = sn_metrics_wants_open(accept);
    return sn_respond_pieces(connection, head_only, sn_metrics_type(metrics->open_metrics),
                             next_metrics, metrics);
}

static bool next_groups(void *state, struct sn_buf *out)
{
    return sn_groups_json_next(state, out);
}

static enum MHD_Result answer_groups(const struct sn_http_parts *parts,
                                     struct MHD_Connection *connection, bool head_only)
{
    struct sn_groups_json *list = sn_alloc(sizeof(*list));

    list->parts = parts;
    return sn_respond_pieces(connection, head_only, SN_RESPOND_JSON, next_groups, list);
}

/* True if text ends with end; *len is the length of what is before that. */
static bool ends_with(const char *text, const char *end, size_t *len)
{
    size_t all = strlen(text), part = strlen(end);

    if (all < part || strcmp(text + all - part, end) != 0)
        return false;
    *len = all - part;
    return true;
}

/* rest: what is behind /groups/. A name may end like a check, so the whole is tried first. */
static enum MHD_Result answer_group(const struct sn_http_parts *parts,
                                    struct MHD_Connection *connection, const char *rest)
{
    const struct sn_core *core = sn_driver_core(parts->driver);
    const struct sn_group *group = sn_core_group_find(core, rest, strlen(rest));
    size_t len = strlen(rest);
    bool primary = group == NULL && ends_with(rest, "/primary", &len);
    bool replica = group == NULL && ends_with(rest, "/replica", &len);

    if (primary || replica)
        group = sn_core_group_find(core, rest, len);
    if (group == NULL)
        return not_found(connection, "No group has this name.\n");
    if (primary)
        return sn_health_primary(group, connection);
    if (replica)
        return sn_health_replica(parts, group, connection);
    return sn_respond_take_json(connection, MHD_HTTP_OK, sn_groups_json_one(parts, group));
}

static enum MHD_Result answer_explain(const struct sn_http_parts *parts,
                                      struct MHD_Connection *connection, const char *name)
{
    const struct sn_core *core = sn_driver_core(parts->driver);
    const struct sn_group *group = sn_core_group_find(core, name, strlen(name));

    if (group == NULL)
        return not_found(connection, "No group has this name.\n");
    return sn_respond_take_json(connection, MHD_HTTP_OK,
                                sn_explain_json(core, group, sn_driver_now(parts->driver)));
}

/* group: its findings only; without it, those of all. */
static enum MHD_Result answer_doctor(const struct sn_http_parts *parts,
                                     struct MHD_Connection *connection)
{
    const struct sn_core *core = sn_driver_core(parts->driver);
    const char *name = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "group");
    const struct sn_group *group =
        name == NULL ? NULL : sn_core_group_find(core, name, strlen(name));
    struct sn_doctor_facts facts;

    if (name != NULL && group == NULL)
        return not_found(connection, "No group has this name.\n");
    sn_server_check_up(parts->env.server, &facts);
    return sn_respond_take_json(connection, MHD_HTTP_OK, sn_doctor_json(&facts, group));
}

static bool next_history(void *state, struct sn_buf *out)
{
    return sn_history_pieces_next(state, out);
}

static enum MHD_Result answer_history(const struct sn_http_parts *parts,
                                      struct MHD_Connection *connection, bool head_only)
{
    const char *group = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "group");
    const char *count = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "count");
    struct sn_history_pieces *pieces = sn_history_pieces_new(parts, group, count);

    if (pieces == NULL)
        return sn_respond_text(connection, MHD_HTTP_BAD_REQUEST,
                               "count is a number from 1 to 1000.\n");
    return sn_respond_pieces(connection, head_only, SN_RESPOND_JSON, next_history, pieces);
}

static bool next_page(void *state, struct sn_buf *out)
{
    return sn_page_next(state, out);
}

static enum MHD_Result answer_page(const struct sn_http_parts *parts,
                                   struct MHD_Connection *connection, bool head_only)
{
    struct sn_page *page = sn_alloc(sizeof(*page));

    page->parts = parts;
    return sn_respond_pieces(connection, head_only, "text/html; charset=utf-8", next_page, page);
}

enum MHD_Result sn_routes_answer(const struct sn_http_parts *parts,
                                 struct MHD_Connection *connection, const char *method,
                                 const char *path)
{
    bool head_only = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    if (strcmp(path, "/") == 0)
        return answer_page(parts, connection, head_only);
    if (strcmp(path, "/page.css") == 0)
        return sn_respond_constant(connection, "text/css; charset=utf-8", sn_page_css.bytes,
                                   sn_page_css.len);
    if (strcmp(path, "/page.js") == 0)
        return sn_respond_constant(connection, "text/javascript; charset=utf-8", sn_page_js.bytes,
                                   sn_page_js.len);
    if (strcmp(path, "/livez") == 0)
        return sn_health_live(connection);
    if (strcmp(path, "/readyz") == 0)
        return sn_health_ready(parts, connection);
    if (strcmp(path, "/metrics") == 0)
        return answer_metrics(parts, connection, head_only);
    if (strcmp(path, "/groups") == 0)
        return answer_groups(parts, connection, head_only);
    if (strcmp(path, "/events") == 0)
        return sn_events_answer(parts->events, connection, head_only);
    if (strncmp(path, GROUPS, strlen(GROUPS)) == 0)
        return answer_group(parts, connection, path + strlen(GROUPS));
    if (strcmp(path, "/doctor") == 0)
        return answer_doctor(parts, connection);
    if (strcmp(path, "/history") == 0)
        return answer_history(parts, connection, head_only);
    if (strncmp(path, EXPLAIN, strlen(EXPLAIN)) == 0)
        return answer_explain(parts, connection, path + strlen(EXPLAIN));
    return not_found(
        connection,
        "Not found. There are /, /livez, /readyz, /metrics, /events, /history, /doctor, "
        "/groups, /groups/NAME, /explain/NAME, /groups/NAME/primary?addr=HOST:PORT and "
        "/groups/NAME/replica?addr=HOST:PORT&lag=BYTES\n");
}
