/* SPDX-License-Identifier: BSD-3-Clause */

/* The core's interface: takes one input and returns the resulting actions. This file only
 * dispatches inputs and due timers to the modules that decide:
 *
 *   link       connections, PING          detect, tilt   S_DOWN, own stalls
 *   discover   INFO                       agree          O_DOWN, questions to peers
 *   hello      peers, epochs, adoption    election       votes given and counted
 *   command    operators and clients      failover       choose (select), promote, switch
 *   persist    what must be durable first reconf, repair replicas that follow the wrong master */

#include "core/agree/agree.h"
#include "core/agree/election.h"
#include "core/command.h"
#include "core/facts/epoch.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/pause.h"
#include "core/facts/persist.h"
#include "core/facts/refusal.h"
#include "core/facts/tilt.h"
#include "core/facts/truce.h"
#include "core/facts/unanswered.h"
#include "core/facts/window.h"
#include "core/failover/drain.h"
#include "core/failover/failover.h"
#include "core/failover/reconf.h"
#include "core/failover/repair.h"
#include "core/failover/rescue.h"
#include "core/failover/restore.h"
#include "core/settle.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/tell/script.h"
#include "core/tell/told.h"
#include "core/watch/confirm.h"
#include "core/watch/discover.h"
#include "core/watch/evidence.h"
#include "core/watch/hello.h"
#include "core/watch/peer.h"
#include "core/watch/probe.h"
#include "core/watch/publish.h"
#include "core/watch/resolve.h"
#include "core/watch/rights.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define TIMERS_PER_STEP_MAX 1000000

/* CLIENT SETNAME takes printable ASCII only; an id may have other bytes. */
static void make_names(struct sn_core *core)
{
    char id[] = "????????";
    for (size_t i = 0; i < sizeof(id) - 1; i++) {
        if (core->myid.hex[i] > ' ' && core->myid.hex[i] <= '~')
            id[i] = core->myid.hex[i];
    }
    (void)snprintf(core->cmd_name, sizeof(core->cmd_name), "sentinel-%s-cmd", id);
    (void)snprintf(core->sub_name, sizeof(core->sub_name), "sentinel-%s-pubsub", id);
}

struct sn_core *sn_core_new(const struct sn_image *image, uint64_t seed, sn_ms now)
{
    struct sn_core *core = sn_alloc(sizeof(*core));
    core->now = now;
    sn_prng_init(&core->prng, seed);
    sn_timers_init(&core->timers);
    sn_timer_init(&core->tilt_end, SN_TIMER_TILT, core);
    sn_timer_init(&core->heartbeat, SN_TIMER_HEARTBEAT, core);
    sn_timer_init(&core->save, SN_TIMER_SAVE, core);
    for (size_t i = 0; i < SN_TIMING_COUNT; i++)
        core->timings[i] = sn_timing_default((enum sn_timing)i);
    core->myid = image->myid;
    if (core->myid.hex[0] == '\0') {
        sn_prng_runid(&core->prng, &core->myid);
        core->myid_made = true;
    }
    make_names(core);
    sn_globals_copy(&image->globals, &core->globals);
    core->current_epoch = image->current_epoch;
    for (size_t i = 0; i < image->group_count; i++) {
        const struct sn_group_image *group = &image->groups[i];
        if (group->config_epoch > core->current_epoch)
            core->current_epoch = group->config_epoch;
        if (group->leader_epoch > core->current_epoch)
            core->current_epoch = group->leader_epoch;
        struct sn_group *made = sn_group_new(core, group);
        if (group->pause != NULL)
            sn_truce_load(made, group->pause, image->wall_ms);
    }
    sn_epoch_init(core);
    core->durable_epoch = core->epoch_of_version = core->current_epoch;
    return core;
}

void sn_core_free(struct sn_core *core)
{
    struct sn_group *group, *next_group;
    if (core == NULL)
        return;
    HASH_ITER(hh, core->groups, group, next_group)
        sn_group_free(group);
    sn_script_fini(core);
    sn_persist_fini(core);
    sn_told_fini(core);
    sn_probe_fini(core);
    sn_timer_stop(&core->timers, &core->tilt_end);
    sn_timer_stop(&core->timers, &core->heartbeat);
    sn_timer_stop(&core->timers, &core->save);
    sn_timers_fini(&core->timers);
    sn_idmap_fini(&core->links);
    sn_out_fini(&core->out);
    sn_globals_fini(&core->globals);
    free(core);
}

