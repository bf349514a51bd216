/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/rehearse.h"

#include "core/agree/election.h"
#include "core/agree/select.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/members.h"
#include "core/facts/pause.h"
#include "core/facts/refusal.h"
#include "core/model/state.h"

#include <utlist.h>

/* PROTOCOL.md §4.10. */
static struct sn_why refusal_of_order(const struct sn_group *group,
                                      const struct sn_instance *chosen, const struct sn_why *unfit)
{
    if (group->failover.state != SN_FAILOVER_NONE)
        return (struct sn_why){SN_REASON_IN_PROGRESS, {(int64_t)group->failover.epoch}};
    if (!sn_election_possible(group))
        return (struct sn_why){.reason = SN_REASON_NO_EPOCH};
    if (chosen == NULL && unfit->reason != SN_REASON_NONE)
        return *unfit;
    if (chosen == NULL)
        return (struct sn_why){SN_REASON_NO_REPLICA, {(int64_t)group->replica_count}};
    return (struct sn_why){.reason = SN_REASON_NONE};
}

static void rehearse_drain(const struct sn_group *group, enum sn_failover_mode mode,
                           struct sn_rehearsal *out)
{
    const struct sn_instance *master = group->master;
    if (mode == SN_MODE_FORCED)
        return;
    if (master->s_down || !sn_link_can_send(master->cmd)) {
        out->undrained.reason = SN_REASON_DRAIN_NO_ANSWER;
        return;
    }
    if (sn_link_refuses(master->cmd, SN_ORDER_TRY_PAUSE))
        out->undrained.reason = SN_REASON_DRAIN_REFUSED;
    out->drains = out->undrained.reason == SN_REASON_NONE;
    out->pause_longest_ms = sn_pause_longest_ms(group);
}

static void rehearse_lag(const struct sn_group *group, sn_ms now, struct sn_rehearsal *out)
{
    const struct sn_data *master = &group->master->u.data, *replica = &out->chosen->u.data;
    sn_ms trip = sn_max(group->master->cmd->trip_ms, out->chosen->cmd->trip_ms);
    out->round_trip_ms = trip;
    if (master->info_at == SN_MS_NEVER || replica->info_at == SN_MS_NEVER ||
        (master->master_offset == 0 && master->set.replid.hex[0] == '\0'))
        return;
    out->behind_known = true;
    if (master->master_offset > replica->repl_offset)
        out->behind_bytes = master->master_offset - replica->repl_offset;
    out->behind_age_ms =
        now - (master->info_at < replica->info_at ? master->info_at : replica->info_at);
}

void sn_rehearse(const struct sn_group *group, const struct sn_addr *wanted,
                 enum sn_failover_mode mode, sn_ms now, struct sn_rehearsal *out)
{
    struct sn_why unfit;
    *out = (struct sn_rehearsal){.round_trip_ms = -1,
                                 .needed = sn_group_votes_needed(group),
                                 .needs_votes = mode == SN_MODE_COORDINATED,
                                 .followers = group->replica_count};
    sn_group_quorum(group, &out->usable, &out->voters);
    out->chosen = sn_select_would(group, wanted, mode, &unfit);
    out->refusal = refusal_of_order(group, out->chosen, &unfit);
    rehearse_drain(group, mode, out);
    if (out->chosen != NULL)
        rehearse_lag(group, now, out);
}

struct sn_why sn_rehearse_replica(const struct sn_group *group, const struct sn_instance *replica,
                                  enum sn_failover_mode mode)
{
    return sn_select_refusal_in(group, replica, mode);
}
