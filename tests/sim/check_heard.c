/* SPDX-License-Identifier: BSD-3-Clause */

/* A subscriber at every sentinel asks for the master once, and from then on believes what it hears
 * in +switch-master. And nobody may ever speak of a stranger's master as his own. */

#include "check.h"

#include "wire/hello.h"

#include <stdio.h>
#include <string.h>

void check_heard_ask(struct checks *checks, struct sentinel *sentinel)
{
    checks_of(checks, sentinel)->client_port = cluster_master_port(sentinel, checks->group);
}

void check_heard_event(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_action_notice *event)
{
    char name[128], old_host[64], host[64];
    unsigned old_port, port;
    if (strcmp(event->name, "+switch-master") != 0)
        return;
    struct watched *seen = checks_of(checks, sentinel);
    if (sscanf(event->payload, "%127s %63s %u %63s %u", name, old_host, &old_port, host, &port) !=
        5) {
        checks_violated(checks, &sentinel->node, "unreadable +switch-master %s", event->payload);
        return;
    }
    seen->client_port = (uint16_t)port;
}

/* True if a server of the group has, or ever had, that port. */
static bool was_ours(struct checks *checks, uint16_t port)
{
    size_t count = 0;
    for (; count < CHECK_NODES && checks->ports[count] != 0; count++) {
        if (checks->ports[count] == port)
            return true;
    }
    for (unsigned i = 0; i < checks->server_count; i++) {
        if (checks->servers[i]->node.addr.port != port || count == CHECK_NODES)
            continue;
        checks->ports[count] = port;
        return true;
    }
    return false;
}

void check_heard_monitor(struct checks *checks, uint16_t port)
{
    if (was_ours(checks, port))
        return;
    for (size_t i = 0; i < CHECK_NODES; i++) {
        if (checks->ports[i] != 0)
            continue;
        checks->ports[i] = port;
        return;
    }
}

/* Whose servers they are: those from the group's first master on, up to the next group's. */
void check_heard_init(struct checks *checks, const struct sn_group_image *image)
{
    const struct cluster *cluster = checks->cluster;
    bool own = false;
    for (size_t i = 0; i < cluster->server_count; i++) {
        uint16_t port = cluster->servers[i]->node.addr.port;
        for (size_t k = 0; k < cluster->config.group_count; k++) {
            if (cluster->config.groups[k].addr.port == port)
                own = port == image->addr.port;
        }
        if (!own || checks->server_count == PLAN_SERVERS_MAX)
            continue;
        checks->servers[checks->server_count++] = cluster->servers[i];
        (void)was_ours(checks, port);
    }
}

static void check_own_master(struct checks *checks, struct sentinel *sentinel,
                             const struct sn_hello *hello)
{
    if (strcmp(hello->master_name, checks->group) != 0 || was_ours(checks, hello->master_port))
        return;
    checks_violated(checks, &sentinel->node, "names %u as the master of %s, which never had it",
                    hello->master_port, checks->group);
}

void check_heard_hello(struct check_groups *all, struct sentinel *sentinel, const char *message)
{
    struct sn_hello hello;
    if (sn_hello_parse(message, strlen(message), &hello) != 0)
        return;
    for (unsigned i = 0; i < all->count; i++)
        check_own_master(&all->groups[i], sentinel, &hello);
}

void check_heard_send(struct checks *checks, struct sentinel *sentinel,
                      const struct sn_action_send *send)
{
    struct sn_hello hello;
    if (checks->stranger_port == 0)
        return;
    if (send->order == SN_ORDER_PUBLISH &&
        sn_hello_parse(send->message, strlen(send->message), &hello) == 0 &&
        hello.master_port == checks->stranger_port)
        checks_violated(checks, &sentinel->node, "announces a stranger's master");
    if (send->order == SN_ORDER_FOLLOW && send->port == checks->stranger_port)
        checks_violated(checks, &sentinel->node, "makes a replica follow a stranger's master");
}

void check_heard_saved(struct checks *checks, struct sentinel *sentinel,
                       const struct sn_image *image)
{
    if (checks->stranger_port != 0 && image->current_epoch >= CHECK_STRANGE_EPOCH)
        checks_violated(checks, &sentinel->node, "saves the epoch of a stranger");
}

const char *check_heard_deaf(const struct checks *checks)
{
    for (size_t i = 0; i < checks->cluster->sentinel_count; i++) {
        const struct sentinel *sentinel = checks->cluster->sentinels[i];
        if (sentinel->core != NULL &&
            checks->seen[i].client_port != cluster_master_port(sentinel, checks->group))
            return sentinel->node.name;
    }
    return "";
}
