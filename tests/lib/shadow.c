/* SPDX-License-Identifier: BSD-3-Clause */

#include "shadow.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static size_t index_of(const struct sn_image *image, const char *name)
{
    size_t i = 0;
    while (i < image->group_count && strcmp(image->groups[i].name, name) != 0)
        i++;
    return i;
}

/* ---- taking records in ---------------------------------------------------------------------- */

static void take_members(struct sn_group_image *to, const struct sn_group_image *from,
                         unsigned what)
{
    if ((what & SN_RECORD_REPLICAS) != 0) {
        to->replica_count = 0;
        for (size_t i = 0; i < from->replica_count; i++)
            sn_group_image_add_replica(to, &from->replicas[i]);
    }
    if ((what & SN_RECORD_PEERS) != 0) {
        to->peer_count = 0;
        for (size_t i = 0; i < from->peer_count; i++)
            sn_group_image_add_peer(to, &from->peers[i].addr, &from->peers[i].runid);
    }
}

static void take_group(struct sn_group_image *to, const struct sn_group_image *from, unsigned what)
{
    if ((what & SN_RECORD_VOTE) != 0) {
        to->leader = from->leader;
        to->leader_epoch = from->leader_epoch;
    }
    if ((what & SN_RECORD_CONFIG) != 0) {
        to->addr = from->addr;
        to->config_epoch = from->config_epoch;
    }
    if ((what & SN_RECORD_PARAMS) != 0) {
        sn_group_params_fini(&to->params);
        sn_group_params_copy(&from->params, &to->params);
    }
    if ((what & SN_RECORD_TRUCE) != 0)
        sn_strset(&to->pause, from->pause);
    take_members(to, from, what);
}

static void take_own(struct sn_image *to, const struct sn_image *from, unsigned what)
{
    if ((what & SN_RECORD_IDENTITY) != 0)
        to->myid = from->myid;
    if ((what & SN_RECORD_EPOCH) != 0)
        to->current_epoch = from->current_epoch;
    if ((what & SN_RECORD_GLOBALS) != 0) {
        sn_globals_fini(&to->globals);
        sn_globals_copy(&from->globals, &to->globals);
    }
}

static void take(struct shadow *shadow, const struct sn_core *core, const struct sn_record *record)
{
    struct sn_image now;
    sn_image_init(&now);
    if (record->group == 0) {
        sn_core_snapshot_sentinel(core, &now);
        take_own(&shadow->image, &now, record->what);
    } else if ((record->what & SN_RECORD_GONE) != 0) {
        size_t at = index_of(&shadow->image, record->name);
        if (at < shadow->image.group_count)
            sn_image_remove_group(&shadow->image, at);
    } else if (sn_core_snapshot_group(core, record->group, &now)) {
        struct sn_group_image *group = sn_image_find_group(&shadow->image, record->name);
        if (group == NULL)
            group = sn_image_add_group(&shadow->image, record->name, &now.groups[0].addr, 1);
        take_group(group, &now.groups[0], record->what);
    }
    sn_image_fini(&now);
}

