/* SPDX-License-Identifier: BSD-3-Clause */

/* Whoever got a vote has a moment to lead: meanwhile nobody else gets one from the same voter
 * (DESIGN.md D7). The voter itself may find out that the first one has lost, and go on. */

#include "check.h"

#include "core/facts/members.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Four steps of a turn are 100 ms at least; clocks may be late by some of that. */
#define HELD_MS 60

static const struct node *node_of(const struct checks *checks, const char *id)
{
    for (size_t i = 0; i < checks->cluster->node_count && i < CHECK_NODES; i++) {
        const struct node *node = checks->cluster->nodes[i];
        if (node->sentinel != NULL && strcmp(node->sentinel->id.hex, id) == 0)
            return node;
    }
    return NULL;
}

static bool has_bit(uint32_t bits, const struct node *node)
{
    return (bits >> node->index & 1) != 0;
}

static void compare(struct checks *checks, struct sentinel *sentinel, const struct sn_group *group)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct voted *last = &seen->voted;
    const struct node *node = node_of(checks, last->id);
    bool recent = last->at > 0 && checks->cluster->now - last->at < HELD_MS;
    if (!recent || node == NULL || node == &sentinel->node ||
        strcmp(last->id, group->leader.hex) == 0 || sn_runid_equal(&group->leader, &sentinel->id) ||
        checks_has_alias(checks))
        return;
    if (has_bit(seen->by_name, node) && !has_bit(last->down, node))
        checks_violated(checks, &sentinel->node,
                        "votes in %" PRIu64 ", %lld ms after its vote for %s, which is up",
                        group->leader_epoch, (long long)(checks->cluster->now - last->at),
                        node->name);
}

/* An event about a vote names no group. */
static void look(struct checks *checks, struct sentinel *sentinel)
{
    struct voted *last = &checks_of(checks, sentinel)->voted;
    const struct sn_group *group = checks_group(checks, sentinel);
    if (group == NULL || group->leader_epoch <= last->epoch)
        return;
    if (group->config_epoch < last->epoch) /* else what the vote was for has happened */
        compare(checks, sentinel, group);
    memcpy(last->id, group->leader.hex, sizeof(last->id));
    last->epoch = group->leader_epoch;
    last->at = checks->cluster->now;
}

static void note_down(struct checks *checks, struct voted *last, const char *payload, bool down)
{
    char id[SN_RUNID_LEN + 1];
    const struct node *node;
    if (sscanf(payload, "sentinel %40s", id) != 1 || (node = node_of(checks, id)) == NULL)
        return;
    uint32_t bit = UINT32_C(1) << node->index;
    last->down = down ? last->down | bit : last->down & ~bit;
}

void check_votes_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event)
{
    struct voted *last = &checks_of(checks, sentinel)->voted;
    if (strcmp(event->name, "+vote-for-leader") == 0)
        look(checks, sentinel);
    else if (strcmp(event->name, "+sdown") == 0 || strcmp(event->name, "-sdown") == 0)
        note_down(checks, last, event->payload, event->name[0] == '+');
    else if (strcmp(event->name, "-monitor") == 0 || strcmp(event->name, "+reset-master") == 0)
        last->at = 0; /* the epoch stays for good */
}
