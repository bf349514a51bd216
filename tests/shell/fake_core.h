/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_FAKE_CORE_H
#define SN_TESTS_SHELL_FAKE_CORE_H

/* A core that the test plays itself, for tests of the parts around it: include it in one file of a
 * test program, which is then linked without the real one. It copies the events that it gets and
 * performs what on_step adds. */

#include "base/alloc.h"
#include "core/core.h"
#include "core/view.h"
#include "event_copy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FAKE_EVENTS_MAX  8192
#define FAKE_ACTIONS_MAX 16

struct sn_core {
    void (*on_step)(const struct sn_input *event); /* may be NULL */
    sn_ms deadline;
    uint64_t version;       /* the current epoch of snapshots */
    size_t snapshots;       /* of the whole state */
    size_t group_snapshots; /* of one group */
    uint64_t no_group;      /* the id of one that does not exist */
    struct sn_input events[FAKE_EVENTS_MAX];
    size_t event_count;
    struct sn_action actions[FAKE_ACTIONS_MAX];
    size_t action_count;
    bool stepping;
};

static struct sn_core fake_core;

static void fake_core_reset(void)
{
    for (size_t i = 0; i < fake_core.event_count; i++)
        event_copy_fini(&fake_core.events[i]);
    memset(&fake_core, 0, sizeof(fake_core));
    fake_core.deadline = SN_MS_NEVER;
}

static inline struct sn_action *fake_core_act(enum sn_action_kind kind)
{
    assert(fake_core.stepping && fake_core.action_count < FAKE_ACTIONS_MAX);
    struct sn_action *action = &fake_core.actions[fake_core.action_count++];
    *action = (struct sn_action){.kind = kind};
    return action;
}

/* How many events of this kind came; *last is the last of them. */
static inline size_t fake_core_count(enum sn_input_kind kind, const struct sn_input **last)
{
    size_t count = 0;

    for (size_t i = 0; i < fake_core.event_count; i++) {
        if (fake_core.events[i].kind != kind)
            continue;
        count++;
        if (last != NULL)
            *last = &fake_core.events[i];
    }
    return count;
}

void sn_core_step(struct sn_core *core, const struct sn_input *event, struct sn_actions *out)
{
    assert(!core->stepping);
    assert(core->event_count < FAKE_EVENTS_MAX);
    event_copy(event, &core->events[core->event_count++]);
    core->action_count = 0;
    core->stepping = true;
    if (core->on_step != NULL)
        core->on_step(event);
    core->stepping = false;
    *out = (struct sn_actions){.items = core->actions, .count = core->action_count};
}

sn_ms sn_core_deadline(const struct sn_core *core)
{
    return core->deadline;
}

void sn_core_snapshot(const struct sn_core *core, struct sn_image *image)
{
    sn_image_init(image);
    image->current_epoch = core->version;
    fake_core.snapshots++;
}

void sn_core_snapshot_sentinel(const struct sn_core *core, struct sn_image *image)
{
    image->current_epoch = core->version;
}

/* Groups are called after their ids. */
bool sn_core_snapshot_group(const struct sn_core *core, uint64_t id, struct sn_image *image)
{
    static const struct sn_addr addr = {.host = "127.0.0.1", .ip = "127.0.0.1", .port = 1};
    char name[24];

    if (id == core->no_group)
        return false;
    snprintf(name, sizeof(name), "g%" PRIu64, id);
    sn_image_add_group(image, name, &addr, 1);
    fake_core.group_snapshots++;
    return true;
}

#endif
