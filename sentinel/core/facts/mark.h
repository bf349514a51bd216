/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_MARK_H
#define SN_CORE_MARK_H

/* Marks: what has to be judged again. Whoever changes a fact marks what depends on it, and calls
 * nobody; sn_settle runs the rules over what is marked, in one written order, before the step ends.
 * Internal to the core. */

#include "core/model/group.h"

/* Rules of a group, in the order in which they run. */
enum sn_mark {
    SN_MARK_AGREE = 1,  /* is the master O_DOWN? */
    SN_MARK_ASK = 2,    /* every peer is asked, with a vote request if votes are collected */
    SN_MARK_VOTES = 4,  /* is the election won, or lost? */
    SN_MARK_STEP = 8,   /* the failover takes whatever step is possible */
    SN_MARK_VOTER = 16, /* one more peer can vote: an attempt that is held may begin */
    SN_MARK_PLAN = 32   /* when does the next attempt begin? */
};

/* What may have changed while nobody judged. */
#define SN_MARK_ALL (SN_MARK_AGREE | SN_MARK_VOTES | SN_MARK_STEP | SN_MARK_VOTER | SN_MARK_PLAN)

/* S_DOWN of instance has to be judged. */
void sn_mark_instance(struct sn_instance *instance);
/* … of all whose life is judged by this link: nobody's, if it is a subscription. */
void sn_mark_link(struct sn_link *link);
/* Rules of group have to run: some of enum sn_mark. */
void sn_mark_group(struct sn_group *group, unsigned marks);

/* Takes the marks off one that is about to be freed. */
void sn_mark_forget_instance(struct sn_instance *instance);
void sn_mark_forget_group(struct sn_group *group);

#endif
