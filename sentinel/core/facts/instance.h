/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_INSTANCE_H
#define SN_CORE_INSTANCE_H

/* Members of groups, and when they are asked for INFO. Internal to the core. */

#include "core/model/group.h"

struct sn_instance *sn_instance_new_data(struct sn_group *group, enum sn_kind kind,
                                         const struct sn_addr *addr);
struct sn_instance *sn_instance_new_peer(struct sn_group *group, const struct sn_runid *runid,
                                         const struct sn_addr *addr);
void sn_instance_free(struct sn_instance *instance);
/* It enters or leaves S_DOWN. */
void sn_instance_set_down(struct sn_instance *instance, bool down);
/* It counts as up until it is judged anew: what it was in another part means nothing. */
void sn_instance_forget_down(struct sn_instance *instance);
struct sn_instance *sn_instance_find(struct sn_core *core, uint64_t id);
/* Puts the address in force, in the index too; the links are renewed if the place has changed
 * (PROTOCOL.md §20.2). */
void sn_instance_move(struct sn_instance *instance, const struct sn_addr *addr);
/* The first data node at the IP and port of addr, others follow by place_next; NULL if there is
 * none, or no IP. */
struct sn_instance *sn_instance_first_at(const struct sn_core *core, const struct sn_addr *addr);
void sn_instance_ask_info(struct sn_instance *instance);  /* now, if none is outstanding */
void sn_instance_info_due(struct sn_instance *instance);  /* SN_TIMER_INFO */
void sn_instance_plan_info(struct sn_instance *instance); /* re-arms by the rules of the moment */
/* True if the master that replica reports is the one at this address, or that of its group. */
bool sn_instance_follows(const struct sn_instance *node, const struct sn_addr *master);
bool sn_instance_follows_master(const struct sn_instance *replica);
bool sn_instance_connected(const struct sn_instance *instance); /* all its links are up */

#endif
