/* SPDX-License-Identifier: BSD-3-Clause */

/* Nobody moves a group by hearsay (DESIGN.md D30). A switch is believed by others if a sentinel has
 * made it in that very config epoch, or if the server is a replica that somebody has promoted. */

#include "check.h"

#include <stdio.h>
#include <string.h>

#define JUST_MS 5000 /* INFO, and answers of sentinels, may be under way for so long */

static bool is_made(const struct checks *checks, uint64_t epoch, uint16_t port)
{
    for (size_t i = 0; i < checks->made_count && i < CHECK_MADE; i++) {
        if (checks->made[i].epoch == epoch && checks->made[i].port == port)
            return true;
    }
    return false;
}

static void note_made(struct checks *checks, uint64_t epoch, uint16_t port)
{
    if (is_made(checks, epoch, port))
        return;
    checks->made[checks->made_count % CHECK_MADE] = (struct made){.epoch = epoch, .port = port};
    checks->made_count++;
}

/* Whoever has just lost its crown may have told of it before. */
static bool is_crowned(const struct checks *checks, uint16_t port)
{
    for (unsigned i = 0; i < checks->server_count; i++) {
        const struct model_redis *redis = checks->servers[i];
        bool lately =
            redis->uncrowned_at > 0 && checks->cluster->now - redis->uncrowned_at < JUST_MS;
        if (redis->node.addr.port == port && (redis->crowned || lately || redis->lied))
            return true;
    }
    return false;
}

void check_hearsay_event(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event)
{
    struct watched *seen = checks_of(checks, sentinel);
    if (strcmp(event->name, "+config-update-from") == 0)
        seen->told_by_another = true;
    if (strcmp(event->name, "+switch-master") != 0)
        return;
    uint16_t port = seen->client_port; /* check_heard.c has just read it */
    uint64_t epoch = cluster_config_epoch(sentinel, checks->group);
    bool told = seen->told_by_another;
    seen->told_by_another = false;
    if (!told || checks->plan->stocks > 0) { /* those of stock nodes are no events here */
        note_made(checks, epoch, port);
        return;
    }
    checks->hearsay++;
    if (is_made(checks, epoch, port))
        return;
    if (is_crowned(checks, port))
        note_made(checks, epoch, port);
    else
        checks_violated(checks, &sentinel->node,
                        "follows a switch to %u in config epoch %llu that nobody has made", port,
                        (unsigned long long)epoch);
}

/* A leader saves its switch before it tells of it, and may die between. Others save no config epoch
 * that nobody has made, for the master that they have neither. */
void check_hearsay_saved(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_image *image)
{
    const struct sn_group_image *group = sn_image_find_group(image, checks->group);
    if (group == NULL || group->config_epoch == 0)
        return;
    uint16_t port = group->addr.port;
    const struct watched *seen = checks_of(checks, sentinel);
    /* Votes do not say what group they are for, and may be taken for those of another. */
    bool own = seen->attempt.epoch == group->config_epoch || seen->promoted_at > 0;
    if (own || checks->plan->stocks > 0)
        note_made(checks, group->config_epoch, port);
    else if (!is_made(checks, group->config_epoch, port))
        checks_violated(checks, &sentinel->node,
                        "saves config epoch %llu with %u, which nobody has made",
                        (unsigned long long)group->config_epoch, port);
}
