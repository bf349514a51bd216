/* SPDX-License-Identifier: BSD-3-Clause */

/* Looking at a cluster, and expecting something of it. */

#include "cluster_internal.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIELD_MAX 256
#define SETTLE_MS 15000

/* ---- looking ----------------------------------------------------------------------------------
 */

static const struct sn_group *find_group(const struct sentinel *sentinel, const char *name)
{
    if (sentinel->core == NULL)
        return NULL;
    return sn_core_group_find(sentinel->core, name, strlen(name));
}

uint16_t cluster_master_port(const struct sentinel *sentinel, const char *name)
{
    const struct sn_group *group = find_group(sentinel, name);
    const char *host;
    uint16_t port = 0;
    if (group != NULL)
        sn_group_address(sentinel->core, group, &host, &port);
    return port;
}

size_t cluster_reasons(const struct sentinel *sentinel, const char *name, enum sn_reason reason)
{
    const struct sn_group *group = find_group(sentinel, name);
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = group == NULL ? 0 : sn_group_reasons(group, entries), found = 0;
    for (size_t i = 0; i < count; i++)
        found += entries[i]->reason == reason ? entries[i]->count : 0;
    return found;
}

struct wanted {
    const char *name;
    char *out;
};

static void take_field(void *arg, const char *name, const char *value)
{
    const struct wanted *wanted = arg;
    if (strcmp(name, wanted->name) == 0)
        (void)sn_text_copy(wanted->out, FIELD_MAX, value);
}

static void get_field(const struct sentinel *sentinel, const struct sn_instance *instance,
                      const char *field, char *out)
{
    struct wanted wanted = {field, out};
    sn_ms now = sentinel->clock_offset + sentinel->node.cluster->now;
    out[0] = '\0';
    sn_instance_describe(sentinel->core, instance, now, take_field, &wanted);
}

void cluster_field(const struct sentinel *sentinel, const char *name, const char *field, char *out)
{
    const struct sn_group *group = find_group(sentinel, name);
    out[0] = '\0';
    if (group != NULL)
        get_field(sentinel, sn_group_master(group), field, out);
}

uint64_t cluster_config_epoch(const struct sentinel *sentinel, const char *name)
{
    char value[FIELD_MAX];
    cluster_field(sentinel, name, "config-epoch", value);
    return strtoull(value, NULL, 10);
}

uint64_t cluster_vote_epoch(const struct sentinel *sentinel, const char *name)
{
    struct sn_image image;
    if (sentinel->core == NULL)
        return 0;
    sn_core_snapshot(sentinel->core, &image);
    const struct sn_group_image *group = sn_image_find_group(&image, name);
    uint64_t epoch = group == NULL ? 0 : group->leader_epoch;
    sn_image_fini(&image);
    return epoch;
}

struct sentinel *cluster_sentinel_by_id(const struct cluster *cluster, const char *runid)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        if (strcmp(cluster->sentinels[i]->id.hex, runid) == 0)
            return cluster->sentinels[i];
    }
    return NULL;
}

struct node *cluster_line_node(const struct cluster *cluster, size_t index)
{
    const char *text = cluster->trace.lines[index].text;
    size_t len = strcspn(text, " ");
    for (size_t i = 0; i < cluster->node_count; i++) {
        const char *name = cluster->nodes[i]->name;
        if (strlen(name) == len && strncmp(name, text, len) == 0)
            return cluster->nodes[i];
    }
    return NULL;
}

bool cluster_watches(const struct sentinel *sentinel, const char *name)
{
    const struct sn_image *config = &sentinel->node.cluster->config;
    for (size_t i = 0; i < config->group_count; i++) {
        if (strcmp(config->groups[i].name, name) == 0)
            return i >= 32 || ((sentinel->leaves_out >> i) & 1) == 0;
    }
    return true;
}

bool cluster_agreed(const struct cluster *cluster, const char *name, uint16_t port)
{
    char state[FIELD_MAX];
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        const struct sentinel *sentinel = cluster->sentinels[i];
        if (sentinel->node.state != NODE_RUNNING || !cluster_watches(sentinel, name))
            continue;
        cluster_field(sentinel, name, "failover-state", state);
        if (cluster_master_port(sentinel, name) != port || state[0] != '\0')
            return false;
    }
    return true;
}

/* ---- settling ---------------------------------------------------------------------------------
 */

static bool is_well(const struct sentinel *sentinel, const struct sn_instance *instance)
{
    char flags[FIELD_MAX];
    get_field(sentinel, instance, "flags", flags);
    return strstr(flags, "down") == NULL && strstr(flags, "disconnected") == NULL;
}

