/* SPDX-License-Identifier: BSD-3-Clause */

/* Answers an operator's questions about a group: what is, since when, why, and what comes next
 * (DESIGN.md D28). Nothing is decided here. What a rule waits for is read from the same facts as
 * the rule reads, or from the reason that it has recorded. */

#include "core/explain.h"

#include "core/agree/doubt.h"
#include "core/agree/rival.h"
#include "core/agree/select.h"
#include "core/facts/foreign.h"
#include "core/facts/group.h"
#include "core/facts/instance.h"
#include "core/facts/members.h"
#include "core/facts/refusal.h"
#include "core/facts/truce.h"
#include "core/watch/peer.h"

#include <utlist.h>

#define SILENT_MS      1000 /* a shorter silence is a reply under way */
#define LOOK_MS        1500 /* a rule that looks again records its reason at least that often */
#define EXPIRE_PERIODS 5    /* of ask-period, for which an answer counts (PROTOCOL.md §13.5) */

static sn_ms passed_ms(sn_ms now, sn_ms at)
{
    return at == SN_MS_NEVER ? -1 : sn_max(0, now - at);
}

static sn_ms left_ms(sn_ms now, sn_ms at)
{
    return at == SN_MS_NEVER ? -1 : sn_max(0, at - now);
}

static void make_name(const char *enumerator, char *out)
{
    size_t len = 0;
    for (; enumerator[len] != '\0' && len < SN_REASON_NAME_MAX; len++)
        out[len] = enumerator[len] == '_' ? '-' : (char)(enumerator[len] - 'A' + 'a');
    out[len] = '\0';
}

void sn_explain_name(enum sn_situation situation, char *out)
{
    static const char *const names[] = {"NONE",
#define X(id, meaning) #id,
                                        SN_SITUATIONS(X)
#undef X
    };
    make_name(names[situation], out);
}

void sn_explain_trouble_name(enum sn_trouble_kind kind, char *out)
{
    static const char *const names[] = {"NONE",
#define X(id) #id,
                                        SN_TROUBLES(X)
#undef X
    };
    make_name(names[kind], out);
}

/* ---- recorded reasons ----------------------------------------------------------------------- */

/* Ranges of reasons are sections of SN_REASONS. */

/* Returns the latest entry with one of the reasons first..last that was recorded at or after
 * `from`; NULL if there is none. */
static const struct sn_reason_entry *latest(const struct sn_group *group, enum sn_reason first,
                                            enum sn_reason last, sn_ms from)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX], *found = NULL;
    size_t count = sn_group_reasons(group, entries);
    for (size_t i = 0; i < count; i++) {
        const struct sn_reason_entry *entry = entries[i];
        if (entry->reason >= (uint8_t)first && entry->reason <= (uint8_t)last &&
            entry->at >= from && (found == NULL || entry->at >= found->at))
            found = entry;
    }
    return found;
}

static void take_reason(const struct sn_group *group, const struct sn_reason_entry *entry,
                        struct sn_explanation *out)
{
    if (entry == NULL)
        return;
    out->why.reason = (enum sn_reason)entry->reason;
    for (size_t i = 0; i < SN_REASON_NUMBERS; i++)
        out->why.numbers[i] = entry->numbers[i];
    const struct sn_instance *about = sn_reason_about(group, entry);
    out->about = about == group->master ? NULL : about;
}

/* The same; its first number is what was left of a wait when it was recorded. */
static void take_wait(const struct sn_group *group, const struct sn_reason_entry *entry, sn_ms now,
                      struct sn_explanation *out)
{
    take_reason(group, entry, out);
    if (entry != NULL)
        out->why.numbers[0] = sn_max(0, entry->numbers[0] - (now - entry->at));
}

/* ---- before an attempt ---------------------------------------------------------------------- */

