/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics of each group. */

#include "shell/http/sample.h"
#include "shell/http/scrape.h"
#include "shell/server/quorum.h"

/* Where the values of one group are asked for. */
struct spot {
    const char *name;
    const struct sn_group *group;
    sn_ms now;
    struct sn_buf *out;
};

static struct sn_sample begin(const struct spot *spot)
{
    struct sn_sample sample = sn_sample_begin(spot->out, spot->name, "");

    sn_sample_label(&sample, "master_name", sn_group_name(spot->group));
    return sample;
}

static struct sn_sample begin_with_address(const struct spot *spot)
{
    struct sn_sample sample = begin(spot);
    uint16_t port = 0;
    const char *host = sn_instance_address(sn_group_master(spot->group), &port);

    sn_sample_label_place(&sample, "master_address", host, port);
    return sample;
}

static void put_plain(const struct spot *spot, uint64_t value)
{
    struct sn_sample sample = begin(spot);

    sn_sample_end(&sample, value);
}

static void put_with_address(const struct spot *spot, uint64_t value)
{
    struct sn_sample sample = begin_with_address(spot);

    sn_sample_end(&sample, value);
}

static void put_status(const struct spot *spot)
{
    const char *status = sn_group_status(spot->group);
    struct sn_sample sample = begin_with_address(spot);

    sn_sample_label(&sample, "master_status", status);
    sn_sample_end(&sample, status[0] == 'o' && status[1] == 'k');
}

static void put_quorum(const struct spot *spot)
{
    char text[SN_QUORUM_TEXT_MAX + 1];
    struct sn_sample sample = begin(spot);
    bool enough = sn_quorum_describe(spot->group, text);

    sn_sample_label(&sample, "message", text);
    sn_sample_end(&sample, enough);
}

static void put_last_ping(const struct spot *spot)
{
    struct sn_member_figures master;
    struct sn_sample sample = begin_with_address(spot);

    sn_measure_member(sn_group_master(spot->group), spot->now, &master);
    sn_sample_end_ms(&sample, master.last_ok_ping_ms);
}

static void put_usable(const struct spot *spot)
{
    size_t usable = 0, voters = 0;

    sn_group_quorum(spot->group, &usable, &voters);
    put_plain(spot, usable);
}

static void put_pause(const struct spot *spot)
{
    struct sn_pause_view pause = {0};
    struct sn_sample sample = begin(spot);

    (void)sn_group_pause(spot->group, spot->now, &pause);
    sn_sample_end_ms(&sample, pause.left_ms);
}

static void put_loss(const struct spot *spot, enum sn_group_metric metric)
{
    struct sn_loss_figures loss;

    sn_measure_loss(spot->group, spot->now, &loss);
    if (metric == SN_GROUP_METRIC_LOST_BYTES && loss.known) {
        put_plain(spot, loss.bytes);
    } else if (metric == SN_GROUP_METRIC_CHOICE_AGE && loss.choice_age_ms >= 0) {
        struct sn_sample sample = begin(spot);
        sn_sample_end_ms(&sample, loss.choice_age_ms);
    }
}

/* False: the replica has no such value at the moment. */
static bool value_of(const struct sn_member_figures *replica, enum sn_group_metric metric,
                     uint64_t *value)
{
    if (metric == SN_GROUP_METRIC_REPLICA_UP)
        *value = !replica->is_down;
    else if (metric == SN_GROUP_METRIC_REPLICA_LINK)
        *value = replica->link_up;
    else
        *value = replica->lag;
    return metric != SN_GROUP_METRIC_REPLICA_LAG || replica->lag_known;
}

static void put_replicas(const struct spot *spot, enum sn_group_metric metric)
{
    const struct sn_instance *replica = sn_group_replica_first(spot->group);

    for (; replica != NULL; replica = sn_instance_next(replica)) {
        struct sn_member_figures figures;
        uint64_t value;
        uint16_t port = 0;
        sn_measure_member(replica, spot->now, &figures);
        if (!value_of(&figures, metric, &value))
            continue;
        const char *host = sn_instance_address(replica, &port);
        struct sn_sample sample = begin(spot);
        sn_sample_label_place(&sample, "replica_address", host, port);
        sn_sample_end(&sample, value);
    }
}

void sn_scrape_group(const struct sn_http_parts *parts, const struct sn_group *group,
                     enum sn_group_metric metric, const char *name, struct sn_buf *out)
{
    const struct sn_group_params *params = sn_group_params(group);
    const struct spot spot = {name, group, sn_driver_now(parts->driver), out};
    struct sn_group_figures figures;

    sn_measure_group(group, spot.now, &figures);
    switch (metric) {
    case SN_GROUP_METRIC_STATUS:
        put_status(&spot);
        return;
    case SN_GROUP_METRIC_SLAVES:
        put_with_address(&spot, sn_group_replica_count(group));
        return;
    case SN_GROUP_METRIC_SENTINELS:
        put_with_address(&spot, sn_group_peer_count(group) + 1);
        return;
    case SN_GROUP_METRIC_OK_SLAVES:
        put_with_address(&spot, figures.ok_replicas);
        return;
    case SN_GROUP_METRIC_OK_SENTINELS:
        put_with_address(&spot, figures.ok_peers + 1);
        return;
    case SN_GROUP_METRIC_CKQUORUM_STATUS:
        put_quorum(&spot);
        return;
    case SN_GROUP_METRIC_CKQUORUM:
        put_with_address(&spot, params->quorum);
        return;
    case SN_GROUP_METRIC_FAILOVER_TIMEOUT:
        put_with_address(&spot, (uint64_t)params->failover_timeout_ms);
        return;
    case SN_GROUP_METRIC_PARALLEL_SYNCS:
        put_with_address(&spot, params->parallel_syncs);
        return;
    case SN_GROUP_METRIC_DOWN_AFTER:
        put_with_address(&spot, (uint64_t)params->down_after_ms);
        return;
    case SN_GROUP_METRIC_CONFIG_EPOCH:
        put_with_address(&spot, figures.epoch);
        return;
    case SN_GROUP_METRIC_LAST_OK_PING:
        put_last_ping(&spot);
        return;
    case SN_GROUP_METRIC_USABLE:
        put_usable(&spot);
        return;
    case SN_GROUP_METRIC_FAILOVER:
        put_plain(&spot, figures.failover_state != NULL);
        return;
    case SN_GROUP_METRIC_PAUSE:
        put_pause(&spot);
        return;
    case SN_GROUP_METRIC_LOST_BYTES:
    case SN_GROUP_METRIC_CHOICE_AGE:
        put_loss(&spot, metric);
        return;
    case SN_GROUP_METRIC_REPLICA_UP:
    case SN_GROUP_METRIC_REPLICA_LINK:
    case SN_GROUP_METRIC_REPLICA_LAG:
        put_replicas(&spot, metric);
        return;
    case SN_GROUP_METRIC_COUNT:
        break;
    }
}
