/* SPDX-License-Identifier: BSD-3-Clause */

/* Data for the SENTINEL commands (PROTOCOL.md §4.2, §4.3, §4.5). Read-only. */

#include "core/facts/attempt.h"
#include "core/facts/foreign.h"
#include "core/facts/instance.h"
#include "core/facts/refusal.h"
#include "core/facts/truce.h"
#include "core/tell/form.h"
#include "core/watch/peer.h"
#include "core/watch/resolve.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>
#include <utlist.h>

#define VALUE_MAX (SN_HOST_MAX + 128)

/* A description in progress. */
struct form {
    sn_field_fn *field;
    void *arg;
};

static void put(const struct form *form, const char *name, const char *value)
{
    form->field(form->arg, name, value);
}

static void put_number(const struct form *form, const char *name, uint64_t value)
{
    char digits[SN_DIGITS_MAX + 1];
    (void)sn_text_from_u64(value, digits);
    put(form, name, digits);
}

static void put_ms(const struct form *form, const char *name, sn_ms value)
{
    char digits[SN_DIGITS_MAX + 1];
    (void)sn_text_from_i64(value, digits);
    put(form, name, digits);
}

static sn_ms age_at(sn_ms now, sn_ms at)
{
    return at == SN_MS_NEVER ? 0 : now - at;
}

static void add_flag(char *flags, size_t size, bool set, const char *flag)
{
    if (!set)
        return;
    size_t len = strlen(flags);
    if (len > 0)
        flags[len++] = ',';
    size_t flag_len = strlen(flag);
    assert(len + flag_len < size); /* of all flags at once */
    memcpy(flags + len, flag, flag_len + 1);
}

/* A data node that refuses the subscription counts as disconnected. */
static bool is_cut_off(const struct sn_instance *instance)
{
    return !sn_instance_connected(instance) || (sn_is_data(instance) && instance->sub->deaf);
}

/* Flags come in one order, without blanks (PROTOCOL.md §4.2). */
static void list_flags(const struct sn_instance *instance, char *flags, size_t size)
{
    const struct sn_group *group = instance->group;
    const struct sn_data *data = &instance->u.data;
    bool master = instance->kind == SN_KIND_MASTER;
    bool replica = instance->kind == SN_KIND_REPLICA;
    bool failing_over = group->failover.state != SN_FAILOVER_NONE;
    flags[0] = '\0';
    add_flag(flags, size, instance->s_down, "s_down");
    add_flag(flags, size, master && group->o_down, "o_down");
    add_flag(flags, size, master, "master");
    add_flag(flags, size, replica, "slave");
    add_flag(flags, size, !sn_is_data(instance), "sentinel");
    add_flag(flags, size, is_cut_off(instance), "disconnected");
    if (!sn_is_data(instance)) {
        add_flag(flags, size, instance->u.peer.master_down, "master_down");
        return;
    }
    add_flag(flags, size, master && failing_over, "failover_in_progress");
    add_flag(flags, size, data->promoted, "promoted");
    add_flag(flags, size, data->reconf == SN_RECONF_SENT, "reconf_sent");
    add_flag(flags, size, data->reconf == SN_RECONF_INPROG, "reconf_inprog");
    add_flag(flags, size, data->reconf == SN_RECONF_DONE, "reconf_done");
    add_flag(flags, size, master && failing_over && group->failover.mode != SN_MODE_NONE,
             "force_failover");
    add_flag(flags, size, master && failing_over && group->failover.mode == SN_MODE_COORDINATED,
             "coordinated_failover");
    add_flag(flags, size, data->script_kill_sent, "script_kill_sent");
    add_flag(flags, size, data->rebooting, "master_reboot");
}

