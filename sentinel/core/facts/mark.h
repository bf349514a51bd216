/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MARK_H
#define SN_CORE_MARK_H

/* Marks: what has to be judged again. Code that changes a fact marks what depends on it and calls
 * no rule. Before the step ends, sn_settle runs the rules over what is marked, in one fixed order.
 * Internal to the core. */

#include "core/model/group.h"

/* Rules of a group, in the order in which they run. */
enum sn_mark {
    SN_MARK_AGREE = 1,  /* is the master O_DOWN? */
    SN_MARK_ASK = 2,    /* ask every peer, with a vote request if votes are collected */
    SN_MARK_VOTES = 4,  /* is the election won, or lost? */
    SN_MARK_STEP = 8,   /* the failover takes the next possible step */
    SN_MARK_VOTER = 16, /* one more peer can vote: a held attempt may begin */
    SN_MARK_PLAN = 32   /* when does the next attempt begin? */
};

/* All rules that TILT may have kept from running. */
#define SN_MARK_ALL (SN_MARK_AGREE | SN_MARK_VOTES | SN_MARK_STEP | SN_MARK_VOTER | SN_MARK_PLAN)

/* Marks instance: judge S_DOWN. */
void sn_mark_instance(struct sn_instance *instance);
/* Marks all owners whose S_DOWN depends on link; none for a subscription link. */
void sn_mark_link(struct sn_link *link);
/* Marks rules of group to run: bits of enum sn_mark. */
void sn_mark_group(struct sn_group *group, unsigned marks);

/* Remove the marks of an object that is about to be freed. */
void sn_mark_forget_instance(struct sn_instance *instance);
void sn_mark_forget_group(struct sn_group *group);

#endif
