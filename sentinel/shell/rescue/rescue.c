/* SPDX-License-Identifier: BSD-3-Clause */
/* The rescues that are under way. Some run, others wait for them to end. When the time of one is
 * over, a LATE is fed, and it goes on. */
#include "shell/rescue/rescue.h"

#include "base/alloc.h"
#include "shell/rescue/job.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#define RUNNING_MAX 8 /* at once: each may hold some megabytes */
#define LONGEST_MS  60000

struct rescue {
    struct sn_rescues *rescues;
    uint64_t group, epoch;
    struct sn_rescue_job *job; /* NULL: freed */
    uv_timer_t timer;
    uint64_t timeout_ms; /* 0: it may be started */
    bool running, late, ended, timer_closed;
    struct rescue *prev, *next;
};

struct sn_rescues {
    uv_loop_t *loop;
    const struct sn_links *links;
    struct sn_driver *driver;
    char *dir;
    struct sn_net net;
    struct sn_reply_parsers parsers;
    struct rescue *all;
    unsigned running;
    bool closing;
};

static void start_some(struct sn_rescues *rescues);

/* ---- the end -------------------------------------------------------------------------------- */

static void release(struct sn_rescues *rescues)
{
    if (!rescues->closing || rescues->all != NULL)
        return;
    sn_reply_parsers_fini(&rescues->parsers);
    free(rescues->dir);
    free(rescues);
}

static void free_closed(struct rescue *rescue)
{
    struct sn_rescues *rescues = rescue->rescues;

    if (rescue->job != NULL || !rescue->timer_closed)
        return;
    rescues->running -= rescue->running;
    DL_DELETE(rescues->all, rescue);
    free(rescue);
    start_some(rescues);
    release(rescues);
}

static void on_closed(void *owner)
{
    struct rescue *rescue = owner;

    rescue->job = NULL;
    free_closed(rescue);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct rescue *rescue = timer->data;

    rescue->timer_closed = true;
    free_closed(rescue);
}

static void close_rescue(struct rescue *rescue)
{
    if (rescue->ended)
        return;
    rescue->ended = true;
    uv_close((uv_handle_t *)&rescue->timer, on_timer_closed);
    sn_rescue_job_close(rescue->job);
}

static void feed(const struct rescue *rescue, enum sn_rescue_outcome outcome, const char *file,
                 const char *reason)
{
    const struct sn_rescue_facts *facts = sn_rescue_job_facts(rescue->job);
    struct sn_input event = {
        .kind = SN_INPUT_RESCUED,
        .u.rescued = {.group = rescue->group,
                      .epoch = rescue->epoch,
                      .outcome = outcome,
                      .bytes = facts->end > facts->parted_at ? facts->end - facts->parted_at : 0,
                      .writes = facts->tail.writes,
                      .file = file,
                      .reason = reason}};

    sn_driver_feed(rescue->rescues->driver, &event);
}

static void on_job_ended(void *owner, enum sn_rescue_outcome outcome, const char *file,
                         const char *reason)
{
    struct rescue *rescue = owner;

    feed(rescue, outcome, file, reason);
    close_rescue(rescue);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static void start_some(struct sn_rescues *rescues)
{
    struct rescue *rescue;

    DL_FOREACH(rescues->all, rescue) {
        if (rescues->running >= RUNNING_MAX || rescues->closing)
            return;
        if (rescue->running || rescue->ended || rescue->timeout_ms > 0)
            continue;
        rescue->running = true;
        rescues->running++;
        sn_rescue_job_start(rescue->job, sn_links_source(rescues->links));
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct rescue *rescue = timer->data;

    if (rescue->timeout_ms > 0) { /* the first turn of the loop: now it may be fed */
        uv_timer_start(timer, on_timer, rescue->timeout_ms, 0);
        rescue->timeout_ms = 0;
        start_some(rescue->rescues);
    } else if (!rescue->late) {
        rescue->late = true;
        uv_timer_start(timer, on_timer, LONGEST_MS, 0);
        feed(rescue, SN_RESCUE_LATE, "", "");
    } else {
        sn_rescue_job_give_up(rescue->job, "it was not done within a minute");
    }
}

void sn_rescues_begin(struct sn_rescues *rescues, const struct sn_action_rescue *action)
{
    static const struct sn_rescue_job_hooks hooks = {.ended = on_job_ended, .closed = on_closed};
    const struct sn_rescue_shared shared = {.loop = rescues->loop,
                                            .net = &rescues->net,
                                            .parsers = &rescues->parsers,
                                            .dir = rescues->dir,
                                            .tls = sn_links_tls(rescues->links)};
    struct rescue *rescue = sn_alloc(sizeof(*rescue));

    assert(!rescues->closing);
    rescue->rescues = rescues;
    rescue->group = action->group;
    rescue->epoch = action->epoch;
    rescue->timeout_ms = action->timeout_ms > 0 ? (uint64_t)action->timeout_ms : 1;
    rescue->job = sn_rescue_job_new(&shared, action, &hooks, rescue);
    uv_timer_init(rescues->loop, &rescue->timer);
    rescue->timer.data = rescue;
    uv_timer_start(&rescue->timer, on_timer, 0, 0);
    DL_APPEND(rescues->all, rescue);
}

/* Those who are told a path may stand elsewhere. */
static char *absolute(const char *dir)
{
    uv_fs_t request;
    int status = uv_fs_realpath(NULL, &request, dir, NULL);
    char *path = sn_strdup(status == 0 ? request.ptr : dir);

    uv_fs_req_cleanup(&request);
    return path;
}

struct sn_rescues *sn_rescues_new(uv_loop_t *loop, const struct sn_links *links, const char *dir)
{
    struct sn_rescues *rescues = sn_alloc(sizeof(*rescues));

    rescues->loop = loop;
    rescues->links = links;
    rescues->dir = absolute(dir != NULL ? dir : ".");
    rescues->net.loop = loop;
    return rescues;
}

void sn_rescues_set_driver(struct sn_rescues *rescues, struct sn_driver *driver)
{
    rescues->driver = driver;
}

void sn_rescues_close(struct sn_rescues *rescues)
{
    struct rescue *rescue;

    rescues->closing = true;
    DL_FOREACH(rescues->all, rescue)
        close_rescue(rescue);
    release(rescues);
}
