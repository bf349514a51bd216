/* SPDX-License-Identifier: BSD-3-Clause */

/* Lost writes are rescued (DESIGN.md D21). An old master that returns is paused, and what it has
 * behind the point where the histories part is written to a file, before it is told to follow the
 * new master and throws that away. The order waits for that, but not for long: clients that still
 * know the old master wait as well. The shell fetches and writes; here is decided whether and when.
 */

#include "core/failover/rescue.h"

#include "core/facts/dial.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/loss.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/pause.h"
#include "core/facts/reason.h"
#include "core/facts/refusal.h"
#include "core/facts/unanswered.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define PAUSES_MAX 3
#define SPARE_MS   1000 /* of the pause, and of the wait, beyond the time for the rescue */

static bool has_ended(const struct sn_rescue *rescue)
{
    return rescue->stage == SN_RESCUE_OVER;
}

/* True if the rescue that was begun last is that of this switch and this process. */
static bool is_about(const struct sn_rescue *rescue, const struct sn_instance *replica)
{
    return rescue != NULL && rescue->switched_at == replica->group->loss->switched_at &&
           sn_runid_equal(&rescue->process, &replica->runid);
}

static void open_rescue(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    if (group->rescue == NULL)
        group->rescue = sn_alloc(sizeof(*group->rescue));
    *group->rescue = (struct sn_rescue){
        .switched_at = group->loss->switched_at,
        .process = replica->runid,
        .stage = SN_RESCUE_OVER,
        .begun_at = replica->core->now,
    };
}

/* PROTOCOL.md §23. */
static void send_pause(struct sn_instance *replica)
{
    struct sn_core *core = replica->core;
    struct sn_rescue *rescue = replica->group->rescue;
    struct sn_action_send send = {.order = SN_ORDER_CLIENT_PAUSE,
                                  .tag = replica->id,
                                  .duration_ms =
                                      replica->group->params.rescue_timeout_ms + SPARE_MS};
    sn_out_send(replica->cmd, &send);
    sn_unanswered_add_pause(replica);
    replica->u.data.paused_until = sn_after(core->now, send.duration_ms);
    rescue->stage = SN_RESCUE_PAUSING;
    rescue->pauses++;
    rescue->link = replica->cmd->id;
}

static void fetch(struct sn_instance *replica, bool paused)
{
    struct sn_core *core = replica->core;
    const struct sn_group *group = replica->group;
    struct sn_action_rescue *action = &sn_out_add(core, SN_ACTION_RESCUE)->u.rescue;
    action->group = group->id;
    action->name = sn_out_text(core, group->name);
    action->epoch = group->config_epoch;
    sn_dial_describe(replica->cmd, &action->to);
    action->process = replica->runid;
    action->replid = group->loss->id;
    action->parted_at = group->loss->parted_at;
    action->master_ip = sn_out_text(core, group->master->addr.ip);
    action->master_port = group->master->addr.port;
    action->paused = paused;
    action->timeout_ms = group->params.rescue_timeout_ms;
    group->rescue->stage = SN_RESCUE_FETCHING;
    group->rescue->epoch = group->config_epoch;
    group->rescue->begun_at = core->now;
}

static void raise_not_rescued(struct sn_group *group, const char *why)
{
    const struct sn_addr *old = &group->loss->old_addr;
    sn_raise_plain(group->core, group, SN_NOTICE_RESCUED_WRITES_NOT, "%s %s %u %s", group->name,
                   sn_addr_shown(old, group->core->globals.announce_hostnames), old->port, why);
}

static void tell_gone(struct sn_instance *replica)
{
    open_rescue(replica);
    replica->group->rescue->told = true;
    sn_reason_note(replica, SN_REASON_RESCUE_GONE);
    raise_not_rescued(replica->group, sn_reason_words(SN_REASON_RESCUE_GONE));
}

static void give_up_pausing(struct sn_instance *replica)
{
    struct sn_rescue *rescue = replica->group->rescue;
    rescue->stage = SN_RESCUE_OVER;
    rescue->told = true;
    sn_reason_note(replica, SN_REASON_RESCUE_FAILED);
    raise_not_rescued(replica->group, "its connection broke before it answered CLIENT PAUSE");
}

/* The shell answers in time; this is for one that does not. */
static bool takes_too_long(const struct sn_instance *replica)
{
    return replica->group->rescue->stage == SN_RESCUE_FETCHING &&
           sn_age(replica->core, replica->group->rescue->begun_at) >
               replica->group->params.rescue_timeout_ms + SPARE_MS;
}

static bool goes_on(struct sn_instance *replica)
{
    struct sn_rescue *rescue = replica->group->rescue;
    bool broke = rescue->stage == SN_RESCUE_PAUSING && rescue->link.v != replica->cmd->id.v;
    if (broke && rescue->pauses < PAUSES_MAX)
        send_pause(replica); /* the last one was not answered */
    else if (broke)
        give_up_pausing(replica);
    else if (takes_too_long(replica))
        rescue->stage = SN_RESCUE_OVER;
    if (has_ended(rescue))
        return false;
    sn_reason_note_numbers(replica, SN_REASON_FOLLOW_RESCUE,
                           sn_age(replica->core, rescue->begun_at), 0, 0);
    return true;
}

