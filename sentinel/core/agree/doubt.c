/* SPDX-License-Identifier: BSD-3-Clause */

/* Doubts about the data of a replica (DESIGN.md D10, D20), the gravest first. A doubted replica
 * comes after all others. FORCE outweighs every doubt; what else does depends on the doubt:
 *
 *   EMPTY, FULL_SYNC, LAGS    nothing
 *   OTHER_HISTORY             the master stays down, unless the data were never the group's
 *   UNSYNCED, UNPROVEN        the master stays down
 *   LINK_DOWN_LONG            all replicas lost the master for about as long
 *   CLAIMED                   nothing
 *
 * A full synchronisation ends by itself, also if its master is dead. All replicas having another
 * history than the group is no doubt about any of them: the master's id has changed, and they had
 * no time to follow. */

#include "core/agree/doubt.h"

#include "core/agree/fresh.h"
#include "core/facts/alias.h"
#include "core/facts/foreign.h"
#include "core/facts/history.h"
#include "core/facts/instance.h"

#include <assert.h>
#include <utlist.h>

#define LINK_DOWN_FACTOR 10
/* down-after periods of S_DOWN after which a replica with old data is better than none */
#define LAST_RESORT_DOWNS 3

static bool is_master_long_down(const struct sn_group *group)
{
    const struct sn_instance *master = group->master;
    return master->s_down && sn_age(group->core, master->s_down_at) >=
                                 LAST_RESORT_DOWNS * group->params.down_after_ms;
}

static bool is_late(const struct sn_instance *replica)
{
    return is_master_long_down(replica->group);
}

/* ---- whose data, and are they complete? (DESIGN.md D20) ------------------------------------- */

/* A replica that is the master under another name already is not compared with the old one. */
static enum sn_kin kin_of(const struct sn_instance *replica)
{
    return sn_alias_moved_to(replica->group) == replica ? SN_KIN_SAME : sn_history_kin(replica);
}

/* True if nothing shows that the data have ever been the group's. */
static bool is_unsynced(const struct sn_instance *replica)
{
    const struct sn_data_set *set = &replica->u.data.set;
    switch (kin_of(replica)) {
    case SN_KIN_FOREIGN:
        return !set->was_in_sync;
    case SN_KIN_UNKNOWN: /* "never" is said only by servers that tell their ids */
        return set->link_never_up;
    case SN_KIN_SAME:
    case SN_KIN_EARLIER:
        break;
    }
    return false;
}

/* Of a master that has lost its data: true if the replica surely does not have them any more. */
static bool is_as_poor(const struct sn_instance *replica)
{
    const struct sn_data_set *set = &replica->u.data.set;
    const struct sn_instance *master = replica->group->master;
    return set->keys_known && !sn_history_is_far_fuller(set->keys, master->u.data.set.keys);
}

/* The same; if the master dies and nobody has the data any more, there is nothing to be saved. */
static bool has_copied_loss(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    const struct sn_instance *other;
    bool at_hand = !group->master->s_down;
    DL_FOREACH(group->replicas, other)
        at_hand = at_hand || (!other->s_down && !is_as_poor(other));
    return is_as_poor(replica) && at_hand;
}

/* True if the replica has not a single key because it never got any, or lost them to a
 * synchronisation that broke off while it loaded: its link has never been up since then, whatever
 * id it has kept. One that has been in sync may be empty by right: it was so before the first
 * write, or all keys were deleted. What it said before the master's last INFO may be outdated. */
static bool is_emptied(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data, *master = &replica->group->master->u.data;
    bool is_master_full = master->set.keys_known && master->set.keys > 0;
    if (master->reborn_empty)
        return has_copied_loss(replica);
    /* A master that is down feeds nobody, also if it answers. */
    bool is_recent = data->info_at >= master->info_at ||
                     (replica->group->master->s_down && sn_fresh_is(replica));
    return sn_history_is_empty(replica) && is_master_full && is_recent &&
           (data->set.link_never_up || is_unsynced(replica));
}

