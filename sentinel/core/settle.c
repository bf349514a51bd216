/* SPDX-License-Identifier: BSD-3-Clause */

/* Inputs change facts; the rules then decide what follows from them, in this order:
 *
 *   instance   judge   is it S_DOWN?                                             detect.c
 *   group      agree   is the master O_DOWN?                                     agree.c
 *              ask     what do the peers say, and for whom do they vote?         agree.c
 *              votes   is the election won, or lost?                             election.c
 *              step    the failover: choose, promote, reconfigure; or end        failover.c
 *              voter   may an attempt that was held begin?                       election.c
 *              plan    when does the next attempt begin?                         election.c
 *
 * Each round takes the first marked item. A rule that changes a fact marks what depends on it. All
 * marked instances are judged before any group, and one group is finished before the next. */

#include "core/settle.h"

#include "core/agree/agree.h"
#include "core/agree/election.h"
#include "core/facts/alias.h"
#include "core/facts/link.h"
#include "core/facts/mark.h"
#include "core/failover/failover.h"
#include "core/failover/reconf.h"
#include "core/watch/detect.h"
#include "core/watch/evidence.h"

/* More than any chain of consequences needs. */
#define RUNS_MIN  4096
#define RUNS_EACH 64 /* for each instance and group */

static void take_off_mark(struct sn_group *group, unsigned mark)
{
    unsigned left = group->marks & ~mark;
    if (left == 0)
        sn_mark_forget_group(group);
    else
        group->marks = left;
}

static void step(struct sn_group *group)
{
    switch (group->failover.state) {
    case SN_FAILOVER_NONE:
        break;
    case SN_FAILOVER_WAIT_START:
        sn_election_step(group);
        break;
    case SN_FAILOVER_SELECT:
    case SN_FAILOVER_SEND_PROMOTION:
    case SN_FAILOVER_WAIT_PROMOTION:
        sn_failover_step(group);
        break;
    case SN_FAILOVER_RECONF:
        sn_reconf_step(group);
        break;
    }
}

static void run_first_rule(struct sn_group *group)
{
    unsigned mark = group->marks & (~group->marks + 1);
    take_off_mark(group, mark);
    switch ((enum sn_mark)mark) {
    case SN_MARK_AGREE:
        sn_agree_update(group);
        break;
    case SN_MARK_ASK:
        sn_agree_ask_all(group);
        break;
    case SN_MARK_VOTES:
        sn_election_count(group);
        break;
    case SN_MARK_STEP:
        step(group);
        break;
    case SN_MARK_VOTER:
        sn_election_voter_up(group);
        break;
    case SN_MARK_PLAN:
        sn_election_plan(group);
        break;
    }
}

/* instance has entered or left S_DOWN. */
static void follow_flip(struct sn_instance *instance)
{
    struct sn_group *group = instance->group;
    if (instance->kind != SN_KIND_MASTER && !instance->s_down && group->master->s_down)
        sn_link_hurry(group->master->cmd, instance->cmd);
    switch (instance->kind) {
    case SN_KIND_MASTER:
        if (instance->s_down)
            sn_alias_meet(group);
        sn_agree_master_flipped(group);
        break;
    case SN_KIND_REPLICA:
        sn_evidence_testified(group);
        sn_mark_group(group, SN_MARK_STEP);
        break;
    case SN_KIND_PEER:
        sn_election_peer_flipped(instance);
        break;
    case SN_KIND_NONE:
        break;
    }
}

static void judge_first(struct sn_core *core)
{
    struct sn_instance *instance = core->marked_instances;
    sn_mark_forget_instance(instance);
    if (sn_detect_judge(instance))
        follow_flip(instance);
}

static void drop_marks(struct sn_core *core)
{
    while (core->marked_instances != NULL)
        sn_mark_forget_instance(core->marked_instances);
    while (core->marked_groups != NULL)
        sn_mark_forget_group(core->marked_groups);
}

bool sn_settle_is_due(const struct sn_core *core)
{
    return core->marked_instances != NULL || core->marked_groups != NULL;
}

void sn_settle(struct sn_core *core)
{
    size_t members = HASH_CNT(hh_id, core->instances) + HASH_CNT(hh_id, core->groups_by_id);
    size_t runs = RUNS_MIN + RUNS_EACH * members;
    if (core->tilt)
        drop_marks(core);
    for (; sn_settle_is_due(core) && runs > 0; runs--) {
        if (core->marked_instances != NULL)
            judge_first(core);
        else
            run_first_rule(core->marked_groups);
    }
}
