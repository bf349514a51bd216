/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_GROUP_H
#define SN_CORE_GROUP_H

/* Groups as a whole. Internal to the core. */

#include "core/model/group.h"

struct sn_group *sn_group_new(struct sn_core *core, const struct sn_group_image *image);
void sn_group_free(struct sn_group *group);
/* The master enters or leaves O_DOWN. */
void sn_group_set_o_down(struct sn_group *group, bool down);
/* A newer configuration is in force: config epochs never fall. With another master, sn_group_switch
 * follows; it sees to it that both are saved. */
void sn_group_raise_config(struct sn_group *group, uint64_t epoch);
/* A name was looked up: forgets replicas that have the address of another member (PROTOCOL.md
 * §20.1). */
void sn_group_drop_duplicates(struct sn_group *group);
/* Makes the data node at addr the master and the old master a replica, forgets what was agreed
 * about the old one, and leaves no failover behind. Raises nothing (PROTOCOL.md §10.3, §17.1). */
void sn_group_switch(struct sn_group *group, const struct sn_addr *addr);
/* +switch-master and a +slave for every replica (PROTOCOL.md §7.3, §17.1, §24.2). */
void sn_group_announce_switch(struct sn_group *group, const struct sn_addr *old_addr);
/* SENTINEL RESET of one group (PROTOCOL.md §4.9, §10.4, §14.2, §24.2). */
void sn_group_reset(struct sn_group *group);
/* Hellos to everybody at once (PROTOCOL.md §10.2). */
void sn_group_push_hello(struct sn_group *group);
void sn_group_ask_info_all(struct sn_group *group);
/* The periods of the group have changed (PROTOCOL.md §4.18). */
void sn_group_reschedule(struct sn_group *group);
/* Position of this sentinel among those that are up, by hash (PROTOCOL.md §14.5, DESIGN.md D6). */
unsigned sn_group_rank(const struct sn_group *group);
/* True if this peer is up and comes before us. */
bool sn_group_goes_first(const struct sn_instance *peer);

#endif
