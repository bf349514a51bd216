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
                       const struct sn_action_event *event)
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
