/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/health.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/text.h"
#include "conf/table/value.h"
#include "shell/http/respond.h"
#include "shell/report/json.h"

#include <stdlib.h>
#include <string.h>

enum MHD_Result sn_health_live(struct MHD_Connection *connection)
{
    return sn_respond_text(connection, MHD_HTTP_OK, "alive\n");
}

enum MHD_Result sn_health_ready(const struct sn_http_parts *parts,
                                struct MHD_Connection *connection)
{
    struct sn_buf lines;

    sn_buf_init(&lines, SIZE_MAX);
    parts->env.why_not_ready(parts->env.arg, &lines);
    enum MHD_Result result =
        lines.len == 0
            ? sn_respond_text(connection, MHD_HTTP_OK, "ready\n")
            : sn_respond_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, sn_buf_text(&lines));
    sn_buf_fini(&lines);
    return result;
}

/* "host:port", with or without brackets around an IPv6 address. */
static bool parse_address(const char *text, struct sn_addr *addr)
{
    const char *colon = strrchr(text, ':');
    int64_t port;

    if (colon == NULL || sn_text_to_i64(colon + 1, strlen(colon + 1), &port) != 0)
        return false;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    char *host = sn_strndup(text, len);
    bool good = sn_addr_make(host, port, addr) == 0;
    free(host);
    return good;
}

static bool parse_bytes(const char *text, int64_t *bytes)
{
    static const struct sn_directive kind = {
        .name = "lag", .kind = SN_VALUE_BYTES, .max = INT64_MAX};

    return sn_value_parse(&kind, text, bytes) == 0;
}

static enum MHD_Result answer(struct MHD_Connection *connection, const struct sn_group *group,
                              const char *addr, const char *why_not)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "group", sn_json_text(sn_group_name(group)));
    (void)json_object_set_new(object, "addr", sn_json_text(addr));
    (void)json_object_set_new(object, "ok", json_boolean(why_not == NULL));
    if (why_not != NULL)
        (void)json_object_set_new(object, "reason", sn_json_text(why_not));
    return sn_respond_take_json(
        connection, why_not == NULL ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, object);
}

/* The address that is asked about; NULL: it is missing or none, which is answered. */
static const char *find_address(struct MHD_Connection *connection, struct sn_addr *addr,
                                enum MHD_Result *result)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "addr");

    if (text != NULL && parse_address(text, addr))
        return text;
    *result = sn_respond_text(connection, MHD_HTTP_BAD_REQUEST,
                              "addr is missing or no address: ?addr=HOST:PORT\n");
    return NULL;
}

static const char *why_no_primary(const struct sn_group *group, const struct sn_addr *addr)
{
    if (!sn_measure_is_at(sn_group_master(group), addr))
        return "the primary is another server";
    if (strcmp(sn_group_status(group), "odown") == 0)
        return "the primary is down: a quorum of sentinels agrees";
    return NULL;
}

enum MHD_Result sn_health_primary(const struct sn_group *group, struct MHD_Connection *connection)
{
    struct sn_addr addr;
    enum MHD_Result result = MHD_NO;
    const char *text = find_address(connection, &addr, &result);

    if (text == NULL)
        return result;
    return answer(connection, group, text, why_no_primary(group, &addr));
}

static const struct sn_instance *find_replica(const struct sn_group *group,
                                              const struct sn_addr *addr)
{
    const struct sn_instance *replica = sn_group_replica_first(group);

    while (replica != NULL && !sn_measure_is_at(replica, addr))
        replica = sn_instance_next(replica);
    return replica;
}

/* lag_max: most bytes that it may lack; negative: any. */
static const char *why_no_replica(const struct sn_instance *replica, sn_ms now, int64_t lag_max)
{
    struct sn_member_figures figures;

    if (replica == NULL)
        return "no replica of the group has this address";
    sn_measure_member(replica, now, &figures);
    if (figures.is_down)
        return "the replica is down";
    if (figures.info_age_ms < 0)
        return "the replica has not answered INFO yet";
    if (figures.says_master)
        return "the server says that it is a master";
    if (lag_max < 0)
        return NULL;
    if (!figures.link_up)
        return "the replica has lost its link to the primary";
    if (!figures.lag_known)
        return "the lag of the replica is not known";
    return figures.lag > (uint64_t)lag_max ? "the replica lags too much" : NULL;
}

enum MHD_Result sn_health_replica(const struct sn_http_parts *parts, const struct sn_group *group,
                                  struct MHD_Connection *connection)
{
    const char *lag = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "lag");
    int64_t lag_max = -1;
    struct sn_addr addr;
    enum MHD_Result result = MHD_NO;
    const char *text = find_address(connection, &addr, &result);

    if (text == NULL)
        return result;
    if (lag != NULL && !parse_bytes(lag, &lag_max))
        return sn_respond_text(connection, MHD_HTTP_BAD_REQUEST,
                               "lag is no number of bytes: ?lag=BYTES, or 10mb\n");
    return answer(
        connection, group, text,
        why_no_replica(find_replica(group, &addr), sn_driver_now(parts->driver), lag_max));
}
