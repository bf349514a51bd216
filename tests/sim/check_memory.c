/* SPDX-License-Identifier: BSD-3-Clause */

/* What a sentinel shows is what it saves, and what it has saved it shows again after a restart: the
 * master, replicas and peers of each group, and its settings. And what an operator's command has
 * changed is in force when the command is over; RESET forgets all replicas and peers. */

#include "check.h"

#include "cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_ONE_IN 8 /* snapshots: to describe all instances takes long */

struct entry {
    uint16_t port;
    char runid[64];
};

static void take_field(void *arg, const char *name, const char *value)
{
    struct entry *entry = arg;
    if (strcmp(name, "port") == 0)
        entry->port = (uint16_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "runid") == 0)
        (void)snprintf(entry->runid, sizeof(entry->runid), "%s", value);
}

static void describe(const struct sentinel *sentinel, const struct sn_instance *instance,
                     struct entry *entry)
{
    memset(entry, 0, sizeof(*entry));
    sn_instance_describe(sentinel->core, instance, sentinel->node.cluster->now, take_field, entry);
}

static const struct sn_group *group_of(const struct checks *checks, const struct sentinel *sentinel)
{
    return sn_core_group_find(sentinel->core, checks->group, strlen(checks->group));
}

static bool is_master(const struct sn_group_image *image, const struct sn_addr *addr)
{
    return sn_addr_equal(&image->addr, addr);
}

/* A name that was not looked up yet when it was met. */
static bool stands_for_master(const struct checks *checks, const struct sn_group_image *image,
                              uint16_t port)
{
    return checks->cluster->names && image->addr.port == port;
}

static void check_replicas(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_group_image *image, const char *when)
{
    const struct sn_instance *shown = sn_group_replica_first(group_of(checks, sentinel));
    struct entry entry;
    size_t count = 0, wanted = 0;
    for (size_t i = 0; i < image->replica_count; i++)
        wanted += !is_master(image, &image->replicas[i]) &&
                  !stands_for_master(checks, image, image->replicas[i].port);
    for (; shown != NULL; shown = sn_instance_next(shown)) {
        bool found = false;
        describe(sentinel, shown, &entry);
        for (size_t i = 0; i < image->replica_count; i++)
            found |= image->replicas[i].port == entry.port;
        if (!found)
            checks_violated(checks, &sentinel->node, "%s: replica %u of %s is not on the disk",
                            when, entry.port, checks->group);
        count += !stands_for_master(checks, image, entry.port);
    }
    if (count != wanted)
        checks_violated(checks, &sentinel->node,
                        "%s: shows %zu replicas of %s, on the disk are %zu", when, count,
                        checks->group, wanted);
}

static void check_peers(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_group_image *image, const char *when)
{
    const struct sn_instance *shown = sn_group_peer_first(group_of(checks, sentinel));
    struct entry entry;
    size_t count = 0;
    for (; shown != NULL; shown = sn_instance_next(shown)) {
        bool found = false;
        describe(sentinel, shown, &entry);
        for (size_t i = 0; i < image->peer_count; i++)
            found |= image->peers[i].addr.port == entry.port &&
                     strcmp(image->peers[i].runid.hex, entry.runid) == 0;
        if (!found)
            checks_violated(checks, &sentinel->node, "%s: peer %u of %s is not on the disk", when,
                            entry.port, checks->group);
        count++;
    }
    if (count != image->peer_count)
        checks_violated(checks, &sentinel->node, "%s: shows %zu peers of %s, on the disk are %zu",
                        when, count, checks->group, image->peer_count);
}

static void compare(struct checks *checks, struct sentinel *sentinel, const struct sn_image *image,
                    const char *when)
{
    const struct sn_group_image *group = sn_image_find_group(image, checks->group);
    if ((group == NULL) != (group_of(checks, sentinel) == NULL)) {
        checks_violated(checks, &sentinel->node, "%s: %s is shown or on the disk, but not both",
                        when, checks->group);
        return;
    }
    if (group == NULL)
        return;
    checks->compared++;
    if (cluster_master_port(sentinel, checks->group) != group->addr.port)
        checks_violated(checks, &sentinel->node, "%s: names another master of %s than on the disk",
                        when, checks->group);
    uint64_t epoch = checks_group(checks, sentinel)->config_epoch; /* a won one is told later */
    if (epoch != group->config_epoch)
        checks_violated(checks, &sentinel->node,
                        "%s: config epoch %" PRIu64 " of %s, on the disk is %" PRIu64, when, epoch,
                        checks->group, group->config_epoch);
    check_replicas(checks, sentinel, group, when);
    check_peers(checks, sentinel, group, when);
}

void check_memory_snapshot(struct checks *checks, struct sentinel *sentinel,
                           const struct sn_image *image)
{
    if (checks->snapshots++ % LOOK_ONE_IN == 0)
        compare(checks, sentinel, image, "saves");
}

void check_memory_booted(struct checks *checks, struct sentinel *sentinel)
{
    compare(checks, sentinel, &sentinel->durable, "started");
}

void check_memory_command(struct checks *checks, const struct sentinel *sentinel,
                          const struct sn_command *command)
{
    struct given *given = &checks_of(checks, sentinel)->given;
    memset(given, 0, sizeof(*given));
    given->kind = command->kind;
    given->known = group_of(checks, sentinel) != NULL;
    given->port = command->addr.port;
    given->value = command->quorum;
    (void)snprintf(given->name, sizeof(given->name), "quorum");
    if (command->kind == SN_COMMAND_SET && command->change_count > 0) {
        given->value = command->changes[0].number;
        (void)snprintf(given->name, sizeof(given->name), "%s", command->changes[0].name);
    }
}

static void demand(struct checks *checks, struct sentinel *sentinel, const char *field,
                   int64_t value)
{
    char text[256];
    cluster_field(sentinel, checks->group, field, text);
    checks->commands++;
    if (strtoll(text, NULL, 10) != value)
        checks_violated(checks, &sentinel->node, "%s of %s is %s after the command, not %" PRId64,
                        field, checks->group, text, value);
}

void check_memory_commanded(struct checks *checks, struct sentinel *sentinel)
{
    const struct given *given = &checks_of(checks, sentinel)->given;
    if (sentinel->core == NULL)
        return;
    if (given->kind == SN_COMMAND_RESET && given->known) {
        demand(checks, sentinel, "num-slaves", 0);
        demand(checks, sentinel, "num-other-sentinels", 0);
    } else if (given->kind == SN_COMMAND_SET && given->known) {
        demand(checks, sentinel, given->name, given->value);
    } else if (given->kind == SN_COMMAND_MONITOR && !given->known) {
        demand(checks, sentinel, given->name, given->value);
        demand(checks, sentinel, "port", given->port);
    }
    if (given->kind == SN_COMMAND_REMOVE && group_of(checks, sentinel) != NULL)
        checks_violated(checks, &sentinel->node, "still monitors %s after REMOVE", checks->group);
}