/* Since when another master is wanted; NEVER: it is not. */
static sn_ms lacking_since(const struct sn_group *group)
{
    const struct sn_data *data = &group->master->u.data;
    bool is_replaced = data->reborn_empty && sn_group_params_replaces_reborn(&group->params);
    sn_ms lost_at = is_replaced ? data->reborn_at : SN_MS_NEVER;
    return group->o_down ? group->o_down_at : lost_at;
}

static void explain_held(const struct sn_group *group, struct sn_explanation *out)
{
    const struct sn_reason_entry *entry =
        latest(group, SN_REASON_NO_EPOCH, SN_REASON_TOO_FEW_VOTERS, lacking_since(group));
    out->next_ms = -1;
    take_reason(group, entry, out);
    if (entry == NULL)
        out->why =
            (struct sn_why){SN_REASON_TOO_FEW_VOTERS,
                            {(int64_t)out->usable, (int64_t)out->voters, (int64_t)out->needed}};
}

/* Of what an attempt waits for, the last to end (PROTOCOL.md §14.5). */
static void explain_turn(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    bool rival = sn_rival_is_active(group) && group->rival_until > now;
    sn_ms until = sn_max(group->rank_at, group->retry_at);
    if (rival && group->rival_until >= until) {
        out->why = (struct sn_why){SN_REASON_RIVAL,
                                   {(int64_t)group->rival_epoch, group->rival_until - now}};
        out->about = sn_group_find_peer(group, &group->rival);
    } else if (group->retry_at > now && group->retry_at >= group->rank_at) {
        out->why = (struct sn_why){SN_REASON_BACK_OFF, {group->retry_at - now, group->lost_rounds}};
    } else if (group->rank_at > now) {
        out->why =
            (struct sn_why){SN_REASON_NOT_OUR_TURN, {sn_group_rank(group), group->rank_at - now}};
    } else {
        const struct sn_reason_entry *entry =
            latest(group, SN_REASON_NOBODY_TO_PROMOTE, SN_REASON_STILL_HEARD,
                   sn_max(lacking_since(group), group->core->now - LOOK_MS));
        if (entry != NULL && entry->reason == SN_REASON_STILL_HEARD)
            take_reason(group, entry, out);
        else
            take_wait(group, entry, now, out);
    }
}

static void explain_wanted(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    sn_ms from = lacking_since(group);
    const struct sn_reason_entry *ended =
        latest(group, SN_REASON_CANNOT_WIN, SN_REASON_SWITCH_OVERTAKEN, from);
    out->situation = SN_SITUATION_WAITING;
    out->since_ms = passed_ms(now, from);
    out->next_ms = left_ms(now, group->election.at);
    if (group->held)
        explain_held(group, out);
    else
        explain_turn(group, now, out);
    if (ended == NULL)
        return;
    out->ended.reason = (enum sn_reason)ended->reason;
    for (size_t i = 0; i < SN_REASON_NUMBERS; i++)
        out->ended.numbers[i] = ended->numbers[i];
    out->ended_ms = passed_ms(now, ended->at);
}

static void explain_suspect(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    const struct sn_instance *peer;
    out->situation = SN_SITUATION_SUSPECT;
    out->since_ms = out->down_ms;
    DL_FOREACH(group->peers, peer) {
        sn_ms ask_ms = left_ms(now, peer->u.peer.ask.at);
        if (ask_ms >= 0 && (out->next_ms < 0 || ask_ms < out->next_ms))
            out->next_ms = ask_ms;
    }
}

static void explain_up(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    const struct sn_instance *master = group->master;
    sn_ms up_at = master->s_up_at;
    sn_ms threshold = sn_min(SILENT_MS, group->params.down_after_ms / 2);
    out->situation = SN_SITUATION_OK;
    if (group->loss != NULL && (up_at == SN_MS_NEVER || group->loss->switched_at > up_at))
        up_at = group->loss->switched_at;
    out->since_ms = passed_ms(now, up_at);
    if (out->silence_ms < threshold)
        return;
    out->situation = SN_SITUATION_SILENT;
    out->since_ms = out->silence_ms;
    out->next_ms = left_ms(now, master->down.at);
}

