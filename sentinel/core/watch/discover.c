/* SPDX-License-Identifier: BSD-3-Clause */

/* Takes in INFO replies: run ids, roles, replication state, new replicas (PROTOCOL.md §12). */

#include "core/watch/discover.h"
#include "core/facts/alias.h"
#include "core/facts/chain.h"
#include "core/facts/foreign.h"
#include "core/facts/history.h"
#include "core/facts/instance.h"
#include "core/facts/loss.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/refusal.h"
#include "core/facts/unanswered.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/evidence.h"
#include "core/watch/forget.h"
#include "core/watch/reborn.h"
#include "core/watch/rights.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define LAST_IO_ERROR_MS 1100

/* A new run id is +reboot; a master's starts the reboot period (PROTOCOL.md §12, §13.2). */
static void learn_runid(struct sn_instance *instance, const struct sn_runid *runid)
{
    struct sn_data *data = &instance->u.data;
    if (runid->hex[0] == '\0' || sn_runid_equal(&instance->runid, runid))
        return;
    if (instance->runid.hex[0] != '\0') {
        sn_raise(instance, SN_NOTICE_REBOOT, NULL);
        if (instance->kind == SN_KIND_MASTER) {
            instance->group->promoted_at = SN_MS_NEVER;
            sn_reborn_begin(instance);
        }
        if (instance->kind == SN_KIND_MASTER && instance->group->params.reboot_down_after_ms > 0) {
            data->rebooting = true;
            data->reboot_at = instance->core->now;
            sn_mark_instance(instance);
        }
    }
    data->was_replica = false;
    instance->runid = *runid;
}

/* Stock connects to such an address: 0.0.0.0 is its own host, and other ones never answer. */
static void tell_unusable(struct sn_group *group, const struct sn_info_replica *seen)
{
    if (group->unusable_told)
        return;
    group->unusable_told = true;
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "The master of %s reports a replica at %s:%u, an address that no host can have: "
               "that replica is not watched. Set its replica-announce-ip.",
               group->name, seen->host, seen->port);
}

/* Logged once, because each INFO names all replicas again. */
static void tell_full(struct sn_group *group, const struct sn_info_replica *seen)
{
    if (!group->full_told)
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Group %s already has %d replicas, the maximum: %s:%u and further ones are not "
                   "watched. SENTINEL RESET forgets replicas that are gone.",
                   group->name, SN_REPLICAS_MAX, seen->host, seen->port);
    group->full_told = true;
}

/* Replicas come from the node that is watched as master, whatever its role; they are announced and
 * saved (PROTOCOL.md §12). */
static void add_replica(struct sn_group *group, const struct sn_info_replica *seen)
{
    struct sn_core *core = group->core;
    struct sn_addr addr;
    if (sn_addr_make(seen->host, seen->port, &addr) != 0 ||
        (addr.ip[0] == '\0' && !core->globals.resolve_hostnames)) {
        sn_reason_note_numbers(group->master, SN_REASON_REPLICA_NO_ADDR, seen->port, 0, 0);
        return;
    }
    if (sn_addr_is_useless(&addr)) {
        sn_reason_note_numbers(group->master, SN_REASON_REPLICA_NO_ADDR, seen->port, 0, 0);
        tell_unusable(group, seen);
        return;
    }
    if (sn_addr_equal(&addr, &group->master->addr) || sn_group_find_replica(group, &addr) != NULL)
        return;
    if (group->replica_count >= SN_REPLICAS_MAX) {
        sn_reason_note_numbers(group->master, SN_REASON_REPLICA_TOO_MANY,
                               (int64_t)group->replica_count, 0, 0);
        tell_full(group, seen);
        return;
    }
    group->full_told = false;
    struct sn_instance *replica = sn_instance_new_data(group, SN_KIND_REPLICA, &addr);
    DL_APPEND(group->replicas, replica);
    group->replica_count++;
    sn_raise(replica, SN_NOTICE_SLAVE, NULL);
    sn_forget_returned(replica);
    sn_persist_group_changed(group, SN_RECORD_REPLICAS);
}

