/* SPDX-License-Identifier: BSD-3-Clause */

/* Aliases: groups that have had the same master. When one alias has switched, the leaders of the
 * others choose the same new master, and send it no orders meanwhile. If two aliases switch at once
 * to different masters, both groups end at the master with the higher config epoch; of equal
 * epochs, at the lower address. Each side knows both configurations. */

#include "core/facts/alias.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"

#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/turn.h"
#include "core/tell/out.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define ALIASES_MAX   64 /* limit for the aliases of a group, which hellos can add */
#define STALE_PERIODS 3  /* hello periods in which a lower epoch counts as stale */

/* Returns the group of this sentinel that has that name; NULL if it is only one of others. */
static struct sn_group *own_group(const struct sn_group *group, const struct sn_alias *alias)
{
    return sn_group_by_name(group->core, alias->name, strlen(alias->name));
}

static bool same_place(const struct sn_addr *a, const struct sn_addr *b)
{
    bool both_known = a->ip[0] != '\0' && b->ip[0] != '\0';
    return both_known ? sn_addr_same_place(a, b) : sn_addr_equal(a, b);
}

static struct sn_alias *find_alias(const struct sn_group *group, const char *name)
{
    struct sn_alias *alias = group->aliases;
    while (alias != NULL && strcmp(alias->name, name) != 0)
        alias = alias->next;
    return alias;
}

bool sn_alias_known(const struct sn_group *group, const char *name)
{
    return find_alias(group, name) != NULL;
}

static void drop(struct sn_group *group, const char *name)
{
    struct sn_alias **at = &group->aliases, *alias;
    while ((alias = *at) != NULL) {
        if (strcmp(alias->name, name) != 0) {
            at = &alias->next;
            continue;
        }
        *at = alias->next;
        free(alias);
        sn_mark_instance(group->master); /* the master no longer counts as replaced */
    }
}

static struct sn_alias *add_alias(struct sn_group *group, const char *name)
{
    size_t count = 0;
    for (const struct sn_alias *other = group->aliases; other != NULL; other = other->next)
        count++;
    if (count >= ALIASES_MAX) {
        sn_reason_note_numbers(group->master, SN_REASON_ALIAS_TOO_MANY, (int64_t)count, 0, 0);
        return NULL;
    }
    struct sn_alias *alias = sn_alloc(sizeof(*alias));
    (void)sn_text_copy(alias->name, sizeof(alias->name), name);
    alias->master = group->master->addr;
    alias->heard_at = group->core->now;
    alias->next = group->aliases;
    group->aliases = alias;
    sn_out_log(group->core, SN_LEVEL_NOTICE,
               "Group %s has the same master as %s: when one of the two switches to a new master, "
               "the other one follows.",
               name, group->name);
    return alias;
}

static struct sn_instance *find_replica(const struct sn_group *group, const struct sn_addr *addr)
{
    struct sn_instance *replica = group->replicas;
    while (replica != NULL && !same_place(&replica->addr, addr))
        replica = replica->next;
    return replica;
}

/* True if the master of group reports that it replicates addr. */
static bool goes_along(const struct sn_group *group, const struct sn_addr *addr)
{
    const struct sn_data *data = &group->master->u.data;
    return data->info_at != SN_MS_NEVER && data->role_reported == SN_ROLE_REPLICA &&
           sn_instance_follows(group->master, addr);
}

/* Adds the new master of alias as a replica of group, which may have forgotten it in a RESET. The
 * hello alone suffices if the alias is a group of this sentinel; otherwise the master of group has
 * to confirm it. */
static void meet(struct sn_group *group, const struct sn_alias *alias)
{
    const char *name = alias->name;
    bool own = sn_group_by_name(group->core, name, strlen(name)) != NULL;
    if (!alias->they_moved || alias->master.ip[0] == '\0' ||
        find_replica(group, &alias->master) != NULL || group->replica_count >= SN_REPLICAS_MAX ||
        (!own && !goes_along(group, &alias->master)))
        return;
    struct sn_instance *replica = sn_instance_new_data(group, SN_KIND_REPLICA, &alias->master);
    DL_APPEND(group->replicas, replica);
    group->replica_count++;
    /* No +slave: +switch-master follows. */
    sn_persist_group_changed(group, SN_RECORD_REPLICAS);
    sn_mark_instance(group->master);
}

