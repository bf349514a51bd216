/* SPDX-License-Identifier: BSD-3-Clause */

/* Whose data an instance has (DESIGN.md D20). A server's data have a replication id and an offset;
 * a replica takes over the id of its master when it is in sync. A promoted replica gets an id of
 * its own and keeps the old one as the second, so that data up to that offset count as its own; so
 * does a master that is restarted from an RDB file. A master that is restarted from an AOF gets a
 * new id and no second one, and the replicas keep the old one until they have copied its data:
 * therefore the last few ids of the group are remembered. They are in no file: INFO of the master
 * tells the present one after a restart. */

#include "core/facts/history.h"

#include "core/facts/chain.h"
#include "core/facts/instance.h"

#include <assert.h>
#include <string.h>

#define SECOND_MS 1000
#define FEWER     2 /* a data set with less than this part of the keys has lost them */

static bool is_id(const struct sn_runid *id)
{
    return id->hex[0] != '\0';
}

static bool equals(const struct sn_runid *a, const struct sn_runid *b)
{
    return is_id(a) && sn_runid_equal(a, b);
}

static size_t find(const struct sn_history *history, const struct sn_runid *id)
{
    size_t i = 0;
    while (i < SN_HISTORY_MAX && !equals(&history->ids[i], id))
        i++;
    return i;
}

/* Puts id at the place `to`; those from there to its old place, or to the end, move back. */
static void remember(struct sn_history *history, const struct sn_runid *id, size_t to)
{
    size_t from = find(history, id);
    if (!is_id(id) || from < to)
        return;
    if (from == SN_HISTORY_MAX)
        from = SN_HISTORY_MAX - 1;
    memmove(&history->ids[to + 1], &history->ids[to], (from - to) * sizeof(*id));
    history->ids[to] = *id;
}

void sn_history_learn_group(const struct sn_instance *master, enum sn_role role)
{
    struct sn_history *history = &master->group->history;
    const struct sn_data_set *set = &master->u.data.set;
    assert(master->kind == SN_KIND_MASTER);
    if (role != SN_ROLE_MASTER || master->u.data.reborn_empty || !is_id(&set->replid))
        return;
    if (!equals(&history->ids[0], &set->replid))
        history->since = master->core->now;
    remember(history, &set->replid, 0);
    remember(history, &set->replid2, 1);
    history->before = set->replid2;
    history->before_until = set->second_offset;
}

/* PROTOCOL.md §24.2. */
bool sn_history_shows_sync(const struct sn_instance *instance, const struct sn_info *info,
                           sn_ms since)
{
    if (info->role != SN_ROLE_REPLICA ||
        !(sn_instance_follows_master(instance) || sn_chain_holds(instance)))
        return false;
    return (info->has_link_status && info->link_up) ||
           (info->has_link_down && info->link_down_ms + SECOND_MS <= sn_age(instance->core, since));
}

/* True if the data are not those of the last INFO, nor continue them. */
static bool is_replaced_set(const struct sn_data_set *last, const struct sn_info *info)
{
    return is_id(&last->replid) && !equals(&last->replid, &info->replid) &&
           !equals(&last->replid, &info->replid2);
}

/* PINGs to replicas and hellos take bytes of the stream, and are no changes. Each save begins to
 * count anew. */
static uint64_t quiet_offset(const struct sn_data_set *last, const struct sn_info *info)
{
    uint64_t offset = info->role == SN_ROLE_MASTER ? info->master_repl_offset : info->repl_offset;
    bool quiet = last->changes_known && info->has_changes && last->changes == info->changes &&
                 last->saved_at == info->saved_at && equals(&last->replid, &info->replid) &&
                 last->quiet_offset <= offset;
    return quiet ? last->quiet_offset : offset;
}

/* PROTOCOL.md §12. */
void sn_history_learn(struct sn_instance *instance, const struct sn_info *info)
{
    struct sn_data *data = &instance->u.data;
    assert(sn_is_data(instance));
    bool never_up = info->role == SN_ROLE_REPLICA && info->link_never_up;
    bool replaced = is_replaced_set(&data->set, info);
    bool kept = data->set.was_in_sync && data->master_changed_at != instance->core->now;
    sn_ms replaced_at = replaced ? instance->core->now : data->set.replaced_at;
    bool shown =
        sn_history_shows_sync(instance, info, sn_max(replaced_at, data->master_changed_at));
    data->set = (struct sn_data_set){
        .replid = info->replid,
        .replid2 = info->replid2,
        .replaced_at = replaced_at,
        .second_offset = info->second_offset,
        .loading = info->loading,
        .keys_known = info->has_keys,
        .keys = info->keys,
        .changes_known = info->has_changes,
        .changes = info->changes,
        .saved_at = info->saved_at,
        .quiet_offset = quiet_offset(&data->set, info),
        .link_never_up = never_up,
        .was_in_sync = shown || (kept && !never_up && !replaced),
    };
}

enum sn_kin sn_history_kin(const struct sn_instance *replica)
{
    const struct sn_history *history = &replica->group->history;
    const struct sn_data *data = &replica->u.data;
    const struct sn_data_set *set = &data->set;
    if (!is_id(&history->ids[0]) || !is_id(&set->replid))
        return SN_KIN_UNKNOWN;
    if (equals(&history->ids[0], &set->replid) || equals(&history->ids[0], &set->replid2))
        return SN_KIN_SAME;
    if (equals(&history->before, &set->replid) && data->repl_offset < history->before_until)
        return SN_KIN_SAME;
    if (data->info_at < history->since)
        return SN_KIN_UNKNOWN; /* it may have followed meanwhile */
    /* Of its second id it has at least the beginning: it was promoted, as its master may have been
     * restarted. */
    bool ours = find(history, &set->replid) < SN_HISTORY_MAX ||
                find(history, &set->replid2) < SN_HISTORY_MAX;
    return ours ? SN_KIN_EARLIER : SN_KIN_FOREIGN;
}

bool sn_history_is_far_fuller(uint64_t keys, uint64_t others)
{
    return others < keys / FEWER + keys % FEWER;
}

bool sn_history_is_empty(const struct sn_instance *instance)
{
    const struct sn_data_set *set = &instance->u.data.set;
    return set->keys_known && set->keys == 0;
}
