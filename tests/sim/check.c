/* SPDX-License-Identifier: BSD-3-Clause */

/* Hands what is seen of one group to the checkers, and keeps what several of them need: in what
 * kind of attempt each sentinel is. */

#include "check.h"

#include "cluster_internal.h"

#include "core/view.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct watched *checks_of(struct checks *checks, const struct sentinel *sentinel)
{
    for (size_t i = 0; i < checks->cluster->sentinel_count; i++) {
        if (checks->cluster->sentinels[i] == sentinel)
            return &checks->seen[i];
    }
    abort();
}

struct in_epoch *checks_epoch(struct checks *checks, uint64_t epoch)
{
    size_t at = (size_t)((epoch * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % CHECK_EPOCHS;
    for (size_t i = 0; i < CHECK_EPOCHS; i++) {
        struct in_epoch *in = &checks->epochs[(at + i) % CHECK_EPOCHS];
        if (in->key == 0)
            in->key = epoch + 1;
        if (in->key == epoch + 1)
            return in;
    }
    abort();
}

bool checks_has_alias(const struct checks *checks)
{
    const char *const *also = checks->cluster->also;
    return also[0] != NULL &&
           (strcmp(also[0], checks->group) == 0 || strcmp(also[1], checks->group) == 0);
}

const struct sn_group *checks_group(const struct checks *checks, const struct sentinel *sentinel)
{
    return sentinel->core == NULL
               ? NULL
               : sn_core_group_find(sentinel->core, checks->group, strlen(checks->group));
}

const struct sn_instance *checks_replica(const struct checks *checks,
                                         const struct sentinel *sentinel, uint16_t port)
{
    const struct sn_group *group = checks_group(checks, sentinel);
    const struct sn_instance *replica = NULL;
    if (group != NULL)
        DL_SEARCH_SCALAR(group->replicas, replica, addr.port, port);
    return replica;
}

bool checks_want(const struct checks *checks, enum plan_feature feature)
{
    return ((checks->plan->features | CHECK_ALWAYS) & feature) != 0;
}

void checks_violated(struct checks *checks, struct node *node, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    checks->cluster->violations++;
    checks->cluster->about_next = checks->group;
    cluster_say(checks->cluster, node, "! %s", text);
}

void checks_command(struct checks *checks, struct sentinel *sentinel,
                    const struct sn_command *command)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (command->kind == SN_COMMAND_FAILOVER) {
        seen->attempt.asked = command->mode == SN_MODE_NONE ? SN_MODE_PLANNED : command->mode;
        seen->attempt.asked_wanted = command->addr.port != 0;
    }
    if (command->kind == SN_COMMAND_RESET || command->kind == SN_COMMAND_REMOVE) {
        seen->down_at = 0;
        memset(seen->heard, 0, sizeof(seen->heard));
        memset(seen->demotions, 0, sizeof(seen->demotions));
        memset(&seen->master, 0, sizeof(seen->master));
        memset(&seen->reconf, 0, sizeof(seen->reconf));
        memset(&seen->restore, 0, sizeof(seen->restore));
        memset(&seen->lost, 0, sizeof(seen->lost));
        memset(&seen->forgets, 0, sizeof(seen->forgets));
        memset(&seen->testifies, 0, sizeof(seen->testifies));
        seen->rescue_over = false;
        check_deployed_forgets(checks, sentinel);
    }
    if (command->kind == SN_COMMAND_MONITOR)
        check_heard_monitor(checks, command->addr.port);
    check_memory_command(checks, sentinel, command);
    check_config_command(checks, sentinel, command);
}

void checks_commanded(struct checks *checks, struct sentinel *sentinel)
{
    checks_of(checks, sentinel)->attempt.asked = SN_MODE_NONE;
    check_memory_commanded(checks, sentinel);
}

void checks_guest_vote(struct checks *checks, const struct node *voter, const struct node *asker,
                       bool down, const char *leader, uint64_t epoch)
{
    check_quorum_answer(checks, voter, asker, down, leader, epoch);
}

void checks_guest_leader(struct checks *checks, struct node *node, uint64_t epoch, bool outdated)
{
    if (outdated)
        checks_epoch(checks, epoch)->weak = true;
    check_quorum_leader(checks, node, epoch);
}

void checks_guest_forgot(struct checks *checks, uint64_t epoch)
{
    checks->collided = true;
    checks_epoch(checks, epoch)->weak = true;
}

static void follow_attempt(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_action_notice *event)
{
    struct attempt *attempt = &checks_of(checks, sentinel)->attempt;
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+try-failover") == 0) {
        attempt->mode = attempt->asked == SN_MODE_NONE && check_choice_may_replace(checks, sentinel)
                            ? SN_MODE_REBORN
                            : attempt->asked;
        attempt->wanted = attempt->asked != SN_MODE_NONE && attempt->asked_wanted;
        attempt->drained = false;
        attempt->chosen = false;
        attempt->epoch = 0;
        attempt->started_at = checks->cluster->now;
        for (size_t i = 0; i < checks->cluster->server_count; i++)
            seen->heard[i].refused = false;
    } else if (strcmp(event->name, "+selected-slave") == 0) {
        attempt->drained = false; /* each candidate for itself */
    } else if (strcmp(event->name, "+vote-for-leader") == 0) {
        const char *space = strchr(event->payload, ' ');
        uint64_t epoch = space == NULL ? 0 : strtoull(space, NULL, 10);
        if (strncmp(event->payload, sentinel->id.hex, SN_RUNID_LEN) != 0)
            return;
        attempt->epoch = epoch;
        if (attempt->mode == SN_MODE_FORCED || attempt->mode == SN_MODE_PLANNED)
            checks_epoch(checks, epoch)->weak = true;
    }
}

