/* SPDX-License-Identifier: BSD-3-Clause */

/* libuv blocks on a new process until its exec, which may take long on a busy machine. Therefore
 * each start gets a turn of the loop of its own; otherwise a queue of short scripts would delay all
 * timers and answers.
 *
 * Processes that an ended script leaves in its process group get a grace period and are then
 * killed, as the limit on scripts does not count them. Orphans may become our children (as process
 * 1 of a container, or after an exec); they are reaped, so that no zombies accumulate. */

#include "shell/process/scripts.h"

#include "base/alloc.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <utlist.h>

/* Exit status of a failed exec: never retried (PROTOCOL.md §8.2). */
#define STATUS_NOT_STARTED 2
/* A group id cannot be reused between two checks: all other ids would have to be used first. */
#define LOOK_EVERY_MS 250

struct job {
    struct sn_scripts *scripts;
    struct sn_job_id id;
    char **argv;  /* until it is started */
    char *script; /* its path, from then on */
    uv_process_t handle;
    struct job *prev, *next;
};

/* A process group whose script has ended. */
struct leftover {
    pid_t group;
    uint64_t until;
    char *script;
    struct leftover *prev, *next;
};

struct sn_scripts {
    uv_loop_t *loop;
    struct sn_driver *driver;
    struct job *waiting; /* for their turn */
    struct job *jobs;    /* running, or their handles being closed */
    struct leftover *leftovers;
    struct sn_log *log; /* NULL: none */
    uint64_t grace_ms;
    uv_idle_t idle;  /* active while jobs wait */
    uv_timer_t look; /* checks leftovers, while there are any */
    uv_signal_t on_child;
    uv_check_t reap; /* runs in the turn in which a child has ended */
    bool closing;
    int open_handles; /* of the four above */
};

static void free_if_over(struct sn_scripts *scripts)
{
    if (scripts->open_handles == 0 && scripts->jobs == NULL)
        free(scripts);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct sn_scripts *scripts = handle->data;

    scripts->open_handles--;
    free_if_over(scripts);
}

static void on_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;
    struct sn_scripts *scripts = job->scripts;

    DL_DELETE(scripts->jobs, job);
    free(job->script);
    free(job);
    free_if_over(scripts);
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
    DL_DELETE(job->scripts->waiting, job);
    free_argv(job);
    free(job);
}

static void feed(struct sn_scripts *scripts, enum sn_input_kind kind,
                 const struct sn_input_script *script)
{
    struct sn_input event = {.kind = kind, .u.script = *script};

    sn_driver_feed(scripts->driver, &event);
}

/* ---- what scripts leave behind ---- */

static bool group_lives(pid_t group)
{
    return kill(-group, 0) == 0 || errno == EPERM;
}

static void forget_leftover(struct sn_scripts *scripts, struct leftover *leftover)
{
    DL_DELETE(scripts->leftovers, leftover);
    free(leftover->script);
    free(leftover);
    if (scripts->leftovers == NULL)
        uv_timer_stop(&scripts->look);
}

static void on_look(uv_timer_t *timer)
{
    struct sn_scripts *scripts = timer->data;
    struct leftover *leftover, *next;

    DL_FOREACH_SAFE(scripts->leftovers, leftover, next) {
        bool lives = group_lives(leftover->group);
        if (lives && uv_now(scripts->loop) < leftover->until)
            continue;
        if (lives) {
            kill(-leftover->group, SIGKILL);
            if (scripts->log != NULL)
                sn_log(scripts->log, SN_LEVEL_WARNING,
                       "Killed processes that script %s left behind: they still ran %llu ms after "
                       "its end. Use setsid to start a process that must outlive the script",
                       leftover->script, (unsigned long long)scripts->grace_ms);
        }
        forget_leftover(scripts, leftover);
    }
}

static void watch_leftovers(struct job *job)
{
    struct sn_scripts *scripts = job->scripts;

    if (!group_lives(job->handle.pid))
        return;
    struct leftover *leftover = sn_alloc(sizeof(*leftover));
    leftover->group = job->handle.pid;
    leftover->until = uv_now(scripts->loop) + scripts->grace_ms;
    leftover->script = job->script;
    job->script = NULL;
    DL_APPEND(scripts->leftovers, leftover);
    if (!uv_is_active((const uv_handle_t *)&scripts->look))
        uv_timer_start(&scripts->look, on_look, LOOK_EVERY_MS, LOOK_EVERY_MS);
}

static bool is_job(const struct sn_scripts *scripts, pid_t pid)
{
    const struct job *job;

    DL_FOREACH(scripts->jobs, job) {
        if (job->handle.pid == pid && uv_is_active((const uv_handle_t *)&job->handle))
            return true;
    }
    return false;
}

/* libuv waits for its own children, by their ids. A child that libuv has not waited for yet stays,
 * because its handler still has to hear of it; another turn follows then (PROTOCOL.md §21.3). */
static void reap_others(struct sn_scripts *scripts)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 ||
            is_job(scripts, info.si_pid))
            return;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void on_reap(uv_check_t *check)
{
    uv_check_stop(check);
    reap_others(check->data);
}

static void on_child_signal(uv_signal_t *handle, int number)
{
    struct sn_scripts *scripts = handle->data;

    (void)number;
    uv_check_start(&scripts->reap, on_reap);
}

