/* SPDX-License-Identifier: BSD-3-Clause */
/* One iteration of libuv's loop runs timers, then polls for input, then runs check callbacks. The
 * core's deadline is therefore handled in two steps: the timer only notes that it is due and keeps
 * the poll from blocking (an active idle handle); the check callback steps the core, after all
 * input has been fed. So after a stall of the process, answers that have arrived do not count as
 * silence. */
#include "shell/driver/driver.h"

#include "base/alloc.h"
#include "shell/driver/probe.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

struct queued {
    struct sn_input event;
    char *texts[2]; /* texts that it points to; NULL: none */
    struct queued *prev, *next;
};

struct sn_driver {
    struct sn_core *core;
    struct sn_driver_ports ports;
    void *arg;
    uv_timer_t timer;
    uv_idle_t idle;
    uv_prepare_t prepare;
    uv_check_t check;
    unsigned open_handles;
    bool closing;
    bool running;      /* actions are being performed */
    bool idling;       /* idle is being called */
    bool stepped;      /* … and has fed something */
    bool due;          /* the timer has fired; the check callback takes the step */
    bool now_is_fresh; /* the clock was read since the loop last slept */
    sn_ms now;
    sn_ms armed_at; /* instant that the timer is set for; SN_MS_NEVER: not set */
    struct queued *queue;
};

static sn_ms clock_now(const struct sn_driver *driver)
{
    sn_ms now = (sn_ms)(uv_hrtime() / 1000000);

    return now > driver->now ? now : driver->now;
}

/* PROTOCOL.md §24.2. */
static void read_clock(struct sn_driver *driver)
{
    driver->now = clock_now(driver);
    driver->now_is_fresh = true;
}

/* Stamps the input with monotonic time, which never goes back (PROTOCOL.md §24.2). */
static void stamp(struct sn_driver *driver, struct sn_input *event)
{
    if (!driver->now_is_fresh)
        read_clock(driver);
    event->now = driver->now;
}

static void on_timer(uv_timer_t *timer);

/* PROTOCOL.md §11.1. */
static void rearm(struct sn_driver *driver)
{
    if (driver->closing || driver->due)
        return;
    sn_ms deadline = sn_core_deadline(driver->core);
    if (deadline == driver->armed_at)
        return;
    driver->armed_at = deadline;
    if (deadline == SN_MS_NEVER) {
        uv_timer_stop(&driver->timer);
        return;
    }
    /* The time of the loop is as old as this iteration. It counts the same milliseconds as our
     * clock, so that a timer set by it never fires before the deadline. */
    uv_update_time(driver->timer.loop);
    sn_ms loop_now = (sn_ms)uv_now(driver->timer.loop);
    uv_timer_start(&driver->timer, on_timer,
                   deadline > loop_now ? (uint64_t)(deadline - loop_now) : 0, 0);
}

/* Returns the number of the action's subject, for the probe: a link, a job, a ticket or a version;
 * 0 if it has none. */
static uint64_t subject(const struct sn_action *action)
{
    switch (action->kind) {
    case SN_ACTION_CONNECT:
        return action->u.connect.link.v;
    case SN_ACTION_DISCONNECT:
        return action->u.disconnect.v;
    case SN_ACTION_SEND:
        return action->u.send.link.v;
    case SN_ACTION_PERSIST:
        return action->u.persist.version;
    case SN_ACTION_ANSWER:
        return action->u.answer.ticket.v;
    case SN_ACTION_SCRIPT_START:
    case SN_ACTION_SCRIPT_KILL:
        return action->u.script.job.v;
    case SN_ACTION_RESCUE:
        return action->u.rescue.group;
    case SN_ACTION_NONE:
    case SN_ACTION_RESOLVE:
    case SN_ACTION_NOTICE:
    case SN_ACTION_LOG:
    case SN_ACTION_EXIT:
        break;
    }
    return 0;
}

static void step(struct sn_driver *driver, const struct sn_input *event)
{
    struct sn_actions actions = {0};

    SN_PROBE(step_begin, (int)event->kind, event->now);
    sn_core_step(driver->core, event, &actions);
    SN_PROBE(step_end, (int)event->kind, actions.count);
    for (size_t i = 0; i < actions.count && !driver->closing; i++) {
        const struct sn_action *action = &actions.items[i];
        SN_PROBE(action, (int)action->kind, subject(action));
        driver->ports.perform(driver->arg, action);
    }
}