void sn_alias_meet(struct sn_group *group)
{
    const struct sn_alias *alias;
    for (alias = group->aliases; alias != NULL; alias = alias->next)
        meet(group, alias);
}

static bool is_unseen(const struct sn_group *group)
{
    return group->master->u.data.said_master_at == SN_MS_NEVER;
}

/* True if group has followed replica. After a restart, the first hello of another name may show
 * that this name has switched already. The two names then are aliases only if replica reports the
 * role of a master and every server that is up, the old master included, follows replica. The old
 * master may be down only if this process never saw it as a master; otherwise hellos would have
 * revealed the alias in time. In all other cases the other group has taken replica away, which is a
 * conflict. */
static bool has_been_followed(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_instance *master = group->master, *other;
    if (replica->s_down || replica->u.data.info_at == SN_MS_NEVER ||
        replica->u.data.role_reported != SN_ROLE_MASTER)
        return false;
    if (!goes_along(group, &replica->addr) && !(master->s_down && is_unseen(group)))
        return false;
    for (other = group->replicas; other != NULL; other = other->next) {
        if (other != replica && !other->s_down &&
            (other->u.data.role_reported != SN_ROLE_REPLICA ||
             !sn_instance_follows(other, &replica->addr)))
            return false;
    }
    return true;
}

sn_ms sn_alias_heard_at(const struct sn_group *group)
{
    const struct sn_core *core = group->core;
    const struct sn_instance *replica;
    sn_ms from = SN_MS_NEVER;
    if (!is_unseen(group))
        return core->now;
    for (replica = group->replicas; replica != NULL; replica = replica->next) {
        if (!replica->s_down && replica->sub->state == SN_LINK_UP)
            from = sn_min(from, replica->sub->up_at);
    }
    return from == SN_MS_NEVER ? core->now
                               : sn_after(from, core->timings[SN_TIMING_PUBLISH_PERIOD] * 3 / 2);
}

bool sn_alias_note(struct sn_group *group, const char *name, const struct sn_addr *master,
                   uint64_t epoch)
{
    const struct sn_core *core = group->core;
    sn_ms memory = STALE_PERIODS * core->timings[SN_TIMING_PUBLISH_PERIOD];
    bool equal = same_place(master, &group->master->addr);
    struct sn_alias *alias = find_alias(group, name);
    if (strcmp(name, group->name) == 0)
        return false;
    if (alias == NULL && !equal) {
        const struct sn_instance *replica = epoch > 0 ? find_replica(group, master) : NULL;
        if (replica == NULL || !has_been_followed(replica))
            return false;
    }
    if (alias == NULL && (alias = add_alias(group, name)) == NULL)
        return false;
    if (epoch < alias->epoch && sn_age(core, alias->heard_at) <= memory)
        return true; /* stale: its sender has not heard of the switch */
    /* A failover raises the epoch, and may promote a replica that group has not met yet. An unknown
     * address without a higher epoch means that the other group was configured anew, with servers
     * of its own. */
    bool moved = !same_place(master, &alias->master);
    if (!equal && moved && find_replica(group, master) == NULL && epoch <= alias->epoch) {
        drop(group, name);
        return false;
    }
    alias->master = *master;
    alias->epoch = epoch;
    alias->heard_at = core->now;
    alias->they_moved = !equal && (alias->they_moved || moved);
    alias->we_moved = !equal && alias->we_moved;
    meet(group, alias);
    if (moved) {
        /* The timer defers the judgement until the present step is over. No rival is waited for:
         * votes were about the address, their winner may have failed over the other name, and every
         * leader now chooses the same replica. */
        sn_timer_set(&group->core->timers, &group->master->down, core->now);
        sn_turn_wait_for_nobody(group);
        sn_turn_retry(group, core->now);
        sn_mark_group(group, SN_MARK_PLAN);
    } else {
        sn_mark_instance(group->master);
    }
    return true;
}

