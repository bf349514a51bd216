/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_DRIVER_H
#define SN_SHELL_DRIVER_DRIVER_H

/* Drives the core: events of the shell go in, its actions are performed, one at a time. What is fed
 * while actions are performed never re-enters the core: it is copied into a queue and taken next.
 * The one timer of the process that waits for the core's deadline lives here; it is checked after
 * input was read, so that an answer which has arrived is never taken for silence. */

#include "core/core.h"
#include "core/view.h"

#include <uv.h>

struct sn_driver;

/* Both get the arg of sn_driver_new. */
struct sn_driver_ports {
    /* Does what an action says. What it feeds must be LINK_DOWN, RESOLVED, or an event that points
     * to nothing. */
    void (*perform)(void *arg, const struct sn_action *action);
    /* Called when there is nothing left to perform: the place to flush what was buffered and to
     * resume clients whose answers have come. Called again until it feeds nothing any more. */
    void (*idle)(void *arg);
};

/* core is borrowed and must outlive the driver. */
struct sn_driver *sn_driver_new(uv_loop_t *loop, struct sn_core *core,
                                const struct sn_driver_ports *ports, void *arg);
/* Closes the handles; the memory goes with their close callbacks. */
void sn_driver_close(struct sn_driver *driver);

/* Feeds an event; event->now is filled in here. Steps the core at once, or, from within `perform`,
 * queues a copy. */
void sn_driver_feed(struct sn_driver *driver, struct sn_input *event);

/* True while actions are performed: what is fed now is queued. */
bool sn_driver_is_busy(const struct sn_driver *driver);

/* Milliseconds of the monotonic clock, as of this wake-up of the loop. */
sn_ms sn_driver_now(const struct sn_driver *driver);
const struct sn_core *sn_driver_core(const struct sn_driver *driver);

#endif