/* Before it loads, a replica still has its old data: those are wanted if the master has lost its
 * own. */
static bool is_in_full_sync(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    bool wants_old_data = replica->group->master->u.data.reborn_empty;
    return data->role_reported == SN_ROLE_REPLICA && data->syncing && !wants_old_data;
}

static bool is_other_history(const struct sn_instance *replica)
{
    enum sn_kin kin = kin_of(replica);
    return kin == SN_KIN_EARLIER || kin == SN_KIN_FOREIGN;
}

/* True if a replica within reach has the present history of the group. */
static bool is_history_at_hand(const struct sn_group *group)
{
    const struct sn_instance *replica;
    DL_FOREACH(group->replicas, replica) {
        if (!replica->s_down && kin_of(replica) == SN_KIN_SAME && !is_emptied(replica))
            return true;
    }
    return false;
}

static bool is_history_left(const struct sn_instance *replica)
{
    return is_other_history(replica) && is_history_at_hand(replica->group);
}

static bool is_late_for_other_history(const struct sn_instance *replica)
{
    return is_late(replica) && !is_unsynced(replica);
}

/* ---- how old are they? ---------------------------------------------------------------------- */

/* Offsets of one history can be compared. */
static uint64_t newest_offset(const struct sn_group *group)
{
    const struct sn_instance *replica;
    uint64_t newest = group->master->u.data.master_offset;
    DL_FOREACH(group->replicas, replica) {
        if (!is_other_history(replica) && replica->u.data.repl_offset > newest)
            newest = replica->u.data.repl_offset;
    }
    return newest;
}

/* How many bytes the replica lacks, as far as is known. */
static uint64_t lag_of(const struct sn_instance *replica)
{
    uint64_t newest = newest_offset(replica->group), offset = replica->u.data.repl_offset;
    return newest > offset ? newest - offset : 0;
}

/* A planned switchover waits until the replica has caught up (D17), so the limit is about masters
 * that are down. What was said before the failure is too old to tell a lag. */
static bool lags(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    return group->params.max_lag > 0 && group->master->s_down && sn_fresh_is(replica) &&
           replica->u.data.role_reported == SN_ROLE_REPLICA && !is_other_history(replica) &&
           lag_of(replica) > group->params.max_lag;
}

static sn_ms link_down_limit(const struct sn_group *group)
{
    const struct sn_instance *master = group->master;
    sn_ms down_ms = master->s_down ? sn_age(group->core, master->s_down_at) : 0;
    return LINK_DOWN_FACTOR * group->params.down_after_ms + down_ms;
}

/* A replica whose link to the master was down for too long is passed over (PROTOCOL.md §16). */
static bool is_link_down_for_long(const struct sn_instance *replica)
{
    return replica->u.data.link_down_ms > link_down_limit(replica->group);
}

/* True if only this replica lost the master: the master still answered us, as a master, at that
 * time. A master that now reports the role of a replica may have been restarted with a role that
 * was not saved (PROTOCOL.md §24.2). */
static bool lost_it_alone(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    const struct sn_instance *master = replica->group->master;
    sn_ms heard_at = master->u.data.role_reported == SN_ROLE_REPLICA ? master->u.data.said_master_at
                                                                     : master->cmd->heard_at;
    return heard_at != SN_MS_NEVER && heard_at >= data->info_at - data->link_down_ms;
}

/* PROTOCOL.md §24.2. */
static bool is_unproven(const struct sn_instance *replica)
{
    return replica->u.data.unproven_at != SN_MS_NEVER;
}

/* False if the replica is known to hold another history, which has nothing newer of the group. */
static bool may_be_newer(const struct sn_instance *replica)
{
    return !is_history_left(replica) && !is_unproven(replica);
}

/* True if all replicas lost the master for about as long, while this sentinel was away: none of
 * them has newer data. A silent replica may have newer data, so it is waited for (PROTOCOL.md
 * §24.2). */
