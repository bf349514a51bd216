/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/image.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* All arrays of an image have room for the next power of two of their count, so that long ones grow
 * in linear time. */
static size_t room_for(size_t count)
{
    size_t room = 1;
    while (room < count)
        room *= 2;
    return room;
}

/* Makes room for one item more. */
static void *grow(void *items, size_t count, size_t size)
{
    return count == 0 || count == room_for(count) ? sn_realloc(items, room_for(count + 1) * size)
                                                  : items;
}

static void globals_init(struct sn_globals *globals)
{
    memset(globals, 0, sizeof(*globals));
    globals->deny_scripts_reconfig = true;
    globals->listen_port = SN_LISTEN_PORT_DEFAULT;
}

void sn_globals_fini(struct sn_globals *globals)
{
    free(globals->announce_ip);
    free(globals->sentinel_user);
    free(globals->sentinel_pass);
    free(globals->sentinel_pass_file);
    free(globals->own_pass);
    memset(globals, 0, sizeof(*globals));
}

void sn_globals_copy(const struct sn_globals *from, struct sn_globals *to)
{
    *to = *from;
    to->announce_ip = sn_strdup(from->announce_ip);
    to->sentinel_user = sn_strdup(from->sentinel_user);
    to->sentinel_pass = sn_strdup(from->sentinel_pass);
    to->sentinel_pass_file = sn_strdup(from->sentinel_pass_file);
    to->own_pass = sn_strdup(from->own_pass);
}

void sn_globals_apply(struct sn_globals *globals, const struct sn_change *change)
{
    switch (change->option) {
    case SN_OPTION_RESOLVE_HOSTNAMES:
        globals->resolve_hostnames = change->number != 0;
        return;
    case SN_OPTION_ANNOUNCE_HOSTNAMES:
        globals->announce_hostnames = change->number != 0;
        return;
    case SN_OPTION_DENY_SCRIPTS_RECONFIG:
        globals->deny_scripts_reconfig = change->number != 0;
        return;
    case SN_OPTION_ANNOUNCE_IP:
        /* Deliberate difference from stock: an empty address unsets announce-ip, and is never
         * announced (PROTOCOL.md §24.2). */
        sn_strset(&globals->announce_ip, change->value);
        return;
    case SN_OPTION_ANNOUNCE_PORT:
        assert(change->number >= 0 && change->number <= UINT16_MAX);
        globals->announce_port = (uint16_t)change->number;
        return;
    case SN_OPTION_SENTINEL_USER:
        sn_strset(&globals->sentinel_user, change->value);
        return;
    case SN_OPTION_SENTINEL_PASS:
        sn_strset(&globals->sentinel_pass, change->value);
        return;
    case SN_OPTION_OWN_PASS:
        sn_strset(&globals->own_pass, change->value);
        return;
    case SN_OPTION_NONE:
    case SN_OPTION_DOWN_AFTER:
    case SN_OPTION_FAILOVER_TIMEOUT:
    case SN_OPTION_PARALLEL_SYNCS:
    case SN_OPTION_QUORUM:
    case SN_OPTION_NOTIFICATION_SCRIPT:
    case SN_OPTION_CLIENT_RECONFIG_SCRIPT:
    case SN_OPTION_AUTH_PASS:
    case SN_OPTION_AUTH_USER:
    case SN_OPTION_RENAME_COMMAND:
    case SN_OPTION_REBOOT_DOWN_AFTER:
    case SN_OPTION_REFUSED_AFTER:
    case SN_OPTION_FORGET_AFTER:
    case SN_OPTION_MAX_LAG:
    case SN_OPTION_REBORN_EMPTY:
    case SN_OPTION_REPLICA_VETO:
    case SN_OPTION_CHAINED:
    case SN_OPTION_RESCUE:
    case SN_OPTION_RESCUE_TIMEOUT:
    case SN_OPTION_TLS:
        break;
    }
    assert(false && "an option of the sentinel");
}

void sn_group_params_init(struct sn_group_params *params, uint32_t quorum)
{
    memset(params, 0, sizeof(*params));
    params->quorum = quorum;
    params->parallel_syncs = SN_PARALLEL_SYNCS_DEFAULT;
    params->down_after_ms = SN_DOWN_AFTER_DEFAULT_MS;
    params->failover_timeout_ms = SN_FAILOVER_TIMEOUT_DEFAULT_MS;
    params->rescue_timeout_ms = SN_RESCUE_TIMEOUT_DEFAULT_MS;
}

void sn_group_params_fini(struct sn_group_params *params)
{
    free(params->notification_script);
    free(params->client_reconfig_script);
    free(params->auth_user);
    free(params->auth_pass);
    free(params->auth_pass_file);
    free(params->tls);
    free(params->reborn_empty);
    free(params->replica_veto);
    free(params->chained);
    free(params->rescue);
    for (size_t i = 0; i < params->rename_count; i++) {
        free(params->renames[i].from);
        free(params->renames[i].to);
    }
    free(params->renames);
    memset(params, 0, sizeof(*params));
}

