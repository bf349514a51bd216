/* SPDX-License-Identifier: BSD-3-Clause */

/* Instances: masters, replicas, peers. Their creation and end, the index of instances by address,
 * and the schedule of INFO and hellos. */

#include "core/facts/instance.h"

#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/facts/silence.h"
#include "core/facts/unanswered.h"
#include "core/facts/window.h"
#include "core/tell/out.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

static void make_place_key(const struct sn_addr *addr, struct sn_place_key *key)
{
    memset(key, 0, sizeof(*key));
    memcpy(key->ip, addr->ip, strnlen(addr->ip, SN_IP_MAX));
    key->port = addr->port;
}

static struct sn_place *find_place(const struct sn_core *core, const struct sn_addr *addr)
{
    struct sn_place_key key;
    struct sn_place *place;
    make_place_key(addr, &key);
    HASH_FIND(hh, core->places, &key, sizeof(key), place);
    return place;
}

static void enter_place(struct sn_instance *instance)
{
    struct sn_core *core = instance->core;
    if (!sn_is_data(instance) || instance->addr.ip[0] == '\0')
        return;
    struct sn_place *place = find_place(core, &instance->addr);
    if (place == NULL) {
        place = sn_alloc(sizeof(*place));
        make_place_key(&instance->addr, &place->key);
        HASH_ADD(hh, core->places, key, sizeof(place->key), place);
    }
    DL_APPEND2(place->members, instance, place_prev, place_next);
}

static void leave_place(struct sn_instance *instance)
{
    if (!sn_is_data(instance) || instance->addr.ip[0] == '\0')
        return;
    struct sn_place *place = find_place(instance->core, &instance->addr);
    DL_DELETE2(place->members, instance, place_prev, place_next);
    if (place->members == NULL) {
        HASH_DELETE(hh, instance->core->places, place);
        free(place);
    }
}

static struct sn_instance *new_instance(struct sn_group *group, enum sn_kind kind,
                                        const struct sn_addr *addr)
{
    struct sn_core *core = group->core;
    struct sn_instance *instance = sn_alloc(sizeof(*instance));
    instance->core = core;
    instance->group = group;
    instance->id = ++core->next_id;
    instance->kind = kind;
    instance->addr = *addr;
    instance->s_down_at = SN_MS_NEVER;
    instance->s_up_at = SN_MS_NEVER;
    sn_timer_init(&instance->down, SN_TIMER_DOWN, instance);
    sn_timer_init(&instance->hello, SN_TIMER_HELLO, instance);
    sn_timer_init(&instance->info, SN_TIMER_INFO, instance);
    HASH_ADD(hh_id, core->instances, id, sizeof(instance->id), instance);
    return instance;
}

/* Master and replicas have a command link and a subscription, a peer has a command link
 * (PROTOCOL.md §9.1). */
struct sn_instance *sn_instance_new_data(struct sn_group *group, enum sn_kind kind,
                                         const struct sn_addr *addr)
{
    struct sn_instance *instance = new_instance(group, kind, addr);
    struct sn_data *data = &instance->u.data;
    sn_ms now = group->core->now;
    data->info_sent_at = SN_MS_NEVER;
    data->info_at = SN_MS_NEVER;
    data->info_asked_at = SN_MS_NEVER;
    data->role_reported = kind == SN_KIND_MASTER ? SN_ROLE_MASTER : SN_ROLE_REPLICA;
    data->role_reported_at = now;
    data->reboot_at = SN_MS_NEVER;
    data->master_changed_at = now;
    data->priority = SN_PRIORITY_DEFAULT;
    data->announced = true;
    data->reconf_at = SN_MS_NEVER;
    data->ordered_at = SN_MS_NEVER;
    data->foreign_at = SN_MS_NEVER;
    data->said_master_at = SN_MS_NEVER;
    data->master_heard_at = SN_MS_NEVER;
    data->unproven_at = SN_MS_NEVER;
    data->paused_until = SN_MS_NEVER;
    enter_place(instance);
    instance->cmd = sn_link_new(group->core, SN_LINK_DATA);
    instance->sub = sn_link_new(group->core, SN_LINK_SUBSCRIBE);
    sn_link_own(instance->cmd, instance);
    /* owner_next of a data node stays NULL: both of its links may point at it. */
    instance->sub->owners = instance;
    instance->sub->owner_count = 1;
    sn_mark_instance(instance);
    sn_link_open(instance->cmd);
    return instance;
}