static size_t replicas_of(const struct cluster *cluster, uint16_t port)
{
    size_t count = 0;
    const struct model_redis *redis = cluster->followers[port];
    for (; redis != NULL; redis = redis->fellow)
        count += redis->node.state == NODE_RUNNING && redis->role == SN_ROLE_REPLICA;
    return count;
}

static bool group_settled(const struct sentinel *sentinel, const struct sn_group *group)
{
    const struct cluster *cluster = sentinel->node.cluster;
    const struct sn_instance *instance;
    size_t peers = 0;
    uint16_t port = cluster_master_port(sentinel, sn_group_name(group));
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        peers += cluster->sentinels[i]->node.state == NODE_RUNNING;
    if (sn_group_peer_count(group) + 1 < peers ||
        sn_group_replica_count(group) < replicas_of(cluster, port) ||
        !is_well(sentinel, sn_group_master(group)))
        return false;
    for (instance = sn_group_replica_first(group); instance != NULL;
         instance = sn_instance_next(instance)) {
        if (!is_well(sentinel, instance))
            return false;
    }
    for (instance = sn_group_peer_first(group); instance != NULL;
         instance = sn_instance_next(instance)) {
        if (!is_well(sentinel, instance))
            return false;
    }
    return true;
}

static bool settled(struct cluster *cluster, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        const struct sentinel *sentinel = cluster->sentinels[i];
        if (sentinel->node.state != NODE_RUNNING)
            continue;
        const struct sn_group *group = sn_core_group_first(sentinel->core);
        for (; group != NULL; group = sn_group_next(group)) {
            if (!group_settled(sentinel, group))
                return false;
        }
    }
    return true;
}

void cluster_settle(struct cluster *cluster)
{
    /* In steps: looking costs more than running. */
    sn_ms until = cluster->now + SETTLE_MS;
    do {
        cluster_require(cluster, 0, cluster->now < until, "the cluster settles");
        cluster_run_for(cluster, 100);
    } while (!settled(cluster, NULL));
    /* Everybody's INFO and hellos of the state that is reached. */
    cluster_run_for(cluster, 3000);
}

/* ---- expecting --------------------------------------------------------------------------------
 */

size_t cluster_mark(const struct cluster *cluster)
{
    return cluster->trace.count;
}

void cluster_require(const struct cluster *cluster, size_t from, bool condition, const char *what)
{
    struct sn_buf lines;
    if (condition)
        return;
    sn_buf_init(&lines, 1 << 24);
    trace_print(&cluster->trace, from, &lines);
    (void)fputs(sn_buf_text(&lines), stderr);
    sn_buf_fini(&lines);
    fail_msg("not so at %lld ms: %s", (long long)cluster->now, what);
}

size_t cluster_expect(const struct cluster *cluster, size_t from, const char *const *patterns)
{
    size_t next = from;
    for (; *patterns != NULL; patterns++) {
        size_t found = trace_find(&cluster->trace, next, *patterns);
        cluster_require(cluster, from, found != TRACE_NOT_FOUND, *patterns);
        next = found + 1;
    }
    return next;
}

void cluster_expect_count(const struct cluster *cluster, size_t from, const char *pattern,
                          size_t count)
{
    char what[256];
    size_t found = trace_count(&cluster->trace, from, pattern);
    (void)snprintf(what, sizeof(what), "%zu lines match %s, expected %zu", found, pattern, count);
    cluster_require(cluster, from, found == count, what);
}

void cluster_require_replicas(const struct cluster *cluster, size_t from,
                              const struct model_redis *master, uint16_t first, uint16_t last)
{
    char what[128];
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct model_redis *redis = cluster->servers[i];
        uint16_t port = redis->node.addr.port;
        if (redis == master || redis->node.state != NODE_RUNNING || port < first || port > last)
            continue;
        (void)snprintf(what, sizeof(what), "%s replicates %s", redis->node.name, master->node.name);
        cluster_require(cluster, from,
                        redis->role == SN_ROLE_REPLICA && redis->repl == REPL_UP &&
                            redis->master.port == master->node.addr.port,
                        what);
    }
}

struct agreement {
    const char *name;
    uint16_t port;
};

static bool have_agreed(struct cluster *cluster, void *arg)
{
    const struct agreement *agreement = arg;
    return cluster_agreed(cluster, agreement->name, agreement->port);
}

sn_ms cluster_run_to_agreement(struct cluster *cluster, const char *name, uint16_t port,
                               sn_ms bound_ms)
{
    struct agreement agreement = {name, port};
    sn_ms begin = cluster->now;
    char what[256];
    (void)snprintf(what, sizeof(what), "all agree on %s at port %u within %lld ms", name, port,
                   (long long)bound_ms);
    cluster_require(cluster, 0, cluster_run_until(cluster, have_agreed, &agreement, bound_ms),
                    what);
    return cluster->now - begin;
}
