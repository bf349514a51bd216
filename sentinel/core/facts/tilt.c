/* SPDX-License-Identifier: BSD-3-Clause */

/* TILT: after a stall of this process, the recorded silence of others proves nothing. Stock then
 * does nothing for 30 seconds. Here every silence restarts from now, and TILT ends as soon as every
 * instance that was up has answered a new PING or has had down-after to do so, at the latest after
 * the tilt period (DESIGN.md D3). */

#include "core/facts/tilt.h"
#include "core/facts/mark.h"
#include "core/facts/reason.h"
#include "core/facts/silence.h"
#include "core/tell/raise.h"

#include <utlist.h>

void sn_tilt_plan_heartbeat(struct sn_core *core)
{
    sn_ms pause = sn_max(1, core->timings[SN_TIMING_TILT_TRIGGER] / 4);
    sn_timer_set(&core->timers, &core->heartbeat, sn_after(core->now, pause));
}

/* Every silence restarts, and what was refused may be there again by now. Another stall starts TILT
 * again; without groups it ends, too (PROTOCOL.md §18, §24.2). */
static void enter(struct sn_core *core)
{
    struct sn_instance *instance, *next;
    sn_ms longest = 0;
    core->tilt = true;
    core->tilt_at = core->now;
    core->tilt_count++;
    core->tilt_waiting = 0;
    sn_raise_plain(core, NULL, SN_NOTICE_TILT, "#tilt mode entered");
    HASH_ITER(hh_id, core->instances, instance, next) {
        instance->cmd->tilt_wait = false;
        sn_silence_stalled(instance->cmd);
        if (sn_is_data(instance))
            sn_silence_stalled(instance->sub);
    }
    HASH_ITER(hh_id, core->instances, instance, next) {
        struct sn_link *link = instance->cmd;
        if (instance->kind == SN_KIND_MASTER &&
            (instance->s_down || instance->group->failover.state != SN_FAILOVER_NONE))
            sn_reason_note(instance, SN_REASON_TILT); /* an operation is in progress */
        if (instance->s_down || link->tilt_wait)
            continue;
        link->tilt_wait = true;
        core->tilt_waiting++;
        longest = sn_max(longest, instance->group->params.down_after_ms);
        sn_timer_set(&core->timers, &link->ping, core->now);
    }
    longest = sn_min(longest, core->timings[SN_TIMING_TILT_PERIOD]);
    sn_timer_set(&core->timers, &core->tilt_end, sn_after(core->now, longest));
}

/* TILT begins after a stall of this process that exceeds the trigger (PROTOCOL.md §18). */
void sn_tilt_check(struct sn_core *core, sn_ms last_now)
{
    if (core->now - last_now > core->timings[SN_TIMING_TILT_TRIGGER])
        enter(core);
}

static void stop_waiting(struct sn_link *link)
{
    struct sn_core *core = link->core;
    link->tilt_wait = false;
    if (--core->tilt_waiting == 0)
        sn_timer_set(&core->timers, &core->tilt_end, core->now);
}

/* TILT ends once all instances that were up have answered again, after down-after or the tilt
 * period at the latest (PROTOCOL.md §18). */
void sn_tilt_link_answered(struct sn_link *link)
{
    if (!link->core->tilt || !link->tilt_wait)
        return;
    if (link->ping_sent_at < link->core->tilt_at)
        sn_timer_set(&link->core->timers, &link->ping,
                     link->core->now); /* that answer is from before the stall and proves nothing */
    else
        stop_waiting(link);
}

void sn_tilt_link_gone(struct sn_link *link)
{
    if (link->core->tilt && link->tilt_wait)
        stop_waiting(link);
}

/* Operations in progress resume when TILT ends, and are judged at once (PROTOCOL.md §18). */
void sn_tilt_leave(struct sn_core *core)
{
    struct sn_group *group, *next_group;
    struct sn_instance *instance, *next;
    if (!core->tilt)
        return;
    core->tilt = false;
    sn_timer_stop(&core->timers, &core->tilt_end);
    sn_raise_plain(core, NULL, SN_NOTICE_TILT_END, "#tilt mode exited");
    HASH_ITER(hh_id, core->instances, instance, next) {
        instance->cmd->tilt_wait = false;
        sn_mark_instance(instance);
    }
    core->tilt_waiting = 0;
    HASH_ITER(hh, core->groups, group, next_group) {
        DL_FOREACH(group->peers, instance)
            sn_timer_set(&core->timers, &instance->u.peer.ask, core->now);
        sn_mark_group(group, SN_MARK_ALL);
    }
}
