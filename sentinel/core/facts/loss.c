/* SPDX-License-Identifier: BSD-3-Clause */

/* How many bytes of the replication stream a switch has lost (DESIGN.md D21). The history of a new
 * master parts from that of the old one at the new one's second_repl_offset: what the old one had
 * from there on is lost when it is demoted. Its last INFO tells how far it had got at least; if the
 * same process returns, it tells how far it really got. A process that was restarted has another
 * id, and tells nothing about what the one before it has acknowledged: the first number stands.
 *
 * The stream has more than writes: PINGs, and the hellos that sentinels publish at a master that
 * has returned. If the server has told the same number of changes ever since an offset before the
 * parting, without a save in between, there was no write among them, and nothing is lost; else they
 * count.
 *
 * Only the last switch is looked at, and nothing of it is in a file. */

#include "core/facts/loss.h"

#include "core/facts/instance.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <utlist.h>

/* A PING to the replicas takes that many bytes of the stream, and every write more. */
#define PING_BYTES 14

static bool has_id(const struct sn_runid *id)
{
    return id->hex[0] != '\0';
}

/* True if the number of changes shows that nothing was written behind the parting. */
static bool is_quiet(const struct sn_loss *loss, const struct sn_data_set *old)
{
    return old->changes_known && old->quiet_offset < loss->parted_at;
}

static uint64_t lost_at(const struct sn_loss *loss, uint64_t offset)
{
    return offset >= loss->parted_at ? offset - loss->parted_at + 1 : 0;
}

/* The old master may have got its part back in a stall of this process, and lost it again. */
static bool is_parting_old(const struct sn_group *group)
{
    const struct sn_loss *loss = group->loss;
    return loss->parted && loss->parting_asked_at < group->core->tilt_at;
}

/* Without a second id, or with the one that it had as its first, the new master has restarted, and
 * what it said before stands. */
static void end_doubt(struct sn_loss *loss, const struct sn_data_set *set)
{
    bool restarted = !has_id(&set->replid2) || sn_runid_equal(&set->replid2, &loss->new_id);
    loss->parted = loss->parted && (restarted || loss->parted_at == set->second_offset);
}

/* Takes the second id of the new master, if that is the one of the old master. What was asked
 * before a stall of this process may be about an earlier switch. */
static void learn_parting(struct sn_loss *loss, const struct sn_instance *old,
                          const struct sn_instance *new_master)
{
    const struct sn_data_set *set = &new_master->u.data.set;
    if (new_master->u.data.info_asked_at < new_master->core->tilt_at)
        return;
    if (is_parting_old(new_master->group))
        end_doubt(loss, set);
    loss->parting_asked_at = new_master->u.data.info_asked_at;
    if (loss->parted || !has_id(&set->replid2) ||
        (has_id(&loss->id) && !sn_runid_equal(&loss->id, &set->replid2)))
        return;
    loss->id = set->replid2;
    loss->parted = true;
    loss->parted_at = set->second_offset;
    loss->new_id = set->replid;
    loss->known = loss->offset_at != SN_MS_NEVER;
    if (loss->known && (old == NULL || !is_quiet(loss, &old->u.data.set)))
        loss->bytes = lost_at(loss, loss->offset);
}

void sn_loss_note_choice(struct sn_group *group)
{
    const struct sn_instance *replica;
    group->choice_age_ms = -1;
    DL_FOREACH(group->replicas, replica) {
        sn_ms at = replica->u.data.info_at, age = sn_age(group->core, at);
        if (at != SN_MS_NEVER && (group->choice_age_ms < 0 || age < group->choice_age_ms))
            group->choice_age_ms = age;
    }
}

/* What INFO has told so far is the first estimate (PROTOCOL.md §12). */
void sn_loss_begin(struct sn_group *group, const struct sn_instance *new_master)
{
    const struct sn_data *old = &group->master->u.data;
    assert(group->master->kind == SN_KIND_MASTER);
    bool has_offset = has_id(&old->set.replid) && old->role_reported == SN_ROLE_MASTER;
    if (group->loss == NULL)
        group->loss = sn_alloc(sizeof(*group->loss));
    struct sn_loss *loss = group->loss;
    *loss = (struct sn_loss){
        .old_addr = group->master->addr,
        .switched_at = group->core->now,
        .id = old->set.replid,
        .offset = has_offset ? old->master_offset : 0,
        .offset_at = has_offset ? old->info_at : SN_MS_NEVER,
        .choice_age_ms = new_master != NULL && group->failover.promoted == new_master
                             ? group->choice_age_ms
                             : -1,
    };
    if (new_master != NULL && new_master->u.data.role_reported == SN_ROLE_MASTER)
        learn_parting(loss, group->master, new_master);
}

/* ---- what is told --------------------------------------------------------------------------- */

