/* SPDX-License-Identifier: BSD-3-Clause */

/* Cores from a line of text, and the situations that many tests start from. */

#include "core_kit_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define START_MS 1000000 /* any time but zero */

static struct sn_runid peer_runid(char letter)
{
    struct sn_runid runid;
    memset(runid.hex, letter, SN_RUNID_LEN);
    runid.hex[SN_RUNID_LEN] = '\0';
    return runid;
}

static struct sn_addr addr_of(const struct kit_node *node)
{
    struct sn_addr addr;
    assert_int_equal(sn_addr_make(node->host, node->port, &addr), 0);
    return addr;
}

static void add_replicas(struct kit *kit, struct sn_group_image *group, const char *master,
                         char *list)
{
    char *rest = NULL;
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        struct kit_node *node = kit_node(kit, name);
        struct sn_addr addr = addr_of(node);
        node->role = SN_ROLE_REPLICA;
        (void)snprintf(node->master, sizeof(node->master), "%s", master);
        sn_group_image_add_replica(group, &addr);
    }
}

static void add_peers(struct kit *kit, struct sn_group_image *group, char *list)
{
    char *rest = NULL;
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        struct sn_runid runid = peer_runid(name[0]);
        struct sn_addr addr = addr_of(kit_node(kit, name));
        sn_group_image_add_peer(group, &addr, &runid);
    }
}

/* One pair of words of a group. */
static void read_option(struct kit *kit, struct sn_group_image *group, const char *master,
                        const char *key, char *value)
{
    struct sn_group_params *params = &group->params;
    int64_t number = strtoll(value, NULL, 10);
    if (strcmp(key, "quorum") == 0)
        params->quorum = (uint32_t)number;
    else if (strcmp(key, "down-after") == 0)
        params->down_after_ms = number;
    else if (strcmp(key, "timeout") == 0)
        params->failover_timeout_ms = number;
    else if (strcmp(key, "syncs") == 0)
        params->parallel_syncs = (uint32_t)number;
    else if (strcmp(key, "reboot") == 0)
        params->reboot_down_after_ms = number;
    else if (strcmp(key, "refused") == 0)
        params->refused_after_ms = number;
    else if (strcmp(key, "max-lag") == 0)
        params->max_lag = (uint64_t)number;
    else if (strcmp(key, "veto") == 0)
        params->replica_veto = sn_strdup(value);
    else if (strcmp(key, "chained") == 0)
        params->chained = sn_strdup(value);
    else if (strcmp(key, "rescue") == 0)
        params->rescue = sn_strdup(value);
    else if (strcmp(key, "forget-after") == 0)
        params->forget_after_s = (uint32_t)number;
    else if (strcmp(key, "reborn-empty") == 0)
        params->reborn_empty = sn_strdup(value);
    else if (strcmp(key, "replicas") == 0)
        add_replicas(kit, group, master, value);
    else if (strcmp(key, "peers") == 0)
        add_peers(kit, group, value);
    else if (strcmp(key, "config") == 0)
        group->config_epoch = (uint64_t)number;
    else if (strcmp(key, "voted") == 0)
        group->leader_epoch = (uint64_t)number;
    else if (strcmp(key, "leader") == 0)
        group->leader = peer_runid(value[0]);
    else if (strcmp(key, "notify") == 0)
        params->notification_script = sn_strdup(value);
    else if (strcmp(key, "reconfig") == 0)
        params->client_reconfig_script = sn_strdup(value);
    else if (strcmp(key, "pass") == 0)
        params->auth_pass = sn_strdup(value);
    else if (strcmp(key, "pass-file") == 0)
        params->auth_pass_file = sn_strdup(value);
    else if (strcmp(key, "user") == 0)
        params->auth_user = sn_strdup(value);
    else if (strcmp(key, "tls") == 0)
        params->tls = sn_strdup(value);
    else
        fail_msg("unknown word: %s", key);
}