/* Learns master, link, priority, offset and announcement from a replica's INFO (PROTOCOL.md
 * §12). True if it has another master than before. */
static bool learn_replication(struct sn_instance *instance, const struct sn_info *info)
{
    struct sn_data *data = &instance->u.data;
    data->link_down_ms = info->link_down_ms;
    const char *known = sn_instance_master_host(instance);
    const char *host = info->has_master_host ? info->master_host : known;
    uint16_t port = info->has_master_port ? info->master_port : data->master_port;
    bool changed = strcasecmp(host, known) != 0 || port != data->master_port;
    if (changed) {
        if (host != known)
            sn_strset(&data->master_host, host);
        data->master_port = port;
        data->master_changed_at = instance->core->now;
    }
    if (info->has_link_status)
        data->link_up = info->link_up;
    data->syncing = info->syncing;
    /* Of full seconds one is rounded away, and the server looks at its clock ten times a second. */
    data->master_heard_at = info->has_last_io && data->info_asked_at != SN_MS_NEVER
                                ? data->info_asked_at - info->last_io_ms - LAST_IO_ERROR_MS
                                : SN_MS_NEVER;
    if (instance->kind == SN_KIND_REPLICA &&
        sn_history_shows_sync(instance, info, data->unproven_at))
        data->unproven_at = SN_MS_NEVER;
    if (info->has_priority)
        data->priority = info->priority;
    if (info->has_offset)
        data->repl_offset = info->repl_offset;
    if (info->has_master_offset)
        data->master_offset = info->master_repl_offset;
    if (info->has_announced)
        data->announced = info->announced;
    return changed;
}

/* A changed role is announced as expected (+) or not (-) (PROTOCOL.md §12). */
static void learn_role(struct sn_instance *instance, enum sn_role role)
{
    struct sn_data *data = &instance->u.data;
    if (role == SN_ROLE_MASTER)
        data->said_master_at = instance->core->now;
    if (role == SN_ROLE_REPLICA)
        data->was_replica = true;
    else if (instance->kind == SN_KIND_MASTER)
        data->was_replica = false;
    if (role == data->role_reported)
        return;
    data->role_reported = role;
    data->role_reported_at = instance->core->now;
    if (role != SN_ROLE_MASTER)
        data->master_changed_at = instance->core->now;
    bool expected = role == (instance->kind == SN_KIND_MASTER ? SN_ROLE_MASTER : SN_ROLE_REPLICA);
    sn_raise(instance, expected ? SN_NOTICE_ROLE_CHANGE : SN_NOTICE_ROLE_CHANGE_ODD,
             "new reported role is %s", role == SN_ROLE_MASTER ? "master" : "slave");
    sn_mark_instance(instance);
}

/* PROTOCOL.md §4.12. */
static void keep_text(struct sn_instance *instance, const struct sn_reply *reply)
{
    sn_fields_set(&instance->u.data.info_text, &instance->core->info_names, reply->text,
                  reply->len);
}

/* True if the configured master is a replica. A master that was demoted while we were away is not
 * an error: a hello will name the new one, so only a lasting state is logged. */
static bool is_misplaced(const struct sn_instance *instance, enum sn_role role, bool first)
{
    const struct sn_group *group = instance->group;
    const struct sn_data *data = &instance->u.data;
    if (instance->kind != SN_KIND_MASTER || role != SN_ROLE_REPLICA ||
        group->failover.state != SN_FAILOVER_NONE)
        return false;
    bool lasts = data->role_reported == SN_ROLE_REPLICA &&
                 sn_age(instance->core, data->role_reported_at) >=
                     instance->core->timings[SN_TIMING_INFO_PERIOD];
    return lasts || (first && group->config_epoch == 0);
}