void sn_instance_set_down(struct sn_instance *instance, bool down)
{
    assert(instance->s_down != down);
    instance->s_down = down;
    if (down)
        instance->s_down_at = instance->core->now;
    else
        instance->s_up_at = instance->core->now;
    if (sn_is_data(instance) && !down)
        instance->u.data.script_kill_sent = false;
}

void sn_instance_forget_down(struct sn_instance *instance)
{
    instance->s_down = false;
    if (sn_is_data(instance))
        instance->u.data.script_kill_sent = false;
}

/* PROTOCOL.md §9.1. */
struct sn_instance *sn_instance_new_peer(struct sn_group *group, const struct sn_runid *runid,
                                         const struct sn_addr *addr)
{
    struct sn_instance *instance = new_instance(group, SN_KIND_PEER, addr);
    struct sn_core *core = group->core;
    instance->runid = *runid;
    instance->u.peer.hello_heard_at = core->now;
    instance->u.peer.addr_heard_at = core->now;
    instance->u.peer.moved_at = SN_MS_NEVER;
    instance->u.peer.answered_at = SN_MS_NEVER;
    instance->u.peer.far_since = SN_MS_NEVER;
    sn_timer_init(&instance->u.peer.ask, SN_TIMER_ASK, instance);
    sn_timer_init(&instance->u.peer.answer_old, SN_TIMER_ANSWER_OLD, instance);
    instance->cmd = sn_link_for_peer(core, runid);
    sn_link_own(instance->cmd, instance);
    if (instance->cmd->asleep) {
        sn_instance_set_down(instance, true);
    }
    sn_mark_instance(instance);
    sn_link_open(instance->cmd);
    if (instance->cmd->state == SN_LINK_UP) { /* shared with other groups */
        sn_timer_set(&core->timers, &instance->hello, core->now);
        sn_timer_set(&core->timers, &instance->u.peer.ask, core->now);
    }
    return instance;
}

void sn_instance_free(struct sn_instance *instance)
{
    struct sn_core *core = instance->core;
    sn_timer_stop(&core->timers, &instance->down);
    sn_timer_stop(&core->timers, &instance->hello);
    sn_timer_stop(&core->timers, &instance->info);
    if (sn_is_data(instance)) {
        leave_place(instance);
        sn_link_disown(instance->sub, instance);
        sn_fields_fini(&instance->u.data.info_text, &core->info_names);
        free(instance->u.data.master_host);
    } else {
        sn_timer_stop(&core->timers, &instance->u.peer.ask);
        sn_timer_stop(&core->timers, &instance->u.peer.answer_old);
        free(instance->u.peer.settings_told);
        free(instance->u.peer.foreign_master);
        if (instance->u.peer.confirm != NULL)
            sn_timer_stop(&core->timers, &instance->u.peer.confirm->timer);
        free(instance->u.peer.confirm);
        sn_window_forget(instance);
    }
    sn_link_disown(instance->cmd, instance);
    sn_mark_forget_instance(instance);
    HASH_DELETE(hh_id, core->instances, instance);
    free(instance);
}

struct sn_instance *sn_instance_find(struct sn_core *core, uint64_t id)
{
    struct sn_instance *instance;
    HASH_FIND(hh_id, core->instances, &id, sizeof(id), instance);
    return instance;
}

void sn_instance_move(struct sn_instance *instance, const struct sn_addr *addr)
{
    bool moved = strcmp(instance->addr.ip, addr->ip) != 0 || instance->addr.port != addr->port;
    leave_place(instance);
    instance->addr = *addr;
    enter_place(instance);
    if (!moved)
        return;
    sn_silence_forget_evidence(instance->cmd);
    sn_link_renew(instance->cmd);
    if (sn_is_data(instance))
        sn_link_renew(instance->sub);
}