/* PROTOCOL.md §4.2. */
static void describe_common(const struct sn_instance *instance, sn_ms now, const struct form *form)
{
    const struct sn_group *group = instance->group;
    const struct sn_link *link = instance->cmd;
    const char *host = sn_instance_host(instance);
    char text[VALUE_MAX];
    if (instance->kind == SN_KIND_MASTER)
        put(form, "name", group->name);
    else if (instance->kind == SN_KIND_PEER)
        put(form, "name", instance->runid.hex);
    else {
        sn_addr_format(host, instance->addr.port, text);
        put(form, "name", text);
    }
    put(form, "ip", host);
    put_number(form, "port", instance->addr.port);
    put(form, "runid", instance->runid.hex);
    list_flags(instance, text, sizeof(text));
    put(form, "flags", text);
    put_number(form, "link-pending-commands", link->pending);
    put_number(form, "link-refcount", link->owner_count);
    if (instance->kind == SN_KIND_MASTER && group->failover.state != SN_FAILOVER_NONE)
        put(form, "failover-state", sn_attempt_state_name(group->failover.state));
    put_ms(form, "last-ping-sent", age_at(now, link->act_ping_at));
    put_ms(form, "last-ok-ping-reply", now - link->last_avail_at);
    put_ms(form, "last-ping-reply", now - link->last_pong_at);
    if (instance->s_down)
        put_ms(form, "s-down-time", age_at(now, instance->s_down_at));
    if (instance->kind == SN_KIND_MASTER && group->o_down)
        put_ms(form, "o-down-time", age_at(now, group->o_down_at));
    put_ms(form, "down-after-milliseconds", group->params.down_after_ms);
}

static void describe_data(const struct sn_instance *instance, sn_ms now, const struct form *form)
{
    const struct sn_data *data = &instance->u.data;
    put_ms(form, "info-refresh", age_at(now, data->info_at));
    put(form, "role-reported", data->role_reported == SN_ROLE_MASTER ? "master" : "slave");
    put_ms(form, "role-reported-time", now - data->role_reported_at);
}

/* Beyond stock, and only while it lasts; peers of ours read it (truce.h). */
static void describe_truce(const struct sn_group *group, sn_ms now, const struct form *form)
{
    const struct sn_truce *truce = group->truce;
    if (truce == NULL)
        return;
    put(form, "paused", truce->on ? "yes" : "no");
    put_ms(form, "pause-left", sn_max(truce->until - now, 0));
    put_ms(form, "pause-until", truce->until_s);
    put(form, "pause-by", truce->by.hex);
    put(form, "pause-reason", truce->reason);
    put_number(form, "pause-version", truce->version);
}

/* A master's own fields; scripts only where there are some (PROTOCOL.md §4.2). */
static void describe_master(const struct sn_group *group, sn_ms now, const struct form *form)
{
    const struct sn_group_params *params = &group->params;
    size_t claimed;
    /* Peers take it for a confirmation: a won epoch is not told before it is on disk. Nor may they
     * take the old one for that of the new master, which is told. */
    bool untold = group->unannounced_old_master != NULL;
    put_number(form, "config-epoch", untold ? group->unannounced_old_epoch : group->config_epoch);
    if (untold) /* beyond stock, and only until it is saved */
        put(form, "switch-unsaved", "yes");
    put_number(form, "num-slaves", group->replica_count);
    put_number(form, "num-other-sentinels", group->peer_count);
    put_number(form, "quorum", params->quorum);
    put_ms(form, "failover-timeout", params->failover_timeout_ms);
    put_number(form, "parallel-syncs", params->parallel_syncs);
    if (params->notification_script != NULL)
        form->field(form->arg, "notification-script", params->notification_script);
    if (params->client_reconfig_script != NULL)
        form->field(form->arg, "client-reconfig-script", params->client_reconfig_script);
    describe_truce(group, now, form);
    if (sn_group_claimed(group, &claimed) != NULL) /* beyond stock, and only while a claim lasts */
        put_number(form, "num-claimed-by-another-group", claimed);
}

