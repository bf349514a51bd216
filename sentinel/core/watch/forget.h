/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_FORGET_H
#define SN_CORE_FORGET_H

/* Forgetting single members (DESIGN.md D23). Internal to the core. */

#include "core/input.h"
#include "core/model/group.h"

enum sn_forgot {
    SN_FORGOT_NOBODY = 0, /* no member is at that address */
    SN_FORGOT_DONE,
    SN_FORGOT_MASTER,  /* refused: the master is there */
    SN_FORGOT_FAILOVER /* refused: a failover is in progress here */
};

/* Forgets the replica, or the sentinels, at addr. */
enum sn_forgot sn_forget_at(struct sn_group *group, const struct sn_addr *addr);
/* Forgets replicas that are down for longer than forget-after, and that the master, whose INFO this
 * is, does not list. */
void sn_forget_by_info(const struct sn_instance *master, const struct sn_info *info);
/* A member was added: says so in the log, if it was forgotten lately. */
void sn_forget_returned(const struct sn_instance *member);

#endif
