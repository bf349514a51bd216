/* SPDX-License-Identifier: BSD-3-Clause */

/* refused-after-milliseconds (DESIGN.md D18). A dead process is a fact of its host's kernel: the
 * connection is closed, and new ones are refused. The master is S_DOWN that long after the
 * connection was closed if since then every attempt was refused, at least three of them and the
 * last one just now, and if all replicas within reach say that they do not receive from it. There
 * has to be one, if the group has any: where all are refused to us, it is we who are shut out, and
 * there is nobody to promote. A time-out, an unreachable network, a lack of own descriptors, a
 * stall of our own or a connection that succeeds ends the evidence; then the silence counts, as
 * ever. */

#include "core/watch/evidence.h"

#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/facts/reason.h"
#include "core/facts/refusal.h"
#include "core/facts/silence.h"

#include <assert.h>
#include <utlist.h>

#define REFUSALS_MIN 3
#define FRESH_MS     20 /* age of the last refused attempt, beyond the time that it took */
#define PACE_MAX_MS  15 /* between two attempts */

static struct sn_instance *master_of(const struct sn_link *link)
{
    struct sn_instance *owner = link->kind == SN_LINK_DATA ? link->owners : NULL;
    return owner != NULL && owner->kind == SN_KIND_MASTER ? owner : NULL;
}

/* Off unless it is shorter than down-after. */
static sn_ms wait_of(const struct sn_group *group)
{
    const struct sn_group_params *params = &group->params;
    bool on = params->refused_after_ms > 0 && params->refused_after_ms < params->down_after_ms;
    return on ? params->refused_after_ms : 0;
}

/* A replica whose connection was just lost is waited for, until an attempt has failed; one that
 * refuses INFO is not. */
static bool is_reachable(const struct sn_instance *replica)
{
    return !replica->s_down && !sn_link_refuses(replica->cmd, SN_ORDER_INFO) &&
           (replica->cmd->state == SN_LINK_UP || replica->cmd->failures <= 1);
}

/* From when on replicas are asked: what they said before may be outdated. */
static sn_ms asked_from(const struct sn_group *group)
{
    return group->master->cmd->closed_at + sn_max(wait_of(group) - FRESH_MS, 0);
}

/* An answer of the host takes as long as the last refusal, and as the last connection. */
static sn_ms fresh_ms(const struct sn_link *link)
{
    return FRESH_MS + sn_min(link->refused_took, link->took_ms);
}

/* True if replica receives from its master, or is about to: what it is sent comes from a process
 * that lives. */
static bool receives(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->role_reported == SN_ROLE_REPLICA && (data->link_up || data->syncing) &&
           sn_instance_follows_master(replica);
}

/* True if replica has just said that it does not receive from the master. */
static bool testifies(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    return data->info_asked_at != SN_MS_NEVER &&
           data->info_asked_at >= asked_from(replica->group) &&
           sn_age(replica->core, data->info_at) <= fresh_ms(replica->group->master->cmd) &&
           !receives(replica);
}

static void ask_replicas(struct sn_group *group)
{
    struct sn_instance *replica;
    if (group->core->now < asked_from(group))
        return;
    DL_FOREACH(group->replicas, replica) {
        if (is_reachable(replica) && !testifies(replica))
            sn_instance_ask_info(replica);
    }
}

/* gone: what was believed still is, until the master answers. */
static void forget_evidence(struct sn_link *link, bool gone)
{
    sn_silence_forget_evidence(link);
    link->gone = gone;
}

/* How long after a refusal the next attempt follows. It slows down while replicas speak against the
 * evidence. */
static sn_ms pace_of(const struct sn_link *link, sn_ms wait)
{
    sn_ms pace = sn_min(sn_max(wait / (REFUSALS_MIN + 1), 1), PACE_MAX_MS);
    return sn_max(pace, (sn_age(link->core, link->closed_at) - wait) / 8);
}