/* Each group is announced at the start (PROTOCOL.md §21.1). */
static void start(struct sn_core *core)
{
    struct sn_group *group, *next;
    if (core->myid_made) {
        sn_persist_changed(core, SN_RECORD_IDENTITY);
    }
    sn_tilt_plan_heartbeat(core);
    HASH_ITER(hh, core->groups, group, next) {
        sn_raise(group->master, SN_NOTICE_MONITOR, "quorum %u", group->params.quorum);
        sn_truce_announce(group);
    }
}

/* The probe has found which sentinel is at the address. */
static void judge_claim(struct sn_core *core, const struct sn_claim *claim)
{
    struct sn_group *group = sn_group_by_id(core, claim->group);
    if (group != NULL)
        (void)sn_peer_meet(group, &claim->runid, &claim->addr);
}

static void run_timer(struct sn_core *core, const struct sn_timer *timer)
{
    struct sn_claim claim;
    switch ((enum sn_timer_kind)timer->kind) {
    case SN_TIMER_LINK_RETRY:
        sn_evidence_timed_out(timer->owner);
        sn_link_retry(timer->owner);
        break;
    case SN_TIMER_LINK_PING:
        sn_link_ping(timer->owner);
        break;
    case SN_TIMER_LINK_STALE:
        sn_link_stale(timer->owner);
        break;
    case SN_TIMER_DOWN:
        sn_mark_instance(timer->owner);
        break;
    case SN_TIMER_INFO:
        sn_instance_info_due(timer->owner);
        break;
    case SN_TIMER_HELLO:
        sn_publish_due(timer->owner);
        break;
    case SN_TIMER_ASK:
        sn_agree_ask_due(timer->owner);
        break;
    case SN_TIMER_ANSWER_OLD:
        sn_agree_answer_old(timer->owner);
        break;
    case SN_TIMER_ELECTION:
        sn_election_due(timer->owner);
        break;
    case SN_TIMER_FAILOVER:
        sn_mark_group(timer->owner, SN_MARK_STEP);
        break;
    case SN_TIMER_HEARTBEAT:
        sn_tilt_plan_heartbeat(core);
        break;
    case SN_TIMER_TILT:
        sn_tilt_leave(core);
        break;
    case SN_TIMER_PROBE:
        sn_probe_due(timer->owner, &claim);
        judge_claim(core, &claim);
        break;
    case SN_TIMER_CONFIRM:
        sn_confirm_due(timer->owner);
        break;
    case SN_TIMER_SAVE:
        sn_persist_retry(core);
        break;
    case SN_TIMER_TRUCE:
        sn_truce_due(timer->owner);
        break;
    case SN_TIMER_JOB:
        sn_script_due(timer->owner);
        break;
    case SN_TIMER_NONE:
        break;
    }
}

/* A timer that re-arms itself for now would spin here for ever; the cap turns that into a slow core
 * instead of a dead one. */
static void run_timers(struct sn_core *core)
{
    const struct sn_timer *timer;
    for (size_t i = 0; i < TIMERS_PER_STEP_MAX; i++) {
        timer = sn_timers_pop(&core->timers, core->now);
        if (timer == NULL)
            return;
        run_timer(core, timer);
        sn_settle(core);
    }
}

/* Sends the first commands of the link's owners on a new connection (PROTOCOL.md §13.5, §15.6). */
static void greet(struct sn_link *link)
{
    struct sn_core *core = link->core;
    struct sn_instance *owner;
    if (link->kind == SN_LINK_PEER) {
        sn_peer_identify(link);
        sn_rights_try_ask(link);
    }
    LL_FOREACH2(link->owners, owner, owner_next) {
        sn_timer_set(&core->timers, &owner->hello, core->now);
        if (sn_is_data(owner)) {
            if (owner->group->failover.state == SN_FAILOVER_NONE && sn_pause_is_on(owner))
                sn_pause_end(owner); /* the pause of a drain that a RESET has ended */
            sn_instance_ask_info(owner);
            sn_rights_try(link);
            sn_link_open(owner->sub);
        } else if (owner->group->master->s_down) {
            sn_timer_set(&core->timers, &owner->u.peer.ask, core->now);
            sn_mark_group(owner->group, SN_MARK_VOTER);
        }
        if (owner->kind == SN_KIND_REPLICA)
            sn_mark_group(owner->group, SN_MARK_STEP);
    }
}

