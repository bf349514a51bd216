/* SPDX-License-Identifier: BSD-3-Clause */

/* Forgetting single members, by command or after a long time down (DESIGN.md D23). SENTINEL RESET
 * forgets all of them at once, and with them the sentinels that can confirm a configuration.
 *
 * Whoever is alive comes back: a replica by INFO of the master, a sentinel by its hello. Replicas
 * are forgotten by themselves only if nothing depends on them: the last thing they said is that
 * they follow the present master. One that may come back as a master, or to another one, has to be
 * told to follow when it does, so it is kept. Sentinels are never forgotten by themselves, because
 * that would change what a majority is: here only an operator decides. */

#include "core/watch/forget.h"

#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#include "base/alloc.h"

#include <assert.h>
#include <utlist.h>

/* Whose place in the list is taken by the next one that is forgotten. */
static void note_forgotten(struct sn_group *group, const struct sn_addr *addr)
{
    if (group->forgotten == NULL)
        group->forgotten = sn_alloc(sizeof(*group->forgotten));
    struct sn_forgotten *forgotten = group->forgotten;
    forgotten->addrs[forgotten->next] = *addr;
    forgotten->next = (forgotten->next + 1) % SN_FORGOTTEN_MAX;
}

static void forget_replica(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    assert(replica->kind == SN_KIND_REPLICA && group->failover.state == SN_FAILOVER_NONE);
    note_forgotten(group, &replica->addr);
    sn_raise(replica, SN_NOTICE_FORGET, NULL);
    sn_group_drop_replica(replica);
    sn_mark_group(group, SN_MARK_PLAN);
    sn_persist_group_changed(group, SN_RECORD_REPLICAS);
}

/* What a majority is changes with it: an operator has decided so. */
static void forget_peer(struct sn_instance *peer)
{
    struct sn_group *group = peer->group;
    assert(peer->kind == SN_KIND_PEER);
    note_forgotten(group, &peer->addr);
    sn_raise(peer, SN_NOTICE_FORGET, NULL);
    sn_peer_remove(peer);
    sn_peer_judge_count(group);
    sn_mark_group(group, SN_MARK_AGREE | SN_MARK_PLAN);
    sn_persist_group_changed(group, SN_RECORD_PEERS);
}

static bool forget_peers_at(struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *peer, *next;
    bool found = false;
    DL_FOREACH_SAFE(group->peers, peer, next) {
        if (!sn_addr_equal(&peer->addr, addr))
            continue;
        forget_peer(peer);
        found = true;
    }
    return found;
}

enum sn_forgot sn_forget_at(struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *replica = sn_group_find_replica(group, addr);
    if (sn_addr_equal(&group->master->addr, addr))
        return SN_FORGOT_MASTER;
    if (group->failover.state != SN_FAILOVER_NONE)
        return SN_FORGOT_FAILOVER;
    if (replica != NULL)
        forget_replica(replica);
    else if (!forget_peers_at(group, addr))
        return SN_FORGOT_NOBODY;
    return SN_FORGOT_DONE;
}

static bool lists(const struct sn_info *info, const struct sn_instance *replica)
{
    struct sn_addr addr;
    for (size_t i = 0; i < info->replica_count; i++) {
        const struct sn_info_replica *seen = &info->replicas[i];
        if (sn_addr_make(seen->host, seen->port, &addr) == 0 &&
            sn_addr_equal(&addr, &replica->addr))
            return true;
    }
    return info->replica_count >= SN_INFO_REPLICAS_MAX; /* the list may be cut */
}

/* True if the replica needs no order when it returns, by what it has said since the last switch. */
static bool returns_by_itself(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->info_at != SN_MS_NEVER && data->info_at > data->role_reported_at &&
           data->role_reported == SN_ROLE_REPLICA && data->unproven_at == SN_MS_NEVER &&
           sn_instance_follows_master(replica);
}

static bool is_given_up(const struct sn_instance *replica, const struct sn_info *info)
{
    sn_ms after = (sn_ms)replica->group->params.forget_after_s * 1000;
    return replica->s_down && sn_age(replica->core, replica->s_down_at) >= after &&
           returns_by_itself(replica) && !lists(info, replica);
}

void sn_forget_by_info(const struct sn_instance *master, const struct sn_info *info)
{
    struct sn_group *group = master->group;
    struct sn_instance *replica, *next;
    char form[SN_PAYLOAD_MAX + 1];
    assert(master->kind == SN_KIND_MASTER);
    if (group->params.forget_after_s == 0 || info->role != SN_ROLE_MASTER || master->s_down ||
        group->core->tilt || group->failover.state != SN_FAILOVER_NONE)
        return;
    DL_FOREACH_SAFE(group->replicas, replica, next) {
        if (!is_given_up(replica, info))
            continue;
        sn_instance_form(replica, form);
        sn_out_log(group->core, SN_LEVEL_NOTICE,
                   "Forgetting %s: down for %lld s, and its master does not list it "
                   "(forget-after %u). It comes back when the master lists it again.",
                   form, (long long)(sn_age(group->core, replica->s_down_at) / 1000),
                   group->params.forget_after_s);
        forget_replica(replica);
    }
}

void sn_forget_returned(const struct sn_instance *member)
{
    struct sn_forgotten *forgotten = member->group->forgotten;
    char form[SN_PAYLOAD_MAX + 1];
    for (size_t i = 0; forgotten != NULL && i < SN_FORGOTTEN_MAX; i++) {
        if (forgotten->addrs[i].port == 0 || !sn_addr_equal(&forgotten->addrs[i], &member->addr))
            continue;
        forgotten->addrs[i].port = 0;
        sn_instance_form(member, form);
        sn_out_log(member->core, SN_LEVEL_NOTICE, "%s was forgotten and is back: %s.", form,
                   member->kind == SN_KIND_PEER ? "its hello has come" : "its master lists it");
        return;
    }
}
