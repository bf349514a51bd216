/* SPDX-License-Identifier: BSD-3-Clause */
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
    uv_process_t handle;
    struct job *prev, *next;
};

struct sn_processes {
    uv_loop_t *loop;
    struct sn_driver *driver;
    struct job *jobs; /* running, or their handles being closed */
    bool closing;
};

static void on_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;
    struct sn_processes *processes = job->processes;

    DL_DELETE(processes->jobs, job);
    free(job);
    if (processes->closing && processes->jobs == NULL)
        free(processes);
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

void sn_processes_start(struct sn_processes *processes, const struct sn_action_script *script)
{
    char file[PATH_MAX];
    uv_stdio_container_t stdio[] = {{.flags = UV_IGNORE},
                                    {.flags = UV_INHERIT_FD, .data.fd = 1},
                                    {.flags = UV_INHERIT_FD, .data.fd = 2}};
    /* libuv takes pointers to non-const but changes nothing. DETACHED: its own session and with it
     * its own process group. */
    uv_process_options_t options = {.args = (char **)(uintptr_t)script->argv,
                                    .flags = UV_PROCESS_DETACHED,
                                    .exit_cb = on_exit,
                                    .stdio = stdio,
                                    .stdio_count = 3};

    assert(!processes->closing);
    struct job *job = sn_alloc(sizeof(*job));
    job->processes = processes;
    job->id = script->job;
    job->handle.data = job;
    DL_APPEND(processes->jobs, job);

    struct sn_event_script told = {.job = script->job};
    options.file = file_of(script->argv[0], file, sizeof(file));
    if (uv_spawn(processes->loop, &job->handle, &options) != 0) {
        uv_close((uv_handle_t *)&job->handle, on_closed);
        told.status = STATUS_NOT_STARTED;
        feed(processes, SN_EVENT_SCRIPT_EXITED, &told);
        return;
    }
    told.pid = job->handle.pid;
    told.spawned = true;
    feed(processes, SN_EVENT_SCRIPT_STARTED, &told);
}

void sn_processes_kill(struct sn_processes *processes, struct sn_job_id id)
{
    struct job *job;

    DL_FOREACH(processes->jobs, job) {
        if (job->id.v == id.v && !uv_is_closing((const uv_handle_t *)&job->handle))
            kill(-job->handle.pid, SIGKILL);
    }
}

void sn_processes_close(struct sn_processes *processes)
{
    struct job *job;

    assert(!processes->closing);
    processes->closing = true;
    if (processes->jobs == NULL) {
        free(processes);
        return;
    }
    DL_FOREACH(processes->jobs, job) {
        if (!uv_is_closing((const uv_handle_t *)&job->handle))
            uv_close((uv_handle_t *)&job->handle, on_closed);
    }
}
