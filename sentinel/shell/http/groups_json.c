/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/groups_json.h"

#include "shell/report/json.h"
#include "shell/report/pause.h"
#include "shell/server/quorum.h"

#define PIECE_SIZE 4096

static void add_bool(json_t *object, const char *name, bool value)
{
    sn_json_set(object, name, json_boolean(value));
}

static void add_address(json_t *object, const struct sn_instance *instance)
{
    uint16_t port = 0;
    const char *host = sn_instance_address(instance, &port);

    sn_json_set_text(object, "host", host);
    sn_json_set_count(object, "port", port);
}

static json_t *make_failover(const struct sn_group_figures *figures)
{
    if (figures->failover_state == NULL)
        return json_null();
    json_t *failover = json_object();
    sn_json_set_text(failover, "state", figures->failover_state);
    sn_json_set_ms(failover, "since_ms", figures->failover_ms);
    return failover;
}

/* The fields of a group in the list. */
static json_t *make_brief(const struct sn_group *group, sn_ms now)
{
    struct sn_group_figures figures;
    size_t usable = 0, voters = 0;
    json_t *object = json_object();
    json_t *primary = json_object();

    sn_measure_group(group, now, &figures);
    sn_group_quorum(group, &usable, &voters);
    sn_json_set_text(object, "name", sn_group_name(group));
    sn_json_set_text(object, "status", sn_group_status(group));
    add_address(primary, sn_group_master(group));
    sn_json_set(object, "primary", primary);
    sn_json_set_count(object, "quorum", sn_group_params(group)->quorum);
    sn_json_set_count(object, "replica_count", sn_group_replica_count(group));
    sn_json_set_count(object, "ok_replica_count", figures.ok_replicas);
    sn_json_set_count(object, "sentinel_count", voters);
    sn_json_set_count(object, "ok_sentinel_count", figures.ok_peers + 1);
    sn_json_set_count(object, "usable_sentinel_count", usable);
    sn_json_set_count(object, "config_epoch", figures.epoch);
    sn_json_set(object, "failover", make_failover(&figures));
    sn_json_set(object, "pause", sn_report_pause_json(group, now));
    return object;
}

static void add_member(json_t *object, const struct sn_instance *instance,
                       const struct sn_member_figures *figures)
{
    add_address(object, instance);
    sn_json_set_text(object, "run_id", sn_instance_runid(instance)->hex);
    add_bool(object, "up", !figures->is_down);
    sn_json_set_ms(object, "down_ms", figures->down_ms);
    add_bool(object, "connected", figures->connected);
    sn_json_set_ms(object, "last_ok_ping_ms", figures->last_ok_ping_ms);
}

static void add_data(json_t *object, const struct sn_member_figures *figures)
{
    sn_json_set_ms(object, "info_age_ms", figures->info_age_ms);
    sn_json_set(object, "reported_role",
                figures->info_age_ms < 0 ? json_null()
                                         : json_string(figures->says_master ? "master" : "slave"));
    add_bool(object, "claimed_by_another_group", figures->claimed);
}

static json_t *make_replica(const struct sn_instance *replica, sn_ms now)
{
    struct sn_member_figures figures;
    json_t *object = json_object();

    sn_measure_member(replica, now, &figures);
    add_member(object, replica, &figures);
    add_data(object, &figures);
    add_bool(object, "link_up", figures.link_up);
    sn_json_set_ms(object, "link_down_ms", figures.link_down_ms);
    sn_json_set_bytes(object, "lag_bytes", figures.lag_known, figures.lag);
    sn_json_set_count(object, "priority", figures.priority);
    add_bool(object, "announced", figures.announced);
    return object;
}

static json_t *make_peer(const struct sn_instance *peer, sn_ms now)
{
    struct sn_member_figures figures;
    json_t *object = json_object();

    sn_measure_member(peer, now, &figures);
    add_member(object, peer, &figures);
    sn_json_set_ms(object, "hello_age_ms", figures.hello_age_ms);
    add_bool(object, "says_primary_down", figures.master_down);
    return object;
}

