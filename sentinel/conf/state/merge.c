/* SPDX-License-Identifier: BSD-3-Clause */

/* Brings saved state and configuration together. A run-time change stands as long as the configured
 * value that it replaced is still the configured one; an operator who has edited it since knows
 * better. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/read/loader.h"
#include "conf/state/state.h"
#include "conf/table/option.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sn_conf_notice(struct sn_conf *conf, char *text)
{
    conf->notices = sn_realloc(conf->notices, (conf->notice_count + 1) * sizeof(*conf->notices));
    conf->notices[conf->notice_count++] = text;
}

void sn_conf_noticef(struct sn_conf *conf, const char *format, ...)
{
    char text[1024];
    struct sn_buf buf;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sn_buf_init(&buf, SIZE_MAX);
    if (conf->path[0] != '\0') {
        sn_text_escape(&buf, conf->path, strlen(conf->path));
        sn_buf_puts(&buf, ": ");
    }
    sn_text_escape(&buf, text, strlen(text));
    sn_conf_notice(conf, sn_buf_take(&buf));
}

/* The present value; *words is overwritten. */
static void get_value(const struct sn_conf *conf, const struct sn_directive *directive,
                      const struct sn_group_params *params, struct sn_setting_words *words)
{
    if (directive->option != SN_OPTION_NONE) {
        sn_option_get(directive->option, &conf->image.globals, params, words);
        return;
    }
    *words = (struct sn_setting_words){0};
    sn_list_take(words, sn_strdup(sn_conf_level_name(conf->settings.loglevel)));
}

static int set_value(struct sn_conf *conf, const struct sn_state_change *change,
                     struct sn_group_params *params)
{
    const struct sn_directive *directive = change->directive;
    int64_t number;

    if (directive->option != SN_OPTION_NONE)
        return sn_option_set(directive->option, &change->value, &conf->image.globals, params);
    if (change->value.count != 1 || sn_value_parse(directive, change->value.items[0], &number) < 0)
        return SN_EINVAL;
    sn_value_store(directive, change->value.items[0], number, &conf->settings);
    return 0;
}

/* params and group are of the group the change belongs to, NULL for the sentinel's own. Values are
 * not shown: some are passwords. */
static void merge_change(struct sn_conf *conf, const struct sn_state_change *change,
                         const char *group, struct sn_group_params *params)
{
    const char *name = change->directive->name;
    const char *of = group != NULL ? " of group " : "";
    struct sn_setting_words now;

    if (group == NULL)
        group = "";
    get_value(conf, change->directive, params, &now);
    if (sn_list_equal(&now, &change->value)) {
        sn_list_fini(&now);
        return;
    }
    bool edited = !sn_list_equal(&now, &change->was);
    sn_list_fini(&now);
    if (edited)
        sn_conf_noticef(conf,
                        "%s%s%s was changed at run time, and in this file since: the file counts",
                        name, of, group);
    else if (set_value(conf, change, params) < 0)
        sn_conf_noticef(conf, "%s%s%s: the value set at run time is not valid any more, ignored",
                        name, of, group);
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

/* The configured address counts if it was edited, or, for a group that was added at run time and is
 * now configured too, if it is none of the group's known ones. */
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
        sn_conf_noticef(conf, "the address of group %s was changed in this file: the file counts",
                        group->name);
    else
        group->addr = saved->image.addr;
    group->config_epoch = saved->image.config_epoch;
    group->leader_epoch = saved->image.leader_epoch;
    group->leader = saved->image.leader;
    merge_members(&saved->image, group);
    for (size_t i = 0; i < saved->change_count; i++)
        merge_change(conf, &saved->changes[i], group->name, &group->params);
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
            conf, "group %s was removed at run time, but changed in this file since: it is back",
            group->name);
}

/* As both lists have nearly the same order, the search goes on where the last one ended. */
static struct sn_group_image *find_from(struct sn_image *image, const char *name, size_t *from)
{
    for (size_t i = 0; i < image->group_count; i++) {
        size_t at = (*from + i) % image->group_count;
        if (strcmp(image->groups[at].name, name) == 0) {
            *from = at + 1;
            return &image->groups[at];
        }
    }
    return NULL;
}

void sn_state_merge(const struct sn_state *state, struct sn_conf *conf)
{
    struct sn_image *image = &conf->image;
    size_t from = 0;

    if (state->myid.hex[0] != '\0')
        image->myid = state->myid;
    if (state->epoch_spoilt)
        sn_conf_noticef(conf, "no honest history reaches an epoch in %s: it counts as %" PRIu64,
                        conf->state_path, SN_EPOCH_FAR);
    if (state->current_epoch > image->current_epoch)
        image->current_epoch = state->current_epoch;
    for (size_t i = 0; i < state->change_count; i++)
        merge_change(conf, &state->changes[i], NULL, NULL);
    sn_users_merge(state, conf);
    for (size_t i = 0; i < state->removed_count; i++)
        merge_removed(conf, &state->removed[i]);
    for (size_t i = 0; i < state->group_count; i++) {
        const struct sn_state_group *saved = &state->groups[i];
        struct sn_group_image *group = find_from(image, saved->image.name, &from);
        if (group == NULL && saved->base.host[0] != '\0') {
            sn_conf_noticef(conf,
                            "group %s is no longer in this file: what was learned of it is dropped",
                            saved->image.name);
            continue;
        }
        if (group == NULL)
            group = sn_image_add_group(image, saved->image.name, &saved->image.addr, 0);
        merge_group(conf, saved, group);
        if (group->params.quorum == 0) /* not in any file that we have written */
            group->params.quorum = (uint32_t)((group->peer_count + 1) / 2 + 1);
    }
}