void sn_group_params_copy(const struct sn_group_params *from, struct sn_group_params *to)
{
    *to = *from;
    to->notification_script = sn_strdup(from->notification_script);
    to->client_reconfig_script = sn_strdup(from->client_reconfig_script);
    to->auth_user = sn_strdup(from->auth_user);
    to->auth_pass = sn_strdup(from->auth_pass);
    to->auth_pass_file = sn_strdup(from->auth_pass_file);
    to->tls = sn_strdup(from->tls);
    to->reborn_empty = sn_strdup(from->reborn_empty);
    to->replica_veto = sn_strdup(from->replica_veto);
    to->chained = sn_strdup(from->chained);
    to->rescue = sn_strdup(from->rescue);
    to->renames = NULL;
    if (from->rename_count > 0)
        to->renames = sn_alloc_array(room_for(from->rename_count), sizeof(*to->renames));
    for (size_t i = 0; i < from->rename_count; i++) {
        to->renames[i].from = sn_strdup(from->renames[i].from);
        to->renames[i].to = sn_strdup(from->renames[i].to);
    }
}

bool sn_group_params_replaces_reborn(const struct sn_group_params *params)
{
    return params->reborn_empty != NULL && strcasecmp(params->reborn_empty, "failover") == 0;
}

bool sn_group_params_lets_replicas_veto(const struct sn_group_params *params)
{
    return params->replica_veto != NULL && strcasecmp(params->replica_veto, "yes") == 0;
}

bool sn_group_params_learns_chains(const struct sn_group_params *params)
{
    return params->chained != NULL && strcasecmp(params->chained, "yes") == 0;
}

bool sn_group_params_rescues(const struct sn_group_params *params)
{
    return params->rescue != NULL && strcasecmp(params->rescue, "yes") == 0;
}

/* PROTOCOL.md §20.5. */
bool sn_group_params_tls(const struct sn_group_params *params, const struct sn_globals *globals)
{
    return params->tls != NULL ? strcasecmp(params->tls, "yes") == 0 : globals->tls;
}

const char *sn_renames_find(const struct sn_renames *renames, const char *command)
{
    for (size_t i = 0; i < renames->count; i++) {
        if (strcasecmp(renames->items[i].from, command) == 0)
            return renames->items[i].to;
    }
    return command;
}

static size_t find_rename(const struct sn_group_params *params, const char *command)
{
    size_t i = 0;
    while (i < params->rename_count && strcasecmp(params->renames[i].from, command) != 0)
        i++;
    return i;
}

static void remove_rename(struct sn_group_params *params, size_t at)
{
    free(params->renames[at].from);
    free(params->renames[at].to);
    params->rename_count--;
    memmove(&params->renames[at], &params->renames[at + 1],
            (params->rename_count - at) * sizeof(*params->renames));
}

/* Renaming a command to itself takes its name away (PROTOCOL.md §4.18). */
static void apply_rename(struct sn_group_params *params, const char *command, const char *to)
{
    size_t at = find_rename(params, command);
    if (strcasecmp(command, to) == 0) {
        if (at < params->rename_count)
            remove_rename(params, at);
        return;
    }
    if (at < params->rename_count) {
        sn_strset(&params->renames[at].to, to);
        return;
    }
    params->renames = grow(params->renames, params->rename_count, sizeof(*params->renames));
    params->renames[params->rename_count].from = sn_strdup(command);
    params->renames[params->rename_count].to = sn_strdup(to);
    params->rename_count++;
}

void sn_group_params_apply(struct sn_group_params *params, const struct sn_change *change)
{
    switch (change->option) {
    case SN_OPTION_DOWN_AFTER:
        params->down_after_ms = change->number;
        return;
    case SN_OPTION_FAILOVER_TIMEOUT:
        params->failover_timeout_ms = change->number;
        return;
    case SN_OPTION_REBOOT_DOWN_AFTER:
        params->reboot_down_after_ms = change->number;
        return;
    case SN_OPTION_REFUSED_AFTER:
        params->refused_after_ms = change->number;
        return;
    case SN_OPTION_FORGET_AFTER:
        assert(change->number >= 0 && change->number <= UINT32_MAX);
        params->forget_after_s = (uint32_t)change->number;
        return;
    case SN_OPTION_RESCUE_TIMEOUT:
        params->rescue_timeout_ms = change->number;
        return;
    case SN_OPTION_MAX_LAG:
        assert(change->number >= 0);
        params->max_lag = (uint64_t)change->number;
        return;
    case SN_OPTION_PARALLEL_SYNCS:
        assert(change->number >= 1 && change->number <= UINT32_MAX);
        params->parallel_syncs = (uint32_t)change->number;
        return;
    case SN_OPTION_QUORUM:
        assert(change->number >= 1 && change->number <= UINT32_MAX);
        params->quorum = (uint32_t)change->number;
        return;
    case SN_OPTION_NOTIFICATION_SCRIPT:
        sn_strset(&params->notification_script, change->value);
        return;
    case SN_OPTION_CLIENT_RECONFIG_SCRIPT:
        sn_strset(&params->client_reconfig_script, change->value);
        return;
    case SN_OPTION_AUTH_PASS:
        sn_strset(&params->auth_pass, change->value);
        return;
    case SN_OPTION_AUTH_USER:
        sn_strset(&params->auth_user, change->value);
        return;
    case SN_OPTION_TLS:
        sn_strset(&params->tls, change->value);
        return;
    case SN_OPTION_REPLICA_VETO:
        sn_strset(&params->replica_veto, change->value);
        return;
    case SN_OPTION_CHAINED:
        sn_strset(&params->chained, change->value);
        return;
    case SN_OPTION_RESCUE:
        sn_strset(&params->rescue, change->value);
        return;
    case SN_OPTION_REBORN_EMPTY:
        sn_strset(&params->reborn_empty, change->value);
        return;
    case SN_OPTION_RENAME_COMMAND:
        apply_rename(params, change->value, change->to);
        return;
    case SN_OPTION_NONE:
    case SN_OPTION_RESOLVE_HOSTNAMES:
    case SN_OPTION_ANNOUNCE_HOSTNAMES:
    case SN_OPTION_ANNOUNCE_IP:
    case SN_OPTION_ANNOUNCE_PORT:
    case SN_OPTION_SENTINEL_USER:
    case SN_OPTION_SENTINEL_PASS:
    case SN_OPTION_OWN_PASS:
    case SN_OPTION_DENY_SCRIPTS_RECONFIG:
        break;
    }
    assert(false && "an option of a group");
}