static void take_pong(struct sn_link *link, const struct sn_reply *reply)
{
    sn_link_on_pong(link, reply);
    if (link->kind == SN_LINK_PEER)
        sn_rights_try_ask_again(link);
}

/* Performs what has waited for the disk. */
static void take_persisted(struct sn_core *core, const struct sn_input_persisted *persisted)
{
    struct sn_deferred item;
    sn_persist_done(core, persisted);
    while (sn_persist_take(core, persisted, &item)) {
        struct sn_group *group = sn_group_by_id(core, item.group);
        if (group == NULL)
            continue;
        if (item.kind == SN_DEFERRED_SWITCH)
            sn_failover_switch_durable(group, item.epoch);
        else if (persisted->ok)
            sn_election_collect(group, item.epoch);
        else
            sn_election_unsaved(group, item.epoch);
    }
}

static void take_link_event(struct sn_core *core, const struct sn_input *input)
{
    struct sn_link *link = sn_link_find(core, input->u.link.link);
    if (link == NULL) {
        struct sn_claim claim;
        if (sn_probe_link_event(core, input, &claim)) /* or about a connection that is over */
            judge_claim(core, &claim);
        return;
    }
    if (input->kind == SN_INPUT_LINK_UP) {
        sn_link_on_up(link, input->u.link.local_ip);
        sn_evidence_over(link);
        if (link->kind != SN_LINK_SUBSCRIBE)
            greet(link);
    } else if (input->kind == SN_INPUT_LINK_DOWN) {
        bool reached = link->reached;
        sn_link_on_down(link, &input->u.link);
        sn_evidence_link_down(link, input->u.link.end, reached);
    } else if (input->kind == SN_INPUT_LINK_PROTOCOL)
        sn_link_on_protocol(link, input->u.link.resp3);
    else if (input->kind == SN_INPUT_LINK_NOTE)
        sn_link_refused_opening(link, input->u.link.reason);
    else if (input->kind == SN_INPUT_LINK_READY)
        link->deaf = false;
    else if (input->kind == SN_INPUT_LINK_REACHED) {
        link->reached = true;
        sn_evidence_over(link);
    } else
        sn_link_on_traffic(link);
}

/* For commands whose answer only shows whether they are refused. */
static void note_refusal(struct sn_link *link, const struct sn_input_reply *input)
{
    if (input->reply->type == SN_REPLY_ERROR)
        sn_link_refused(link, input->order, input->reply->text);
    else
        sn_link_accepted(link, input->order);
}

/* Which sentinel answers on a link to a peer is known: it can be asked what waits. The link may be
 * gone by then. */
static void take_identity(struct sn_link *link, const struct sn_reply *reply)
{
    struct sn_core *core = link->core;
    struct sn_link_id id = link->id;
    sn_peer_identified(link, reply);
    link = sn_link_find(core, id);
    if (link != NULL)
        sn_confirm_link_ready(link);
}

/* Handles replies that concern the link rather than one of its owners. */
static bool take_link_reply(struct sn_link *link, const struct sn_input_reply *input)
{
    if (input->order == SN_ORDER_PING)
        take_pong(link, input->reply);
    else if (input->order == SN_ORDER_MYID)
        take_identity(link, input->reply);
    else
        return input->order == SN_ORDER_TRY_ASK;
    return true;
}

static void use_info_of_master(struct sn_group *group)
{
    if (group->failover.state == SN_FAILOVER_RECONF)
        sn_mark_group(group, SN_MARK_STEP);
    else if (group->failover.state == SN_FAILOVER_NONE && sn_restore_is_wanted(group))
        sn_restore_master(group);
}

/* Applies INFO to operations in progress, after its consequences for the facts have settled
 * (PROTOCOL.md §12). */
static void use_info(struct sn_instance *instance, const struct sn_info *info)
{
    const struct sn_group *group = instance->group;
    sn_drain_info(instance, info);
    if (instance->kind == SN_KIND_MASTER)
        use_info_of_master(instance->group);
    else if (instance->u.data.promoted)
        sn_failover_promoted_info(instance, info->role);
    else if (group->failover.state == SN_FAILOVER_RECONF)
        sn_reconf_info(instance);
    else if (group->failover.state == SN_FAILOVER_SELECT)
        sn_mark_group(instance->group, SN_MARK_STEP);
    else
        sn_repair_replica(instance);
}

