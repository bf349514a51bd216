/* SPDX-License-Identifier: BSD-3-Clause */

/* The core's invariants. Most of them detect a fact that was changed without a mark: the decisions
 * in force must be those that the rules would make from the present facts. */

#include "core/check.h"

#include "core/agree/agree.h"
#include "core/settle.h"
#include "core/watch/detect.h"

#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

#define BESIDES_WINDOW 16 /* PING and other single commands need no room */

struct checking {
    char *out;
    bool broken;
};

SN_PRINTF(3, 4)
static void require(struct checking *check, bool holds, const char *format, ...)
{
    va_list args;
    if (holds || check->broken)
        return;
    check->broken = true;
    va_start(args, format);
    (void)vsnprintf(check->out, SN_CHECK_TEXT_MAX + 1, format, args);
    va_end(args);
}

static void check_link(struct checking *check, const struct sn_link *link, const char *of)
{
    const struct sn_instance *owner;
    unsigned owners = 0;
    if (link->kind == SN_LINK_SUBSCRIBE)
        owners = 1; /* owner_next belongs to the command link */
    else
        LL_FOREACH2(link->owners, owner, owner_next)
            owners++;
    require(check, owners == link->owner_count && owners > 0, "%s: a link with %u owners counts %u",
            of, owners, link->owner_count);
    require(check, (link->id.v == 0) == (link->state == SN_LINK_IDLE),
            "%s: link in state %d has connection %llu", of, link->state,
            (unsigned long long)link->id.v);
    require(check, (link->state == SN_LINK_UP) == (link->up_at != SN_MS_NEVER),
            "%s: link in state %d is up since %lld", of, link->state, (long long)link->up_at);
    require(check, link->state == SN_LINK_UP || (link->pending == 0 && !link->ping_pending),
            "%s: a link that is not up waits for %u replies", of, link->pending);
    require(check, link->pending <= SN_PENDING_PEER_MAX + BESIDES_WINDOW,
            "%s: a link waits for %u replies", of, link->pending);
}

static void check_instance(struct checking *check, const struct sn_instance *instance,
                           enum sn_kind kind)
{
    const struct sn_core *core = instance->core;
    const char *name = instance->group->name;
    /* Members are judged in their new roles once the switch is announced. */
    bool untold = instance->group->unannounced_old_master != NULL;
    bool timer_due = instance->down.at <= core->now;
    require(check, instance->kind == kind, "%s: a member of kind %d is listed as one of kind %d",
            name, instance->kind, kind);
    require(check,
            core->tilt || untold || timer_due || instance->s_down == sn_detect_is_down(instance),
            "%s: %s:%u is %s by what was judged last, and not by the facts", name,
            instance->addr.host, instance->addr.port, instance->s_down ? "down" : "up");
    require(check, instance->cmd->owners != NULL, "%s: a link without owners", name);
    if (instance->cmd->owners == instance) /* once, if it is shared by many groups */
        check_link(check, instance->cmd, name);
    if (sn_is_data(instance))
        check_link(check, instance->sub, name);
}

static void check_failover(struct checking *check, const struct sn_group *group)
{
    const struct sn_failover *failover = &group->failover;
    bool chosen = failover->state == SN_FAILOVER_SEND_PROMOTION ||
                  failover->state == SN_FAILOVER_WAIT_PROMOTION;
    const struct sn_instance *replica;
    size_t promoted = 0;
    DL_FOREACH(group->replicas, replica) {
        promoted += replica->u.data.promoted;
        require(check, !replica->u.data.promoted || replica == failover->promoted,
                "%s: %s:%u counts as chosen, and is not", group->name, replica->addr.host,
                replica->addr.port);
    }
    require(check, promoted == chosen && (failover->promoted != NULL) == chosen,
            "%s: in failover state %d, %zu replicas are chosen", group->name, failover->state,
            promoted);
    require(check,
            failover->state == SN_FAILOVER_NONE || failover->epoch <= group->core->current_epoch,
            "%s: an attempt with epoch %llu, above the current one", group->name,
            (unsigned long long)failover->epoch);
}

static bool is_reason(const struct sn_core *core, const struct sn_reason_entry *entry)
{
    return entry->reason > SN_REASON_NONE && entry->reason < SN_REASON_COUNT && entry->count > 0 &&
           entry->since <= entry->at && entry->at <= core->now &&
           (entry->member == 0 || entry->id[0] == '\0') && entry->id[SN_REASON_ID_MAX] == '\0';
}

/* Reasons are bounded, in order, and never repeated in a row. */
static void check_reasons(struct checking *check, const struct sn_group *group)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX], *last = NULL;
    size_t count = sn_group_reasons(group, entries);
    require(check, count <= SN_REASONS_MAX, "%s: %zu reasons", group->name, count);
    for (size_t i = 0; i < count && i < SN_REASONS_MAX; i++) {
        const struct sn_reason_entry *entry = entries[i];
        require(check, is_reason(group->core, entry), "%s: a broken reason %u", group->name,
                entry->reason);
        require(check,
                last == NULL || (last->since <= entry->since &&
                                 (last->reason != entry->reason || last->member != entry->member)),
                "%s: reason %u twice, or out of order", group->name, entry->reason);
        last = entry;
    }
}

static void check_group(struct checking *check, const struct sn_group *group)
{
    const struct sn_instance *member;
    size_t replicas = 0, peers = 0;
    check_instance(check, group->master, SN_KIND_MASTER);
    DL_FOREACH(group->replicas, member) {
        check_instance(check, member, SN_KIND_REPLICA);
        replicas++;
    }
    DL_FOREACH(group->peers, member) {
        check_instance(check, member, SN_KIND_PEER);
        peers++;
    }
    require(check, replicas == group->replica_count && peers == group->peer_count,
            "%s: %zu replicas and %zu peers, counted as %zu and %zu", group->name, replicas, peers,
            group->replica_count, group->peer_count);
    require(check, group->core->tilt || group->o_down == sn_agree_is_down(group),
            "%s: the master is O_DOWN %d by what was judged last, and not by the facts",
            group->name, group->o_down);
    check_failover(check, group);
    check_reasons(check, group);
}

const char *sn_core_check(const struct sn_core *core, char *out)
{
    struct checking check = {.out = out};
    const struct sn_group *group, *next;
    require(&check, !sn_settle_is_due(core), "something is still to be judged");
    require(&check, core->durable_version <= core->version && core->asked_version <= core->version,
            "version %llu is durable, %llu is being saved, and %llu is in memory",
            (unsigned long long)core->durable_version, (unsigned long long)core->asked_version,
            (unsigned long long)core->version);
    HASH_ITER(hh, core->groups, group, next)
        check_group(&check, group);
    return check.broken ? out : NULL;
}
