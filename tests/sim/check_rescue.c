/* SPDX-License-Identifier: BSD-3-Clause */

/* rescue-lost-writes (DESIGN.md D21): nobody demotes an old master that tells of writes which the
 * new one does not have, before a rescue has ended or its time was over. */

#include "check.h"

#include "cluster_internal.h"

#include "core/view.h"

#include <string.h>

void check_rescue_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+switch-master") == 0)
        seen->rescue_over = false;
    else if (strcmp(event->name + 1, "rescued-writes") == 0) {
        seen->rescue_over = true;
        checks->rescues++;
    }
}

void check_rescue_late(struct checks *checks, struct sentinel *sentinel)
{
    checks_of(checks, sentinel)->rescue_over = true;
}

/* Somebody may have removed the group, and monitored it again as it is by default. */
static bool is_set(const struct checks *checks, const struct sentinel *sentinel)
{
    const struct sn_group *group = checks_group(checks, sentinel);
    return group != NULL && sn_group_params_rescues(sn_group_params(group));
}

void check_rescue_send(struct checks *checks, struct sentinel *from, uint16_t port,
                       const struct sn_action_send *send)
{
    struct watched *seen = checks_of(checks, from);
    if (!is_set(checks, from) || send->order != SN_ORDER_FOLLOW || port != seen->lost.old_port ||
        seen->rescue_over || checks_has_alias(checks) || check_lost_left(&seen->lost) == 0)
        return;
    checks_violated(checks, &from->node,
                    "demotes the old master at port %u, whose lost writes it has not rescued",
                    port);
}
