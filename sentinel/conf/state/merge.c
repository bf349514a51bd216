/* SPDX-License-Identifier: BSD-3-Clause */

/* Merges saved state into the configuration. A run-time change applies as long as the configured
 * value that it replaced is unchanged; if an operator has edited that value since, the file
 * wins. */

#include "base/alloc.h"
#include "conf/state/state.h"
#include "conf/state/users.h"
#include "conf/table/keep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* group is the group of the change, NULL for a setting of the sentinel. Values are not shown,
 * because some are passwords; one that has a file is read from there (PROTOCOL.md §19.10). */
static void merge_change(struct sn_conf *conf, const struct sn_state_change *change,
                         struct sn_group_image *group)
{
    const struct sn_keep to = {&conf->settings, &conf->image, group};
    const struct sn_kept from = {to.settings, to.image, to.group};
    const char *name = change->directive->name;
    const char *of = group != NULL ? " of group " : "";
    const char *group_name = group != NULL ? group->name : "";
    struct sn_setting_words now;

    if (sn_keep_in_file(change->directive, &from)) {
        sn_conf_noticef(conf, "%s%s%s was changed at run time and has a file now: using that", name,
                        of, group_name);
        return;
    }
    sn_keep_get_words(change->directive, &from, &now);
    bool done = sn_list_equal(&now, &change->value);
    bool edited = !sn_list_equal(&now, &change->was);
    sn_list_fini(&now);
    if (done)
        return;
    if (edited)
        sn_conf_noticef(conf,
                        "%s%s%s was changed at run time and later in this file: using the file",
                        name, of, group_name);
    else if (sn_keep_put_words(change->directive, &to, &change->value) < 0)
        sn_conf_noticef(conf, "%s%s%s: ignored the value set at run time, which is no longer valid",
                        name, of, group_name);
}

static bool same_addr(const struct sn_addr *a, const struct sn_addr *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool is_member(const struct sn_group_image *group, const struct sn_addr *addr)
{
    for (size_t i = 0; i < group->replica_count; i++) {
        if (same_addr(&group->replicas[i], addr))
            return true;
    }
    return same_addr(&group->addr, addr);
}

/* True if the configured address applies: it was edited, or the group was added at run time and is
 * now configured with an address that none of its known members has. */
static bool address_edited(const struct sn_state_group *saved, const struct sn_addr *configured)
{
    if (saved->base.host[0] != '\0')
        return !same_addr(&saved->base, configured);
    return !is_member(&saved->image, configured);
}

static void merge_members(const struct sn_group_image *saved, struct sn_group_image *group)
{
    free(group->replicas);
    group->replicas = NULL;
    group->replica_count = 0;
    for (size_t i = 0; i < saved->replica_count; i++) {
        if (!same_addr(&saved->replicas[i], &group->addr))
            sn_group_image_add_replica(group, &saved->replicas[i]);
    }
    free(group->peers);
    group->peers = NULL;
    group->peer_count = 0;
    for (size_t i = 0; i < saved->peer_count; i++)
        sn_group_image_add_peer(group, &saved->peers[i].addr, &saved->peers[i].runid);
}

static void merge_group(struct sn_conf *conf, const struct sn_state_group *saved,
                        struct sn_group_image *group)
{
    if (address_edited(saved, &group->addr))
        sn_conf_noticef(conf, "the address of group %s was changed in this file: using the file",
                        group->name);
    else
        group->addr = saved->image.addr;
    group->config_epoch = saved->image.config_epoch;
    group->leader_epoch = saved->image.leader_epoch;
    group->leader = saved->image.leader;
    sn_strset(&group->pause, saved->image.pause);
    merge_members(&saved->image, group);
    for (size_t i = 0; i < saved->change_count; i++)
        merge_change(conf, &saved->changes[i], group);
}

static void merge_removed(struct sn_conf *conf, const struct sn_state_removed *removed)
{
    struct sn_group_image *group = sn_image_find_group(&conf->image, removed->name);
    if (group == NULL)
        return;
    if (same_addr(&group->addr, &removed->base) && group->params.quorum == removed->quorum)
        sn_image_remove_group(&conf->image, (size_t)(group - conf->image.groups));
    else
        sn_conf_noticef(
            conf,
            "group %s was removed at run time, but later changed in this file: watching it again",
            group->name);
}

void sn_state_merge(const struct sn_state *state, struct sn_conf *conf)
{
    struct sn_image *image = &conf->image;
    size_t from = 0;

    if (state->myid.hex[0] != '\0')
        image->myid = state->myid;
    if (state->epoch_spoilt)
        sn_conf_noticef(conf, "an epoch in %s is implausibly high; using %" PRIu64 " instead",
                        conf->state_path, SN_EPOCH_FAR);
    if (state->current_epoch > image->current_epoch)
        image->current_epoch = state->current_epoch;
    for (size_t i = 0; i < state->change_count; i++)
        merge_change(conf, &state->changes[i], NULL);
    sn_users_merge(state, conf);
    for (size_t i = 0; i < state->removed_count; i++)
        merge_removed(conf, &state->removed[i]);
    for (size_t i = 0; i < state->group_count; i++) {
        const struct sn_state_group *saved = &state->groups[i];
        size_t at = sn_state_find_group(image, saved->image.name, from);
        struct sn_group_image *group = at < image->group_count ? &image->groups[at] : NULL;
        if (group != NULL)
            from = at + 1;
        if (group == NULL && saved->base.host[0] != '\0') {
            sn_conf_noticef(conf, "group %s is no longer in this file: dropped its saved state",
                            saved->image.name);
            continue;
        }
        if (group == NULL)
            group = sn_image_add_group(image, saved->image.name, &saved->image.addr, 0);
        merge_group(conf, saved, group);
        if (group->params.quorum == 0) /* never in a file that we wrote */
            group->params.quorum = (uint32_t)((group->peer_count + 1) / 2 + 1);
    }
}
