/* SPDX-License-Identifier: BSD-3-Clause */

/* Failure detection: S_DOWN of masters, replicas and peers, exact to the millisecond (DESIGN.md
 * D1). Nothing is scanned: a changed fact marks the instance, which is judged before the step ends;
 * a timer is armed for the instant at which the present facts would make it S_DOWN. */

#include "core/watch/detect.h"

#include "core/facts/instance.h"

#include "core/facts/alias.h"
#include "core/tell/raise.h"
#include "core/watch/evidence.h"

/* Returns when the present facts make (or made) instance S_DOWN; NEVER if they do not (PROTOCOL.md
 * §13.2). */
static sn_ms down_since(const struct sn_instance *instance)
{
    const struct sn_core *core = instance->core;
    const struct sn_group_params *params = &instance->group->params;
    const struct sn_data *data = &instance->u.data;
    sn_ms at = sn_after(instance->cmd->silence_at, params->down_after_ms);
    if (instance->kind != SN_KIND_MASTER)
        return at;
    if (data->role_reported == SN_ROLE_REPLICA) {
        sn_ms patience = params->down_after_ms + 2 * core->timings[SN_TIMING_INFO_PERIOD];
        at = sn_min(at, sn_after(data->role_reported_at, patience));
    }
    /* The master was replaced under another name, by a replica that is a master now. */
    const struct sn_instance *moved_to = sn_alias_moved_to(instance->group);
    if (moved_to != NULL && moved_to->u.data.role_reported == SN_ROLE_MASTER)
        at = sn_min(at, core->now);
    at = sn_min(at, sn_evidence_down_at(instance));
    if (data->rebooting && params->reboot_down_after_ms > 0)
        at = sn_min(at, sn_after(data->reboot_at, params->reboot_down_after_ms));
    return at;
}

bool sn_detect_is_down(const struct sn_instance *instance)
{
    return instance->core->now >= down_since(instance);
}

bool sn_detect_judge(struct sn_instance *instance)
{
    struct sn_core *core = instance->core;
    sn_ms at = down_since(instance);
    bool down = core->now >= at;
    sn_timer_set(&core->timers, &instance->down, down ? SN_MS_NEVER : at);
    if (instance->kind == SN_KIND_MASTER && sn_evidence_down_at(instance) <= core->now)
        sn_evidence_believed(instance);
    if (down == instance->s_down)
        return false;
    sn_instance_set_down(instance, down);
    sn_raise(instance, down ? SN_NOTICE_SDOWN : SN_NOTICE_SDOWN_END, NULL);
    return true;
}
