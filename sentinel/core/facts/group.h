/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_GROUP_H
#define SN_CORE_GROUP_H

/* Groups as a whole. Internal to the core. */

#include "core/model/group.h"

struct sn_group *sn_group_new(struct sn_core *core, const struct sn_group_image *image);
void sn_group_free(struct sn_group *group);
/* Sets whether the master is O_DOWN. */
void sn_group_set_o_down(struct sn_group *group, bool down);
/* Raises the config epoch; it never falls. If the configuration has another master, sn_group_switch
 * must follow; it marks both as changed for the next save. */
void sn_group_raise_config(struct sn_group *group, uint64_t epoch);
/* After a name was resolved: removes replicas that have the address of another member (PROTOCOL.md
 * §20.1). */
void sn_group_drop_duplicates(struct sn_group *group);
/* Makes the data node at addr the master and the old master a replica, resets what was agreed about
 * the old master, and ends a failover. Raises no notice (PROTOCOL.md §10.3, §17.1). */
void sn_group_switch(struct sn_group *group, const struct sn_addr *addr);
/* The switch that waits for its save is announced, or overtaken. */
void sn_group_forget_unannounced(struct sn_group *group);
/* Raises +switch-master, and +slave for every replica (PROTOCOL.md §7.3, §17.1, §24.2). */
void sn_group_announce_switch(struct sn_group *group, const struct sn_addr *old_addr);
/* Frees replica. Precondition: nothing else refers to it, as no failover is in progress. */
void sn_group_drop_replica(struct sn_instance *replica);
/* Performs SENTINEL RESET on the group (PROTOCOL.md §4.9, §10.4, §14.2, §24.2). */
void sn_group_reset(struct sn_group *group);
/* Sends hellos to all servers and peers at once (PROTOCOL.md §10.2). */
void sn_group_push_hello(struct sn_group *group);
void sn_group_ask_info_all(struct sn_group *group);
/* The periods of the group have changed (PROTOCOL.md §4.18). */
void sn_group_reschedule(struct sn_group *group);
/* Rank of this sentinel, by hash, among the sentinels that are up; 0 is first (PROTOCOL.md §14.5,
 * DESIGN.md D6). */
unsigned sn_group_rank(const struct sn_group *group);
/* True if peer is up and ranks before this sentinel. */
bool sn_group_goes_first(const struct sn_instance *peer);

#endif
