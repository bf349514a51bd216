/* SPDX-License-Identifier: BSD-3-Clause */

/* What SENTINEL DOCTOR rests on beyond view.h and explain.h. Nothing is judged here. */

#include "core/examine.h"

#include "core/facts/gap.h"
#include "core/model/group.h"

void sn_examine_peer(const struct sn_instance *peer, sn_ms now,
                     struct sn_peer_differences *differences)
{
    const struct sn_peer *facts = &peer->u.peer;
    *differences = (struct sn_peer_differences){.settings = facts->settings_told,
                                                .settings_age_ms = now - facts->settings_asked_at,
                                                .other_master = facts->other_master_told};
}

void sn_examine_pace(const struct sn_group *group, struct sn_pace_figures *figures)
{
    *figures = (struct sn_pace_figures){.trip_ms = group->master->cmd->trip_ms,
                                        .longest_gap_ms = sn_gap_longest_ms(group)};
}

sn_ms sn_examine_info_trip_ms(const struct sn_instance *server)
{
    const struct sn_data *data = &server->u.data;
    bool is_known = data->info_at != SN_MS_NEVER && data->info_asked_at != SN_MS_NEVER;
    return is_known ? data->info_at - data->info_asked_at : 0;
}

const char *sn_examine_ip(const struct sn_instance *member)
{
    return member->addr.ip;
}

const char *sn_examine_own_ip(const struct sn_instance *member)
{
    return member->cmd->local_ip == NULL ? "" : member->cmd->local_ip;
}