void checks_event(struct checks *checks, struct sentinel *from,
                  const struct sn_action_notice *event)
{
    follow_attempt(checks, from, event);
    check_quorum_event(checks, from, event);
    check_lead_event(checks, from, event);
    check_reconf_event(checks, from, event);
    check_choice_event(checks, from, event);
    check_tilt_event(checks, from, event);
    check_heard_event(checks, from, event);
    check_hearsay_event(checks, from, event);
    check_deployed_event(checks, from, event);
    check_fate_event(checks, from, event);
    check_restore_event(checks, from, event);
    check_lost_event(checks, from, event);
    check_forget_event(checks, from, event);
    check_testimony_event(checks, from, event);
    check_rescue_event(checks, from, event);
    check_truce_event(checks, from, event);
    check_claims_event(checks, from, event);
}

void checks_send(struct checks *checks, struct sentinel *from, struct node *to, uint16_t port,
                 const struct sn_action_send *send)
{
    if (send->order == SN_ORDER_PROMOTE && check_restore_ordered(checks, from))
        return;
    check_choice_send(checks, from, to, send);
    check_lead_send(checks, from, port, send);
    check_rescue_send(checks, from, port, send);
    check_reconf_send(checks, from, to, port, send);
    check_tilt_send(checks, from, send);
    check_loss_send(checks, from, send);
    check_heard_send(checks, from, send);
    check_fate_send(checks, from, to, send);
}

void checks_crashed(struct checks *checks, struct sentinel *sentinel)
{
    struct watched *seen = checks_of(checks, sentinel);
    memset(&seen->attempt, 0, sizeof(seen->attempt));
    memset(&seen->voted, 0, sizeof(seen->voted));
    memset(seen->heard, 0, sizeof(seen->heard));
    memset(seen->demotions, 0, sizeof(seen->demotions));
    seen->tilt = false;
    seen->down_at = 0;
    memset(seen->said, 0, sizeof(seen->said));
    seen->open = false;
    seen->switched_port = 0;
    memset(&seen->lead, 0, sizeof(seen->lead));
    memset(&seen->reconf, 0, sizeof(seen->reconf));
    memset(&seen->restore, 0, sizeof(seen->restore)); /* nor what it has promoted */
    memset(&seen->lost, 0, sizeof(seen->lost));
    memset(&seen->forgets, 0, sizeof(seen->forgets));
    memset(&seen->testifies, 0, sizeof(seen->testifies));
    check_truce_crashed(checks, sentinel);
    check_config_crashed(checks, sentinel);
}

bool checks_excuse(struct checks *checks, uint64_t epoch, bool collision)
{
    if (!checks_epoch(checks, epoch)->weak)
        return false;
    checks->collided |= collision;
    return true;
}

static void on_drained(struct cluster *cluster, struct node *who, void *arg)
{
    struct checks *checks = arg;
    (void)cluster;
    if (who != NULL && who->sentinel != NULL)
        checks_of(checks, who->sentinel)->attempt.drained = true;
    checks->drains++;
}

/* The pause was over too early, or it goes on without one, as PLANNED may. */
static void on_not_drained(struct cluster *cluster, struct node *who, void *arg)
{
    (void)cluster;
    if (who != NULL && who->sentinel != NULL)
        checks_of(arg, who->sentinel)->attempt.drained = false;
}

static void on_late_rescue(struct cluster *cluster, struct node *who, void *arg)
{
    (void)cluster;
    if (who != NULL && who->sentinel != NULL)
        check_rescue_late(arg, who->sentinel);
}

void checks_init(struct checks *checks, struct cluster *cluster, const struct plan *plan,
                 const char *group, unsigned voters)
{
    char pattern[64];
    checks->cluster = cluster;
    checks->plan = plan;
    checks->group = group;
    checks->voters = voters;
    checks->few_since = SN_MS_NEVER;
    (void)snprintf(pattern, sizeof(pattern), "s* # Drained the master of %s*", group);
    cluster_when(cluster, pattern, UINT_MAX, on_drained, checks);
    (void)snprintf(pattern, sizeof(pattern), "s* # Draining the master of %s again*", group);
    cluster_when(cluster, pattern, UINT_MAX, on_not_drained, checks);
    (void)snprintf(pattern, sizeof(pattern), "s* # Failover of %s continues without*", group);
    cluster_when(cluster, pattern, UINT_MAX, on_not_drained, checks);
    (void)snprintf(pattern, sizeof(pattern), "s* # The rescue of the lost writes of * of %s *",
                   group);
    cluster_when(cluster, pattern, UINT_MAX, on_late_rescue, checks);
}