/* Outside of TILT, INFO confirms promotions, moves reconfigurations on and starts repairs
 * (PROTOCOL.md §12, §18). */
static void take_info(struct sn_instance *instance, const struct sn_input_reply *input)
{
    struct sn_core *core = instance->core;
    bool read = sn_discover_info(instance, input->reply, input->info);
    if (read && instance->kind == SN_KIND_REPLICA)
        sn_confirm_server_told(instance);
    sn_settle(core);
    if (read && !core->tilt)
        use_info(instance, input->info);
    sn_instance_plan_info(instance);
}

/* Who waits for room on link sends now. */
static void give_room(struct sn_link *link)
{
    struct sn_instance *peer;
    while ((peer = sn_window_next_to_ask(link)) != NULL)
        sn_agree_ask(peer);
    while ((peer = sn_window_next_to_publish(link)) != NULL)
        sn_publish_due(peer);
}

static void take_reply(struct sn_core *core, const struct sn_input_reply *input)
{
    struct sn_link *link = sn_link_find(core, input->link);
    struct sn_instance *instance = sn_instance_find(core, input->tag);
    if (link == NULL) {
        struct sn_claim claim;
        if (sn_probe_reply(core, input, &claim))
            judge_claim(core, &claim);
        return;
    }
    if (link->pending > 0)
        link->pending--;
    give_room(link);
    if (input->order == SN_ORDER_ASK || input->order == SN_ORDER_TRY_ASK)
        sn_link_ask_answered(link, input->reply);
    if (take_link_reply(link, input) || instance == NULL)
        return; /* done, or forgotten meanwhile */
    switch (input->order) {
    case SN_ORDER_INFO:
        take_info(instance, input);
        break;
    case SN_ORDER_PUBLISH:
        sn_publish_answered(instance, input->reply->type != SN_REPLY_ERROR);
        note_refusal(link, input);
        break;
    case SN_ORDER_ASK:
        sn_agree_answer(instance, input->reply);
        break;
    case SN_ORDER_PROMOTE:
        if (instance->kind == SN_KIND_MASTER)
            sn_restore_reply(instance, input);
        else
            sn_failover_promote_reply(instance, input);
        break;
    case SN_ORDER_FOLLOW:
        sn_reconf_reply(instance, input);
        break;
    case SN_ORDER_CLIENT_PAUSE:
        sn_drain_pause_reply(instance, input->reply);
        sn_rescue_paused(instance, input->reply);
        break;
    case SN_ORDER_SCRIPT_KILL:
        note_refusal(link, input);
        break;
    case SN_ORDER_CLIENT_UNPAUSE:
        sn_drain_unpause_reply(instance, input->reply);
        break;
    case SN_ORDER_TRY_FOLLOW:
    case SN_ORDER_TRY_KILL:
    case SN_ORDER_TRY_EXEC:
    case SN_ORDER_TRY_TRANSACTION:
    case SN_ORDER_TRY_PAUSE:
    case SN_ORDER_TRY_UNPAUSE:
        sn_rights_answered(link, input);
        break;
    case SN_ORDER_SETTINGS:
        sn_peer_compare_settings(instance, input->reply);
        sn_peer_settings_answered(instance);
        if (sn_peer_speaks(instance))
            sn_truce_told(instance, input->reply);
        break;
    case SN_ORDER_CONFIG:
        sn_confirm_epoch_told(instance, input->reply);
        break;
    case SN_ORDER_WHERE:
        sn_confirm_master_told(instance, input->reply);
        break;
    case SN_ORDER_PING:
    case SN_ORDER_MYID:
    case SN_ORDER_TRY_ASK:
    case SN_ORDER_NONE:
        break;
    }
}

/* A hint says only that there is something to ask for: it may be forged (DESIGN.md D28). */
static void take_hint(struct sn_core *core, const struct sn_hint *hint)
{
    struct sn_group *group = sn_group_by_name(core, hint->group, strlen(hint->group));
    struct sn_instance *peer = group != NULL ? sn_group_find_peer(group, &hint->runid) : NULL;
    if (peer != NULL)
        sn_peer_ask_settings_anew(peer);
}

