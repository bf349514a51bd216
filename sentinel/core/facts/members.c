/* SPDX-License-Identifier: BSD-3-Clause */

/* Lists and indices of groups and peers, and the counts that define majorities. */

#include "core/facts/members.h"
#include "core/facts/instance.h"
#include "core/tell/out.h"

#include <string.h>
#include <utlist.h>

struct sn_group *sn_group_by_id(const struct sn_core *core, uint64_t id)
{
    struct sn_group *group;
    HASH_FIND(hh_id, core->groups_by_id, &id, sizeof(id), group);
    return group;
}

struct sn_group *sn_group_by_name(struct sn_core *core, const char *name, size_t len)
{
    struct sn_group *group;
    HASH_FIND(hh, core->groups, name, len, group);
    return group;
}

struct sn_group *sn_group_at(struct sn_core *core, const struct sn_addr *addr)
{
    if (addr->ip[0] != '\0') {
        const struct sn_instance *member = sn_instance_first_at(core, addr);
        while (member != NULL && member->kind != SN_KIND_MASTER)
            member = member->place_next;
        return member == NULL ? NULL : member->group;
    }
    struct sn_group *group, *next;
    HASH_ITER(hh, core->groups, group, next) {
        if (sn_addr_equal(&group->master->addr, addr))
            return group;
    }
    return NULL;
}

/* PROTOCOL.md §20.1. */
struct sn_instance *sn_group_find_replica(const struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (sn_addr_equal(&replica->addr, addr))
            return replica;
    }
    return NULL;
}

struct sn_instance *sn_group_find_peer(const struct sn_group *group, const struct sn_runid *runid)
{
    struct sn_instance *peer;
    if (strlen(runid->hex) != SN_RUNID_LEN)
        return NULL;
    HASH_FIND(u.peer.hh, group->peers_by_id, runid->hex, SN_RUNID_LEN, peer);
    return peer;
}

struct sn_instance *sn_peer_add(struct sn_group *group, const struct sn_runid *runid,
                                const struct sn_addr *addr)
{
    struct sn_instance *peer = sn_instance_new_peer(group, runid, addr);
    DL_APPEND(group->peers, peer);
    HASH_ADD_KEYPTR(u.peer.hh, group->peers_by_id, peer->runid.hex, SN_RUNID_LEN, peer);
    group->peer_count++;
    return peer;
}

void sn_peer_remove(struct sn_instance *peer)
{
    struct sn_group *group = peer->group;
    DL_DELETE(group->peers, peer);
    HASH_DELETE(u.peer.hh, group->peers_by_id, peer);
    group->peer_count--;
    sn_instance_free(peer);
}

void sn_peer_judge_count(struct sn_group *group)
{
    size_t voters = group->peer_count + 1;
    bool crowded = voters > 2 * (size_t)group->params.quorum && group->peer_count > 0;
    if (crowded && !group->crowd_told)
        sn_out_log(group->core, SN_LEVEL_WARNING,
                   "Group %s now has %zu sentinels, more than twice its quorum of %u; a failover "
                   "needs %zu votes. If some of these sentinels are gone or never existed, run "
                   "SENTINEL RESET %s on one sentinel after the other; otherwise raise the quorum.",
                   group->name, voters, group->params.quorum, voters / 2 + 1, group->name);
    group->crowd_told = crowded;
}

size_t sn_group_majority(const struct sn_group *group)
{
    return (group->peer_count + 1) / 2 + 1;
}

size_t sn_group_votes_needed(const struct sn_group *group)
{
    size_t majority = sn_group_majority(group);
    return majority < group->params.quorum ? group->params.quorum : majority;
}