/* A replica's own fields, with defaults until it has told (PROTOCOL.md §4.2). */
static void describe_replica(const struct sn_instance *instance, const struct form *form)
{
    const struct sn_data *data = &instance->u.data;
    put_ms(form, "master-link-down-time", data->link_down_ms);
    put(form, "master-link-status", data->link_up ? "ok" : "err");
    put(form, "master-host", data->master_host == NULL ? "?" : data->master_host);
    put_number(form, "master-port", data->master_port);
    put_number(form, "slave-priority", data->priority);
    put_number(form, "slave-repl-offset", data->repl_offset);
    if (sn_foreign_claimed(instance)) /* the same */
        put(form, "claimed-by-another-group", "yes");
    put(form, "replica-announced", data->announced ? "1" : "0");
}

/* A peer's vote is shown until it expires, its epoch for good (PROTOCOL.md §4.2). */
static void describe_peer(const struct sn_instance *instance, sn_ms now, const struct form *form)
{
    const struct sn_peer *peer = &instance->u.peer;
    put_ms(form, "last-hello-message", now - peer->hello_heard_at);
    put(form, "voted-leader", peer->vote.hex[0] == '\0' ? "?" : peer->vote.hex);
    put_number(form, "voted-leader-epoch", peer->vote_epoch);
}

void sn_instance_describe(const struct sn_core *core, const struct sn_instance *instance, sn_ms now,
                          sn_field_fn *field, void *arg)
{
    const struct form form = {field, arg};
    (void)core;
    describe_common(instance, now, &form);
    if (sn_is_data(instance))
        describe_data(instance, now, &form);
    if (instance->kind == SN_KIND_MASTER)
        describe_master(instance->group, now, &form);
    else if (instance->kind == SN_KIND_REPLICA)
        describe_replica(instance, &form);
    else
        describe_peer(instance, now, &form);
    /* Beyond stock, and only while the other side refuses us: the reason. */
    const char *note = instance->cmd->note;
    if (note == NULL && sn_is_data(instance))
        note = instance->sub->note;
    if (note == NULL && instance->cmd->state != SN_LINK_UP && !sn_addr_is_ip(instance->addr.host) &&
        sn_resolve_fails(instance->group->core, instance->addr.host))
        note = "the host name does not resolve";
    if (note != NULL)
        field(arg, "link-refusal", note);
}

const struct sn_runid *sn_core_myid(const struct sn_core *core)
{
    return &core->myid;
}

const struct sn_globals *sn_core_globals(const struct sn_core *core)
{
    return &core->globals;
}

uint64_t sn_core_current_epoch(const struct sn_core *core)
{
    return core->current_epoch;
}

sn_ms sn_core_timing(const struct sn_core *core, enum sn_timing timing)
{
    return core->timings[timing];
}

unsigned sn_core_simulate_flags(const struct sn_core *core)
{
    return core->simulate;
}

bool sn_core_tilt(const struct sn_core *core)
{
    return core->tilt;
}

sn_ms sn_core_tilt_ms(const struct sn_core *core, sn_ms now)
{
    return core->tilt ? now - core->tilt_at : -1;
}

uint64_t sn_core_tilt_count(const struct sn_core *core)
{
    return core->tilt_count;
}

size_t sn_core_group_count(const struct sn_core *core)
{
    return HASH_COUNT(core->groups);
}

const struct sn_group *sn_core_group_first(const struct sn_core *core)
{
    return core->groups;
}

const struct sn_group *sn_group_next(const struct sn_group *group)
{
    return group->hh.next;
}

const struct sn_group *sn_core_group_find(const struct sn_core *core, const char *name, size_t len)
{
    struct sn_group *group;
    HASH_FIND(hh, core->groups, name, len, group);
    return group;
}

const char *sn_group_name(const struct sn_group *group)
{
    return group->name;
}

const struct sn_group_params *sn_group_params(const struct sn_group *group)
{
    return &group->params;
}

const struct sn_instance *sn_group_master(const struct sn_group *group)
{
    return group->master;
}