const struct sn_group_image *shadow_find_group(const struct sn_image *image, size_t guess,
                                               const char *name)
{
    if (guess < image->group_count && strcmp(image->groups[guess].name, name) == 0)
        return &image->groups[guess];
    return sn_image_find_group(image, name);
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* What a name was looked up to is not saved. */
static bool same_addr(const struct sn_addr *a, const struct sn_addr *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_params(const struct sn_group_params *a, const struct sn_group_params *b)
{
    bool same =
        a->quorum == b->quorum && a->parallel_syncs == b->parallel_syncs &&
        a->down_after_ms == b->down_after_ms && a->failover_timeout_ms == b->failover_timeout_ms &&
        a->reboot_down_after_ms == b->reboot_down_after_ms &&
        a->refused_after_ms == b->refused_after_ms && a->max_lag == b->max_lag &&
        a->rescue_timeout_ms == b->rescue_timeout_ms && same_text(a->rescue, b->rescue) &&
        a->forget_after_s == b->forget_after_s && same_text(a->replica_veto, b->replica_veto) &&
        same_text(a->reborn_empty, b->reborn_empty) &&
        same_text(a->notification_script, b->notification_script) &&
        same_text(a->client_reconfig_script, b->client_reconfig_script) &&
        same_text(a->auth_user, b->auth_user) && same_text(a->auth_pass, b->auth_pass) &&
        same_text(a->auth_pass_file, b->auth_pass_file) && same_text(a->tls, b->tls) &&
        a->rename_count == b->rename_count;
    for (size_t i = 0; same && i < a->rename_count; i++)
        same = same_text(a->renames[i].from, b->renames[i].from) &&
               same_text(a->renames[i].to, b->renames[i].to);
    return same;
}

static bool same_replicas(const struct sn_group_image *a, const struct sn_group_image *b)
{
    bool same = a->replica_count == b->replica_count;
    for (size_t i = 0; same && i < a->replica_count; i++)
        same = same_addr(&a->replicas[i], &b->replicas[i]);
    return same;
}

static bool same_peers(const struct sn_group_image *a, const struct sn_group_image *b)
{
    bool same = a->peer_count == b->peer_count;
    for (size_t i = 0; same && i < a->peer_count; i++)
        same = same_addr(&a->peers[i].addr, &b->peers[i].addr) &&
               strcmp(a->peers[i].runid.hex, b->peers[i].runid.hex) == 0;
    return same;
}

static const char *group_difference(const struct sn_group_image *a, const struct sn_group_image *b)
{
    if (strcmp(a->leader.hex, b->leader.hex) != 0 || a->leader_epoch != b->leader_epoch)
        return "PERSIST does not name a vote that has changed";
    if (!same_addr(&a->addr, &b->addr) || a->config_epoch != b->config_epoch)
        return "PERSIST does not name a configuration that has changed";
    if (!same_params(&a->params, &b->params))
        return "PERSIST does not name settings of a group that have changed";
    if (!same_text(a->pause, b->pause))
        return "PERSIST does not name a pause that has changed";
    if (!same_replicas(a, b))
        return "PERSIST does not name replicas that have changed";
    return same_peers(a, b) ? NULL : "PERSIST does not name peers that have changed";
}

static const char *own_difference(const struct sn_image *a, const struct sn_image *b)
{
    const struct sn_globals *x = &a->globals, *y = &b->globals;
    if (strcmp(a->myid.hex, b->myid.hex) != 0)
        return "PERSIST does not name the run id, which has changed";
    if (a->current_epoch != b->current_epoch)
        return "PERSIST does not name the current epoch, which has changed";
    if (x->resolve_hostnames == y->resolve_hostnames &&
        x->announce_hostnames == y->announce_hostnames &&
        x->deny_scripts_reconfig == y->deny_scripts_reconfig &&
        x->single_connection == y->single_connection && same_text(x->announce_ip, y->announce_ip) &&
        x->announce_port == y->announce_port && same_text(x->sentinel_user, y->sentinel_user) &&
        same_text(x->sentinel_pass, y->sentinel_pass) && same_text(x->own_pass, y->own_pass))
        return a->group_count == b->group_count ? NULL
                                                : "PERSIST does not name a group that is gone";
    return "PERSIST does not name settings of the sentinel that have changed";
}

static const char *difference(const struct sn_image *shadow, const struct sn_image *now)
{
    const char *found = own_difference(shadow, now);
    for (size_t i = 0; found == NULL && i < now->group_count; i++) {
        const struct sn_group_image *group = shadow_find_group(shadow, i, now->groups[i].name);
        found = group == NULL ? "PERSIST does not name a new group"
                              : group_difference(group, &now->groups[i]);
    }
    return found;
}

void shadow_begin(struct shadow *shadow, const struct sn_core *core)
{
    sn_core_snapshot(core, &shadow->image);
}

void shadow_persist(struct shadow *shadow, const struct sn_core *core,
                    const struct sn_action_persist *persist)
{
    for (size_t i = 0; i < persist->count; i++)
        take(shadow, core, &persist->records[i]);
}

const char *shadow_misses(const struct shadow *shadow, const struct sn_core *core)
{
    struct sn_image now;
    sn_core_snapshot(core, &now);
    const char *found = difference(&shadow->image, &now);
    sn_image_fini(&now);
    return found;
}

void shadow_fini(struct shadow *shadow)
{
    sn_image_fini(&shadow->image);
    sn_image_init(&shadow->image);
}