/* ---- scripts ---- */

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct job *job = process->data;
    struct sn_input_script script = {
        .job = job->id, .status = status, .signal = signal, .spawned = true};

    watch_leftovers(job);
    uv_close((uv_handle_t *)process, on_closed);
    feed(job->scripts, SN_INPUT_SCRIPT_EXITED, &script);
}

struct sn_scripts *sn_scripts_new(uv_loop_t *loop, struct sn_log *log, uint64_t grace_ms)
{
    struct sn_scripts *scripts = sn_alloc(sizeof(*scripts));

    scripts->loop = loop;
    scripts->log = log;
    scripts->grace_ms = grace_ms;
    scripts->open_handles = 4;
    uv_idle_init(loop, &scripts->idle);
    uv_timer_init(loop, &scripts->look);
    uv_signal_init(loop, &scripts->on_child);
    uv_check_init(loop, &scripts->reap);
    scripts->idle.data = scripts->look.data = scripts;
    scripts->on_child.data = scripts->reap.data = scripts;
    uv_signal_start(&scripts->on_child, on_child_signal, SIGCHLD);
    uv_unref((uv_handle_t *)&scripts->on_child);
    reap_others(scripts); /* reaps inherited children that ended before the handler was installed */
    return scripts;
}

void sn_scripts_set_driver(struct sn_scripts *scripts, struct sn_driver *driver)
{
    scripts->driver = driver;
}

/* libuv looks up a bare name in PATH; ours is relative to the working directory (PROTOCOL.md
 * §8.2). */
static const char *file_of(const char *path, char *out, size_t size)
{
    if (strchr(path, '/') != NULL)
        return path;
    snprintf(out, size, "./%s", path);
    return out;
}

/* A script runs without a shell, from the working directory (PROTOCOL.md §8.2). */
static void spawn(struct job *job)
{
    struct sn_scripts *scripts = job->scripts;
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
    struct sn_input_script told = {.job = job->id};

    int status = uv_spawn(scripts->loop, &job->handle, &options);
    job->script = sn_strdup(job->argv[0]);
    free_argv(job);
    if (status != 0) {
        uv_close((uv_handle_t *)&job->handle, on_closed);
        told.status = STATUS_NOT_STARTED;
        feed(scripts, SN_INPUT_SCRIPT_EXITED, &told);
        return;
    }
    told.pid = job->handle.pid;
    told.spawned = true;
    feed(scripts, SN_INPUT_SCRIPT_STARTED, &told);
}

static void on_idle(uv_idle_t *idle)
{
    struct sn_scripts *scripts = idle->data;
    struct job *job = scripts->waiting;

    DL_DELETE(scripts->waiting, job);
    if (scripts->waiting == NULL)
        uv_idle_stop(idle);
    DL_APPEND(scripts->jobs, job);
    spawn(job);
}

void sn_scripts_start(struct sn_scripts *scripts, const struct sn_action_script *script)
{
    size_t count = 0;

    assert(!scripts->closing);
    while (script->argv[count] != NULL)
        count++;
    struct job *job = sn_alloc(sizeof(*job));
    job->scripts = scripts;
    job->id = script->job;
    job->argv = sn_alloc_array(count + 1, sizeof(*job->argv));
    for (size_t i = 0; i < count; i++)
        job->argv[i] = sn_strdup(script->argv[i]);
    job->handle.data = job;
    DL_APPEND(scripts->waiting, job);
    uv_idle_start(&scripts->idle, on_idle);
}

/* A waiting script ends like a failed fork, which may be retried. */
static void kill_waiting(struct sn_scripts *scripts, struct sn_job_id id)
{
    struct sn_input_script told = {.job = id};
    struct job *job;

    DL_FOREACH(scripts->waiting, job) {
        if (job->id.v == id.v)
            break;
    }
    if (job == NULL)
        return;
    forget_waiting(job);
    if (scripts->waiting == NULL)
        uv_idle_stop(&scripts->idle);
    feed(scripts, SN_INPUT_SCRIPT_EXITED, &told);
}

/* PROTOCOL.md §8.2, §24.2. */
void sn_scripts_kill(struct sn_scripts *scripts, struct sn_job_id id)
{
    struct job *job;

    DL_FOREACH(scripts->jobs, job) {
        if (job->id.v == id.v && !uv_is_closing((const uv_handle_t *)&job->handle))
            kill(-job->handle.pid, SIGKILL);
    }
    kill_waiting(scripts, id);
}

void sn_scripts_close(struct sn_scripts *scripts)
{
    struct job *job, *next;

    assert(!scripts->closing);
    scripts->closing = true;
    uv_close((uv_handle_t *)&scripts->idle, on_handle_closed);
    uv_close((uv_handle_t *)&scripts->look, on_handle_closed);
    uv_close((uv_handle_t *)&scripts->on_child, on_handle_closed);
    uv_close((uv_handle_t *)&scripts->reap, on_handle_closed);
    struct leftover *leftover, *later;
    DL_FOREACH_SAFE(scripts->leftovers, leftover, later) {
        DL_DELETE(scripts->leftovers, leftover);
        free(leftover->script);
        free(leftover);
    }
    DL_FOREACH_SAFE(scripts->waiting, job, next)
        forget_waiting(job);
    DL_FOREACH(scripts->jobs, job) {
        if (!uv_is_closing((const uv_handle_t *)&job->handle))
            uv_close((uv_handle_t *)&job->handle, on_closed);
    }
}