const char *sn_group_params_command(const struct sn_group_params *params, const char *command)
{
    size_t at = find_rename(params, command);
    return at < params->rename_count ? params->renames[at].to : command;
}

void sn_image_init(struct sn_image *image)
{
    memset(image, 0, sizeof(*image));
    globals_init(&image->globals);
}

static void group_image_fini(struct sn_group_image *group)
{
    free(group->name);
    free(group->pause);
    sn_group_params_fini(&group->params);
    free(group->replicas);
    free(group->peers);
}

void sn_image_fini(struct sn_image *image)
{
    for (size_t i = 0; i < image->group_count; i++)
        group_image_fini(&image->groups[i]);
    free(image->groups);
    sn_globals_fini(&image->globals);
    memset(image, 0, sizeof(*image));
}

static void *copy_array(const void *items, size_t count, size_t size)
{
    if (count == 0)
        return NULL;
    void *copy = sn_alloc_array(room_for(count), size);
    memcpy(copy, items, count * size);
    return copy;
}

static void group_image_copy(const struct sn_group_image *from, struct sn_group_image *to)
{
    *to = *from;
    to->name = sn_strdup(from->name);
    to->pause = from->pause != NULL ? sn_strdup(from->pause) : NULL;
    sn_group_params_copy(&from->params, &to->params);
    to->replicas = copy_array(from->replicas, from->replica_count, sizeof(*to->replicas));
    to->peers = copy_array(from->peers, from->peer_count, sizeof(*to->peers));
}

void sn_image_copy(const struct sn_image *from, struct sn_image *to)
{
    *to = *from;
    sn_globals_copy(&from->globals, &to->globals);
    to->groups = NULL;
    if (from->group_count > 0)
        to->groups = sn_alloc_array(room_for(from->group_count), sizeof(*to->groups));
    for (size_t i = 0; i < from->group_count; i++)
        group_image_copy(&from->groups[i], &to->groups[i]);
}

struct sn_group_image *sn_image_add_group(struct sn_image *image, const char *name,
                                          const struct sn_addr *addr, uint32_t quorum)
{
    image->groups = grow(image->groups, image->group_count, sizeof(*image->groups));
    struct sn_group_image *group = &image->groups[image->group_count++];
    memset(group, 0, sizeof(*group));
    group->name = sn_strdup(name);
    group->addr = *addr;
    sn_group_params_init(&group->params, quorum);
    return group;
}

struct sn_group_image *sn_image_find_group(const struct sn_image *image, const char *name)
{
    for (size_t i = 0; i < image->group_count; i++) {
        if (strcmp(image->groups[i].name, name) == 0)
            return &image->groups[i];
    }
    return NULL;
}

void sn_image_remove_group(struct sn_image *image, size_t index)
{
    assert(index < image->group_count);
    group_image_fini(&image->groups[index]);
    image->group_count--;
    memmove(&image->groups[index], &image->groups[index + 1],
            (image->group_count - index) * sizeof(*image->groups));
}

void sn_group_image_add_replica(struct sn_group_image *group, const struct sn_addr *addr)
{
    group->replicas = grow(group->replicas, group->replica_count, sizeof(*group->replicas));
    group->replicas[group->replica_count++] = *addr;
}

void sn_group_image_add_peer(struct sn_group_image *group, const struct sn_addr *addr,
                             const struct sn_runid *runid)
{
    group->peers = grow(group->peers, group->peer_count, sizeof(*group->peers));
    struct sn_known_peer *peer = &group->peers[group->peer_count++];
    peer->addr = *addr;
    peer->runid = *runid;
}