/* True if replica was the master of another group until it went down and was replaced. If it is up
 * again, it reports itself which master it follows. */
static bool was_left(const struct sn_instance *replica)
{
    return replica->kind == SN_KIND_REPLICA && replica->s_down &&
           replica->u.data.unproven_at != SN_MS_NEVER;
}

void sn_alias_complete(struct sn_core *core, struct sn_group_image *image)
{
    const struct sn_instance *member = sn_instance_first_at(core, &image->addr), *replica;
    const struct sn_group *other = NULL;
    for (; member != NULL; member = member->place_next) {
        if (was_left(member) || (member->kind == SN_KIND_MASTER && member->s_down))
            other = member->group;
    }
    if (other == NULL)
        return;
    if (!same_place(&other->master->addr, &image->addr))
        sn_group_image_add_replica(image, &other->master->addr);
    for (replica = other->replicas; replica != NULL; replica = replica->next) {
        if (!same_place(&replica->addr, &image->addr))
            sn_group_image_add_replica(image, &replica->addr);
    }
}

static void add_moved(struct sn_group *group, const struct sn_group *other)
{
    struct sn_alias *alias =
        find_alias(group, other->name) == NULL ? add_alias(group, other->name) : NULL;
    if (alias == NULL)
        return;
    alias->master = other->master->addr;
    alias->epoch = other->config_epoch;
    alias->they_moved = other->config_epoch > group->config_epoch;
    alias->we_moved = !alias->they_moved;
    sn_mark_instance(group->master); /* the master may count as replaced now */
}

/* True if other knows every server of group. */
static bool knows_all(const struct sn_group *other, const struct sn_group *group)
{
    const struct sn_instance *replica;
    if (find_replica(other, &group->master->addr) == NULL)
        return false;
    for (replica = group->replicas; replica != NULL; replica = replica->next) {
        if (!same_place(&other->master->addr, &replica->addr) &&
            find_replica(other, &replica->addr) == NULL)
            return false;
    }
    return true;
}

void sn_alias_look_across(struct sn_group *group)
{
    struct sn_instance *replica, *member;
    for (replica = group->replicas; replica != NULL; replica = replica->next) {
        for (member = sn_instance_first_at(replica->core, &replica->addr); member != NULL;
             member = member->place_next) {
            struct sn_group *other = member->group;
            if (other == group || other->master != member || !knows_all(other, group) ||
                !knows_all(group, other))
                continue;
            add_moved(group, other);
            add_moved(other, group);
        }
    }
}

void sn_alias_info(struct sn_instance *replica)
{
    struct sn_group *group = replica->group;
    struct sn_instance *member;
    if (replica->u.data.role_reported != SN_ROLE_MASTER)
        return;
    for (member = sn_instance_first_at(replica->core, &replica->addr); member != NULL;
         member = member->place_next) {
        struct sn_group *other = member->group;
        if (other == group || other->master != member || find_alias(group, other->name) != NULL ||
            !sn_alias_note(group, other->name, &member->addr, other->config_epoch))
            continue;
        add_moved(other, group);
    }
}

void sn_alias_look(struct sn_group *group)
{
    struct sn_instance *member;
    for (member = sn_instance_first_at(group->master->core, &group->master->addr); member != NULL;
         member = member->place_next) {
        struct sn_group *other = member->group;
        if (member->kind != SN_KIND_MASTER || other == group || other->master != member)
            continue;
        (void)sn_alias_note(group, other->name, &member->addr, other->config_epoch);
        (void)sn_alias_note(other, group->name, &group->master->addr, group->config_epoch);
    }
}

void sn_alias_switched(struct sn_group *group)
{
    struct sn_alias *alias;
    for (alias = group->aliases; alias != NULL; alias = alias->next) {
        bool equal = same_place(&alias->master, &group->master->addr);
        alias->they_moved = !equal && alias->they_moved;
        alias->we_moved = !equal;
    }
    sn_mark_instance(group->master);
    for (alias = group->aliases; alias != NULL; alias = alias->next) {
        struct sn_group *other = own_group(group, alias);
        if (other != NULL)
            (void)sn_alias_note(other, group->name, &group->master->addr, group->config_epoch);
    }
    sn_alias_look(group);
}

