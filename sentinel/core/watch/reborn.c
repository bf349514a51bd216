/* SPDX-License-Identifier: BSD-3-Clause */

/* A master that is restarted within down-after stays the master. If it has lost its data set (no
 * persistence, or an empty disk), its replicas copy the emptiness a moment later, and everything is
 * gone. Such a master is found out by its run id, which is new, and by its keys: it has none, or no
 * more than were written since it began, while a replica within reach has more than twice as many.
 * That holds until its data set, or those of the replicas, say otherwise; then it is over for this
 * process. */

#include "core/watch/reborn.h"

#include "core/facts/history.h"
#include "core/facts/instance.h"
#include "core/facts/mark.h"
#include "core/tell/raise.h"

#include <assert.h>
#include <utlist.h>

void sn_reborn_begin(struct sn_instance *master)
{
    assert(master->kind == SN_KIND_MASTER);
    master->u.data.reborn = true;
}

/* The number of changes is 0 after an RDB file was loaded. An AOF counts as changes, so that the
 * replicas' keys have to decide (PROTOCOL.md §12). */
static bool may_begin_empty(const struct sn_info *info)
{
    return info->role == SN_ROLE_MASTER && info->has_keys && !info->loading &&
           (info->keys == 0 || (info->has_changes && info->keys <= info->changes));
}

/* Keys of the fullest replica within reach. */
static uint64_t most_keys(const struct sn_group *group)
{
    const struct sn_instance *replica;
    uint64_t most = 0;
    DL_FOREACH(group->replicas, replica) {
        const struct sn_data_set *set = &replica->u.data.set;
        if (!replica->s_down && set->keys_known && set->keys > most)
            most = set->keys;
    }
    return most;
}

/* What the replicas said may be as old as an INFO period, and they may begin to copy at any moment.
 */
static void tell_reborn(struct sn_instance *master, uint64_t most)
{
    struct sn_group *group = master->group;
    struct sn_instance *replica;
    sn_raise(master, SN_NOTICE_MASTER_REBORN_EMPTY, "#keys %llu/%llu",
             (unsigned long long)master->u.data.set.keys, (unsigned long long)most);
    DL_FOREACH(group->replicas, replica)
        sn_instance_ask_info(replica);
}

/* PROTOCOL.md §12. */
void sn_reborn_judge(struct sn_instance *master, const struct sn_info *info)
{
    struct sn_data *data = &master->u.data;
    bool before = data->reborn_empty;
    uint64_t most = most_keys(master->group);
    assert(master->kind == SN_KIND_MASTER);
    data->reborn_empty =
        data->reborn && may_begin_empty(info) && sn_history_is_far_fuller(most, info->keys);
    /* It is decided by the first INFO after it has loaded: FLUSHALL is no loss. */
    data->reborn = data->reborn && (data->reborn_empty || info->loading);
    if (data->reborn_empty == before)
        return;
    if (data->reborn_empty) {
        data->reborn_at = master->core->now;
        tell_reborn(master, most);
    }
    sn_mark_group(master->group, SN_MARK_STEP | SN_MARK_PLAN);
}