static void take(struct sn_core *core, const struct sn_input *input)
{
    switch (input->kind) {
    case SN_INPUT_START:
        start(core);
        break;
    case SN_INPUT_LINK_UP:
    case SN_INPUT_LINK_DOWN:
    case SN_INPUT_LINK_REACHED:
    case SN_INPUT_LINK_PROTOCOL:
    case SN_INPUT_LINK_NOTE:
    case SN_INPUT_LINK_READY:
    case SN_INPUT_LINK_TRAFFIC:
        take_link_event(core, input);
        break;
    case SN_INPUT_REPLY:
        take_reply(core, &input->u.reply);
        break;
    case SN_INPUT_HELLO:
        sn_hello_receive(core, &input->u.hello);
        break;
    case SN_INPUT_HINT:
        take_hint(core, &input->u.hint);
        break;
    case SN_INPUT_RESOLVED:
        sn_resolve_done(core, input->u.resolved.host, input->u.resolved.ip);
        sn_hello_resolved(core, input->u.resolved.host, input->u.resolved.ip);
        break;
    case SN_INPUT_PERSISTED:
        take_persisted(core, &input->u.persisted);
        break;
    case SN_INPUT_COMMAND:
        sn_command_run(core, &input->u.command);
        break;
    case SN_INPUT_SCRIPT_STARTED:
        sn_script_started(core, &input->u.script);
        break;
    case SN_INPUT_SCRIPT_EXITED:
        sn_script_exited(core, &input->u.script);
        break;
    case SN_INPUT_RESCUED:
        sn_rescue_ended(core, &input->u.rescued);
        break;
    case SN_INPUT_TIMER:
    case SN_INPUT_NONE:
        break;
    }
}

void sn_core_step(struct sn_core *core, const struct sn_input *input, struct sn_actions *out)
{
    sn_ms last_now = core->now;
    assert(input->now >= last_now);
    /* Actions of sn_core_new leave with the first step. */
    if (input->kind != SN_INPUT_START)
        sn_out_reset(&core->out);
    core->now = input->now;
    if (input->kind != SN_INPUT_START)
        sn_tilt_check(core, last_now);
    take(core, input);
    sn_settle(core);
    if (input->kind == SN_INPUT_TIMER)
        run_timers(core);
    sn_persist_flush(core);
    out->items = core->out.items;
    out->count = core->out.count;
}

sn_ms sn_core_deadline(const struct sn_core *core)
{
    return sn_settle_is_due(core) ? core->now : sn_timers_next(&core->timers);
}

void sn_core_snapshot_sentinel(const struct sn_core *core, struct sn_image *image)
{
    sn_globals_fini(&image->globals);
    image->myid = core->myid;
    image->current_epoch = core->current_epoch;
    sn_globals_copy(&core->globals, &image->globals);
}

/* A snapshot holds all durable state (PROTOCOL.md §19.8). */
static void snapshot_group(const struct sn_group *group, struct sn_image *image)
{
    struct sn_group_image *copy =
        sn_image_add_group(image, group->name, &group->master->addr, group->params.quorum);
    const struct sn_instance *instance;
    sn_group_params_fini(&copy->params);
    sn_group_params_copy(&group->params, &copy->params);
    copy->config_epoch = group->config_epoch;
    copy->leader_epoch = group->leader_epoch;
    copy->leader = group->leader;
    copy->pause = sn_truce_text(group);
    DL_FOREACH(group->replicas, instance)
        sn_group_image_add_replica(copy, &instance->addr);
    DL_FOREACH(group->peers, instance)
        sn_group_image_add_peer(copy, &instance->addr, &instance->runid);
}

void sn_core_snapshot(const struct sn_core *core, struct sn_image *image)
{
    const struct sn_group *group, *next;
    sn_image_init(image);
    sn_core_snapshot_sentinel(core, image);
    HASH_ITER(hh, core->groups, group, next)
        snapshot_group(group, image);
}

bool sn_core_snapshot_group(const struct sn_core *core, uint64_t id, struct sn_image *image)
{
    const struct sn_group *group = sn_group_by_id(core, id);
    if (group == NULL)
        return false;
    snapshot_group(group, image);
    return true;
}
