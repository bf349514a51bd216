/* SPDX-License-Identifier: BSD-3-Clause */

/* Host names of servers, and a resolver that takes its time and may fail. */

#include "cluster_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define HUNG_POLL_MS 100

void cluster_use_single_connections(struct cluster *cluster)
{
    cluster->config.globals.single_connection = true;
}

void cluster_use_names(struct cluster *cluster, bool announce)
{
    cluster->names = true;
    cluster->config.globals.resolve_hostnames = true;
    cluster->config.globals.announce_hostnames = announce;
}

void names_give(struct node *node)
{
    if (node->cluster->names && node->redis != NULL)
        (void)snprintf(node->addr.host, sizeof(node->addr.host), "%s.test", node->name);
}

/* The names that stock models announce are resolved as well; they are no node's own. */
static bool is_called(const struct node *node, const char *host)
{
    char name[SN_HOST_MAX + 1];
    (void)snprintf(name, sizeof(name), CLUSTER_STOCK_NAME, node->addr.port);
    return strcasecmp(node->addr.host, host) == 0 || strcasecmp(name, host) == 0;
}

const char *cluster_lookup(const struct cluster *cluster, const char *host)
{
    struct sn_addr addr;
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct node *node = &cluster->servers[i]->node;
        if (is_called(node, host))
            return node->addr.ip;
    }
    return sn_addr_make(host, 1, &addr) == 0 && addr.ip[0] != '\0' ? host : "";
}

void lookup_begin(struct sentinel *sentinel, const char *host)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct lookup *lookup = sn_alloc(sizeof(*lookup));
    uint64_t spread = (uint64_t)cluster->resolve_max_ms + 1;
    lookup->sentinel = sentinel;
    (void)snprintf(lookup->host, sizeof(lookup->host), "%s", host);
    sn_timer_init(&lookup->timer, WIRE_LOOKUP, lookup);
    sn_timer_set(&cluster->wires, &lookup->timer,
                 cluster->now + 1 + (sn_ms)sn_prng_below(&cluster->prng, spread));
    LL_PREPEND(sentinel->lookups, lookup);
}

void lookup_due(struct lookup *lookup)
{
    struct sentinel *sentinel = lookup->sentinel;
    struct cluster *cluster = sentinel->node.cluster;
    char host[sizeof(lookup->host)], ip[SN_IP_MAX + 1] = "";
    if (sentinel->node.state == NODE_HUNG) {
        sn_timer_set(&cluster->wires, &lookup->timer, cluster->now + HUNG_POLL_MS);
        return;
    }
    bool fails = sn_prng_below(&cluster->prng, 100) < cluster->resolve_fails;
    memcpy(host, lookup->host, sizeof(host));
    if (!fails)
        (void)snprintf(ip, sizeof(ip), "%s", cluster_lookup(cluster, host));
    LL_DELETE(sentinel->lookups, lookup);
    free(lookup);
    cluster_say(cluster, &sentinel->node, "%s %s", fails ? "does not find" : "finds", host);
    struct sn_input event = {.kind = SN_INPUT_RESOLVED, .u.resolved = {.host = host, .ip = ip}};
    sentinel_feed(sentinel, &event);
}

void lookup_drop_all(struct sentinel *sentinel)
{
    struct lookup *lookup, *next;
    LL_FOREACH_SAFE(sentinel->lookups, lookup, next) {
        sn_timer_stop(&sentinel->node.cluster->wires, &lookup->timer);
        free(lookup);
    }
    sentinel->lookups = NULL;
}
