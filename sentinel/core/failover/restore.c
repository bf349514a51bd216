/* SPDX-License-Identifier: BSD-3-Clause */

/* A new master that is a replica again. Two leaders may follow one another so closely that an order
 * of the first one, or a repair by a sentinel that has not heard of the switch, reaches the server
 * that the second one has just promoted. Every sentinel then names a master that takes no writes,
 * and stock does nothing about it for down-after and twenty seconds. The leader that won the
 * configuration promotes its master again (PROTOCOL.md §13.2, DESIGN.md D13). */

#include "core/failover/restore.h"

#include "core/agree/rival.h"
#include "core/facts/foreign.h"
#include "core/facts/instance.h"
#include "core/facts/link.h"
#include "core/facts/members.h"
#include "core/facts/reason.h"
#include "core/facts/unanswered.h"
#include "core/failover/order.h"
#include "core/tell/form.h"
#include "core/tell/out.h"
#include "core/tell/raise.h"
#include "core/watch/rights.h"

#include <assert.h>
#include <utlist.h>

#define RESTORES_MAX 3    /* of one configuration */
#define REPEAT_MS    1000 /* shortest time between two of them */

bool sn_restore_is_wanted(const struct sn_group *group)
{
    return group->master->u.data.role_reported == SN_ROLE_REPLICA;
}

/* True if this sentinel has promoted the process that is the master, a short time ago. */
static bool is_ours(const struct sn_group *group)
{
    return group->promoted_at != SN_MS_NEVER &&
           sn_age(group->core, group->promoted_at) <= group->params.failover_timeout_ms;
}

/* A leader that is cut off may have been replaced without its knowledge. */
static bool hears_majority(const struct sn_group *group)
{
    const struct sn_instance *peer;
    size_t up = 1;
    DL_FOREACH(group->peers, peer)
        up += !peer->s_down;
    return up >= sn_group_majority(group);
}

/* Returns why the master is not promoted again (PROTOCOL.md §13.2). */
static struct sn_why cannot_restore(const struct sn_group *group)
{
    const struct sn_instance *master = group->master;
    const struct sn_data *data = &master->u.data;
    struct sn_why why = {.reason = SN_REASON_NONE};
    if (!is_ours(group))
        why.reason = SN_REASON_RESTORE_NOT_OURS;
    else if (group->aliases != NULL || sn_foreign_claimed(master))
        why.reason = SN_REASON_FOLLOW_CLAIMED;
    else if (sn_rival_is_active(group) || !hears_majority(group))
        why.reason = SN_REASON_RESTORE_RIVAL;
    else if (data->syncing)
        why.reason = SN_REASON_RESTORE_SYNCING;
    else if (group->restores >= RESTORES_MAX)
        why = (struct sn_why){SN_REASON_RESTORE_IN_VAIN, {group->restores}};
    else if (master->s_down || !sn_link_can_send(master->cmd))
        why.reason = SN_REASON_FOLLOW_NO_LINK;
    else if (sn_unanswered_has(master, SN_UNANSWERED_ORDER) ||
             (data->ordered_at != SN_MS_NEVER && data->ordered_at >= group->promoted_at &&
              sn_age(group->core, data->ordered_at) < REPEAT_MS))
        why.reason = SN_REASON_FOLLOW_PENDING;
    return why;
}

void sn_restore_master(struct sn_group *group)
{
    struct sn_instance *master = group->master;
    const struct sn_data *data = &master->u.data;
    struct sn_why why = cannot_restore(group);
    assert(sn_restore_is_wanted(group) && !group->core->tilt);
    if (why.reason != SN_REASON_NONE) {
        sn_reason_note_why(master, &why);
        return;
    }
    group->restores++;
    sn_out_log(group->core, SN_LEVEL_WARNING,
               "%s:%u, just made the master of %s, has been made a replica of %s:%u by another "
               "sentinel or by somebody else: it is promoted again.",
               sn_instance_host(master), master->addr.port, group->name,
               sn_instance_master_host(master), data->master_port);
    sn_raise(master, SN_NOTICE_RESTORE_MASTER, NULL);
    sn_order_promotion(master);
    master->u.data.ordered_at = group->core->now;
    sn_instance_ask_info(master);
}

void sn_restore_reply(struct sn_instance *master, const struct sn_input_reply *reply)
{
    const char *error = sn_order_error(reply);
    sn_unanswered_remove(master, SN_UNANSWERED_ORDER);
    if (error == NULL || sn_order_untransacted(reply)) {
        sn_instance_ask_info(master);
        return;
    }
    if (sn_rights_drop_rewrite(master->cmd, reply)) {
        master->u.data.ordered_at = SN_MS_NEVER;
        return;
    }
    sn_out_log(master->core, SN_LEVEL_WARNING,
               "%s:%u refused to become the master of %s again: %s. Check its ACL rules and "
               "renamed commands.",
               sn_instance_host(master), master->addr.port, master->group->name, error);
}