static bool are_all_cut_off(const struct sn_instance *replica)
{
    const struct sn_group *group = replica->group;
    sn_ms leeway = LINK_DOWN_FACTOR * group->params.down_after_ms;
    const struct sn_instance *other;
    if (!group->master->s_down || lost_it_alone(replica))
        return false;
    DL_FOREACH(group->replicas, other) {
        const struct sn_data *data = &other->u.data;
        if (!sn_fresh_is(other)
                ? !is_master_long_down(group)
                : may_be_newer(other) && data->link_down_ms + leeway < replica->u.data.link_down_ms)
            return false;
    }
    return true;
}

/* ---- the doubts ----------------------------------------------------------------------------- */

static const char nobody_else[] = "no other replica is left, and the master stays down";

/* The gravest first. */
static const struct doubt {
    enum sn_reason reason;
    bool (*applies)(const struct sn_instance *replica);
    bool (*outweighed)(const struct sn_instance *replica); /* NULL: by FORCE only */
    const char *by;
} doubts[] = {
    {SN_REASON_EMPTY, is_emptied, NULL, NULL},
    {SN_REASON_FULL_SYNC, is_in_full_sync, NULL, NULL},
    {SN_REASON_OTHER_HISTORY, is_history_left, is_late_for_other_history, nobody_else},
    {SN_REASON_UNSYNCED, is_unsynced, is_late, nobody_else},
    {SN_REASON_LAGS, lags, NULL, NULL},
    {SN_REASON_LINK_DOWN_LONG, is_link_down_for_long, are_all_cut_off,
     "all replicas lost the master for about as long"},
    {SN_REASON_UNPROVEN, is_unproven, is_late, nobody_else},
    {SN_REASON_CLAIMED, sn_foreign_claimed, NULL, NULL},
};

#define COUNT (sizeof(doubts) / sizeof(doubts[0]))

/* Returns the index of the gravest doubt; COUNT if there is none. */
static size_t gravest(const struct sn_instance *replica)
{
    size_t i = 0;
    while (i < COUNT && !doubts[i].applies(replica))
        i++;
    return i;
}

static struct sn_why why_of(const struct sn_instance *replica, size_t index)
{
    const struct sn_group *group = replica->group;
    const struct sn_data *data = &replica->u.data;
    struct sn_why why = {.reason = index < COUNT ? doubts[index].reason : SN_REASON_NONE};
    if (why.reason == SN_REASON_LINK_DOWN_LONG) {
        why.numbers[0] = data->link_down_ms;
        why.numbers[1] = link_down_limit(group);
    } else if (why.reason == SN_REASON_UNPROVEN) {
        why.numbers[0] = sn_age(group->core, data->unproven_at);
    } else if (why.reason == SN_REASON_LAGS) {
        uint64_t lag = lag_of(replica);
        why.numbers[0] = lag > INT64_MAX ? INT64_MAX : (int64_t)lag;
        why.numbers[1] = (int64_t)group->params.max_lag;
    }
    return why;
}

struct sn_why sn_doubt_about(const struct sn_instance *replica)
{
    return why_of(replica, gravest(replica));
}

unsigned sn_doubt_gravity(const struct sn_instance *replica)
{
    return (unsigned)(COUNT - gravest(replica));
}

struct sn_why sn_doubt_decisive(const struct sn_instance *replica, enum sn_failover_mode mode)
{
    for (size_t i = 0; i < COUNT && mode != SN_MODE_FORCED; i++) {
        const struct doubt *doubt = &doubts[i];
        if (doubt->applies(replica) && (doubt->outweighed == NULL || !doubt->outweighed(replica)))
            return why_of(replica, i);
    }
    return why_of(replica, COUNT);
}

const char *sn_doubt_outweighed_by(const struct sn_instance *replica, enum sn_failover_mode mode)
{
    size_t index = gravest(replica);
    assert(index < COUNT);
    return mode == SN_MODE_FORCED ? "the operator forces this failover" : doubts[index].by;
}
