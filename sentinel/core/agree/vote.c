/* SPDX-License-Identifier: BSD-3-Clause */

/* Votes that are given: to whom, and for which groups (PROTOCOL.md §14.2, DESIGN.md D7). */

#include "core/agree/vote.h"

#include "core/agree/rank.h"
#include "core/agree/rival.h"
#include "core/facts/alias.h"
#include "core/facts/attempt.h"
#include "core/facts/epoch.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/facts/truce.h"
#include "core/tell/raise.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

#define HOLD_STEPS 4 /* of a turn, in which a leader that is up has promoted somebody */

struct sn_group *sn_vote_next_name(const struct sn_group *group, const struct sn_group *other)
{
    struct sn_instance *master =
        other == NULL ? sn_instance_first_at(group->master->core, &group->master->addr)
                      : other->master->place_next;
    while (master != NULL && master->group->master != master)
        master = master->place_next;
    if (master != NULL)
        return master->group;
    return other == NULL ? group->master->group : NULL; /* its IP is unknown */
}

static void record(struct sn_group *group, const char *candidate, uint64_t epoch)
{
    struct sn_group *name = NULL;
    while ((name = sn_vote_next_name(group, name)) != NULL) {
        (void)sn_text_copy(name->leader.hex, sizeof(name->leader.hex), candidate);
        assert(epoch > name->leader_epoch && epoch > name->config_epoch);
        name->leader_epoch = epoch; /* PROTOCOL.md §14.2 */
        name->voted_at = group->core->now;
        sn_persist_epochs_changed(name, SN_RECORD_VOTE);
    }
}

void sn_vote_announce(struct sn_group *group, const char *candidate, uint64_t epoch)
{
    sn_raise_plain(group->core, group, SN_NOTICE_VOTE_FOR_LEADER, "%s %llu", candidate,
                   (unsigned long long)epoch);
}

static bool has_one_name(const struct sn_group *group)
{
    return sn_vote_next_name(group, sn_vote_next_name(group, NULL)) == NULL;
}

void sn_vote_for_self(struct sn_group *group, uint64_t epoch)
{
    struct sn_failover *failover = &group->failover;
    failover->before = (struct sn_vote){group->leader, group->leader_epoch, group->voted_at};
    failover->told = !has_one_name(group); /* one vote of several groups stays as it is */
    record(group, group->core->myid.hex, epoch);
}

void sn_vote_told(struct sn_group *group)
{
    group->failover.told = true;
}

/* True if the own vote of an attempt that began by itself is still unknown to anybody else: peers
 * are asked after the save, and no answer that waits for it names the vote. */
static bool is_untold(const struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    return failover->state == SN_FAILOVER_WAIT_START && !failover->durable && !failover->told &&
           (failover->mode == SN_MODE_NONE || failover->mode == SN_MODE_REBORN) &&
           group->leader_epoch == failover->epoch &&
           sn_runid_equal(&group->leader, &group->core->myid) && has_one_name(group);
}

static void set_vote(struct sn_group *group, const struct sn_vote *vote)
{
    group->leader = vote->leader;
    group->leader_epoch = vote->epoch;
    group->voted_at = vote->at;
}

/* True if the sentinel that got our last vote, or this one, may be failing the group over with it.
 * Another leader now would promote somebody else, or undo what the first one does. Not for long: a
 * leader that fails must not hold the group up (PROTOCOL.md §14.2, DESIGN.md D7). */
static bool vote_is_held(const struct sn_group *group, const char *candidate)
{
    const struct sn_core *core = group->core;
    if (group->voted_at == SN_MS_NEVER || strcmp(group->leader.hex, candidate) == 0 ||
        sn_age(core, group->voted_at) >= HOLD_STEPS * sn_rank_step_ms(group))
        return false;
    if (sn_runid_equal(&group->leader, &core->myid))
        return group->failover.state > SN_FAILOVER_WAIT_START;
    const struct sn_instance *peer = sn_group_find_peer(group, &group->leader);
    return peer != NULL && !peer->s_down && group->leader_epoch > group->config_epoch;
}