static void read_self(struct sn_image *image, char *rest)
{
    const char *key;
    while ((key = strtok_r(NULL, " ", &rest)) != NULL) {
        if (strcmp(key, "hostnames") == 0) {
            image->globals.resolve_hostnames = true;
            continue;
        }
        if (strcmp(key, "announce-hostnames") == 0) {
            image->globals.announce_hostnames = true;
            continue;
        }
        if (strcmp(key, "tls") == 0) {
            image->globals.tls = true;
            continue;
        }
        if (strcmp(key, "single-connection") == 0) {
            image->globals.single_connection = true;
            continue;
        }
        const char *value = strtok_r(NULL, " ", &rest);
        assert_non_null(value);
        if (strcmp(key, "epoch") == 0)
            image->current_epoch = strtoull(value, NULL, 10);
        else if (strcmp(key, "sentinel-pass") == 0)
            image->globals.sentinel_pass = sn_strdup(value);
        else if (strcmp(key, "own-pass") == 0)
            image->globals.own_pass = sn_strdup(value);
        else
            fail_msg("unknown word: %s", key);
    }
}

static void read_group(struct kit *kit, struct sn_image *image, char *text)
{
    char *rest = NULL;
    const char *name = strtok_r(text, " ", &rest);
    if (strcmp(name, "-") == 0) {
        read_self(image, rest);
        return;
    }
    const char *master = strtok_r(NULL, " ", &rest);
    struct sn_addr addr = addr_of(kit_node(kit, master));
    struct sn_group_image *group = sn_image_add_group(image, name, &addr, 2);
    const char *key;
    group->params.down_after_ms = 1000;
    group->params.failover_timeout_ms = 10000;
    while ((key = strtok_r(NULL, " ", &rest)) != NULL) {
        char *value = strtok_r(NULL, " ", &rest);
        assert_non_null(value);
        read_option(kit, group, master, key, value);
    }
}

static struct kit *new_kit(void)
{
    struct kit *kit = sn_alloc(sizeof(*kit));
    kit->start = START_MS;
    kit->now = START_MS;
    return kit;
}

static void start(struct kit *kit, const struct sn_image *image, uint64_t seed)
{
    struct sn_input event = {.kind = SN_INPUT_START};
    kit->core = sn_core_new(image, seed, kit->now);
    shadow_begin(&kit->shadow, kit->core);
    kit_step(kit, &event);
}

struct kit *kit_new_seeded(const char *text, uint64_t seed, bool keep)
{
    struct kit *kit = new_kit();
    struct sn_image image;
    char *copy = sn_strdup(text), *rest = NULL;
    sn_image_init(&image);
    (void)sn_text_copy(image.myid.hex, sizeof(image.myid.hex), KIT_ME);
    for (char *part = strtok_r(copy, ";", &rest); part != NULL; part = strtok_r(NULL, ";", &rest))
        read_group(kit, &image, part);
    free(copy);
    start(kit, &image, seed);
    sn_image_fini(&image);
    if (!keep) {
        kit_to(kit, 0); /* the first hellos */
        kit_clear(kit);
    }
    return kit;
}

struct kit *kit_new(const char *text)
{
    return kit_new_seeded(text, 1, false);
}

struct kit *kit_restarted(const struct kit *from, uint64_t seed)
{
    struct kit *kit = new_kit();
    struct sn_image image;
    const struct kit_node *node;
    LL_FOREACH(from->nodes, node) {
        struct kit_node *copy = kit_node(kit, node->name);
        struct kit_node *next = copy->next;
        *copy = *node;
        copy->next = next;
    }
    sn_core_snapshot(from->core, &image);
    start(kit, &image, seed);
    sn_image_fini(&image);
    kit_to(kit, 0);
    kit_clear(kit);
    return kit;
}

void kit_free(struct kit *kit)
{
    struct kit_node *node, *next_node;
    struct kit_sent *sent, *next_sent;
    sn_core_free(kit->core);
    shadow_fini(&kit->shadow);
    kit_clear(kit);
    free(kit->lines);
    LL_FOREACH_SAFE(kit->nodes, node, next_node)
        free(node);
    DL_FOREACH_SAFE(kit->sent, sent, next_sent)
        free(sent);
    free(kit->conns);
    free(kit);
}

void kit_kill_master(struct kit *kit, const char *peers)
{
    for (const char *letter = peers; *letter != '\0'; letter++) {
        const char name[] = {*letter, '\0'};
        kit_node(kit, name)->says_down = true;
    }
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 1000);
}

void kit_to_promotion(struct kit *kit, const char *peers)
{
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE);
    kit_kill_master(kit, peers);
    /* Rank steps; nothing else takes time. */
    for (int i = 0; i < 400 && kit_count(kit, "promote ") == 0; i++)
        kit_to(kit, kit_now(kit) + 1);
    assert_int_equal(kit_count(kit, "promote "), 1);
}
