/* SPDX-License-Identifier: BSD-3-Clause */

/* What an operator was told is done is on the disk when he is told, and stays there. */

#include "check.h"

#include <inttypes.h>
#include <string.h>

static int setting_of(const struct pending *pending)
{
    if (pending->kind == SN_COMMAND_REMOVE || pending->kind == SN_COMMAND_MONITOR)
        return SETTING_MONITORED;
    if (pending->kind != SN_COMMAND_SET)
        return -1;
    if (pending->option == SN_OPTION_QUORUM)
        return SETTING_QUORUM;
    if (pending->option == SN_OPTION_DOWN_AFTER)
        return SETTING_DOWN_AFTER;
    if (pending->option == SN_OPTION_FAILOVER_TIMEOUT)
        return SETTING_TIMEOUT;
    return pending->option == SN_OPTION_PARALLEL_SYNCS ? SETTING_SYNCS : -1;
}

void check_config_init(struct checks *checks, uint32_t quorum)
{
    const struct plan *plan = checks->plan;
    const struct cluster *cluster = checks->cluster;
    for (unsigned i = 0; i < PLAN_SENTINELS_MAX; i++) {
        struct setting *settings = checks->seen[i].settings;
        if (i < cluster->sentinel_count && !cluster_watches(cluster->sentinels[i], checks->group)) {
            settings[SETTING_MONITORED] = (struct setting){true, 0};
            continue;
        }
        settings[SETTING_QUORUM] = (struct setting){true, quorum};
        settings[SETTING_DOWN_AFTER] = (struct setting){true, plan->down_after_ms};
        settings[SETTING_TIMEOUT] = (struct setting){true, plan->failover_timeout_ms};
        settings[SETTING_SYNCS] = (struct setting){true, plan->parallel_syncs};
        settings[SETTING_MONITORED] = (struct setting){true, 1};
    }
}

static void forget_others(struct watched *seen)
{
    for (int i = 0; i < SETTING_MONITORED; i++)
        seen->settings[i].known = false;
}

void check_config_command(struct checks *checks, struct sentinel *sentinel,
                          const struct sn_command *command)
{
    struct watched *seen = checks_of(checks, sentinel);
    struct pending pending = {.ticket = sentinel->next_ticket + 1, .kind = command->kind};
    if (command->change_count > 0) {
        pending.option = command->changes[0].option;
        pending.value = command->changes[0].number;
    } else {
        pending.value = command->kind == SN_COMMAND_MONITOR;
    }
    int setting = setting_of(&pending);
    if (setting < 0 || seen->pending_count == CHECK_PENDING)
        return;
    /* Until the answer either value may be found. */
    seen->settings[setting].known = false;
    if (setting == SETTING_MONITORED)
        forget_others(seen);
    seen->pending[seen->pending_count++] = pending;
}

static int64_t value_in(const struct sn_image *image, const char *name, int setting)
{
    const struct sn_group_image *group = sn_image_find_group(image, name);
    if (setting == SETTING_MONITORED)
        return group != NULL;
    if (group == NULL)
        return -1;
    if (setting == SETTING_QUORUM)
        return group->params.quorum;
    if (setting == SETTING_DOWN_AFTER)
        return group->params.down_after_ms;
    if (setting == SETTING_TIMEOUT)
        return group->params.failover_timeout_ms;
    return group->params.parallel_syncs;
}

static void check_image(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_image *image, const char *when)
{
    static const char *const names[] = {"quorum", "down-after-milliseconds", "failover-timeout",
                                        "parallel-syncs", "monitored"};
    const struct watched *seen = checks_of(checks, sentinel);
    for (int i = 0; i < SETTING_COUNT; i++) {
        int64_t value = value_in(image, checks->group, i);
        if (seen->settings[i].known && value != seen->settings[i].value)
            checks_violated(checks, &sentinel->node,
                            "%s: %s was acknowledged as %" PRId64 ", on disk is %" PRId64, when,
                            names[i], seen->settings[i].value, value);
    }
}

static bool still_pending(const struct watched *seen, int setting)
{
    for (unsigned i = 0; i < seen->pending_count; i++) {
        int other = setting_of(&seen->pending[i]);
        if (other == setting || other == SETTING_MONITORED)
            return true;
    }
    return false;
}

void check_config_answer(struct checks *checks, struct sentinel *sentinel,
                         const struct sn_action_answer *answer)
{
    struct watched *seen = checks_of(checks, sentinel);
    for (unsigned i = 0; i < seen->pending_count; i++) {
        struct pending pending = seen->pending[i];
        if (pending.ticket != answer->ticket.v)
            continue;
        seen->pending[i] = seen->pending[--seen->pending_count];
        int setting = setting_of(&pending);
        if (answer->kind != SN_ANSWER_OK || still_pending(seen, setting))
            return;
        seen->settings[setting].known = true;
        seen->settings[setting].value = pending.value;
        check_image(checks, sentinel, &sentinel->durable, "answered OK");
        return;
    }
}

void check_config_saved(struct checks *checks, struct sentinel *sentinel,
                        const struct sn_image *image)
{
    check_image(checks, sentinel, image, "saved");
}

void check_config_crashed(struct checks *checks, struct sentinel *sentinel)
{
    checks_of(checks, sentinel)->pending_count = 0;
}
