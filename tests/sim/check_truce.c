/* SPDX-License-Identifier: BSD-3-Clause */

/* A pause of automatic failovers (DESIGN.md D28): no attempt begins of itself, and no vote is given
 * to a stock node, at a sentinel that knows of one. What is on its disk when it dies, it knows
 * again when it returns. */

#include "check.h"

#include "cluster_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_core(const struct checks *checks, const char *id)
{
    for (size_t i = 0; i < checks->cluster->sentinel_count; i++) {
        if (strncmp(checks->cluster->sentinels[i]->id.hex, id, SN_RUNID_LEN) == 0)
            return true;
    }
    return false;
}

/* An event about a vote names no group, and the same master may be watched under two names. */
static bool is_of_group(const struct checks *checks, const struct sentinel *sentinel,
                        const char *payload)
{
    const struct sn_group *group = checks_group(checks, sentinel);
    const char *space = strchr(payload, ' ');
    return group != NULL && space != NULL && group->leader_epoch == strtoull(space, NULL, 10);
}

void check_truce_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+pause") == 0)
        seen->truce = (struct truce){.on = true, .until = SN_MS_NEVER};
    if (strcmp(event->name, "-pause") == 0 || strcmp(event->name, "-monitor") == 0)
        seen->truce.on = false;
    if (!seen->truce.on || checks->cluster->now >= seen->truce.until)
        return;
    checks->truces++;
    if (strcmp(event->name, "+try-failover") == 0 && seen->attempt.asked == SN_MODE_NONE)
        checks_violated(checks, &sentinel->node, "begins an attempt while failovers are paused");
    if (strcmp(event->name, "+vote-for-leader") == 0 && !is_core(checks, event->payload) &&
        is_of_group(checks, sentinel, event->payload))
        checks_violated(checks, &sentinel->node, "votes while failovers are paused");
}

/* The end of the pause on the disk, "VERSION UNTIL on …"; 0: there is none. */
static sn_ms until_on_disk(const struct checks *checks, const struct sentinel *sentinel)
{
    const struct sn_group_image *group = sn_image_find_group(&sentinel->durable, checks->group);
    char *rest = NULL;
    if (group == NULL || group->pause == NULL)
        return 0;
    (void)strtoll(group->pause, &rest, 10);
    sn_ms until = strtoll(rest, &rest, 10) * 1000;
    sn_ms wall = cluster_wall(checks->cluster) - checks->cluster->now;
    return strncmp(rest, " on ", 4) == 0 && until > wall ? until - wall : 0;
}

void check_truce_crashed(struct checks *checks, struct sentinel *sentinel)
{
    struct truce *truce = &checks_of(checks, sentinel)->truce;
    truce->until = until_on_disk(checks, sentinel);
    truce->on = truce->on && truce->until > 0;
}
