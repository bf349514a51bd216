/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_DRIVER_H
#define SN_SHELL_DRIVER_DRIVER_H

/* Drives the core: feeds it the shell's events and performs its actions, one at a time. An event
 * fed while actions are performed does not re-enter the core: it is copied into a queue. The driver
 * also holds the timer for the core's deadline. It checks that timer after reading input, so that
 * an answer which has arrived never counts as silence. */

#include "core/core.h"
#include "core/view.h"

#include <uv.h>

struct sn_driver;

/* Both callbacks get the arg of sn_driver_new. */
struct sn_driver_ports {
    /* Performs an action. It may feed only LINK_DOWN, RESOLVED, or an event without pointers. */
    void (*perform)(void *arg, const struct sn_action *action);
    /* Called when no action is left: flushes buffered output and resumes answered clients. Called
     * again until it feeds no event. */
    void (*idle)(void *arg);
};

/* core is borrowed and must outlive the driver. */
struct sn_driver *sn_driver_new(uv_loop_t *loop, struct sn_core *core,
                                const struct sn_driver_ports *ports, void *arg);
/* Closes the handles; their close callbacks free the memory. */
void sn_driver_close(struct sn_driver *driver);

/* Feeds an event; sets event->now. Steps the core at once or, called from `perform`, queues a copy.
 */
void sn_driver_feed(struct sn_driver *driver, struct sn_input *event);

/* True while actions are performed: events are queued. */
bool sn_driver_is_busy(const struct sn_driver *driver);

/* Milliseconds of the monotonic clock, as of this wake-up of the loop. */
sn_ms sn_driver_now(const struct sn_driver *driver);
const struct sn_core *sn_driver_core(const struct sn_driver *driver);

#endif
