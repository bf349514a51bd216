/* SPDX-License-Identifier: BSD-3-Clause */

/* Anybody can say in a hello that a sentinel is somewhere. On his word alone nobody whose own link
 * is well is looked for elsewhere, and who is said to be at the address of another is not counted
 * beside that one. */

#include "check.h"

#include "cluster_internal.h"

#include <stdio.h>
#include <string.h>

static struct node *by_id(const struct checks *checks, const char *id)
{
    for (size_t i = 0; i < checks->cluster->sentinel_count; i++) {
        struct sentinel *sentinel = checks->cluster->sentinels[i];
        if (strcmp(sentinel->id.hex, id) == 0)
            return &sentinel->node;
    }
    return NULL;
}

/* "… ip IP port PORT for ID". */
static void check_move(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    const struct setting *setting = &checks_of(checks, sentinel)->settings[SETTING_DOWN_AFTER];
    const char *at = strstr(payload, " ip ");
    char id[SN_RUNID_LEN + 2], ip[64];
    unsigned port;
    if (at == NULL || sscanf(at, " ip %63s port %u for %41s", ip, &port, id) != 3)
        return;
    const struct node *node = by_id(checks, id);
    if (node == NULL || node->addr.port == port || !setting->known ||
        !check_link_up(sentinel, node->addr.port, SN_LINK_PEER))
        return;
    sn_ms age = check_silence_peer_age(checks->all, sentinel, node);
    checks->moves++;
    if (age < setting->value / 2)
        checks_violated(checks, &sentinel->node,
                        "looks for %s at %u by hearsay, which has answered %lld ms ago", node->name,
                        port, (long long)age);
}

/* Peers that are said to be at port, or have that id. */
static unsigned count_peers(const struct checks *checks, const struct sentinel *sentinel,
                            uint16_t port, const char *id)
{
    const struct sn_group *group =
        sn_core_group_find(sentinel->core, checks->group, strlen(checks->group));
    const struct sn_instance *peer = group == NULL ? NULL : sn_group_peer_first(group);
    unsigned count = 0;
    for (; peer != NULL; peer = sn_instance_next(peer)) {
        uint16_t own;
        (void)sn_instance_address(peer, &own);
        count += own == port || strcmp(sn_instance_runid(peer)->hex, id) == 0;
    }
    return count;
}

static void check_twins(struct checks *checks, struct sentinel *sentinel, uint16_t port)
{
    if (count_peers(checks, sentinel, port, "") > 1)
        checks_violated(checks, &sentinel->node, "takes in a sentinel at %u, where it has one",
                        port);
}

/* A forged id is given up: whoever was met at its address by his own id is a voter, by whichever.
 */
static void check_unmasked(struct checks *checks, struct sentinel *sentinel, const char *payload)
{
    const struct watched *seen = checks_of(checks, sentinel);
    uint16_t port = check_port_in(payload);
    for (size_t i = 0; i < checks->cluster->sentinel_count; i++) {
        const struct sentinel *other = checks->cluster->sentinels[i];
        size_t index = other->node.index % CHECK_NODES;
        bool met = (seen->by_name >> index & 1) != 0 && other != sentinel;
        if (met && other->node.addr.port == port &&
            count_peers(checks, sentinel, port, other->id.hex) == 0)
            checks_violated(checks, &sentinel->node, "counts nobody at %u, where %s was a voter",
                            port, other->node.name);
    }
}

void check_claims_event(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_action_notice *event)
{
    if (strcmp(event->name, "+sentinel-address-switch") == 0)
        check_move(checks, sentinel, event->payload);
    else if (strcmp(event->name, "+sentinel-invalid-addr") == 0)
        check_unmasked(checks, sentinel, event->payload);
    else if (strcmp(event->name, "+sentinel") == 0)
        check_twins(checks, sentinel, check_port_in(event->payload));
}