/* ---- an attempt of this sentinel ------------------------------------------------------------ */

static size_t own_votes(const struct sn_group *group)
{
    const struct sn_instance *peer;
    size_t votes = 1;
    DL_FOREACH(group->peers, peer) {
        votes += peer->u.peer.vote_epoch == group->failover.epoch &&
                 sn_runid_equal(&peer->u.peer.vote, &group->core->myid);
    }
    return votes;
}

static void count_followers(const struct sn_group *group, struct sn_explanation *out)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        out->followers++;
        out->following += replica->u.data.reconf == SN_RECONF_DONE;
    }
}

static void explain_attempt(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    const struct sn_failover *failover = &group->failover;
    sn_ms from = failover->state_at;
    out->attempting = true;
    out->mode = failover->mode;
    out->epoch = failover->epoch;
    out->is_saved = failover->durable;
    out->chosen = failover->promoted;
    out->since_ms = passed_ms(now, failover->started_at);
    out->next_ms = left_ms(now, group->timeout.at);
    switch (failover->state) {
    case SN_FAILOVER_NONE:
        break;
    case SN_FAILOVER_WAIT_START:
        out->situation = SN_SITUATION_VOTING;
        out->votes = own_votes(group);
        break;
    case SN_FAILOVER_SELECT:
        out->situation = SN_SITUATION_CHOOSING;
        take_wait(group, latest(group, SN_REASON_ALIAS_PROMOTES, SN_REASON_INFO_AWAITED, from), now,
                  out);
        break;
    case SN_FAILOVER_SEND_PROMOTION:
        out->situation = SN_SITUATION_DRAINING;
        take_reason(group, latest(group, SN_REASON_LINK_AWAITED, SN_REASON_LINK_AWAITED, from),
                    out);
        break;
    case SN_FAILOVER_WAIT_PROMOTION:
        out->situation = SN_SITUATION_PROMOTING;
        take_reason(group, latest(group, SN_REASON_FATE_AWAITED, SN_REASON_ROLE_AWAITED, from),
                    out);
        if (out->why.reason == SN_REASON_ROLE_AWAITED)
            out->why.numbers[0] = passed_ms(now, failover->ordered_at);
        break;
    case SN_FAILOVER_RECONF:
        out->situation = failover->durable ? SN_SITUATION_FOLLOWING : SN_SITUATION_SAVING;
        count_followers(group, out);
        take_reason(group, latest(group, SN_REASON_FOLLOW_NO_LINK, SN_REASON_FOLLOW_REFUSED, from),
                    out);
        break;
    }
}

/* ---- the master, the sentinels, the replicas ------------------------------------------------ */

static const char *refusal_of(const struct sn_instance *member)
{
    const char *note = member->cmd->note;
    if (note == NULL && sn_is_data(member))
        note = member->sub->note;
    return note;
}

static enum sn_down_cause cause_of(const struct sn_instance *master, sn_ms silence_ms)
{
    if (!master->s_down)
        return SN_CAUSE_NONE;
    if (master->cmd->gone)
        return SN_CAUSE_GONE;
    if (silence_ms >= master->group->params.down_after_ms)
        return SN_CAUSE_SILENCE;
    return master->u.data.role_reported == SN_ROLE_REPLICA ? SN_CAUSE_ROLE : SN_CAUSE_OTHER;
}

