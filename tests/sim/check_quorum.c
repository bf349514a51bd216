/* SPDX-License-Identifier: BSD-3-Clause */

/* Nobody declares O_DOWN without a quorum that said so, nobody leads without the votes. Counted is
 * what the others have sent, which is never less than what arrived. */

#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MAX_MS 7000 /* five ask periods, and as long as a stall without TILT */

static uint64_t field(const struct checks *checks, const struct sentinel *sentinel,
                      const char *name)
{
    char value[256];
    cluster_field(sentinel, checks->group, name, value);
    return strtoull(value, NULL, 10);
}

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

void check_quorum_answer(struct checks *checks, const struct node *from, const struct node *asker,
                         bool down, const char *leader, uint64_t epoch)
{
    (void)down;
    if (asker->sentinel == NULL)
        return;
    struct watched *seen = checks_of(checks, asker->sentinel);
    struct attempt *attempt = &seen->attempt;
    if (strcmp(leader, asker->sentinel->id.hex) != 0 || epoch < attempt->votes_epoch)
        return;
    /* Of two names of one master, each has attempts of its own. */
    if (checks_has_alias(checks) && epoch != attempt->epoch)
        return;
    if (epoch > attempt->votes_epoch)
        attempt->votes = 0;
    attempt->votes_epoch = epoch;
    attempt->votes |= UINT32_C(1) << from->index;
}

void check_quorum_heard(struct checks *checks, const struct sentinel *sentinel,
                        const struct node *from, bool down)
{
    if (from->index < CHECK_NODES)
        checks_of(checks, sentinel)->said[from->index] =
            (struct said){.down = down, .at = checks->cluster->now};
}

void check_quorum_agrees(struct checks *checks, struct sentinel *sentinel, const char *event)
{
    const struct watched *seen = checks_of(checks, sentinel);
    unsigned said = 1;
    for (size_t i = 0; i < CHECK_NODES; i++)
        said += seen->said[i].down && checks->cluster->now - seen->said[i].at < SAID_MAX_MS;
    uint64_t quorum = field(checks, sentinel, "quorum");
    if (said < quorum)
        checks_violated(checks, &sentinel->node,
                        "%s with a quorum of %" PRIu64 ", but only %u have said so", event, quorum,
                        said);
}

/* Whatever kind of node it is: one leader per epoch. */
void check_quorum_leader(struct checks *checks, struct node *node, uint64_t epoch)
{
    if (epoch == 0)
        return;
    struct in_epoch *in = checks_epoch(checks, epoch);
    struct node *before = in->leader;
    in->leader = node;
    if (before == NULL || before == node)
        return;
    if (in->weak)
        checks->collided = true;
    else
        checks_violated(checks, node, "leads in %" PRIu64 ", as %s does", epoch, before->name);
}

bool check_misnames(const char *payload, const struct node *node)
{
    char kind[32], id[SN_RUNID_LEN + 2];
    return node->sentinel != NULL && sscanf(payload, "%31s %41s", kind, id) == 2 &&
           strcmp(id, node->sentinel->id.hex) != 0;
}

static void meet(const struct checks *checks, struct watched *seen, uint16_t port, const char *id)
{
    for (size_t i = 0; i < checks->cluster->node_count && i < CHECK_NODES; i++) {
        const struct node *node = checks->cluster->nodes[i];
        if (node->addr.port != port)
            continue;
        seen->peers |= UINT32_C(1) << i;
        if (node->sentinel == NULL || strncmp(id, node->sentinel->id.hex, SN_RUNID_LEN) == 0)
            seen->by_name |= UINT32_C(1) << i;
    }
}

void check_quorum_booted(struct checks *checks, struct sentinel *sentinel)
{
    struct watched *seen = checks_of(checks, sentinel);
    const struct sn_group_image *image = sn_image_find_group(&sentinel->durable, checks->group);
    seen->peers = seen->by_name = 0;
    seen->voted = (struct voted){.epoch = image == NULL ? 0 : image->leader_epoch};
    for (size_t i = 0; image != NULL && i < image->peer_count; i++)
        meet(checks, seen, image->peers[i].addr.port, image->peers[i].runid.hex);
}

/* An id that turned out to be nobody's at that address: unless somebody was met there before, by
 * his own id, that was a forgery and nothing else. */
static void unmask(const struct checks *checks, struct watched *seen, const char *payload)
{
    for (size_t i = 0; i < checks->cluster->node_count && i < CHECK_NODES; i++) {
        const struct node *node = checks->cluster->nodes[i];
        if (node->addr.port == check_port_in(payload) && check_misnames(payload, node) &&
            (seen->by_name >> i & 1) == 0)
            seen->peers &= ~(UINT32_C(1) << i);
    }
}

/* Whoever was met is known until RESET or REMOVE. */
static void follow_peers(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    bool reset = strcmp(event->name, "+reset-master") == 0;
    if (strcmp(event->name, "+sentinel") == 0) {
        meet(checks, seen, check_port_in(event->payload), event->payload + strlen("sentinel "));
        seen->open = false;
    } else if (strcmp(event->name, "+sentinel-invalid-addr") == 0) {
        unmask(checks, seen, event->payload);
    } else if (reset || strcmp(event->name, "-monitor") == 0) {
        seen->peers = seen->by_name = 0;
        seen->open = reset;
    } else if (strcmp(event->name, "+foreign-hello") == 0 && seen->open) {
        checks_violated(checks, &sentinel->node,
                        "calls somebody a stranger, and knows nobody since its RESET");
    }
}

/* A sentinel that does not know all others may take a minority for a majority, if it has not met
 * them yet. */
static void check_electorate(struct checks *checks, struct sentinel *sentinel, uint64_t voters)
{
    const struct watched *seen = checks_of(checks, sentinel);
    uint32_t others = seen->peers & ~(UINT32_C(1) << sentinel->node.index % CHECK_NODES);
    if (voters < count_bits(others) + 1)
        checks_violated(checks, &sentinel->node,
                        "leads as one of %" PRIu64 ", but has met %u others", voters,
                        count_bits(others));
    else if (voters < checks->voters)
        checks_epoch(checks, seen->attempt.epoch)->weak = true;
}

static void check_leader(struct checks *checks, struct sentinel *sentinel)
{
    const struct attempt *attempt = &checks_of(checks, sentinel)->attempt;
    uint64_t voters = field(checks, sentinel, "num-other-sentinels") + 1;
    uint64_t needed = voters / 2 + 1;
    uint64_t quorum = field(checks, sentinel, "quorum");
    unsigned votes = 1;
    check_electorate(checks, sentinel, voters);
    check_quorum_leader(checks, &sentinel->node, attempt->epoch);
    if (attempt->mode == SN_MODE_FORCED || attempt->mode == SN_MODE_PLANNED)
        return;
    if (attempt->votes_epoch == attempt->epoch)
        votes += count_bits(attempt->votes);
    if (needed < quorum)
        needed = quorum;
    if (votes < needed)
        checks_violated(checks, &sentinel->node,
                        "leads in %" PRIu64 " with %u votes, %" PRIu64 " are needed",
                        attempt->epoch, votes, needed);
}

void check_quorum_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    follow_peers(checks, sentinel, event);
    if (strcmp(event->name, "+odown") == 0)
        check_quorum_agrees(checks, sentinel, event->name);
    else if (strcmp(event->name, "+elected-leader") == 0)
        check_leader(checks, sentinel);
    else if (strcmp(event->name, "+failover-state-reconf-slaves") == 0 ||
             strcmp(event->name, "+config-update-from") == 0)
        memset(seen->said, 0, sizeof(seen->said)); /* of another master from now on */
}
