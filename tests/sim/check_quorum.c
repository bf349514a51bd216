/* SPDX-License-Identifier: BSD-3-Clause */

/* Nobody declares O_DOWN without a quorum that said so, nobody leads without the votes. Counted is
 * what the others have sent, which is never less than what arrived. */

#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MAX_MS 25000 /* five ask periods, and the longest way there */

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
    if (asker->sentinel == NULL)
        return;
    struct watched *seen = checks_of(checks, asker->sentinel);
    struct attempt *attempt = &seen->attempt;
    if (down)
        seen->said_down_at[from->index] = checks->cluster->now;
    if (strcmp(leader, asker->sentinel->id.hex) != 0 || epoch < attempt->votes_epoch)
        return;
    if (epoch > attempt->votes_epoch)
        attempt->votes = 0;
    attempt->votes_epoch = epoch;
    attempt->votes |= UINT32_C(1) << from->index;
}

static void check_odown(struct checks *checks, struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    unsigned said = 1;
    for (size_t i = 0; i < checks->cluster->node_count; i++)
        said +=
            seen->said_down_at[i] > 0 && checks->cluster->now - seen->said_down_at[i] < SAID_MAX_MS;
    uint64_t quorum = field(checks, sentinel, "quorum");
    if (said < quorum)
        checks_violated(checks, &sentinel->node,
                        "+odown with a quorum of %" PRIu64 ", but only %u have said so", quorum,
                        said);
}

/* Whatever kind of node it is: one leader per epoch. */
void check_quorum_leader(struct checks *checks, struct node *node, uint64_t epoch)
{
    if (epoch >= CHECK_EPOCHS || epoch == 0)
        return;
    struct node *before = checks->leaders[epoch];
    checks->leaders[epoch] = node;
    if (before == NULL || before == node)
        return;
    if (checks->weak[epoch])
        checks->collided = true;
    else
        checks_violated(checks, node, "leads in %" PRIu64 ", as %s does", epoch, before->name);
}

static void check_leader(struct checks *checks, struct sentinel *sentinel)
{
    const struct attempt *attempt = &checks_of(checks, sentinel)->attempt;
    uint64_t voters = field(checks, sentinel, "num-other-sentinels") + 1;
    uint64_t needed = voters / 2 + 1;
    uint64_t quorum = field(checks, sentinel, "quorum");
    unsigned votes = 1;
    if (voters < checks->voters && attempt->epoch < CHECK_EPOCHS)
        checks->weak[attempt->epoch] = true;
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
                        const struct sn_action_event *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+odown") == 0)
        check_odown(checks, sentinel);
    else if (strcmp(event->name, "+elected-leader") == 0)
        check_leader(checks, sentinel);
    else if (strcmp(event->name, "+switch-master") == 0)
        memset(seen->said_down_at, 0, sizeof(seen->said_down_at));
}
