/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ALIAS_H
#define SN_CORE_ALIAS_H

/* Aliases: groups, of this or other sentinels, that have had the same master as a group (DESIGN.md
 * D16). Internal to the core. */

#include "core/model/group.h"

/* Another name of the group's master. */
struct sn_alias {
    char name[SN_NAME_MAX + 1];
    struct sn_addr master; /* as last reported */
    uint64_t epoch;        /* config epoch of that report */
    sn_ms heard_at;
    bool they_moved, we_moved; /* since both had the same master */
    struct sn_alias *next;
};

/* Records master as the master of the group called name. Returns true if name is an alias of group,
 * so that its claims on group's servers are no conflict (PROTOCOL.md §24.3). */
bool sn_alias_note(struct sn_group *group, const char *name, const struct sn_addr *master,
                   uint64_t epoch);
/* group has a new master, or its master has a new address: looks for aliases among own groups. */
void sn_alias_look(struct sn_group *group);
/* Completes the image of a group that is about to be monitored. If another own group has its
 * master, which is down, or had it and has replaced it, and it is down, adds that group's servers
 * as replicas, as no INFO can list them. The caller frees image->replicas. */
void sn_alias_complete(struct sn_core *core, struct sn_group_image *image);
/* group is new: finds own groups that became aliases before a restart, where only one of the two
 * has switched. Such groups have the same servers, and each has the other's master as a replica. */
void sn_alias_look_across(struct sn_group *group);
/* INFO of a replica was read: an own group that turns out to have made it master is an alias. */
void sn_alias_info(struct sn_instance *replica);
/* Instant by which hellos have told the master's other names; now if that has passed. */
sn_ms sn_alias_heard_at(const struct sn_group *group);
/* The master of group is down: adds the masters of its aliases as replicas again if a RESET has
 * removed them. */
void sn_alias_meet(struct sn_group *group);
/* group has switched to another master. */
void sn_alias_switched(struct sn_group *group);
void sn_alias_free(struct sn_group *group);
bool sn_alias_known(const struct sn_group *group, const char *name);
/* Returns the replica that an alias has made its master and that group has to adopt; NULL if none
 * (PROTOCOL.md §24.3). */
struct sn_instance *sn_alias_moved_to(const struct sn_group *group);
/* True if an alias has made replica its master and replica reports that role: it needs no order,
 * and what it reported as a replica is obsolete. */
bool sn_alias_made_master(const struct sn_instance *replica);
/* True if somebody else than candidate has this sentinel's vote in that epoch under another name of
 * the master, of which only one may have switched: a vote for each could make two leaders
 * (PROTOCOL.md §24.3). */
bool sn_alias_has_voted(const struct sn_group *group, const char *candidate, uint64_t epoch);
/* True if an alias in this sentinel is promoting a replica. */
bool sn_alias_is_promoting(const struct sn_group *group);
/* Returns the name to rank candidates by; the same for all aliases. */
const char *sn_alias_rank_name(const struct sn_group *group);
#endif
