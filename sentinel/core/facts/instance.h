/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_INSTANCE_H
#define SN_CORE_INSTANCE_H

/* Members of groups, and the schedule of INFO. Internal to the core. */

#include "core/model/group.h"

struct sn_instance *sn_instance_new_data(struct sn_group *group, enum sn_kind kind,
                                         const struct sn_addr *addr);
struct sn_instance *sn_instance_new_peer(struct sn_group *group, const struct sn_runid *runid,
                                         const struct sn_addr *addr);
void sn_instance_free(struct sn_instance *instance);
/* Sets whether instance is S_DOWN. */
void sn_instance_set_down(struct sn_instance *instance, bool down);
/* Counts instance as up until it is judged again; for a changed kind, as the old state is
 * meaningless. */
void sn_instance_forget_down(struct sn_instance *instance);
struct sn_instance *sn_instance_find(struct sn_core *core, uint64_t id);
/* Changes the address, in the index too. Renews the links if IP or port has changed (PROTOCOL.md
 * §20.2). */
void sn_instance_move(struct sn_instance *instance, const struct sn_addr *addr);
/* Returns the first data node at the IP and port of addr; others follow by place_next. NULL if
 * there is none or addr has no IP. */
struct sn_instance *sn_instance_first_at(const struct sn_core *core, const struct sn_addr *addr);
void sn_instance_ask_info(struct sn_instance *instance);  /* at once, if none is outstanding */
void sn_instance_info_due(struct sn_instance *instance);  /* SN_TIMER_INFO */
void sn_instance_plan_info(struct sn_instance *instance); /* re-arms by the present period */
/* The host that node has reported as that of its master; "" if it never has. */
const char *sn_instance_master_host(const struct sn_instance *node);
/* True if the master that the node reports is at this address, or is its group's master. */
bool sn_instance_follows(const struct sn_instance *node, const struct sn_addr *master);
bool sn_instance_follows_master(const struct sn_instance *replica);
bool sn_instance_connected(const struct sn_instance *instance); /* True if all links are up. */

#endif