static void enqueue(struct sn_driver *driver, const struct sn_input *event)
{
    struct queued *item = sn_alloc(sizeof(*item));

    item->event = *event;
    if (event->kind == SN_INPUT_LINK_DOWN || event->kind == SN_INPUT_LINK_UP) {
        struct sn_input_link *link = &item->event.u.link;
        link->local_ip = item->texts[0] = sn_strdup(link->local_ip);
        link->reason = item->texts[1] = sn_strdup(link->reason);
    } else if (event->kind == SN_INPUT_RESOLVED) {
        struct sn_input_resolved *resolved = &item->event.u.resolved;
        resolved->host = item->texts[0] = sn_strdup(resolved->host);
        resolved->ip = item->texts[1] = sn_strdup(resolved->ip);
    } else {
        assert(event->kind == SN_INPUT_PERSISTED || event->kind == SN_INPUT_SCRIPT_STARTED ||
               event->kind == SN_INPUT_SCRIPT_EXITED || event->kind == SN_INPUT_TIMER);
    }
    DL_APPEND(driver->queue, item);
}

static void free_queued(struct queued *item)
{
    free(item->texts[0]);
    free(item->texts[1]);
    free(item);
}

static void drop_queue(struct sn_driver *driver)
{
    struct queued *item, *next;

    DL_FOREACH_SAFE(driver->queue, item, next) {
        DL_DELETE(driver->queue, item);
        free_queued(item);
    }
}

static void drain(struct sn_driver *driver)
{
    while (driver->queue != NULL && !driver->closing) {
        struct queued *item = driver->queue;
        DL_DELETE(driver->queue, item);
        step(driver, &item->event);
        free_queued(item);
    }
}

static void be_idle(struct sn_driver *driver)
{
    driver->idling = true;
    do {
        driver->stepped = false;
        driver->ports.idle(driver->arg);
    } while (driver->stepped && !driver->closing);
    driver->idling = false;
}

void sn_driver_feed(struct sn_driver *driver, struct sn_input *event)
{
    if (driver->closing)
        return;
    stamp(driver, event);
    if (driver->running) {
        enqueue(driver, event);
        return;
    }

    driver->running = true;
    step(driver, event);
    drain(driver);
    driver->running = false;
    driver->stepped = true;
    if (driver->idling || driver->closing)
        return; /* the caller of idle continues */
    be_idle(driver);
    rearm(driver);
}

static void on_idle(uv_idle_t *idle)
{
    /* The handle only has to be active. */
    (void)idle;
}

static void on_timer(uv_timer_t *timer)
{
    struct sn_driver *driver = timer->data;

    driver->armed_at = SN_MS_NEVER;
    driver->due = true;
    uv_idle_start(&driver->idle, on_idle);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct sn_driver *driver = prepare->data;

    driver->now_is_fresh = false;
}

static void on_check(uv_check_t *check)
{
    struct sn_driver *driver = check->data;

    if (!driver->due)
        return;
    driver->due = false;
    uv_idle_stop(&driver->idle);
    /* Handling the input has taken time. What arrived meanwhile is not read yet: deadlines of that
     * time come after it, in the next iteration. */
    if (!driver->now_is_fresh)
        read_clock(driver);
    if (sn_core_deadline(driver->core) <= driver->now) {
        struct sn_input event = {.kind = SN_INPUT_TIMER};
        sn_driver_feed(driver, &event);
    }
    rearm(driver);
}

struct sn_driver *sn_driver_new(uv_loop_t *loop, struct sn_core *core,
                                const struct sn_driver_ports *ports, void *arg)
{
    struct sn_driver *driver = sn_alloc(sizeof(*driver));

    driver->core = core;
    driver->ports = *ports;
    driver->arg = arg;
    driver->armed_at = SN_MS_NEVER;
    uv_timer_init(loop, &driver->timer);
    uv_idle_init(loop, &driver->idle);
    uv_prepare_init(loop, &driver->prepare);
    uv_check_init(loop, &driver->check);
    driver->open_handles = 4;
    driver->timer.data = driver;
    driver->idle.data = driver;
    driver->prepare.data = driver;
    driver->check.data = driver;
    uv_prepare_start(&driver->prepare, on_prepare);
    uv_check_start(&driver->check, on_check);
    return driver;
}

static void on_close(uv_handle_t *handle)
{
    struct sn_driver *driver = handle->data;

    if (--driver->open_handles == 0)
        free(driver);
}

void sn_driver_close(struct sn_driver *driver)
{
    assert(!driver->closing);
    driver->closing = true;
    drop_queue(driver);
    uv_close((uv_handle_t *)&driver->timer, on_close);
    uv_close((uv_handle_t *)&driver->idle, on_close);
    uv_close((uv_handle_t *)&driver->prepare, on_close);
    uv_close((uv_handle_t *)&driver->check, on_close);
}

bool sn_driver_is_busy(const struct sn_driver *driver)
{
    return driver->running;
}

sn_ms sn_driver_now(const struct sn_driver *driver)
{
    return driver->now_is_fresh ? driver->now : clock_now(driver);
}

const struct sn_core *sn_driver_core(const struct sn_driver *driver)
{
    return driver->core;
}
