/* SPDX-License-Identifier: BSD-3-Clause */

/* The shell's part of a rescue (DESIGN.md D21): it takes a while, and may fail. */

#include "cluster_internal.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <utlist.h>

#define POLL_MS 100 /* of a process that hangs */

/* The times come from the action, so that no other draw changes. */
void rescue_begin(struct sentinel *sentinel, const struct sn_action_rescue *action)
{
    struct cluster *cluster = sentinel->node.cluster;
    struct rescue_run *run = sn_alloc(sizeof(*run));
    uint64_t lot = action->parted_at + action->epoch * 7 + sentinel->node.addr.port;
    run->group = action->group;
    run->epoch = action->epoch;
    run->sentinel = sentinel;
    run->late_at = cluster->now + action->timeout_ms;
    run->done_at = cluster->now + 1 + (sn_ms)(lot % 13) * action->timeout_ms / 10;
    run->fails = lot % 5 == 0;
    cluster_say(cluster, &sentinel->node, "rescues what %s:%u has from %llu on", action->to.host,
                action->to.port, (unsigned long long)action->parted_at);
    sn_timer_init(&run->timer, WIRE_RESCUE, run);
    sn_timer_set(&cluster->wires, &run->timer,
                 run->done_at < run->late_at ? run->done_at : run->late_at);
    LL_PREPEND(sentinel->rescues, run);
}

void rescue_due(struct rescue_run *run)
{
    struct sentinel *sentinel = run->sentinel;
    struct cluster *cluster = sentinel->node.cluster;
    struct sn_input event = {.kind = SN_INPUT_RESCUED,
                             .u.rescued = {.group = run->group,
                                           .epoch = run->epoch,
                                           .bytes = 100,
                                           .writes = 1,
                                           .file = "",
                                           .reason = ""}};
    if (sentinel->node.state == NODE_HUNG) {
        sn_timer_set(&cluster->wires, &run->timer, cluster->now + POLL_MS);
        return;
    }
    if (cluster->now < run->done_at) {
        event.u.rescued.outcome = SN_RESCUE_LATE;
        sn_timer_set(&cluster->wires, &run->timer, run->done_at);
        sentinel_feed(sentinel, &event);
        return;
    }
    event.u.rescued.outcome = run->fails ? SN_RESCUE_FAILED : SN_RESCUE_SAVED;
    event.u.rescued.reason = run->fails ? "it failed" : "";
    event.u.rescued.file = run->fails ? "" : "file.resp";
    LL_DELETE(sentinel->rescues, run);
    free(run);
    sentinel_feed(sentinel, &event);
}

void rescue_drop_all(struct sentinel *sentinel)
{
    struct rescue_run *run, *next;
    LL_FOREACH_SAFE(sentinel->rescues, run, next) {
        sn_timer_stop(&sentinel->node.cluster->wires, &run->timer);
        free(run);
    }
    sentinel->rescues = NULL;
}
