/* SPDX-License-Identifier: BSD-3-Clause */

/* The master that a sentinel has promoted itself, and that says a moment later that it is a
 * replica: that sentinel promotes it again, and no other one does (DESIGN.md D13). */

#include "check.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 2500 /* INFO comes once a second from a master that is a replica */
#define TIMES       3

static void note_switch(struct restore *restore, const char *payload, sn_ms now)
{
    char name[128], old_host[64], host[64];
    unsigned old_port, port;
    if (sscanf(payload, "%127s %63s %u %63s %u", name, old_host, &old_port, host, &port) != 5)
        return;
    bool own = restore->promoted_port == port;
    restore->port = own ? (uint16_t)port : 0;
    restore->promoted_port = 0;
    restore->switched_at = now;
    restore->since = 0;
    restore->times = 0;
}

static void check_restored(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    struct restore *restore = &checks_of(checks, sentinel)->restore;
    if (restore->port == 0 || check_port_in(payload) != restore->port)
        checks_violated(checks, &sentinel->node,
                        "promotes a master again that it has not promoted: %s", payload);
    else if (++restore->times > TIMES)
        checks_violated(checks, &sentinel->node, "promotes a master again and again: %s", payload);
    restore->since = 0;
    restore->ordered = true;
    checks->restores++;
}

void check_restore_event(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_notice *event)
{
    static const char *const hinder[] = {
        "+tilt",   "+reset-master", "-monitor",         "+foreign-instance",
        "+reboot", "+try-failover", "+vote-for-leader", "+config-update-from"};
    struct restore *restore = &checks_of(checks, sentinel)->restore;
    bool peer = strncmp(event->payload, "sentinel ", 9) == 0;
    if (sentinel->crash_asked || sentinel->node.state == NODE_OFF) /* killed at this very event */
        return;
    for (size_t i = 0; i < sizeof(hinder) / sizeof(hinder[0]); i++)
        restore->hindered |= strcmp(event->name, hinder[i]) == 0;
    if (strcmp(event->name, "+promoted-slave") == 0) {
        restore->promoted_port = check_port_in(event->payload);
        restore->hindered = false;
    }
    if (strcmp(event->name, "+switch-master") == 0)
        note_switch(restore, event->payload, checks->cluster->now);
    else if (strcmp(event->name, "+restore-master") == 0)
        check_restored(checks, sentinel, event->payload);
    else if (strcmp(event->name, "+reset-master") == 0)
        restore->peers_down = 0;
    else if (strcmp(event->name, "+sdown") == 0 && peer)
        restore->peers_down++;
    else if (strcmp(event->name, "-sdown") == 0 && peer && restore->peers_down > 0)
        restore->peers_down--;
    else if (strcmp(event->name + 1, "sdown") == 0 && strncmp(event->payload, "master ", 7) == 0)
        restore->hindered = true; /* another one may have been elected */
}

/* True if the order that is sent now is the one that an event has just told of. */
bool check_restore_ordered(struct checks *checks, const struct sentinel *sentinel)
{
    struct restore *restore = &checks_of(checks, sentinel)->restore;
    bool ordered = restore->ordered;
    restore->ordered = false;
    return ordered;
}

static bool is_due(struct checks *checks, const struct sentinel *sentinel)
{
    const struct watched *seen = checks_of(checks, sentinel);
    const struct restore *restore = &seen->restore;
    const struct setting *timeout = &seen->settings[SETTING_TIMEOUT];
    /* Another promotion of its own waits for the disk: that switch is not told yet. */
    return !restore->hindered && restore->promoted_port == 0 && !seen->tilt &&
           restore->peers_down == 0 && restore->times == 0 && !checks_has_alias(checks) &&
           timeout->known &&
           checks->cluster->now - restore->switched_at + PATIENCE_MS < timeout->value;
}

void check_restore_info(struct checks *checks, struct sentinel *to, uint16_t port,
                        const struct sn_info *info)
{
    struct restore *restore = &checks_of(checks, to)->restore;
    if (restore->port == 0 || port != restore->port)
        return;
    if (info->role != SN_ROLE_REPLICA || info->syncing || !is_due(checks, to)) {
        restore->since = 0;
        return;
    }
    if (restore->since == 0)
        restore->since = checks->cluster->now;
    else if (checks->cluster->now - restore->since > PATIENCE_MS)
        checks_violated(checks, &to->node, "leaves its new master at port %u a replica", port);
}