static void explain_master(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    const struct sn_instance *master = group->master;
    const struct sn_link *link = master->cmd;
    out->silence_ms = passed_ms(now, link->silence_at);
    out->cause = cause_of(master, out->silence_ms);
    out->down_ms = master->s_down ? passed_ms(now, master->s_down_at) : -1;
    out->odown_ms = group->o_down ? passed_ms(now, group->o_down_at) : -1;
    out->last_ok_ms = passed_ms(now, link->heard_at);
    out->connected = link->state == SN_LINK_UP;
    out->says_replica =
        master->u.data.info_at != SN_MS_NEVER && master->u.data.role_reported == SN_ROLE_REPLICA;
    out->has_lost_data = master->u.data.reborn_empty;
    out->refusal = refusal_of(master);
}

static void explain_sentinels(const struct sn_group *group, struct sn_explanation *out)
{
    const struct sn_instance *peer;
    out->agreeing = group->master->s_down;
    DL_FOREACH(group->peers, peer)
        out->agreeing += peer->u.peer.master_down;
    sn_group_quorum(group, &out->usable, &out->voters);
    out->needed = sn_group_votes_needed(group);
}

void sn_explain(const struct sn_group *group, sn_ms now, struct sn_explanation *out)
{
    const struct sn_core *core = group->core;
    *out = (struct sn_explanation){.since_ms = -1, .next_ms = -1, .ended_ms = -1};
    explain_master(group, now, out);
    explain_sentinels(group, out);
    out->best = sn_select_replica(group);
    out->save_failed = core->save_failed;
    if (group->failover.state != SN_FAILOVER_NONE)
        explain_attempt(group, now, out);
    else if (lacking_since(group) != SN_MS_NEVER)
        explain_wanted(group, now, out);
    else if (group->master->s_down)
        explain_suspect(group, now, out);
    else
        explain_up(group, now, out);
    if (!core->tilt)
        return;
    out->situation = SN_SITUATION_TILT;
    out->since_ms = passed_ms(now, core->tilt_at);
    out->next_ms = left_ms(now, core->tilt_end.at);
    out->why = (struct sn_why){.reason = SN_REASON_TILT};
    out->about = NULL;
}

static const char *why_peer_is_useless(const struct sn_instance *peer)
{
    if (!sn_peer_speaks(peer))
        return "another sentinel answers at its address";
    return sn_link_refuses(peer->cmd, SN_ORDER_ASK) ? refusal_of(peer) : NULL;
}

void sn_explain_peer(const struct sn_instance *peer, sn_ms now, struct sn_peer_opinion *out)
{
    const struct sn_peer *facts = &peer->u.peer;
    const struct sn_instance *master = peer->group->master;
    *out =
        (struct sn_peer_opinion){.age_ms = passed_ms(now, facts->answered_at),
                                 .vote = &facts->vote,
                                 .paused = sn_truce_is_on(peer->group),
                                 .vote_epoch = facts->vote.hex[0] == '\0' ? 0 : facts->vote_epoch};
    if (facts->master_down) {
        out->opinion = SN_OPINION_AGREES;
    } else if (peer->s_down) {
        out->opinion = SN_OPINION_DOWN;
        out->age_ms = passed_ms(now, peer->s_down_at);
        out->note = refusal_of(peer);
    } else if (why_peer_is_useless(peer) != NULL) {
        out->opinion = SN_OPINION_USELESS;
        out->note = why_peer_is_useless(peer);
    } else if (master->s_down) {
        bool answered = facts->answered_at != SN_MS_NEVER &&
                        facts->answered_at >= master->s_down_at &&
                        out->age_ms < EXPIRE_PERIODS * peer->core->timings[SN_TIMING_ASK_PERIOD];
        out->opinion = answered ? SN_OPINION_DISAGREES : SN_OPINION_SILENT;
    }
}

void sn_explain_replica(const struct sn_instance *replica, const struct sn_instance *best,
                        struct sn_replica_fitness *out)
{
    static const char *const progress[] = {[SN_RECONF_NONE] = "waits",
                                           [SN_RECONF_SENT] = "sent",
                                           [SN_RECONF_INPROG] = "in-progress",
                                           [SN_RECONF_DONE] = "done"};
    const struct sn_group *group = replica->group;
    *out = (struct sn_replica_fitness){.why = sn_select_refusal(group, replica),
                                       .best = best == replica,
                                       .refusal = refusal_of(replica)};
    if (out->why.reason == SN_REASON_NONE)
        out->doubt = sn_doubt_about(replica);
    if (group->failover.state == SN_FAILOVER_RECONF)
        out->progress = progress[replica->u.data.reconf];
}