void sn_alias_free(struct sn_group *group)
{
    while (group->aliases != NULL) {
        struct sn_alias *alias = group->aliases;
        struct sn_group *other = own_group(group, alias);
        if (other != NULL)
            drop(other, group->name);
        group->aliases = alias->next;
        free(alias);
    }
}

/* Returns addr as the replica there was resolved, because a hello may name a host. */
static const struct sn_addr *known_place(const struct sn_group *group, const struct sn_addr *addr)
{
    const struct sn_instance *replica = NULL;
    if (addr->ip[0] == '\0')
        replica = find_replica(group, addr);
    return replica == NULL ? addr : &replica->addr;
}

/* True if the configuration (epoch, master) precedes the other one, where a master was replaced
 * under both names: the higher epoch goes first; of equal epochs, the lower address. Both sides of
 * a conflict must get the same result, whatever host names they use. So IPs are compared, and while
 * one of the IPs is unknown, neither goes first (PROTOCOL.md §24.3). */
static bool goes_first(uint64_t epoch, const struct sn_addr *master, uint64_t other_epoch,
                       const struct sn_addr *other)
{
    if (epoch != other_epoch)
        return epoch > other_epoch;
    if (master->ip[0] == '\0' || other->ip[0] == '\0')
        return false;
    int order = strcmp(master->ip, other->ip);
    return order != 0 ? order < 0 : master->port < other->port;
}

/* True if group has to follow the alias to its new master. */
static bool gives_way(const struct sn_group *group, const struct sn_alias *alias)
{
    if (!alias->they_moved || !alias->we_moved)
        return alias->they_moved;
    return goes_first(alias->epoch, known_place(group, &alias->master), group->config_epoch,
                      &group->master->addr);
}

struct sn_instance *sn_alias_moved_to(const struct sn_group *group)
{
    const struct sn_alias *best = NULL;
    struct sn_instance *moved_to = NULL;
    for (const struct sn_alias *alias = group->aliases; alias != NULL; alias = alias->next) {
        if (!gives_way(group, alias))
            continue;
        if (best != NULL && !goes_first(alias->epoch, known_place(group, &alias->master),
                                        best->epoch, known_place(group, &best->master)))
            continue;
        struct sn_instance *replica = find_replica(group, &alias->master);
        if (replica == NULL)
            continue;
        best = alias;
        moved_to = replica;
    }
    return moved_to;
}

bool sn_alias_made_master(const struct sn_instance *replica)
{
    return replica->u.data.role_reported == SN_ROLE_MASTER &&
           replica == sn_alias_moved_to(replica->group);
}

bool sn_alias_has_voted(const struct sn_group *group, const char *candidate, uint64_t epoch)
{
    for (const struct sn_alias *alias = group->aliases; alias != NULL; alias = alias->next) {
        const struct sn_group *other = own_group(group, alias);
        if (other != NULL && other->leader_epoch == epoch &&
            strcmp(other->leader.hex, candidate) != 0)
            return true;
    }
    return false;
}

bool sn_alias_is_promoting(const struct sn_group *group)
{
    for (const struct sn_alias *alias = group->aliases; alias != NULL; alias = alias->next) {
        const struct sn_group *other = own_group(group, alias);
        if (other != NULL && (other->failover.state == SN_FAILOVER_SEND_PROMOTION ||
                              other->failover.state == SN_FAILOVER_WAIT_PROMOTION))
            return true;
    }
    return false;
}

const char *sn_alias_rank_name(const struct sn_group *group)
{
    const char *first = group->name;
    for (const struct sn_alias *alias = group->aliases; alias != NULL; alias = alias->next) {
        if (strcmp(alias->name, first) < 0 && own_group(group, alias) != NULL)
            first = alias->name;
    }
    return first;
}