bool sn_rescue_holds(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    assert(replica->kind == SN_KIND_REPLICA);
    if (!sn_group_params_rescues(&group->params) || !sn_link_can_send(replica->cmd))
        return false;
    enum sn_loss_at loss = sn_loss_at(replica);
    if (loss == SN_LOSS_NONE)
        return false;
    if (loss == SN_LOSS_DOUBTED || loss == SN_LOSS_UNASKED) {
        struct sn_instance *untold = loss == SN_LOSS_DOUBTED ? group->master : replica;
        sn_instance_ask_info(untold);
        return !sn_link_refuses(untold->cmd, SN_ORDER_INFO);
    }
    if (is_about(group->rescue, replica))
        return goes_on(replica);
    if (loss == SN_LOSS_GONE) {
        tell_gone(replica);
        return false;
    }
    open_rescue(replica);
    send_pause(replica);
    return true;
}

sn_ms sn_rescue_patience(const struct sn_instance *replica)
{
    const struct sn_group_params *params = &replica->group->params;
    return sn_group_params_rescues(params) && sn_loss_at(replica) == SN_LOSS_HAS
               ? params->rescue_timeout_ms
               : 0;
}

/* A server that cannot pause its clients is rescued all the same; what they write until it is
 * demoted may be missing. */
void sn_rescue_paused(struct sn_instance *node, const struct sn_reply *reply)
{
    const struct sn_group *group = node->group;
    const struct sn_rescue *rescue = group->rescue;
    if (node->kind != SN_KIND_REPLICA || group->loss == NULL || !is_about(rescue, node) ||
        rescue->stage != SN_RESCUE_PAUSING)
        return;
    bool paused = reply->type != SN_REPLY_ERROR;
    if (!paused)
        sn_out_log(node->core, SN_LEVEL_WARNING,
                   "%s:%u of %s refused CLIENT PAUSE with \"%.100s\": what clients write to it "
                   "until it follows the new master may be missing in the rescued file. Grant "
                   "+client|pause and +client|unpause (Redis 6.2).",
                   node->addr.ip, node->addr.port, group->name, reply->text);
    fetch(node, paused);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void tell_failed(struct sn_group *group, const struct sn_input_rescued *rescued)
{
    struct sn_instance *replica = sn_group_find_replica(group, &group->loss->old_addr);
    if (replica != NULL)
        sn_reason_note(replica, SN_REASON_RESCUE_FAILED);
    raise_not_rescued(group, rescued->reason);
}

static void tell_outcome(struct sn_group *group, const struct sn_input_rescued *rescued)
{
    struct sn_core *core = group->core;
    const struct sn_addr *old = &group->loss->old_addr;
    sn_ms took = sn_age(core, group->rescue->begun_at);
    const char *shown = sn_addr_shown(old, core->globals.announce_hostnames);
    group->rescue->told = rescued->outcome != SN_RESCUE_LATE;
    switch (rescued->outcome) {
    case SN_RESCUE_SAVED:
        sn_raise_plain(core, group, SN_NOTICE_RESCUED_WRITES, "%s %s %u %llu %s", group->name,
                       shown, old->port, (unsigned long long)rescued->bytes, rescued->file);
        sn_out_log(core, SN_LEVEL_NOTICE,
                   "Rescued %llu writes of %s:%u, which the failover of %s has lost, in %lld ms. "
                   "Look at %s and replay what is still wanted: redis-cli --pipe < FILE.",
                   (unsigned long long)rescued->writes, old->host, old->port, group->name,
                   (long long)took, rescued->file);
        break;
    case SN_RESCUE_EMPTY:
        sn_out_log(core, SN_LEVEL_NOTICE,
                   "%s:%u of %s has no lost writes: none of its last %llu bytes is one.", old->host,
                   old->port, group->name, (unsigned long long)rescued->bytes);
        break;
    case SN_RESCUE_FAILED:
        tell_failed(group, rescued);
        break;
    case SN_RESCUE_LATE:
        sn_out_log(core, SN_LEVEL_WARNING,
                   "The rescue of the lost writes of %s:%u of %s takes longer than "
                   "rescue-timeout-milliseconds %lld: it goes on, and the server is told to follow "
                   "the new master now.",
                   old->host, old->port, group->name, (long long)group->params.rescue_timeout_ms);
        break;
    }
}

/* Another switch has come meanwhile, or the group is not monitored any more. */
static void log_outdated(struct sn_core *core, const struct sn_input_rescued *rescued)
{
    if (rescued->outcome == SN_RESCUE_SAVED)
        sn_out_log(core, SN_LEVEL_NOTICE,
                   "Rescued %llu writes that an earlier failover has lost: look at %s.",
                   (unsigned long long)rescued->writes, rescued->file);
    else if (rescued->outcome == SN_RESCUE_FAILED)
        sn_out_log(core, SN_LEVEL_WARNING,
                   "The writes that an earlier failover has lost were not rescued: %s.",
                   rescued->reason);
}

static bool is_awaited(const struct sn_group *group, const struct sn_input_rescued *rescued)
{
    const struct sn_rescue *rescue = group == NULL ? NULL : group->rescue;
    return rescue != NULL && group->loss != NULL && !rescue->told &&
           rescue->switched_at == group->loss->switched_at && rescue->epoch == rescued->epoch;
}

void sn_rescue_ended(struct sn_core *core, const struct sn_input_rescued *rescued)
{
    struct sn_group *group = sn_group_by_id(core, rescued->group);
    if (!is_awaited(group, rescued)) {
        log_outdated(core, rescued);
        return;
    }
    group->rescue->stage = SN_RESCUE_OVER;
    tell_outcome(group, rescued);
    struct sn_instance *replica = sn_group_find_replica(group, &group->loss->old_addr);
    if (replica != NULL)
        sn_instance_ask_info(replica); /* … whose answer leads to its demotion */
    sn_mark_group(group, SN_MARK_STEP);
}