/* Returns why the vote is refused. */
static struct sn_why refusal_of_vote(struct sn_group *group, const char *candidate, uint64_t epoch)
{
    struct sn_core *core = group->core;
    size_t len = strlen(candidate);
    struct sn_why why = {.numbers = {(int64_t)epoch, (int64_t)core->current_epoch}};
    struct sn_group *name = NULL;
    if (len == 0 || len > SN_RUNID_LEN || sn_text_has_control(candidate, len))
        why.reason = SN_REASON_VOTE_NO_ID;
    /* A candidate asks for its own id. A vote for our id that we did not decide on would make
     * others believe that we run an attempt. */
    else if (strcmp(candidate, core->myid.hex) == 0)
        why.reason = SN_REASON_VOTE_OWN_ID;
    else if (!sn_epoch_take(group, NULL, epoch))
        why.reason = SN_REASON_VOTE_EPOCH_FAR;
    else if (sn_alias_has_voted(group, candidate, epoch))
        why = (struct sn_why){SN_REASON_VOTE_GIVEN, {(int64_t)epoch, (int64_t)epoch}};
    /* Deliberately not "the epoch is current": the election of another group must not void this
     * one. */
    while (why.reason == SN_REASON_NONE && (name = sn_vote_next_name(group, name)) != NULL) {
        if (epoch <= name->leader_epoch)
            why = (struct sn_why){SN_REASON_VOTE_GIVEN,
                                  {(int64_t)epoch, (int64_t)name->leader_epoch}};
        else if (epoch <= name->config_epoch)
            why =
                (struct sn_why){SN_REASON_VOTE_OLD, {(int64_t)epoch, (int64_t)name->config_epoch}};
        else if (sn_truce_denies(name, candidate)) /* DESIGN.md D28 */
            why = (struct sn_why){SN_REASON_VOTE_PAUSED, {(int64_t)epoch}};
        else if (vote_is_held(name, candidate))
            why = (struct sn_why){SN_REASON_VOTE_HELD,
                                  {(int64_t)name->leader_epoch, sn_age(core, name->voted_at)}};
    }
    return why;
}

/* The own vote is withdrawn if candidate gets ours without it. Its vote for itself is on disk, as
 * it asks; ours is not. If every candidate insisted on its own, slow disks would make all of them
 * begin before any could ask, round after round. A crash may bring the own vote back from the disk:
 * then nobody has heard of either. */
static struct sn_why refusal_without_own(struct sn_group *group, const char *candidate,
                                         uint64_t epoch)
{
    const struct sn_vote own = {group->leader, group->leader_epoch, group->voted_at};
    set_vote(group, &group->failover.before);
    struct sn_why why = refusal_of_vote(group, candidate, epoch);
    if (why.reason != SN_REASON_NONE)
        set_vote(group, &own);
    return why;
}

static bool is_peer(const struct sn_group *group, const char *candidate)
{
    struct sn_runid id = {{0}};
    return sn_text_copy(id.hex, sizeof(id.hex), candidate) &&
           sn_group_find_peer(group, &id) != NULL;
}

void sn_vote_decide(struct sn_group *group, const char *candidate, uint64_t epoch)
{
    struct sn_core *core = group->core;
    struct sn_group *name = NULL;
    if (epoch == 0)
        return; /* the request only asks for our last vote */
    struct sn_why why = refusal_of_vote(group, candidate, epoch);
    bool withdraws =
        why.reason == SN_REASON_VOTE_GIVEN && is_untold(group) && is_peer(group, candidate);
    if (withdraws)
        why = refusal_without_own(group, candidate, epoch);
    if (why.reason != SN_REASON_NONE) {
        sn_reason_note_id(group, candidate, why.reason, why.numbers[0], why.numbers[1]);
        return;
    }
    record(group, candidate, epoch);
    sn_vote_announce(group, candidate, epoch);
    while ((name = sn_vote_next_name(group, name)) != NULL) {
        if (!sn_rival_yield_to(name, &group->leader, epoch, core->now))
            continue;
        const struct sn_why otherwise = {SN_REASON_VOTED_OTHERWISE,
                                         {(int64_t)epoch, (int64_t)name->failover.epoch}};
        if (name->failover.state == SN_FAILOVER_WAIT_START &&
            (withdraws || name->failover.epoch < epoch))
            sn_attempt_abort(name, SN_NOTICE_FAILOVER_ABORT_NOT_ELECTED, &otherwise, core->now);
        sn_mark_group(name, SN_MARK_PLAN);
    }
}
