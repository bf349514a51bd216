/* SPDX-License-Identifier: BSD-3-Clause */

/* Selects the replica to promote (PROTOCOL.md §16): in the stock order, by facts younger than the
 * failure (DESIGN.md D10), with a recorded reason for each replica that is passed over. */

#include "core/agree/select.h"

#include "core/agree/doubt.h"
#include "core/agree/fresh.h"
#include "core/facts/alias.h"
#include "core/facts/chain.h"
#include "core/facts/instance.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/tell/form.h"
#include "core/tell/out.h"

#include <string.h>
#include <strings.h>
#include <utlist.h>

#define FRESH_PINGS 5
#define FRESH_INFOS 3

static struct sn_why because(enum sn_reason reason, int64_t a, int64_t b)
{
    return (struct sn_why){.reason = reason, .numbers = {a, b}};
}

/* Returns an objection that nothing outweighs (PROTOCOL.md §16, §24.3). */
static struct sn_why obstacle(const struct sn_group *group, const struct sn_instance *replica)
{
    const struct sn_core *core = group->core;
    const struct sn_data *data = &replica->u.data;
    sn_ms ping_limit = FRESH_PINGS * core->timings[SN_TIMING_PING_PERIOD];
    sn_ms info_limit =
        group->master->s_down ? ping_limit : FRESH_INFOS * core->timings[SN_TIMING_INFO_PERIOD];

    const struct sn_instance *moved_to = sn_alias_moved_to(group);
    if (replica->s_down)
        return because(SN_REASON_REPLICA_DOWN, sn_age(core, replica->s_down_at), 0);
    if (moved_to != NULL && moved_to != replica && !moved_to->s_down)
        return because(SN_REASON_OTHER_PROMOTED, 0, 0);
    if (!sn_instance_connected(replica))
        return because(SN_REASON_NOT_CONNECTED, 0, 0);
    if (sn_age(core, replica->cmd->last_avail_at) > ping_limit)
        return because(SN_REASON_PING_OLD, sn_age(core, replica->cmd->last_avail_at), ping_limit);
    if (data->priority == 0 && !sn_alias_made_master(replica))
        return because(SN_REASON_PRIORITY_ZERO, 0, 0);
    if (data->info_at == SN_MS_NEVER)
        return because(SN_REASON_INFO_NONE, 0, 0);
    if (sn_age(core, data->info_at) > info_limit)
        return because(SN_REASON_INFO_OLD, sn_age(core, data->info_at), info_limit);
    if (data->set.loading)
        return because(SN_REASON_LOADING, 0, 0);
    if (data->refused_epoch != 0 && data->refused_epoch == group->failover.epoch)
        return because(SN_REASON_FAILED_BEFORE, (int64_t)data->refused_epoch, 0);
    return because(SN_REASON_NONE, 0, 0);
}

static bool is_doubted(const struct sn_instance *replica)
{
    return sn_doubt_gravity(replica) > 0;
}

struct sn_why sn_select_refusal_in(const struct sn_group *group, const struct sn_instance *replica,
                                   enum sn_failover_mode mode)
{
    struct sn_why why = obstacle(group, replica);
    return why.reason != SN_REASON_NONE ? why : sn_doubt_decisive(replica, mode);
}

struct sn_why sn_select_refusal(const struct sn_group *group, const struct sn_instance *replica)
{
    return sn_select_refusal_in(group, replica, group->failover.mode);
}

bool sn_select_is_last_resort(const struct sn_instance *replica)
{
    return is_doubted(replica);
}

/* True if the replica was promoted since the failure, by the order of an earlier attempt or by an
 * operator. Promoting another replica would make two masters. */
static bool is_promoted(const struct sn_instance *replica)
{
    const struct sn_data *data = &replica->u.data;
    const struct sn_group *group = replica->group;
    return group->master->s_down && data->role_reported == SN_ROLE_MASTER && data->was_replica &&
           sn_fresh_is(replica) &&
           data->role_reported_at >= group->master->s_down_at - group->params.down_after_ms;
}

/* True if a is preferred to b (DESIGN.md D22). A replica that did not answer in time may hang, and
 * the facts about it are old: it is chosen only if no replica answered (PROTOCOL.md §16). */
