/* SPDX-License-Identifier: BSD-3-Clause */

/* The only place where the failover state changes (PROTOCOL.md §15), and the two ways to end an
 * attempt early. */

#include "core/facts/attempt.h"

#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/facts/pause.h"
#include "core/facts/reason.h"
#include "core/facts/turn.h"
#include "core/tell/raise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define STATE(state) (1U << (unsigned)(state))

static const unsigned legal_next[] = {
    [SN_FAILOVER_NONE] = STATE(SN_FAILOVER_WAIT_START) | STATE(SN_FAILOVER_RECONF),
    [SN_FAILOVER_WAIT_START] = STATE(SN_FAILOVER_NONE) | STATE(SN_FAILOVER_SELECT),
    [SN_FAILOVER_SELECT] = STATE(SN_FAILOVER_NONE) | STATE(SN_FAILOVER_SEND_PROMOTION),
    [SN_FAILOVER_SEND_PROMOTION] =
        STATE(SN_FAILOVER_NONE) | STATE(SN_FAILOVER_SELECT) | STATE(SN_FAILOVER_WAIT_PROMOTION),
    [SN_FAILOVER_WAIT_PROMOTION] = STATE(SN_FAILOVER_NONE) | STATE(SN_FAILOVER_SELECT),
    [SN_FAILOVER_RECONF] = STATE(SN_FAILOVER_NONE),
};

void sn_attempt_enter(struct sn_group *group, enum sn_failover_state state)
{
    struct sn_failover *failover = &group->failover;
    assert((legal_next[failover->state] & STATE(state)) != 0);
    failover->state = state;
    failover->state_at = group->core->now;
    if (state == SN_FAILOVER_NONE)
        sn_timer_stop(&group->core->timers, &group->timeout);
}

void sn_attempt_set_reconf(struct sn_instance *replica, enum sn_reconf reconf)
{
    static const unsigned legal[] = {
        [SN_RECONF_NONE] = STATE(SN_RECONF_SENT) | STATE(SN_RECONF_DONE),
        [SN_RECONF_SENT] = STATE(SN_RECONF_NONE) | STATE(SN_RECONF_INPROG) | STATE(SN_RECONF_DONE),
        [SN_RECONF_INPROG] = STATE(SN_RECONF_DONE),
        [SN_RECONF_DONE] = 0,
    };
    struct sn_data *data = &replica->u.data;
    assert(replica->group->failover.state == SN_FAILOVER_RECONF);
    assert((legal[data->reconf] & STATE(reconf)) != 0);
    data->reconf = reconf;
    data->reconf_at = replica->core->now;
    sn_instance_plan_info(replica);
}

/* PROTOCOL.md §4.2. */
const char *sn_attempt_state_name(enum sn_failover_state state)
{
    switch (state) {
    case SN_FAILOVER_NONE:
        return "none";
    case SN_FAILOVER_WAIT_START:
        return "wait_start";
    case SN_FAILOVER_SELECT:
        return "select_slave";
    case SN_FAILOVER_SEND_PROMOTION:
        return "send_slaveof_noone";
    case SN_FAILOVER_WAIT_PROMOTION:
        return "wait_promotion";
    case SN_FAILOVER_RECONF:
        return "reconf_slaves";
    }
    return "unknown";
}

/* PROTOCOL.md §15.9. */
void sn_attempt_clear(struct sn_group *group)
{
    struct sn_failover *failover = &group->failover;
    struct sn_instance *replica;
    if (failover->state == SN_FAILOVER_NONE)
        return;
    DL_FOREACH(group->replicas, replica) {
        replica->u.data.promoted = false;
        replica->u.data.reconf = SN_RECONF_NONE;
        replica->u.data.refused_epoch = 0;
    }
    sn_attempt_enter(group, SN_FAILOVER_NONE);
    free(failover->wanted);
    free(failover->old_addr);
    memset(failover, 0, sizeof(*failover));
}

/* PROTOCOL.md §15.9. */
void sn_attempt_abort(struct sn_group *group, enum sn_notice notice, const struct sn_why *why,
                      sn_ms retry_at)
{
    assert(group->failover.state != SN_FAILOVER_NONE &&
           group->failover.state != SN_FAILOVER_RECONF);
    sn_reason_note_why(group->master, why);
    sn_raise(group->master, notice, NULL);
    sn_pause_end(group->master);
    sn_attempt_clear(group);
    sn_turn_retry(group, retry_at);
    sn_mark_group(group, SN_MARK_PLAN);
}