/* ---- what is wrong -------------------------------------------------------------------------- */

struct telling {
    sn_trouble_fn *tell;
    void *arg;
};

static void tell_trouble(const struct telling *telling, enum sn_trouble_kind kind,
                         const struct sn_instance *about, const char *detail)
{
    const struct sn_trouble trouble = {.kind = kind, .about = about, .detail = detail};
    telling->tell(telling->arg, &trouble);
}

static void tell_sentinels(const struct sn_group *group, const struct telling *telling)
{
    struct sn_trouble trouble = {.kind = SN_TROUBLE_NONE};
    size_t usable, voters, needed = sn_group_votes_needed(group);
    sn_group_quorum(group, &usable, &voters);
    if (group->params.quorum > voters)
        trouble = (struct sn_trouble){.kind = SN_TROUBLE_QUORUM_IMPOSSIBLE,
                                      .numbers = {group->params.quorum, voters}};
    else if (usable < needed)
        trouble = (struct sn_trouble){.kind = SN_TROUBLE_TOO_FEW_SENTINELS,
                                      .numbers = {usable, voters, needed}};
    if (trouble.kind != SN_TROUBLE_NONE)
        telling->tell(telling->arg, &trouble);
}

static void tell_refusals(const struct sn_group *group, const struct telling *telling)
{
    const struct sn_instance *member;
    if (refusal_of(group->master) != NULL)
        tell_trouble(telling, SN_TROUBLE_REFUSED, group->master, refusal_of(group->master));
    DL_FOREACH(group->replicas, member) {
        if (refusal_of(member) != NULL)
            tell_trouble(telling, SN_TROUBLE_REFUSED, member, refusal_of(member));
    }
    DL_FOREACH(group->peers, member) {
        if (refusal_of(member) != NULL)
            tell_trouble(telling, SN_TROUBLE_REFUSED, member, refusal_of(member));
    }
}

static void tell_servers(const struct sn_group *group, const struct telling *telling)
{
    const struct sn_instance *master = group->master, *replica;
    if (master->u.data.reborn_empty)
        tell_trouble(telling, SN_TROUBLE_MASTER_LOST_DATA, master, NULL);
    if (master->u.data.info_at != SN_MS_NEVER && master->u.data.role_reported == SN_ROLE_REPLICA)
        tell_trouble(telling, SN_TROUBLE_MASTER_SAYS_REPLICA, master, NULL);
    if (group->replicas == NULL)
        tell_trouble(telling, SN_TROUBLE_NO_REPLICA, NULL, NULL);
    else if (group->failover.state == SN_FAILOVER_NONE && sn_select_replica(group) == NULL)
        tell_trouble(telling, SN_TROUBLE_NO_CANDIDATE, NULL, NULL);
    if (sn_foreign_claimed(master))
        tell_trouble(telling, SN_TROUBLE_CLAIMED, master, NULL);
    DL_FOREACH(group->replicas, replica) {
        if (sn_foreign_claimed(replica))
            tell_trouble(telling, SN_TROUBLE_CLAIMED, replica, NULL);
    }
}

void sn_explain_troubles(const struct sn_group *group, sn_trouble_fn *tell, void *arg)
{
    const struct telling telling = {tell, arg};
    if (group->core->save_failed)
        tell_trouble(&telling, SN_TROUBLE_STATE_NOT_SAVED, NULL, NULL);
    tell_sentinels(group, &telling);
    tell_refusals(group, &telling);
    tell_servers(group, &telling);
}