static bool better(const struct sn_instance *a, const struct sn_instance *b)
{
    if (sn_doubt_gravity(a) != sn_doubt_gravity(b))
        return sn_doubt_gravity(a) < sn_doubt_gravity(b);
    if (is_promoted(a) != is_promoted(b))
        return is_promoted(a);
    if (sn_fresh_is(a) != sn_fresh_is(b))
        return sn_fresh_is(a);
    if (a->u.data.priority != b->u.data.priority)
        return a->u.data.priority < b->u.data.priority;
    bool a_chained = sn_chain_upstream(a) != NULL, b_chained = sn_chain_upstream(b) != NULL;
    if (a_chained != b_chained) /* DESIGN.md D22 */
        return b_chained;
    if (a->u.data.repl_offset != b->u.data.repl_offset)
        return a->u.data.repl_offset > b->u.data.repl_offset;
    if ((a->runid.hex[0] == '\0') != (b->runid.hex[0] == '\0'))
        return a->runid.hex[0] != '\0';
    return strcasecmp(a->runid.hex, b->runid.hex) < 0;
}

/* Tells the doubt to an operator who finds old data in the new master later. */
static void tell_doubt(const struct sn_instance *replica, enum sn_failover_mode mode)
{
    char form[SN_PAYLOAD_MAX + 1], against[SN_REASON_SENTENCE_MAX + 1];
    struct sn_why why = sn_doubt_about(replica);
    if (why.reason == SN_REASON_NONE)
        return;
    sn_instance_form(replica, form);
    sn_reason_sentence(&why, against);
    sn_out_log(replica->core, SN_LEVEL_WARNING, "Chose %s although %s: %s.", form, against,
               sn_doubt_outweighed_by(replica, mode));
}

static struct sn_instance *best_in(const struct sn_group *group, enum sn_failover_mode mode)
{
    struct sn_instance *best = NULL, *replica;
    DL_FOREACH(group->replicas, replica) {
        if (sn_select_refusal_in(group, replica, mode).reason == SN_REASON_NONE &&
            (best == NULL || better(replica, best)))
            best = replica;
    }
    return best;
}

struct sn_instance *sn_select_replica(const struct sn_group *group)
{
    return best_in(group, group->failover.mode);
}

static void note_refused(const struct sn_group *group, enum sn_failover_mode mode, bool log)
{
    const struct sn_instance *replica;
    char form[SN_PAYLOAD_MAX + 1];
    DL_FOREACH(group->replicas, replica) {
        struct sn_why why = sn_select_refusal_in(group, replica, mode);
        if (why.reason == SN_REASON_NONE)
            continue;
        sn_reason_note_why(replica, &why);
        sn_instance_form(replica, form);
        if (log)
            sn_out_log(group->core, SN_LEVEL_NOTICE, "Not a candidate: %s: %s.", form,
                       sn_reason_words(why.reason));
    }
}

void sn_select_note_refused(const struct sn_group *group)
{
    note_refused(group, group->failover.mode, false);
}

/* PROTOCOL.md §15.2. */
static struct sn_instance *select_best(struct sn_group *group, enum sn_failover_mode mode)
{
    struct sn_instance *best = best_in(group, mode);
    char form[SN_PAYLOAD_MAX + 1];
    note_refused(group, mode, true);
    if (best != NULL) {
        sn_instance_form(best, form);
        sn_out_log(group->core, SN_LEVEL_NOTICE, "Candidate: %s: priority %u, offset %llu.", form,
                   best->u.data.priority, (unsigned long long)best->u.data.repl_offset);
        tell_doubt(best, mode);
    }
    return best;
}

/* The replica that was named, if this mode permits it. */
static struct sn_instance *named(const struct sn_group *group, const struct sn_addr *wanted,
                                 enum sn_failover_mode mode, struct sn_why *why)
{
    struct sn_instance *replica = sn_group_find_replica(group, wanted);
    *why = replica == NULL ? because(SN_REASON_NO_SUCH_REPLICA, wanted->port, 0)
                           : sn_select_refusal_in(group, replica, mode);
    return replica;
}

const struct sn_instance *sn_select_would(const struct sn_group *group,
                                          const struct sn_addr *wanted, enum sn_failover_mode mode,
                                          struct sn_why *why)
{
    *why = because(SN_REASON_NONE, 0, 0);
    if (wanted == NULL)
        return best_in(group, mode);
    const struct sn_instance *replica = named(group, wanted, mode, why);
    return why->reason == SN_REASON_NONE ? replica : NULL;
}

/* PROTOCOL.md §4.10, §22.4. */
struct sn_instance *sn_select_wanted(struct sn_group *group, const struct sn_addr *wanted,
                                     enum sn_failover_mode mode)
{
    if (wanted == NULL)
        return select_best(group, mode);
    struct sn_why why;
    struct sn_instance *replica = named(group, wanted, mode, &why);
    if (why.reason == SN_REASON_NONE) {
        tell_doubt(replica, mode);
        return replica;
    }
    sn_reason_note_why(replica == NULL ? group->master : replica, &why);
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "Cannot promote %s:%u to master of %s as requested: %s.", wanted->host, wanted->port,
               group->name, sn_reason_words(why.reason));
    return NULL;
}