/* PROTOCOL.md §13.2. */
void sn_evidence_link_down(struct sn_link *link, enum sn_link_end end, bool reached)
{
    struct sn_instance *master = master_of(link);
    sn_ms wait = master == NULL ? 0 : wait_of(master->group), now = link->core->now;
    if (end == SN_LINK_END_REFUSED && wait > 0) {
        link->refused_at = link->opened_at;
        link->refused_took = sn_age(link->core, link->opened_at);
        link->refusals++;
    } else if (end == SN_LINK_END_CLOSED && wait > 0 && !link->loading) {
        link->closed_at = now;
        link->refusals = 0;
    } else {
        /* A reason of our own, or of the network, says nothing against what was believed. */
        forget_evidence(link, link->gone && wait > 0 && !reached);
    }
    if (link->closed_at == SN_MS_NEVER || link->gone || master->s_down)
        return;
    /* What was closed is tried again by the rule for all links: at once, if it was no brief one. */
    if (end == SN_LINK_END_REFUSED)
        sn_timer_pull(&link->core->timers, &link->retry, sn_after(now, pace_of(link, wait)));
    ask_replicas(master->group);
    sn_mark_instance(master);
}

void sn_evidence_timed_out(struct sn_link *link)
{
    if (link->state == SN_LINK_CONNECTING)
        sn_evidence_link_down(link, SN_LINK_END_OTHER, link->reached);
}

void sn_evidence_over(struct sn_link *link)
{
    struct sn_instance *master = master_of(link);
    if (link->closed_at == SN_MS_NEVER)
        return;
    forget_evidence(link, link->gone);
    if (master != NULL)
        sn_mark_instance(master);
}

/* A replica within reach says, asked since the last refusal, that it receives from the master that
 * was given up. */
static bool is_denied(const struct sn_group *group)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        const struct sn_data *data = &replica->u.data;
        if (is_reachable(replica) && data->info_asked_at != SN_MS_NEVER &&
            data->info_asked_at >= group->master->cmd->refused_at && receives(replica))
            return true;
    }
    return false;
}

void sn_evidence_testified(struct sn_group *group)
{
    struct sn_link *link = group->master->cmd;
    bool denied = link->gone && is_denied(group);
    if (denied)
        link->gone = false;
    if (denied || link->closed_at != SN_MS_NEVER)
        sn_mark_instance(group->master);
}

/* True if the last attempt was refused, and no later one takes longer than that. */
static bool is_still_refused(const struct sn_link *link, sn_ms answer)
{
    sn_ms fresh = fresh_ms(link);
    return sn_age(link->core, link->refused_at) <= fresh + answer &&
           (link->state != SN_LINK_CONNECTING || sn_age(link->core, link->opened_at) <= fresh);
}

/* PROTOCOL.md §13.2. */
sn_ms sn_evidence_down_at(const struct sn_instance *master)
{
    const struct sn_core *core = master->core;
    const struct sn_link *link = master->cmd;
    const struct sn_instance *replica;
    sn_ms wait = wait_of(master->group), slowest = 0;
    bool witnessed = master->group->replicas == NULL;
    assert(master->kind == SN_KIND_MASTER);
    if (link->gone)
        return core->now;
    if (wait == 0 || link->closed_at == SN_MS_NEVER || link->refusals < REFUSALS_MIN)
        return SN_MS_NEVER;
    DL_FOREACH(master->group->replicas, replica) {
        const struct sn_data *data = &replica->u.data;
        if (!is_reachable(replica))
            continue;
        if (!testifies(replica))
            return SN_MS_NEVER;
        witnessed = true;
        slowest = sn_max(slowest, data->info_at - data->info_asked_at);
    }
    return witnessed && is_still_refused(link, slowest) ? sn_after(link->closed_at, wait)
                                                        : SN_MS_NEVER;
}

void sn_evidence_believed(struct sn_instance *master)
{
    struct sn_link *link = master->cmd;
    if (link->gone)
        return;
    link->gone = true;
    sn_reason_note_numbers(master, SN_REASON_PROCESS_GONE, sn_age(master->core, link->closed_at),
                           link->refusals, 0);
}