const struct sn_instance *sn_group_replica_first(const struct sn_group *group)
{
    return group->replicas;
}

const struct sn_instance *sn_group_peer_first(const struct sn_group *group)
{
    return group->peers;
}

bool sn_core_has_peer_at(const struct sn_core *core, const char *ip)
{
    const struct sn_group *group;
    const struct sn_instance *peer;

    for (group = sn_core_group_first(core); group; group = sn_group_next(group)) {
        DL_FOREACH(group->peers, peer) {
            if (strcmp(peer->addr.ip, ip) == 0)
                return true;
        }
    }
    return false;
}

const struct sn_instance *sn_instance_next(const struct sn_instance *instance)
{
    return instance->next;
}

size_t sn_group_replica_count(const struct sn_group *group)
{
    return group->replica_count;
}

size_t sn_group_peer_count(const struct sn_group *group)
{
    return group->peer_count;
}

const char *sn_group_status(const struct sn_group *group)
{
    if (group->o_down)
        return "odown";
    return group->master->s_down ? "sdown" : "ok";
}

bool sn_group_pause(const struct sn_group *group, sn_ms now, struct sn_pause_view *pause)
{
    const struct sn_truce *truce = group->truce;
    if (!sn_truce_is_on(group))
        return false;
    pause->left_ms = sn_max(truce->until - now, 0);
    pause->until_s = truce->until_s;
    pause->by = &truce->by;
    pause->reason = truce->reason;
    return true;
}

void sn_group_address(const struct sn_core *core, const struct sn_group *group, const char **host,
                      uint16_t *port)
{
    (void)core;
    *host = sn_instance_host(group->master);
    *port = group->master->addr.port;
}

/* Returns why a peer that is up is still not usable; NULL if it is usable (PROTOCOL.md §4.5). */
static const char *why_useless(const struct sn_instance *peer)
{
    if (!sn_peer_speaks(peer))
        return "another sentinel answers at its address";
    if (sn_link_refuses(peer->cmd, SN_ORDER_ASK))
        return "it refuses SENTINEL IS-MASTER-DOWN-BY-ADDR";
    return NULL;
}

void sn_group_quorum(const struct sn_group *group, size_t *usable, size_t *voters)
{
    const struct sn_instance *peer;
    *voters = group->peer_count + 1;
    *usable = 1;
    DL_FOREACH(group->peers, peer) {
        if (!peer->s_down && why_useless(peer) == NULL)
            (*usable)++;
    }
}

const struct sn_instance *sn_group_useless_peer(const struct sn_group *group, const char **why)
{
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer) {
        *why = peer->s_down ? NULL : why_useless(peer);
        if (*why != NULL)
            return peer;
    }
    return NULL;
}

const struct sn_instance *sn_group_claimed(const struct sn_group *group, size_t *count)
{
    const struct sn_instance *first = sn_foreign_claimed(group->master) ? group->master : NULL;
    const struct sn_instance *replica;
    *count = first != NULL ? 1 : 0;
    DL_FOREACH(group->replicas, replica) {
        if (!sn_foreign_claimed(replica))
            continue;
        first = first != NULL ? first : replica;
        (*count)++;
    }
    return first;
}

const char *sn_instance_address(const struct sn_instance *instance, uint16_t *port)
{
    *port = instance->addr.port;
    return sn_instance_host(instance);
}

const struct sn_runid *sn_instance_runid(const struct sn_instance *instance)
{
    return &instance->runid;
}

bool sn_instance_announced(const struct sn_instance *instance)
{
    return instance->kind != SN_KIND_REPLICA || instance->u.data.announced;
}

bool sn_instance_info(const struct sn_instance *instance, sn_ms now, struct sn_buf *text,
                      sn_ms *age_ms)
{
    const struct sn_data *data = &instance->u.data;
    bool is_there = sn_is_data(instance) && sn_fields_put(&data->info_text, text);
    *age_ms = is_there ? age_at(now, data->info_at) : 0;
    return is_there;
}