static void tell_estimate(struct sn_group *group)
{
    struct sn_loss *loss = group->loss;
    char choice[64] = "";
    loss->estimate_told = true;
    if (loss->choice_age_ms >= 0)
        (void)snprintf(choice, sizeof(choice), " The newest fact of the choice was %lld ms old.",
                       (long long)loss->choice_age_ms);
    if (loss->known)
        sn_out_log(group->core, SN_LEVEL_NOTICE,
                   "Failover of %s: at least %llu bytes of writes were lost. %lld ms before the "
                   "switch %s:%u was at offset %llu; the new master goes its own way from %llu.%s",
                   group->name, (unsigned long long)loss->bytes,
                   (long long)(loss->switched_at - loss->offset_at), loss->old_addr.host,
                   loss->old_addr.port, (unsigned long long)loss->offset,
                   (unsigned long long)loss->parted_at, choice);
    else
        sn_out_log(group->core, SN_LEVEL_NOTICE,
                   "Failover of %s: how many writes were lost is unknown, until %s:%u returns.%s",
                   group->name, loss->old_addr.host, loss->old_addr.port, choice);
}

/* A PING alone is no loss (PROTOCOL.md §7.2). */
static void tell_loss(struct sn_group *group)
{
    struct sn_loss *loss = group->loss;
    bool names = group->core->globals.announce_hostnames;
    if (loss == NULL || !loss->parted || is_parting_old(group) ||
        group->unannounced_old_master != NULL)
        return;
    if (!loss->estimate_told)
        tell_estimate(group);
    if (loss->bytes <= loss->told_bytes || loss->bytes <= PING_BYTES)
        return;
    loss->told_bytes = loss->bytes;
    struct sn_instance *old = sn_group_find_replica(group, &loss->old_addr);
    sn_reason_note_numbers(old != NULL ? old : group->master, SN_REASON_WRITES_LOST,
                           (int64_t)loss->bytes, 0, 0);
    sn_raise_plain(group->core, group, SN_NOTICE_LOST_WRITES, "%s %s %u %llu", group->name,
                   sn_addr_shown(&loss->old_addr, names), loss->old_addr.port,
                   (unsigned long long)loss->bytes);
}

void sn_loss_announced(struct sn_group *group)
{
    tell_loss(group);
}

/* ---- what the servers say ------------------------------------------------------------------- */

/* A master that was just demoted has its old id and offset until it is in sync. */
static void learn_return(struct sn_loss *loss, const struct sn_instance *old)
{
    const struct sn_data *data = &old->u.data;
    bool is_master = data->role_reported == SN_ROLE_MASTER;
    uint64_t lost = lost_at(loss, is_master ? data->master_offset : data->repl_offset);
    if (!loss->parted || is_parting_old(old->group) ||
        !sn_runid_equal(&loss->id, &data->set.replid) || data->info_at < loss->switched_at)
        return;
    if (lost > loss->bytes && !is_quiet(loss, &data->set))
        loss->bytes = lost;
    loss->known = true;
    loss->exact = true;
}

static void learn_new_master(struct sn_loss *loss, struct sn_instance *master)
{
    struct sn_instance *old = sn_group_find_replica(master->group, &loss->old_addr);
    bool doubted = is_parting_old(master->group);
    learn_parting(loss, old, master);
    if (is_parting_old(master->group)) {
        sn_instance_ask_info(master); /* that answer was from before the stall */
    } else if (doubted && old != NULL) {
        learn_return(loss, old);
        sn_instance_ask_info(old); /* its demotion may have waited */
    }
}

/* PROTOCOL.md §12. */
void sn_loss_learn(struct sn_instance *instance)
{
    struct sn_group *group = instance->group;
    struct sn_loss *loss = group->loss;
    if (loss == NULL)
        return;
    if (instance->kind == SN_KIND_MASTER && instance->u.data.role_reported == SN_ROLE_MASTER)
        learn_new_master(loss, instance);
    else if (instance->kind == SN_KIND_REPLICA && sn_addr_equal(&instance->addr, &loss->old_addr))
        learn_return(loss, instance);
    tell_loss(group);
}

enum sn_loss_at sn_loss_at(const struct sn_instance *replica)
{
    const struct sn_loss *loss = replica->group->loss;
    const struct sn_data *data = &replica->u.data;
    if (loss == NULL || !loss->parted || !sn_addr_equal(&replica->addr, &loss->old_addr))
        return SN_LOSS_NONE;
    if (is_parting_old(replica->group))
        return SN_LOSS_DOUBTED;
    if (data->info_asked_at == SN_MS_NEVER || data->info_asked_at < loss->switched_at)
        return SN_LOSS_UNASKED;
    if (data->role_reported != SN_ROLE_MASTER)
        return SN_LOSS_NONE;
    if (!sn_runid_equal(&loss->id, &data->set.replid))
        return SN_LOSS_GONE;
    bool has_writes =
        lost_at(loss, data->master_offset) > PING_BYTES && !is_quiet(loss, &data->set);
    return has_writes ? SN_LOSS_HAS : SN_LOSS_NONE;
}
