/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_DRIVER_DRIVER_H
#define SN_SHELL_DRIVER_DRIVER_H

/* Drives the core: events of the shell go in, its actions are performed, one at a time. A callback
 * that fires while actions are performed never re-enters the core: its event is copied into a queue
 * and taken next. The one timer of the process that waits for the core's deadline lives here; it is
 * checked after input was read, so that an answer which has arrived is never taken for silence. */

#include "core/core.h"
#include "core/view.h"

#include <uv.h>

struct sn_driver;

/* Where actions go. Every function gets the arg of sn_driver_new. All values are borrowed for the
 * call. */
struct sn_driver_ports {
    void (*connect)(void *arg, const struct sn_action_connect *connect);
    void (*disconnect)(void *arg, struct sn_link_id link);
    void (*send)(void *arg, const struct sn_action_send *send);
    void (*resolve)(void *arg, const char *host);
    void (*persist)(void *arg, uint64_t version);
    void (*answer)(void *arg, const struct sn_action_answer *answer);
    void (*event)(void *arg, const struct sn_action_event *event); /* log, publish */
    void (*log)(void *arg, const struct sn_action_log *log);
    void (*script_start)(void *arg, const struct sn_action_script *script);
    void (*script_kill)(void *arg, struct sn_job_id job);
    void (*exit)(void *arg, int status);
    /* Called when the queue has run empty: the place to flush what was buffered and to resume
     * clients whose answers have come. May feed further events. */
    void (*idle)(void *arg);
};

/* core is borrowed and must outlive the driver. */
struct sn_driver *sn_driver_new(uv_loop_t *loop, struct sn_core *core,
                                const struct sn_driver_ports *ports, void *arg);
/* Closes the handles; the memory goes with their close callbacks. */
void sn_driver_close(struct sn_driver *driver);

/* Feeds an event; event->now and wall_ms are filled in here. Steps the core at once, or, from
 * within an action, queues a deep copy. */
void sn_driver_feed(struct sn_driver *driver, struct sn_event *event);

/* Milliseconds of the monotonic clock, as of this wake-up of the loop. */
sn_ms sn_driver_now(const struct sn_driver *driver);
const struct sn_core *sn_driver_core(const struct sn_driver *driver);

#endif
