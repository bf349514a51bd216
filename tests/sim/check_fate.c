/* SPDX-License-Identifier: BSD-3-Clause */

/* What becomes of orders, and of those whom they were for: no two servers obey promotions of one
 * epoch of a group; a new master has the whole of down-after before it is called down. */

#include "check.h"

#include "cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROUND_MS 2 /* clocks count whole milliseconds */

/* ---- two masters of one epoch -------------------------------------------------------------------
 */

/* Another try of the same order keeps the epoch with which the server may obey it. */
static void note_order(struct checks *checks, struct sentinel *sentinel, const struct node *to)
{
    struct watched *seen = checks_of(checks, sentinel);
    seen->ordered_epoch[to->index % CHECK_NODES] = seen->attempt.epoch;
}

/* ---- servers that follow each other -------------------------------------------------------------
 */

static struct model_redis *followed_by(const struct model_redis *redis)
{
    if (redis->role != SN_ROLE_REPLICA)
        return NULL;
    struct node *node =
        cluster_find_node(redis->node.cluster, redis->master.ip, redis->master.port);
    return node == NULL ? NULL : node->redis;
}

/* What a leader tells the replicas, and the old master, after its switch. */
static bool is_reconfigured(struct checks *checks, const struct sentinel *by)
{
    return checks_of(checks, by)->reconf.on && !checks_has_alias(checks);
}

/* True if the server does what a leader told it last. */
static bool is_in_force(const struct checks *checks, const struct model_redis *redis)
{
    const struct ordered *last = &checks->reconfigured[redis->node.index % CHECK_NODES];
    return last->follows > 0 && last->follows == redis->follows &&
           strcmp(last->runid.hex, redis->runid.hex) == 0 && redis->lies_role == SN_ROLE_UNKNOWN;
}

/* Of two leaders, the one that promotes later sees what the first has promoted. A circle that
 * somebody's repair, a restart or a lie is a part of is no fault of leaders. */
static void look_for_circle(struct checks *checks, const struct model_redis *redis,
                            struct sentinel *by)
{
    const struct model_redis *next = followed_by(redis), *at = next;
    checks->reconfigured[redis->node.index % CHECK_NODES] =
        (struct ordered){redis->follows, redis->runid};
    for (unsigned i = 0; i < CHECK_NODES && at != NULL && at != redis; i++) {
        if (!is_in_force(checks, at))
            return;
        at = followed_by(at);
    }
    if (next != NULL && at == redis)
        checks_violated(checks, &by->node, "made %s follow %s, which follows it", redis->node.name,
                        next->node.name);
}

void check_fate_obeyed(struct checks *checks, struct model_redis *redis, struct sentinel *by,
                       enum sn_order order)
{
    if (order == SN_ORDER_FOLLOW && is_reconfigured(checks, by))
        look_for_circle(checks, redis, by);
    else /* a promotion, or somebody's repair */
        checks->reconfigured[redis->node.index % CHECK_NODES] = (struct ordered){0};
    uint64_t epoch = checks_of(checks, by)->ordered_epoch[redis->node.index % CHECK_NODES];
    if (order != SN_ORDER_PROMOTE || !checks_want(checks, FEATURE_FATES) || epoch == 0)
        return;
    struct in_epoch *in = checks_epoch(checks, epoch);
    struct node *before = in->promoted;
    in->promoted = &redis->node;
    checks->fates++;
    if (before == NULL || before == &redis->node || in->weak)
        return;
    /* Where CONFIG is refused, a restart undoes what it obeyed. */
    if ((before->state == NODE_OFF ? before->redis->saved_role : before->redis->role) !=
        SN_ROLE_MASTER)
        return;
    checks_violated(checks, &by->node, "made a master of %s in %" PRIu64 ", and of %s before that",
                    redis->node.name, epoch, before->name);
}

void check_fate_send(struct checks *checks, struct sentinel *sentinel, const struct node *to,
                     const struct sn_action_send *send)
{
    if (send->order != SN_ORDER_PROMOTE || to == NULL)
        return;
    note_order(checks, sentinel, to);
}

/* ---- the grace of a new master ------------------------------------------------------------------
 */

static void note_switch(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct watched *seen = checks_of(checks, sentinel);
    char name[128], old_host[64], host[64];
    unsigned old_port, port;
    if (sscanf(payload, "%127s %63s %u %63s %u", name, old_host, &old_port, host, &port) != 5)
        return;
    seen->switched_port = (uint16_t)port;
    /* Its own switch took place when the promotion was seen; it was told once it was saved. */
    seen->switched_at = seen->promoted_at > 0 ? seen->promoted_at : checks->cluster->now;
    seen->promoted_at = 0;
}

static void check_grace(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct setting *setting = &seen->settings[SETTING_DOWN_AFTER];
    sn_ms passed = checks->cluster->now - seen->switched_at;
    if (seen->switched_port == 0 || checks_has_alias(checks) || !setting->known ||
        !checks_want(checks, FEATURE_APART) ||
        check_port_in(event->payload) != seen->switched_port ||
        check_silence_gone(checks, sentinel, seen->switched_port, 0))
        return;
    /* A process that is there again answers later than it refuses. */
    if (checks->plan->refused_after_ms > 0 && strcmp(event->name, "+odown") == 0)
        return;
    if (passed + ROUND_MS + passed * 5000 / 1000000 < setting->value)
        checks_violated(checks, &sentinel->node, "%s of %s %lld ms after it became the master",
                        event->name, event->payload, (long long)passed);
}

void check_fate_event(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_notice *event)
{
    bool master = strncmp(event->payload, "master ", 7) == 0;
    if (strcmp(event->name, "+promoted-slave") == 0)
        checks_of(checks, sentinel)->promoted_at = checks->cluster->now;
    else if (strcmp(event->name, "+switch-master") == 0)
        note_switch(checks, sentinel, event->payload);
    else if (master && (strcmp(event->name, "+sdown") == 0 || strcmp(event->name, "+odown") == 0))
        check_grace(checks, sentinel, event);
}