static json_t *make_members(const struct sn_instance *first, sn_ms now,
                            json_t *(*make)(const struct sn_instance *instance, sn_ms now))
{
    json_t *array = json_array();

    for (; first != NULL; first = sn_instance_next(first))
        (void)json_array_append_new(array, make(first, now));
    return array;
}

static json_t *make_settings(const struct sn_group_params *params)
{
    json_t *object = json_object();

    sn_json_set_count(object, "down_after_ms", (uint64_t)params->down_after_ms);
    sn_json_set_count(object, "failover_timeout_ms", (uint64_t)params->failover_timeout_ms);
    sn_json_set_count(object, "parallel_syncs", params->parallel_syncs);
    return object;
}

/* Why something was not done, oldest first. */
static json_t *make_reasons(const struct sn_group *group, sn_ms now)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = sn_group_reasons(group, entries);
    json_t *array = json_array();
    char text[SN_REASON_TEXT_MAX + 1];
    char name[SN_REASON_NAME_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        sn_reason_name((enum sn_reason)entries[i]->reason, name);
        sn_reason_text(group, entries[i], text);
        sn_json_set_text(object, "reason", name);
        sn_json_set_text(object, "text", text);
        sn_json_set_count(object, "count", entries[i]->count);
        sn_json_set_ms(object, "first_ms_ago", now - entries[i]->since);
        sn_json_set_ms(object, "last_ms_ago", now - entries[i]->at);
        (void)json_array_append_new(array, object);
    }
    return array;
}

json_t *sn_groups_json_one(const struct sn_http_parts *parts, const struct sn_group *group)
{
    sn_ms now = sn_driver_now(parts->driver);
    const struct sn_instance *master = sn_group_master(group);
    json_t *object = make_brief(group, now);
    json_t *primary = json_object_get(object, "primary");
    struct sn_group_figures figures;
    struct sn_member_figures of_master;
    char text[SN_QUORUM_TEXT_MAX + 1];

    sn_measure_member(master, now, &of_master);
    add_member(primary, master, &of_master);
    add_data(primary, &of_master);
    sn_measure_group(group, now, &figures);
    sn_json_set_ms(object, "odown_ms", figures.odown_ms);
    sn_json_set(object, "voted_leader",
                figures.leader->hex[0] != '\0' ? sn_json_text(figures.leader->hex) : json_null());
    sn_json_set_count(object, "voted_leader_epoch", figures.leader_epoch);
    add_bool(object, "failover_possible", sn_quorum_describe(group, text));
    sn_json_set_text(object, "quorum_text", text);
    sn_json_set(object, "settings", make_settings(sn_group_params(group)));
    sn_json_set(object, "replicas", make_members(sn_group_replica_first(group), now, make_replica));
    sn_json_set(object, "sentinels", make_members(sn_group_peer_first(group), now, make_peer));
    sn_json_set(object, "reasons", make_reasons(group, now));
    return object;
}

bool sn_groups_json_next(struct sn_groups_json *list, struct sn_buf *out)
{
    const struct sn_core *core = sn_driver_core(list->parts->driver);
    sn_ms now = sn_driver_now(list->parts->driver);
    size_t begin = out->len;

    if (list->ended)
        return false;
    if (!list->begun)
        sn_buf_puts(out, "{\"groups\": [");
    while (out->len - begin < PIECE_SIZE) {
        const struct sn_group *group = sn_measure_next_group(core, &list->group);
        if (group == NULL) {
            sn_buf_puts(out, "\n]}\n");
            list->ended = true;
            return true;
        }
        sn_buf_puts(out, list->begun ? ",\n" : "\n");
        list->begun = true;
        sn_json_put(make_brief(group, now), JSON_COMPACT, out);
    }
    return true;
}
