/* SPDX-License-Identifier: BSD-3-Clause */

/* Who really is deployed, counted by processes and not by what a core has in its list: whoever has
 * heard a hello of every other sentinel does not promote with the votes of a minority of them,
 * whatever ids they have and whoever else is said to exist; and where no majority runs, nobody
 * begins one attempt after the other. */

#include "check.h"

#include "cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUMP_MAX  (UINT64_C(1) << 37) /* DESIGN.md, Epochs: all that one run can be talked into */
#define NOTICE_MS 3000 /* after down-after: that most peers are gone is known by then */

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

static bool is_voter(const struct checks *checks, const struct node *node)
{
    if (node->sentinel != NULL)
        return cluster_watches(node->sentinel, checks->group);
    return (node->guest != NULL && checks == &checks->all->groups[0]);
}

/* The word after the n-th comma. */
static const char *part(const char *message, unsigned n)
{
    for (; n > 0 && message != NULL; n--) {
        message = strchr(message, ',');
        message = message == NULL ? NULL : message + 1;
    }
    return message;
}

/* Only its port and the name of the group: what else it says may be unreadable to the core. */
void check_deployed_heard(struct check_groups *all, const struct sentinel *to, const char *message)
{
    const char *port = part(message, 1), *name = part(message, 4);
    for (unsigned k = 0; port != NULL && name != NULL && k < all->count; k++) {
        struct checks *checks = &all->groups[k];
        size_t len = strlen(checks->group);
        if (strncmp(name, checks->group, len) != 0 || name[len] != ',' ||
            cluster_master_port(to, checks->group) == 0)
            continue;
        for (size_t i = 0; i < all->cluster->node_count && i < CHECK_NODES; i++) {
            const struct node *node = all->cluster->nodes[i];
            if (node != &to->node && is_voter(checks, node) &&
                node->addr.port == strtoul(port, NULL, 10))
                checks_of(checks, to)->heard_of |= UINT32_C(1) << i;
        }
    }
}

void check_deployed_booted(struct checks *checks, const struct sentinel *sentinel)
{
    struct watched *seen = checks_of(checks, sentinel);
    seen->heard_of = 0;
    seen->booted_at = checks->cluster->now;
}

void check_deployed_forgets(struct checks *checks, const struct sentinel *sentinel)
{
    checks_of(checks, sentinel)->heard_of = 0;
    checks_of(checks, sentinel)->forgot = true; /* whom it calls strangers, it does not count */
}

/* ---- attempts that nobody can win ---------------------------------------------------------------
 */

/* Since when, in a row, fewer than a majority of all sentinels run. One that does not watch the
 * group any more answers as one that does not vote this time, so that it counts. */
static sn_ms few_since(struct checks *checks)
{
    const struct cluster *cluster = checks->cluster;
    unsigned up = 0;
    for (size_t i = 0; i < cluster->node_count; i++) {
        const struct node *node = cluster->nodes[i];
        up += (node->sentinel != NULL || is_voter(checks, node)) && node->state == NODE_RUNNING;
    }
    if (up >= checks->voters / 2 + 1)
        checks->few_since = SN_MS_NEVER;
    else if (checks->few_since == SN_MS_NEVER)
        checks->few_since = cluster->now;
    return checks->few_since;
}

static sn_ms later(sn_ms a, sn_ms b)
{
    return a > b ? a : b;
}

/* It has had the time to see that its peers are down. */
static void check_hopeless(struct checks *checks, struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct setting *setting = &seen->settings[SETTING_DOWN_AFTER];
    sn_ms since = few_since(checks), now = checks->cluster->now;
    if (!checks_want(checks, FEATURE_HOPELESS) || since == SN_MS_NEVER || !setting->known ||
        checks->plan->refused_after_ms > 0 || /* masters are down before their sentinels are */
        seen->attempt.mode != SN_MODE_NONE || count_bits(seen->heard_of) + 1 < checks->voters)
        return;
    since = later(since, later(seen->booted_at, seen->tilt_at));
    since = later(since, seen->peer_up_at); /* what it said before may have been held up */
    if (now - since < setting->value + NOTICE_MS)
        return;
    checks->hopeless++;
    checks_violated(checks, &sentinel->node,
                    "begins an attempt that cannot be won: no majority runs for %lld ms",
                    (long long)(now - since));
}

/* ---- majorities ---------------------------------------------------------------------------------
 */

static void check_elected(struct checks *checks, struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct attempt *attempt = &seen->attempt;
    if (seen->forgot || attempt->mode == SN_MODE_FORCED || attempt->mode == SN_MODE_PLANNED ||
        count_bits(seen->heard_of) + 1 < checks->voters)
        return;
    unsigned votes = 1 + (attempt->votes_epoch == attempt->epoch ? count_bits(attempt->votes) : 0);
    checks->counted++;
    if (votes < checks->voters / 2 + 1)
        checks_violated(checks, &sentinel->node,
                        "leads with the votes of %u, and has heard of %u sentinels", votes,
                        checks->voters);
}

void check_deployed_event(struct checks *checks, struct sentinel *sentinel,
                          const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    (void)few_since(checks);
    if (strcmp(event->name, "+tilt") == 0 || strcmp(event->name, "-tilt") == 0)
        seen->tilt_at = checks->cluster->now;
    else if (strcmp(event->name, "-sdown") == 0 && strncmp(event->payload, "sentinel ", 9) == 0)
        seen->peer_up_at = checks->cluster->now;
    else if (strcmp(event->name, "+try-failover") == 0)
        check_hopeless(checks, sentinel);
    else if (strcmp(event->name, "+elected-leader") == 0)
        check_elected(checks, sentinel);
}

/* ---- epochs -------------------------------------------------------------------------------------
 */

/* Others lead in epochs that somebody has saved; whatever lies far above them was forged. */
void check_deployed_saved(struct check_groups *all, struct sentinel *sentinel,
                          const struct sn_image *image)
{
    struct checks *checks = &all->groups[0];
    if (checks_want(checks, FEATURE_EPOCHS) && image->current_epoch > all->epoch_max + JUMP_MAX)
        checks_violated(checks, &sentinel->node,
                        "saves epoch %" PRIu64 "; the highest was %" PRIu64, image->current_epoch,
                        all->epoch_max);
    if (image->current_epoch > all->epoch_max)
        all->epoch_max = image->current_epoch;
}

const char *check_deployed_alone(const struct checks *checks)
{
    const struct cluster *cluster = checks->cluster;
    char value[256];
    unsigned running = 0;
    for (size_t i = 0; i < cluster->node_count; i++)
        running += is_voter(checks, cluster->nodes[i]) && cluster->nodes[i]->state == NODE_RUNNING;
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        const struct sentinel *sentinel = cluster->sentinels[i];
        if (sentinel->node.state != NODE_RUNNING || !is_voter(checks, &sentinel->node))
            continue;
        cluster_field(sentinel, checks->group, "num-other-sentinels", value);
        if (strtoul(value, NULL, 10) + 1 < running)
            return sentinel->node.name;
    }
    return "";
}
