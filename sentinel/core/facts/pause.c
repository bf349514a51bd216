/* SPDX-License-Identifier: BSD-3-Clause */

/* Pauses of a node's clients: their length, and their end (DESIGN.md D17). */

#include "core/facts/pause.h"
#include "core/facts/link.h"
#include "core/tell/out.h"

#define DRAIN_MAX_MS   5000 /* longest pause for the drain */
#define PAUSE_SPARE_MS 2000 /* added for the promotion and the demotion after it */

bool sn_pause_is_on(const struct sn_instance *node)
{
    sn_ms until = sn_is_data(node) ? node->u.data.paused_until : SN_MS_NEVER;
    return until != SN_MS_NEVER && node->core->now < until;
}

void sn_pause_end(struct sn_instance *node)
{
    struct sn_action_send send = {.order = SN_ORDER_CLIENT_UNPAUSE, .tag = node->id};
    if (sn_pause_is_on(node) && sn_link_can_send(node->cmd))
        sn_out_send(node->cmd, &send);
    node->u.data.paused_until = SN_MS_NEVER;
    sn_timer_pull(&node->core->timers, &node->hello, node->core->now);
}

void sn_pause_demoted(struct sn_instance *node)
{
    sn_ms until = node->u.data.paused_until;
    const struct sn_group *group = node->group;
    if (until != SN_MS_NEVER && !sn_pause_is_on(node))
        sn_out_log(node->core, SN_LEVEL_WARNING,
                   "%s:%u of %s follows the new master only %lld ms after the pause of its clients "
                   "ended: writes in between are lost. Its links or our disk were too slow for "
                   "down-after-milliseconds %lld, a quarter of which is left for the promotion. "
                   "Raise it to avoid that.",
                   node->addr.ip, node->addr.port, group->name,
                   (long long)sn_age(node->core, until), (long long)group->params.down_after_ms);
    sn_pause_end(node);
}

/* A pause also delays the hellos of other sentinels, and every PING behind them. It must end before
 * those sentinels take the master for dead. */
sn_ms sn_pause_drain_ms(const struct sn_group *group)
{
    sn_ms longest = sn_min(DRAIN_MAX_MS, group->params.failover_timeout_ms);
    return sn_min(longest, group->params.down_after_ms / 2);
}

sn_ms sn_pause_longest_ms(const struct sn_group *group)
{
    return sn_pause_drain_ms(group) + sn_min(PAUSE_SPARE_MS, group->params.down_after_ms / 4);
}