struct sn_instance *sn_instance_first_at(const struct sn_core *core, const struct sn_addr *addr)
{
    const struct sn_place *place = find_place(core, addr);
    return place == NULL ? NULL : place->members;
}

bool sn_instance_connected(const struct sn_instance *instance)
{
    return instance->cmd->state == SN_LINK_UP &&
           (!sn_is_data(instance) || instance->sub->state == SN_LINK_UP);
}

/* How often INFO is due now (PROTOCOL.md §11.2, §15.4, DESIGN.md D12). */
static sn_ms info_period(const struct sn_instance *instance)
{
    const struct sn_group *group = instance->group;
    const struct sn_data *data = &instance->u.data;
    sn_ms period = instance->core->timings[SN_TIMING_INFO_PERIOD];
    enum sn_drain_phase drain = group->failover.drain.phase;
    if (data->promoted && (drain == SN_DRAIN_NEARING || drain == SN_DRAIN_CATCHING))
        return SN_POLL_DRAIN_MS;
    if (data->promoted || data->reconf == SN_RECONF_SENT || data->reconf == SN_RECONF_INPROG)
        return sn_min(period, SN_POLL_FAST_MS);
    bool expected_role =
        (data->role_reported == SN_ROLE_MASTER) == (instance->kind == SN_KIND_MASTER);
    bool busy = group->master->s_down || group->failover.state != SN_FAILOVER_NONE;
    /* A master that was connected to a moment ago may be about to gain replicas. */
    bool young =
        instance->kind == SN_KIND_MASTER && sn_age(instance->core, instance->cmd->up_at) < period;
    if (young || !expected_role ||
        (instance->kind == SN_KIND_REPLICA && (busy || data->link_down_ms > 0 || !data->link_up)))
        return sn_min(period, 1000);
    return period;
}

void sn_instance_plan_info(struct sn_instance *instance)
{
    struct sn_data *data = &instance->u.data;
    assert(sn_is_data(instance));
    if (sn_unanswered_has(instance, SN_UNANSWERED_INFO) || instance->cmd->state != SN_LINK_UP) {
        sn_timer_stop(&instance->core->timers, &instance->info);
        return;
    }
    sn_ms at = instance->core->now;
    if (data->info_sent_at != SN_MS_NEVER)
        at = sn_next_beat(data->info_sent_at, info_period(instance));
    sn_timer_set(&instance->core->timers, &instance->info, at);
}

/* PROTOCOL.md §9.4. */
void sn_instance_ask_info(struct sn_instance *instance)
{
    struct sn_data *data = &instance->u.data;
    assert(sn_is_data(instance));
    if (sn_unanswered_has(instance, SN_UNANSWERED_INFO) || !sn_link_can_send(instance->cmd))
        return;
    struct sn_action_send send = {.order = SN_ORDER_INFO, .tag = instance->id};
    sn_out_send(instance->cmd, &send);
    sn_unanswered_add(instance, SN_UNANSWERED_INFO);
    data->info_sent_at = instance->core->now;
    sn_timer_stop(&instance->core->timers, &instance->info);
}

void sn_instance_info_due(struct sn_instance *instance)
{
    if (instance->cmd->state != SN_LINK_UP || sn_unanswered_has(instance, SN_UNANSWERED_INFO))
        return;
    sn_instance_ask_info(instance);
    if (!sn_unanswered_has(instance,
                           SN_UNANSWERED_INFO)) /* too many commands are outstanding on the link */
        sn_timer_set(&instance->core->timers, &instance->info,
                     sn_after(instance->core->now, SN_POLL_FAST_MS));
}

const char *sn_instance_master_host(const struct sn_instance *node)
{
    return node->u.data.master_host == NULL ? "" : node->u.data.master_host;
}

bool sn_instance_follows(const struct sn_instance *node, const struct sn_addr *master)
{
    const char *host = sn_instance_master_host(node);
    return node->u.data.master_port == master->port &&
           (strcasecmp(host, master->host) == 0 || strcmp(host, master->ip) == 0);
}

bool sn_instance_follows_master(const struct sn_instance *replica)
{
    return sn_instance_follows(replica, &replica->group->master->addr);
}
