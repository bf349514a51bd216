/* SPDX-License-Identifier: BSD-3-Clause */

/* How far a message from outside may raise the current epoch.
 *
 * Happy path: a message names an epoch slightly above ours, and it is accepted. But any sender can
 * name any number, and an epoch at the maximum would end all elections. Therefore one message
 * raises the epoch by a bounded step, and all messages together raise it at a bounded rate
 * (DESIGN.md §2, "Epochs"). A higher epoch is accepted only if known peers that answer us confirm
 * it, and never above SN_EPOCH_FAR, so that epochs are left for elections. */

#include "core/facts/epoch.h"

#include "core/facts/members.h"
#include "core/facts/persist.h"
#include "core/facts/reason.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#include <assert.h>
#include <utlist.h>

#define STEP           ((uint64_t)1 << 32) /* largest step of one message; also the most that is saved up */
#define STEP_PER_MS    ((uint64_t)1 << 18) /* rate of saving up: complete after 16 seconds */
#define STEP_ALWAYS    1000 /* always allowed, because elections of others must not be missed */
#define STEADY_PERIODS 5    /* hello periods for which one peer has to confirm a far epoch */
#define TELL_PAUSE_MS  60000

void sn_epoch_init(struct sn_core *core)
{
    core->epoch_room = STEP;
    core->epoch_room_at = core->now;
    core->epoch_told_at = SN_MS_NEVER;
}

/* PROTOCOL.md §24.1. */
static uint64_t room(const struct sn_core *core)
{
    uint64_t age = (uint64_t)(core->now - core->epoch_room_at);
    uint64_t more = age >= STEP / STEP_PER_MS ? STEP : age * STEP_PER_MS;
    return more >= STEP - core->epoch_room ? STEP : core->epoch_room + more;
}

/* PROTOCOL.md §24.1. */
bool sn_epoch_near(const struct sn_core *core, uint64_t epoch)
{
    uint64_t step = room(core);
    if (step < STEP_ALWAYS)
        step = STEP_ALWAYS;
    return epoch <= core->current_epoch ||
           (epoch <= SN_EPOCH_MAX && epoch - core->current_epoch <= step);
}

/* True if the peer answers, and so is more than a name in a hello. */
static bool answers(const struct sn_instance *peer)
{
    const struct sn_link *link = peer->cmd;
    return !peer->s_down && link->state == SN_LINK_UP && link->last_avail_at > link->up_at;
}

/* True if the peers whose last hello has a lower epoch, and we, are too few to elect a leader.
 * Stock sentinels take any epoch, so a majority may have gone there for good (PROTOCOL.md
 * §24.1). */
static bool majority_is_there(const struct sn_group *group, uint64_t epoch)
{
    const struct sn_instance *peer;
    size_t there = 0, others = 1;
    DL_FOREACH(group->peers, peer) {
        if (!answers(peer))
            continue;
        if (peer->u.peer.hello_epoch >= epoch)
            there++;
        else
            others++;
    }
    return there > 0 && others < sn_group_votes_needed(group);
}

/* True if the peer has named no lower epoch for a while. One forged hello is contradicted by the
 * next genuine one (PROTOCOL.md §24.1). */
static bool stands_by(const struct sn_instance *peer)
{
    sn_ms steady = STEADY_PERIODS * peer->core->timings[SN_TIMING_PUBLISH_PERIOD];
    return answers(peer) && peer->u.peer.far_since != SN_MS_NEVER &&
           sn_age(peer->core, peer->u.peer.far_since) >= steady;
}

static void tell_refusal(struct sn_core *core, const struct sn_group *group, uint64_t epoch)
{
    if (core->epoch_told_at != SN_MS_NEVER && sn_age(core, core->epoch_told_at) < TELL_PAUSE_MS)
        return;
    core->epoch_told_at = core->now;
    sn_out_log(core, SN_LEVEL_WARNING,
               "Ignored epoch %llu received for %s: it is implausibly far above ours, %llu. If "
               "none of your sentinels has that epoch, hellos or vote requests are being forged: "
               "check who can reach the sentinels and PUBLISH to the monitored servers.",
               (unsigned long long)epoch, group->name, (unsigned long long)core->current_epoch);
}

void sn_epoch_heard(struct sn_instance *peer, uint64_t epoch)
{
    struct sn_peer *facts = &peer->u.peer;
    facts->hello_epoch = epoch;
    if (sn_epoch_near(peer->core, epoch))
        facts->far_since = SN_MS_NEVER;
    else if (facts->far_since == SN_MS_NEVER)
        facts->far_since = peer->core->now;
}

bool sn_epoch_take(struct sn_group *group, const struct sn_instance *peer, uint64_t epoch)
{
    struct sn_core *core = group->core;
    if (epoch <= core->current_epoch)
        return true;
    bool far = !sn_epoch_near(core, epoch);
    if (far && (epoch > SN_EPOCH_FAR ||
                !(majority_is_there(group, epoch) || (peer != NULL && stands_by(peer))))) {
        sn_reason_note_numbers(peer != NULL ? peer : group->master, SN_REASON_EPOCH_FAR,
                               (int64_t)epoch, (int64_t)core->current_epoch, 0);
        tell_refusal(core, group, epoch);
        return false;
    }
    uint64_t step = epoch - core->current_epoch, left = room(core);
    core->epoch_room = step < left ? left - step : 0;
    core->epoch_room_at = core->now;
    sn_epoch_raise(group, epoch);
    return true;
}

void sn_epoch_raise(struct sn_group *group, uint64_t epoch)
{
    struct sn_core *core = group->core;
    if (epoch <= core->current_epoch)
        return;
    assert(epoch <= SN_EPOCH_MAX);
    core->current_epoch = epoch;
    sn_persist_changed(core, SN_RECORD_EPOCH);
    sn_raise_plain(core, group, SN_NOTICE_NEW_EPOCH, "%llu", (unsigned long long)epoch);
}
