/* SPDX-License-Identifier: BSD-3-Clause */

/* libuv waits for a new process until it runs its program, which takes as long as a busy machine
 * likes: each start gets a turn of the loop, or a queue of scripts that end at once would keep all
 * timers and answers waiting until it is worked off. */

#include "shell/process.h"

#include "base/alloc.h"

#include <assert.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* What a failed exec yields as exit status: never retried (PROTOCOL.md §8.2). */
#define STATUS_NOT_STARTED 2

struct job {
    struct sn_processes *processes;
    struct sn_job_id id;
    char **argv; /* until it is started */
    uv_process_t handle;
    struct job *prev, *next;
};

struct sn_processes {
    uv_loop_t *loop;
    struct sn_driver *driver;
    struct job *waiting; /* for their turn */
    struct job *jobs;    /* running, or their handles being closed */
    uv_idle_t idle;      /* active while jobs wait */
    bool closing;
    bool idle_closed;
};

static void free_if_over(struct sn_processes *processes)
{
    if (processes->idle_closed && processes->jobs == NULL)
        free(processes);
}

static void on_idle_closed(uv_handle_t *handle)
{
    struct sn_processes *processes = handle->data;

    processes->idle_closed = true;
    free_if_over(processes);
}

static void on_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;
    struct sn_processes *processes = job->processes;

    DL_DELETE(processes->jobs, job);
    free(job);
    free_if_over(processes);
}

static void free_argv(struct job *job)
{
    for (char **word = job->argv; *word != NULL; word++)
        free(*word);
    free(job->argv);
    job->argv = NULL;
}

static void forget_waiting(struct job *job)
{
    DL_DELETE(job->processes->waiting, job);
    free_argv(job);
    free(job);
}

static void feed(struct sn_processes *processes, enum sn_event_kind kind,
                 const struct sn_event_script *script)
{
    struct sn_event event = {.kind = kind, .u.script = *script};

    sn_driver_feed(processes->driver, &event);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct job *job = process->data;
    struct sn_event_script script = {
        .job = job->id, .status = status, .signal = signal, .spawned = true};

    uv_close((uv_handle_t *)process, on_closed);
    feed(job->processes, SN_EVENT_SCRIPT_EXITED, &script);
}

struct sn_processes *sn_processes_new(uv_loop_t *loop)
{
    struct sn_processes *processes = sn_alloc(sizeof(*processes));

    processes->loop = loop;
    uv_idle_init(loop, &processes->idle);
    processes->idle.data = processes;
    return processes;
}

void sn_processes_set_driver(struct sn_processes *processes, struct sn_driver *driver)
{
    processes->driver = driver;
}

/* libuv looks a bare name up in PATH; ours is relative to the working directory. */
static const char *file_of(const char *path, char *out, size_t size)
{
    if (strchr(path, '/') != NULL)
        return path;
    snprintf(out, size, "./%s", path);
    return out;
}

static void spawn(struct job *job)
{
    struct sn_processes *processes = job->processes;
    char file[PATH_MAX];
    uv_stdio_container_t stdio[] = {{.flags = UV_IGNORE},
                                    {.flags = UV_INHERIT_FD, .data.fd = 1},
                                    {.flags = UV_INHERIT_FD, .data.fd = 2}};
    /* DETACHED: its own session and with it its own process group. */
    uv_process_options_t options = {.file = file_of(job->argv[0], file, sizeof(file)),
                                    .args = job->argv,
                                    .flags = UV_PROCESS_DETACHED,
                                    .exit_cb = on_exit,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    struct sn_event_script told = {.job = job->id};

    int status = uv_spawn(processes->loop, &job->handle, &options);
    free_argv(job);
    if (status != 0) {
        uv_close((uv_handle_t *)&job->handle, on_closed);
        told.status = STATUS_NOT_STARTED;
        feed(processes, SN_EVENT_SCRIPT_EXITED, &told);
        return;
    }
    told.pid = job->handle.pid;
    told.spawned = true;
    feed(processes, SN_EVENT_SCRIPT_STARTED, &told);
}

static void on_idle(uv_idle_t *idle)
{
    struct sn_processes *processes = idle->data;
    struct job *job = processes->waiting;

    DL_DELETE(processes->waiting, job);
    if (processes->waiting == NULL)
        uv_idle_stop(idle);
    DL_APPEND(processes->jobs, job);
    spawn(job);
}

void sn_processes_start(struct sn_processes *processes, const struct sn_action_script *script)
{
    size_t count = 0;

    assert(!processes->closing);
    while (script->argv[count] != NULL)
        count++;
    struct job *job = sn_alloc(sizeof(*job));
    job->processes = processes;
    job->id = script->job;
    job->argv = sn_alloc_array(count + 1, sizeof(*job->argv));
    for (size_t i = 0; i < count; i++)
        job->argv[i] = sn_strdup(script->argv[i]);
    job->handle.data = job;
    DL_APPEND(processes->waiting, job);
    uv_idle_start(&processes->idle, on_idle);
}

/* One that still waits ends as one that could not be forked, which may be tried again. */
static void kill_waiting(struct sn_processes *processes, struct sn_job_id id)
{
    struct sn_event_script told = {.job = id};
    struct job *job;

    DL_FOREACH(processes->waiting, job) {
        if (job->id.v == id.v)
            break;
    }
    if (job == NULL)
        return;
    forget_waiting(job);
    if (processes->waiting == NULL)
        uv_idle_stop(&processes->idle);
    feed(processes, SN_EVENT_SCRIPT_EXITED, &told);
}

void sn_processes_kill(struct sn_processes *processes, struct sn_job_id id)
{
    struct job *job;

    DL_FOREACH(processes->jobs, job) {
        if (job->id.v == id.v && !uv_is_closing((const uv_handle_t *)&job->handle))
            kill(-job->handle.pid, SIGKILL);
    }
    kill_waiting(processes, id);
}

void sn_processes_close(struct sn_processes *processes)
{
    struct job *job, *next;

    assert(!processes->closing);
    processes->closing = true;
    uv_close((uv_handle_t *)&processes->idle, on_idle_closed);
    DL_FOREACH_SAFE(processes->waiting, job, next)
        forget_waiting(job);
    DL_FOREACH(processes->jobs, job) {
        if (!uv_is_closing((const uv_handle_t *)&job->handle))
            uv_close((uv_handle_t *)&job->handle, on_closed);
    }
}
