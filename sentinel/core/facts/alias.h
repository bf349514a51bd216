/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ALIAS_H
#define SN_CORE_ALIAS_H

/* One master under several names: the groups, here or of other sentinels, that have had the master
 * of a group for their own (DESIGN.md D16). Internal to the core. */

#include "core/model/group.h"

/* Another name of the group's master. */
struct sn_alias {
    char name[SN_NAME_MAX + 1];
    struct sn_addr master; /* as it was told last */
    uint64_t epoch;        /* config epoch of that */
    sn_ms heard_at;
    bool they_moved, we_moved; /* since both had the same master */
    struct sn_alias *next;
};

/* Takes notice of where the group called name has its master. True if that is an alias of group,
 * so that what it claims of group's servers is no conflict (PROTOCOL.md §24.3). */
bool sn_alias_note(struct sn_group *group, const char *name, const struct sn_addr *master,
                   uint64_t epoch);
/* The master of group is new, or at another place: looks for aliases among our own groups. */
void sn_alias_look(struct sn_group *group);
/* A group that is about to be monitored: if its master is dead, or was replaced under another name
 * of ours and is dead since, adds the replicas that are known of there, as no INFO names them. The
 * caller frees image->replicas. */
void sn_alias_complete(struct sn_core *core, struct sn_group_image *image);
/* group is new: finds aliases among our own groups that have switched before a restart, while group
 * had not, or the other way round: they have the same servers, and each has the other's master. */
void sn_alias_look_across(struct sn_group *group);
/* INFO of a replica has been read: an own group that was found to have taken it over is an alias.
 */
void sn_alias_info(struct sn_instance *replica);
/* When hellos will have told which other names the master has; now, if they have had the time. */
sn_ms sn_alias_heard_at(const struct sn_group *group);
/* The master of group is down: those that it has to follow are known again, if a RESET has
 * forgotten them. */
void sn_alias_meet(struct sn_group *group);
/* group has another master. */
void sn_alias_switched(struct sn_group *group);
void sn_alias_free(struct sn_group *group);
bool sn_alias_known(const struct sn_group *group, const char *name);
/* The replica that an alias has made its master, and that group has to follow; NULL if none
 * (PROTOCOL.md §24.3). */
struct sn_instance *sn_alias_moved_to(const struct sn_group *group);
/* True if an alias has made replica its master, and replica says that it is one: no order is
 * needed, and what it said as a replica is past. */
bool sn_alias_made_master(const struct sn_instance *replica);
/* True if an alias in this sentinel is about to promote somebody. */
bool sn_alias_is_promoting(const struct sn_group *group);
/* The name by which candidates of all aliases are ranked alike. */
const char *sn_alias_rank_name(const struct sn_group *group);
#endif
