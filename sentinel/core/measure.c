/* SPDX-License-Identifier: BSD-3-Clause */

/* Figures for those that show how things are: metrics, health checks. Read-only. view.c has the
 * same as the text of the SENTINEL commands. */

#include "core/facts/attempt.h"
#include "core/facts/foreign.h"
#include "core/facts/instance.h"
#include "core/view.h"

#include <utlist.h>

static sn_ms age(sn_ms now, sn_ms at)
{
    return at == SN_MS_NEVER ? -1 : now - at;
}

/* Bytes that the replica lacks, by the last INFO of both servers. */
static void measure_lag(const struct sn_instance *replica, struct sn_member_figures *figures)
{
    const struct sn_data *master = &replica->group->master->u.data;
    const struct sn_data *data = &replica->u.data;

    figures->lag_known = master->info_at != SN_MS_NEVER && data->info_at != SN_MS_NEVER &&
                         master->role_reported == SN_ROLE_MASTER && data->link_up;
    if (figures->lag_known && master->master_offset > data->repl_offset)
        figures->lag = master->master_offset - data->repl_offset;
}

static void measure_data(const struct sn_instance *instance, sn_ms now,
                         struct sn_member_figures *figures)
{
    const struct sn_data *data = &instance->u.data;

    figures->connected &= !instance->sub->deaf;
    figures->info_age_ms = age(now, data->info_at);
    figures->says_master = data->role_reported == SN_ROLE_MASTER;
    figures->claimed = sn_foreign_claimed(instance);
    if (instance->kind != SN_KIND_REPLICA)
        return;
    figures->link_up = data->link_up;
    figures->link_down_ms = data->link_up ? -1 : data->link_down_ms;
    figures->priority = data->priority;
    figures->announced = data->announced;
    measure_lag(instance, figures);
}

void sn_measure_member(const struct sn_instance *instance, sn_ms now,
                       struct sn_member_figures *figures)
{
    *figures = (struct sn_member_figures){.is_master = instance->kind == SN_KIND_MASTER,
                                          .is_replica = instance->kind == SN_KIND_REPLICA,
                                          .is_down = instance->s_down,
                                          .down_ms = -1,
                                          .connected = sn_instance_connected(instance),
                                          .last_ok_ping_ms = now - instance->cmd->last_avail_at,
                                          .info_age_ms = -1,
                                          .link_down_ms = -1,
                                          .hello_age_ms = -1};
    if (instance->s_down)
        figures->down_ms = age(now, instance->s_down_at);
    if (sn_is_data(instance)) {
        measure_data(instance, now, figures);
        return;
    }
    figures->hello_age_ms = age(now, instance->u.peer.hello_heard_at);
    figures->master_down = instance->u.peer.master_down;
}

static size_t count_ok(const struct sn_instance *members)
{
    const struct sn_instance *member;
    size_t count = 0;

    DL_FOREACH(members, member)
        count += !member->s_down;
    return count;
}

void sn_measure_group(const struct sn_group *group, sn_ms now, struct sn_group_figures *figures)
{
    const struct sn_failover *failover = &group->failover;

    *figures = (struct sn_group_figures){.is_odown = group->o_down,
                                         .odown_ms = -1,
                                         .epoch = group->config_epoch,
                                         .failover_ms = -1,
                                         .leader = &group->leader,
                                         .leader_epoch = group->leader_epoch,
                                         .ok_replicas = count_ok(group->replicas),
                                         .ok_peers = count_ok(group->peers)};
    if (group->o_down)
        figures->odown_ms = age(now, group->o_down_at);
    if (failover->state == SN_FAILOVER_NONE)
        return;
    figures->failover_state = sn_attempt_state_name(failover->state);
    figures->failover_ms = age(now, failover->started_at);
}

void sn_measure_loss(const struct sn_group *group, sn_ms now, struct sn_loss_figures *figures)
{
    const struct sn_loss *loss = group->loss;

    *figures =
        (struct sn_loss_figures){.switch_age_ms = -1, .offset_age_ms = -1, .choice_age_ms = -1};
    if (loss == NULL)
        return;
    figures->old_master = &loss->old_addr;
    figures->switch_age_ms = now - loss->switched_at;
    figures->known = loss->known;
    figures->exact = loss->exact;
    figures->bytes = loss->bytes;
    figures->choice_age_ms = loss->choice_age_ms;
    if (loss->offset_at != SN_MS_NEVER)
        figures->offset_age_ms = loss->switched_at - loss->offset_at;
}

static void count_link(const struct sn_link *link, struct sn_link_figures *figures)
{
    switch (link->state) {
    case SN_LINK_IDLE:
        figures->idle[link->kind]++;
        break;
    case SN_LINK_CONNECTING:
        figures->connecting[link->kind]++;
        break;
    case SN_LINK_UP:
        figures->up[link->kind]++;
        break;
    }
}

static void count_both(const struct sn_instance *instance, struct sn_link_figures *figures)
{
    count_link(instance->cmd, figures);
    count_link(instance->sub, figures);
}

void sn_measure_links(const struct sn_core *core, struct sn_link_figures *figures)
{
    const struct sn_group *group;
    const struct sn_instance *replica;
    const struct sn_peer_link *peer;

    *figures = (struct sn_link_figures){0};
    for (group = sn_core_group_first(core); group != NULL; group = sn_group_next(group)) {
        count_both(group->master, figures);
        DL_FOREACH(group->replicas, replica)
            count_both(replica, figures);
    }
    for (peer = core->peer_links; peer != NULL; peer = peer->hh.next)
        count_link(peer->link, figures);
}

bool sn_measure_is_at(const struct sn_instance *instance, const struct sn_addr *addr)
{
    return sn_addr_equal(&instance->addr, addr);
}

/* Ids rise in the order of the groups. */
const struct sn_group *sn_measure_next_group(const struct sn_core *core, uint64_t *id)
{
    const struct sn_group *group = NULL;

    if (*id != 0)
        HASH_FIND(hh_id, core->groups_by_id, id, sizeof(*id), group);
    if (group != NULL) {
        group = sn_group_next(group);
    } else {
        group = sn_core_group_first(core);
        while (group != NULL && group->id <= *id)
            group = sn_group_next(group);
    }
    if (group != NULL)
        *id = group->id;
    return group;
}
