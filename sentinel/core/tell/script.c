/* SPDX-License-Identifier: BSD-3-Clause */

/* The queue of notification and client reconfiguration scripts (PROTOCOL.md §8): at most 256 are
 * queued, 16 of them running. A script that ends with status 1 or by a signal is retried with
 * doubling pauses, ten starts in total; a run that takes too long is killed. This file decides
 * which script runs and when; the shell runs the processes. */

#include "core/tell/script.h"

#include "core/tell/notice.h"
#include "core/tell/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void free_job(struct sn_job *job)
{
    for (char **word = job->argv; *word != NULL; word++)
        free(*word);
    free(job->argv);
    free(job);
}

static void drop_job(struct sn_core *core, struct sn_job *job)
{
    sn_timer_stop(&core->timers, &job->timer);
    DL_DELETE(core->jobs, job);
    core->job_count--;
    free_job(job);
}

static void start_job(struct sn_job *job)
{
    struct sn_core *core = job->core;
    job->due = false;
    job->running = true;
    job->killed = false;
    job->starts++;
    job->started_at = core->now;
    core->jobs_running++;
    sn_timer_set(&core->timers, &job->timer,
                 sn_after(core->now, core->timings[SN_TIMING_SCRIPT_MAX_RUNTIME]));
    struct sn_action_script *script = &sn_out_add(core, SN_ACTION_SCRIPT_START)->u.script;
    script->job = job->id;
    script->argv = job->argv;
}

/* 16 run at once, the oldest first (PROTOCOL.md §8.2). */
static void start_due(struct sn_core *core)
{
    struct sn_job *job;
    DL_FOREACH(core->jobs, job) {
        if (core->jobs_running >= SN_SCRIPT_RUNNING_MAX)
            return;
        if (job->due)
            start_job(job);
    }
}

/* 256 scripts wait; one more drops the oldest that does not run (PROTOCOL.md §8.2). */
static void enqueue(struct sn_core *core, const char *const *words, size_t count)
{
    if (core->job_count >= SN_SCRIPT_QUEUE_MAX) {
        struct sn_job *oldest;
        DL_FOREACH(core->jobs, oldest) {
            if (!oldest->running)
                break;
        }
        if (oldest == NULL)
            return;
        sn_out_log(core, SN_LEVEL_WARNING,
                   "More than %d scripts are waiting: dropped the oldest one (%s).",
                   SN_SCRIPT_QUEUE_MAX, oldest->argv[0]);
        drop_job(core, oldest);
    }
    struct sn_job *job = sn_alloc(sizeof(*job));
    job->core = core;
    job->id.v = ++core->next_id;
    job->argv = sn_alloc_array(count + 1, sizeof(*job->argv));
    for (size_t i = 0; i < count; i++)
        job->argv[i] = sn_strdup(words[i]);
    sn_timer_init(&job->timer, SN_TIMER_JOB, job);
    job->due = true;
    DL_APPEND(core->jobs, job);
    core->job_count++;
    /* The timer, not a call: a script never starts before its event is published. */
    sn_timer_set(&core->timers, &job->timer, core->now);
}

void sn_script_notify(struct sn_group *group, const char *event, const char *payload)
{
    if (group->params.notification_script == NULL)
        return;
    const char *words[] = {group->params.notification_script, event, payload};
    enqueue(group->core, words, 3);
}

/* A reconfiguration script gets role, old and new address (PROTOCOL.md §8.1). */
void sn_script_reconfig(struct sn_group *group, bool leader, const struct sn_addr *from,
                        const struct sn_addr *to)
{
    bool names = group->core->globals.announce_hostnames;
    char from_port[8], to_port[8];
    if (group->params.client_reconfig_script == NULL)
        return;
    (void)snprintf(from_port, sizeof(from_port), "%u", from->port);
    (void)snprintf(to_port, sizeof(to_port), "%u", to->port);
    const char *words[] = {
        group->params.client_reconfig_script, group->name, leader ? "leader" : "observer", "start",
        sn_addr_shown(from, names),           from_port,   sn_addr_shown(to, names),       to_port};
    enqueue(group->core, words, 8);
}

/* A run that takes too long is killed, once, and repeated (PROTOCOL.md §8.2). */
void sn_script_due(struct sn_job *job)
{
    struct sn_core *core = job->core;
    if (!job->running) {
        job->due = true;
        start_due(core);
    } else if (!job->killed) {
        job->killed = true;
        sn_notice_emit(core, 0, SN_NOTICE_SCRIPT_TIMEOUT,
                       sn_out_printf(core, "%s %lld", job->argv[0], (long long)job->pid));
        sn_out_add(core, SN_ACTION_SCRIPT_KILL)->u.script.job = job->id;
    }
}

static struct sn_job *find_running(struct sn_core *core, struct sn_job_id id)
{
    struct sn_job *job;
    DL_FOREACH(core->jobs, job) {
        if (job->id.v == id.v && job->running)
            return job;
    }
    return NULL;
}

void sn_script_started(struct sn_core *core, const struct sn_input_script *event)
{
    struct sn_job *job = find_running(core, event->job);
    if (job == NULL)
        return;
    job->pid = event->pid;
    sn_notice_emit(core, 0, SN_NOTICE_SCRIPT_CHILD,
                   sn_out_printf(core, "%lld", (long long)event->pid));
}

/* Exit 1 and a death by signal are repeated nine times, with doubling pauses; other failures are
 * dropped (PROTOCOL.md §8.2). */
void sn_script_exited(struct sn_core *core, const struct sn_input_script *event)
{
    struct sn_job *job = find_running(core, event->job);
    if (job == NULL)
        return;
    core->jobs_running--;
    job->running = false;
    if (event->spawned)
        sn_notice_emit(core, 0, SN_NOTICE_SCRIPT_CHILD_END,
                       sn_out_printf(core, "%lld %lld %d", (long long)job->pid,
                                     (long long)event->status, event->signal));
    job->pid = 0;
    /* A file that could not be executed (status 2) will not be executable later either; a failed
     * fork may succeed later. */
    bool forkless = !event->spawned && event->status == 0;
    bool again = forkless || event->signal != 0 || event->status == 1;
    if (again && job->starts < SN_SCRIPT_STARTS_MAX) {
        sn_ms pause = core->timings[SN_TIMING_SCRIPT_RETRY_DELAY] << (job->starts - 1);
        sn_timer_set(&core->timers, &job->timer, sn_after(core->now, pause));
    } else {
        if (again || event->status != 0)
            sn_notice_emit(core, 0, SN_NOTICE_SCRIPT_ERROR,
                           sn_out_printf(core, "%s %d %lld", job->argv[0],
                                         forkless ? 99 : event->signal, (long long)event->status));
        drop_job(core, job);
    }
    start_due(core);
}

void sn_script_fini(struct sn_core *core)
{
    struct sn_job *job, *next;
    DL_FOREACH_SAFE(core->jobs, job, next)
        drop_job(core, job);
}

size_t sn_core_script_count(const struct sn_core *core)
{
    return core->job_count;
}

size_t sn_core_script_running(const struct sn_core *core)
{
    return core->jobs_running;
}

void sn_core_script_at(const struct sn_core *core, size_t index, sn_ms now,
                       struct sn_script_view *view)
{
    const struct sn_job *job = core->jobs;
    while (index-- > 0)
        job = job->next;
    view->argv = job->argv;
    view->running = job->running;
    view->pid = job->pid;
    view->starts = job->starts;
    if (job->running)
        view->elapsed_ms = now - job->started_at;
    else
        view->elapsed_ms = job->due ? 0 : sn_max(0, job->timer.at - now);
}