static void tell_odd(struct sn_instance *instance, const struct sn_info *info, bool first)
{
    struct sn_data *data = &instance->u.data;
    const struct sn_group *group = instance->group;
    bool misplaced = is_misplaced(instance, info->role, first);
    if (!info->is_sentinel && info->role == SN_ROLE_MASTER)
        data->odd_told = false;
    if (data->odd_told || (!info->is_sentinel && !misplaced))
        return;
    data->odd_told = true;
    if (info->is_sentinel)
        sn_out_log(instance->core, SN_LEVEL_WARNING,
                   "%s:%u, a member of group %s, is a sentinel and not a data server: configure "
                   "the port of the %s (servers listen on 6379 by default, sentinels on 26379).",
                   sn_instance_host(instance), instance->addr.port, group->name,
                   instance->kind == SN_KIND_MASTER ? "master" : "replica");
    else
        sn_out_log(instance->core, SN_LEVEL_WARNING,
                   "%s:%u, monitored as the master of %s, is a replica of %s:%u: monitor its "
                   "master instead (SENTINEL REMOVE %s, then SENTINEL MONITOR %s %s %u %u).",
                   sn_instance_host(instance), instance->addr.port, group->name,
                   sn_instance_master_host(instance), data->master_port, group->name, group->name,
                   sn_instance_master_host(instance), data->master_port, group->params.quorum);
}

/* Replicas of a replica that belongs to the group (DESIGN.md D22). */
static void learn_chain(struct sn_instance *instance, const struct sn_info *info)
{
    struct sn_group *group = instance->group;
    if (instance->kind != SN_KIND_REPLICA || info->role != SN_ROLE_REPLICA ||
        !sn_group_params_learns_chains(&group->params) ||
        !(sn_instance_follows_master(instance) || sn_chain_holds(instance)))
        return;
    for (size_t i = 0; i < info->replica_count; i++)
        add_replica(group, &info->replicas[i]);
}

bool sn_discover_info(struct sn_instance *instance, const struct sn_reply *reply,
                      const struct sn_info *info)
{
    struct sn_core *core = instance->core;
    struct sn_data *data = &instance->u.data;
    assert(sn_is_data(instance));
    sn_unanswered_remove(instance, SN_UNANSWERED_INFO);
    if (info == NULL) {
        if (reply->type == SN_REPLY_ERROR)
            sn_link_refused(instance->cmd, SN_ORDER_INFO, reply->text);
        return false;
    }
    sn_link_accepted(instance->cmd, SN_ORDER_INFO);
    sn_rights_try_again(instance->cmd);
    bool first = data->info_at == SN_MS_NEVER;
    keep_text(instance, reply);
    data->info_at = core->now;
    data->info_asked_at = data->info_sent_at;
    learn_runid(instance, &info->runid);
    bool moved = learn_replication(instance, info);
    sn_history_learn(instance, info);
    if (instance->kind == SN_KIND_MASTER) {
        sn_reborn_judge(instance, info);
        sn_history_learn_group(instance, info->role);
    }
    /* The role word does not matter: a node that replicates another server ("slave",
     * "active-replica") can be watched as a master, and its replicas can take its place
     * (PROTOCOL.md §12). */
    if (instance->kind == SN_KIND_MASTER) {
        for (size_t i = 0; i < info->replica_count; i++)
            add_replica(instance->group, &info->replicas[i]);
        sn_forget_by_info(instance, info);
    }
    tell_odd(instance, info, first);
    learn_role(instance, info->role);
    if (moved)
        sn_chain_learn(instance);
    learn_chain(instance, info);
    sn_loss_learn(instance);
    if (instance->kind == SN_KIND_REPLICA) {
        sn_evidence_testified(instance->group);
        if (instance->group->o_down && sn_group_params_lets_replicas_veto(&instance->group->params))
            sn_mark_group(instance->group, SN_MARK_PLAN);
        sn_alias_info(instance);
        (void)sn_foreign_tell(instance);
        if (instance->group->aliases != NULL)
            sn_mark_instance(instance->group->master);
    }
    return true;
}
