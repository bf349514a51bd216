/* SPDX-License-Identifier: BSD-3-Clause */

/* Groups: a master, its replicas, and the peers that watch it too. A switch of the master relabels
 * the known instances and keeps their links, so that a promotion costs no reconnection. */

#include "core/facts/group.h"

#include "core/facts/alias.h"
#include "core/facts/asked.h"
#include "core/facts/attempt.h"
#include "core/facts/budget.h"
#include "core/facts/gap.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/loss.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/silence.h"
#include "core/facts/truce.h"
#include "core/facts/turn.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#include "base/text.h"
#include "base/textmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* True if the address is new; compared before any host name is resolved. */
static bool is_new(struct sn_textmap *seen, const struct sn_addr *addr)
{
    char key[SN_ADDR_TEXT_MAX + 1];
    bool added;
    sn_addr_format(addr->ip[0] != '\0' ? addr->ip : addr->host, addr->port, key);
    for (char *at = key; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    (void)sn_textmap_put(seen, key, 0, &added);
    return added;
}

/* A file may name more peers than exist, because stock keeps every forged peer. All of them stay
 * voters, because only an operator can decide which ones are real. Peers after the first
 * SN_PEERS_MAX count as down and are not connected to before their hello (PROTOCOL.md §10.4). */
static void add_known_peer(struct sn_group *group, const struct sn_known_peer *known)
{
    struct sn_link *link = sn_link_for_peer(group->core, &known->runid);
    if (group->peer_count >= SN_PEERS_MAX && link->owner_count == 0)
        sn_link_sleep(link);
    (void)sn_peer_add(group, &known->runid, &known->addr);
    link->proven = true;
}

static void add_known(struct sn_group *group, const struct sn_group_image *image)
{
    struct sn_textmap seen = {0};
    for (size_t i = 0; i < image->replica_count && group->replica_count < SN_REPLICAS_MAX; i++) {
        if (sn_addr_equal(&image->replicas[i], &group->master->addr) ||
            !is_new(&seen, &image->replicas[i]))
            continue;
        struct sn_instance *replica =
            sn_instance_new_data(group, SN_KIND_REPLICA, &image->replicas[i]);
        DL_APPEND(group->replicas, replica);
        group->replica_count++;
    }
    sn_textmap_fini(&seen);
    for (size_t i = 0; i < image->peer_count; i++) {
        const struct sn_known_peer *known = &image->peers[i];
        if (sn_runid_equal(&known->runid, &group->core->myid) ||
            sn_group_find_peer(group, &known->runid) != NULL)
            continue;
        add_known_peer(group, known);
    }
    sn_peer_judge_count(group);
}

struct sn_group *sn_group_new(struct sn_core *core, const struct sn_group_image *image)
{
    struct sn_group *group = sn_alloc(sizeof(*group));
    group->core = core;
    group->id = ++core->next_id;
    group->name = sn_strdup(image->name);
    sn_group_params_copy(&image->params, &group->params);
    group->config_epoch = image->config_epoch;
    group->leader_epoch = image->leader_epoch;
    group->leader = image->leader;
    group->o_down_at = SN_MS_NEVER;
    group->promoted_at = SN_MS_NEVER;
    group->voted_at = SN_MS_NEVER;
    group->truce_over_at = SN_MS_NEVER;
    sn_turn_begin(group);
    sn_timer_init(&group->election, SN_TIMER_ELECTION, group);
    sn_timer_init(&group->timeout, SN_TIMER_FAILOVER, group);
    HASH_ADD_KEYPTR(hh, core->groups, group->name, strlen(group->name), group);
    HASH_ADD(hh_id, core->groups_by_id, id, sizeof(group->id), group);
    sn_budget_count(group);
    group->master = sn_instance_new_data(group, SN_KIND_MASTER, &image->addr);
    add_known(group, image);
    sn_alias_look(group);
    sn_alias_look_across(group);
    return group;
}

static void free_replicas(struct sn_group *group)
{
    struct sn_instance *instance, *next;
    DL_FOREACH_SAFE(group->replicas, instance, next) {
        DL_DELETE(group->replicas, instance);
        sn_instance_free(instance);
    }
    group->replica_count = 0;
}

static void free_peers(struct sn_group *group)
{
    struct sn_instance *instance, *next;
    DL_FOREACH_SAFE(group->peers, instance, next)
        sn_peer_remove(instance);
}

void sn_group_free(struct sn_group *group)
{
    struct sn_core *core = group->core;
    sn_attempt_clear(group);
    sn_alias_free(group);
    free_replicas(group);
    free_peers(group);
    sn_instance_free(group->master);
    sn_timer_stop(&core->timers, &group->election);
    sn_timer_stop(&core->timers, &group->timeout);
    sn_mark_forget_group(group);
    sn_budget_leave(group);
    sn_truce_free(group);
    sn_reason_free(group);
    HASH_DELETE(hh, core->groups, group);
    HASH_DELETE(hh_id, core->groups_by_id, group);
    sn_group_params_fini(&group->params);
    sn_group_forget_unannounced(group);
    free(group->loss);
    free(group->rescue);
    free(group->forgotten);
    free(group->lookup);
    free(group->name);
    free(group);
}

void sn_group_drop_replica(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    assert(replica->kind == SN_KIND_REPLICA && replica != group->failover.promoted);
    DL_DELETE(group->replicas, replica);
    group->replica_count--;
    sn_instance_free(replica);
}

/* Returns the master, or an earlier replica in the list, if it has the same address; else NULL. */
static struct sn_instance *known_before(const struct sn_instance *replica)
{
    struct sn_instance *other = replica->group->replicas;
    if (sn_addr_same_place(&replica->group->master->addr, &replica->addr))
        return replica->group->master;
    while (other != replica && !sn_addr_same_place(&other->addr, &replica->addr))
        other = other->next;
    return other != replica ? other : NULL;
}

/* What was done to the server under either name holds for it (PROTOCOL.md §24.2). */
static void inherit(struct sn_instance *replica, const struct sn_instance *forgotten)
{
    struct sn_data *data = &replica->u.data;
    sn_ms unproven_at = forgotten->u.data.unproven_at;
    if (replica->kind != SN_KIND_REPLICA)
        return;
    if (unproven_at != SN_MS_NEVER)
        data->unproven_at =
            data->unproven_at == SN_MS_NEVER ? unproven_at : sn_max(data->unproven_at, unproven_at);
    data->left_out |= forgotten->u.data.left_out;
}

void sn_group_drop_duplicates(struct sn_group *group)
{
    struct sn_instance *replica, *next;
    DL_FOREACH_SAFE(group->replicas, replica, next) {
        struct sn_instance *kept = known_before(replica);
        if (replica == group->failover.promoted || kept == NULL)
            continue;
        inherit(kept, replica);
        sn_out_log(
            group->core, SN_LEVEL_NOTICE,
            "Forgot replica %s of %s: its host name resolves to %s:%u, which is a member already.",
            replica->addr.host, group->name, replica->addr.ip, replica->addr.port);
        sn_group_drop_replica(replica);
        sn_persist_group_changed(group, SN_RECORD_REPLICAS);
    }
    if (group->failover.state == SN_FAILOVER_RECONF)
        sn_mark_group(group, SN_MARK_STEP);
}

void sn_group_push_hello(struct sn_group *group)
{
    struct sn_core *core = group->core;
    struct sn_instance *instance;
    DL_FOREACH(group->peers, instance)
        sn_timer_set(&core->timers, &instance->hello, core->now);
    sn_timer_set(&core->timers, &group->master->hello, core->now);
    DL_FOREACH(group->replicas, instance)
        sn_timer_set(&core->timers, &instance->hello, core->now);
}

void sn_group_ask_info_all(struct sn_group *group)
{
    struct sn_instance *replica;
    sn_instance_ask_info(group->master);
    DL_FOREACH(group->replicas, replica)
        sn_instance_ask_info(replica);
}

void sn_group_reschedule(struct sn_group *group)
{
    struct sn_instance *instance;
    sn_budget_count(group);
    sn_link_reschedule(group->master->cmd);
    sn_mark_instance(group->master);
    DL_FOREACH(group->replicas, instance) {
        sn_link_reschedule(instance->cmd);
        sn_mark_instance(instance);
    }
    DL_FOREACH(group->peers, instance) {
        sn_link_reschedule(instance->cmd);
        sn_mark_instance(instance);
    }
    sn_mark_group(group, SN_MARK_AGREE);
}

void sn_group_set_o_down(struct sn_group *group, bool down)
{
    assert(group->o_down != down);
    group->o_down = down;
    if (down)
        group->o_down_at = group->core->now;
}

void sn_group_raise_config(struct sn_group *group, uint64_t epoch)
{
    assert(epoch > group->config_epoch && epoch <= group->core->current_epoch);
    group->config_epoch = epoch;
}

/* Facts about a node in its old role do not apply to its new one (PROTOCOL.md §17.1, §24.3). */
static void begin_new_part(struct sn_instance *instance, enum sn_kind kind)
{
    struct sn_data *data = &instance->u.data;
    instance->kind = kind;
    sn_instance_forget_down(instance);
    /* The node counts as newly discovered: the time of a wrong role counts from its next INFO. */
    data->role_reported = kind == SN_KIND_MASTER ? SN_ROLE_MASTER : SN_ROLE_REPLICA;
    data->role_reported_at = instance->core->now;
    data->master_changed_at = instance->core->now;
    data->promoted = false;
    if (kind == SN_KIND_MASTER)
        data->unproven_at = SN_MS_NEVER;
    data->rebooting = false;
    data->reborn = false;
    data->reborn_empty = false;
    data->left_out = false;
    sn_silence_forget_evidence(instance->cmd);
    data->reconf_at = SN_MS_NEVER;
    assert(data->reconf == SN_RECONF_NONE);
}

/* A switch clears the agreement about the old master (PROTOCOL.md §13.4). */
static void forget_agreement(struct sn_group *group)
{
    struct sn_instance *peer;
    group->o_down = false;
    DL_FOREACH(group->peers, peer) {
        peer->u.peer.master_down = false;
        peer->u.peer.hello_agrees = false;
        sn_asked_forget(peer);
    }
}

void sn_group_switch(struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *old_master = group->master;
    struct sn_instance *new_master = sn_group_find_replica(group, addr);
    struct sn_instance *replica;
    assert(old_master->kind == SN_KIND_MASTER);

    sn_loss_begin(group, new_master);
    sn_attempt_clear(group);
    forget_agreement(group);
    DL_FOREACH(group->replicas, replica) {
        begin_new_part(replica, SN_KIND_REPLICA);
        /* Below the old master it is left behind, and no part of a chain (DESIGN.md D22). */
        if (sn_instance_follows(replica, &old_master->addr) || sn_instance_follows(replica, addr))
            replica->u.data.chained = false;
    }
    if (new_master != NULL) {
        DL_DELETE(group->replicas, new_master);
        group->replica_count--;
        begin_new_part(new_master, SN_KIND_MASTER);
        /* Its silence as a replica does not count against it as a master. */
        sn_link_begin_anew(new_master->cmd);
        sn_link_begin_anew(new_master->sub);
        sn_link_reschedule(new_master->cmd);
    } else {
        new_master = sn_instance_new_data(group, SN_KIND_MASTER, addr);
    }
    begin_new_part(old_master, SN_KIND_REPLICA);
    old_master->u.data.unproven_at = group->core->now;
    DL_APPEND(group->replicas, old_master);
    group->replica_count++;
    group->master = new_master;
    group->promoted_at = SN_MS_NEVER;
    group->restores = 0;
    sn_turn_new_master(group);
    sn_gap_new_master(group);
    group->stranger_told = false;
    sn_alias_switched(group);
    sn_group_ask_info_all(group);
    sn_persist_epochs_changed(group, SN_RECORD_CONFIG | SN_RECORD_REPLICAS);
}

void sn_group_forget_unannounced(struct sn_group *group)
{
    free(group->unannounced_old_master);
    group->unannounced_old_master = NULL;
}

void sn_group_announce_switch(struct sn_group *group, const struct sn_addr *old_addr)
{
    struct sn_core *core = group->core;
    bool names = core->globals.announce_hostnames;
    struct sn_instance *replica;
    sn_raise_plain(core, group, SN_NOTICE_SWITCH_MASTER, "%s %s %u %s %u", group->name,
                   sn_addr_shown(old_addr, names), old_addr->port, sn_instance_host(group->master),
                   group->master->addr.port);
    DL_FOREACH(group->replicas, replica)
        sn_raise(replica, SN_NOTICE_SLAVE, NULL);
    sn_loss_announced(group);
    /* A demoted master is usually down; it is reported as a replica that is down. */
    sn_mark_instance(group->master);
    DL_FOREACH(group->replicas, replica)
        sn_mark_instance(replica);
}

void sn_group_reset(struct sn_group *group)
{
    struct sn_instance *master = group->master;
    sn_attempt_clear(group);
    free_replicas(group);
    free_peers(group);
    begin_new_part(master, SN_KIND_MASTER);
    group->o_down = false;
    /* The peers that could confirm a newer configuration are removed as well. */
    group->accept_any_peer = true;
    group->leader.hex[0] = '\0'; /* the epoch of the vote stays: no second vote for it */
    sn_turn_begin(group);
    group->promoted_at = SN_MS_NEVER;
    master->runid.hex[0] = '\0';
    master->u.data.role_reported = SN_ROLE_MASTER;
    sn_strset(&master->u.data.master_host, NULL);
    master->u.data.master_port = 0;
    master->u.data.info_sent_at = SN_MS_NEVER; /* ask at once: no ten seconds without replicas */
    sn_link_reset(master->cmd);
    sn_link_renew(master->sub);
    sn_mark_instance(master);
    sn_raise(master, SN_NOTICE_RESET_MASTER, NULL);
    sn_persist_group_changed(group, SN_RECORD_VOTE | SN_RECORD_REPLICAS | SN_RECORD_PEERS);
}

static uint64_t rank_of(const struct sn_group *group, const struct sn_runid *runid)
{
    /* The epoch of the group is the same on all sentinels; the current epoch is not, while
     * elections of other groups raise it. */
    uint64_t epoch =
        group->leader_epoch > group->config_epoch ? group->leader_epoch : group->config_epoch;
    const char *name = sn_alias_rank_name(group);
    uint64_t hash = sn_hash_bytes(SN_HASH_START, runid->hex, strlen(runid->hex));
    hash = sn_hash_bytes(hash, name, strlen(name));
    return sn_hash_finish(sn_hash_bytes(hash, &epoch, sizeof(epoch)));
}

bool sn_group_goes_first(const struct sn_instance *peer)
{
    const struct sn_group *group = peer->group;
    return !peer->s_down && rank_of(group, &peer->runid) < rank_of(group, &group->core->myid);
}

unsigned sn_group_rank(const struct sn_group *group)
{
    unsigned rank = 0;
    const struct sn_instance *peer;
    DL_FOREACH(group->peers, peer)
        rank += sn_group_goes_first(peer);
    return rank;
}
