/* SPDX-License-Identifier: BSD-3-Clause */

/* Kept is not a queue of messages but what has still to be told, so that a manager that does not
 * read costs no memory and hears the truth of the moment when it reads again. */

#include "shell/process/supervise.h"

#include "base/alloc.h"
#include "base/text.h"
#include "shell/process/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define STATUS_EVERY_MS 1000
#define BUSY_RETRY_MS   100 /* the queue of the manager's socket is short while many units start */
#define LOST_RETRY_MS   1000

struct sn_supervise {
    enum sn_supervisor kind;
    struct sn_notify notify;
    struct sn_log *log;
    sn_supervise_describe *describe;
    void *arg;
    uv_timer_t tell; /* active while something has to be told */
    uv_timer_t watchdog;
    uint64_t watchdog_ms; /* 0: not asked for */
    int open_handles;
    bool was_ready;
    bool reloading;
    uint64_t reloading_usec; /* the reload that is untold; 0: none */
    bool untold_ready;
    bool stopping;
    bool untold_stopping;
    bool stale; /* the status */
    bool failing;
    uint64_t status_at; /* when the last one was sent; 0: never */
    char status[SN_STATUS_MAX + 1];
};

/* ---- whom there is to tell ---- */

/* NULL also for one that is empty. */
static const char *variable(const char *name)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* One that is only busy is there. */
static int try_socket(const char *name)
{
    struct sn_notify notify;

    int status = sn_notify_open(&notify, name);
    if (status == 0)
        status = sn_notify_send(&notify, "STATUS=Starting\n");
    sn_notify_close(&notify);
    return status == UV_EAGAIN ? 0 : status;
}

static enum sn_supervisor find_systemd(struct sn_buf *complaint)
{
    const char *name = variable("NOTIFY_SOCKET");

    if (name == NULL) {
        sn_buf_puts(complaint, "systemd supervision error: NOTIFY_SOCKET not found! Use "
                               "Type=notify in the unit, or `supervised no`");
        return SN_SUPERVISOR_NONE;
    }
    int status = try_socket(name);
    if (status != 0) {
        sn_buf_printf(complaint, "systemd supervision error: NOTIFY_SOCKET %.256s: %s", name,
                      uv_strerror(status));
        return SN_SUPERVISOR_NONE;
    }
    return SN_SUPERVISOR_SYSTEMD;
}

static enum sn_supervisor find_upstart(struct sn_buf *complaint)
{
    if (variable("UPSTART_JOB") != NULL) {
        unsetenv("UPSTART_JOB"); /* scripts are no such jobs */
        return SN_SUPERVISOR_UPSTART;
    }
    sn_buf_puts(complaint, "upstart supervision requested, but UPSTART_JOB not found!");
    return SN_SUPERVISOR_NONE;
}

enum sn_supervisor sn_supervise_find(const char *mode, struct sn_buf *complaint)
{
    bool automatic = strcasecmp(mode, "auto") == 0;

    if (strcasecmp(mode, "systemd") == 0 || (automatic && variable("NOTIFY_SOCKET") != NULL))
        return find_systemd(complaint);
    if (strcasecmp(mode, "upstart") == 0 || (automatic && variable("UPSTART_JOB") != NULL))
        return find_upstart(complaint);
    /* Otherwise the operator learns of it by a time-out of the start. */
    if (!automatic && variable("NOTIFY_SOCKET") != NULL)
        sn_buf_printf(complaint,
                      "NOTIFY_SOCKET is set, but supervised is %s: a unit of Type=notify waits in "
                      "vain for the end of the start. Set `supervised auto`",
                      mode);
    return SN_SUPERVISOR_NONE;
}

const char *sn_supervise_name(enum sn_supervisor supervisor)
{
    switch (supervisor) {
    case SN_SUPERVISOR_UPSTART:
        return "upstart";
    case SN_SUPERVISOR_SYSTEMD:
        return "systemd";
    case SN_SUPERVISOR_NONE:
        break;
    }
    return "no";
}

/* ---- what is told ---- */

static int send_text(struct sn_supervise *supervise, const char *text)
{
    int status = sn_notify_send(&supervise->notify, text);

    if (status != 0 && status != UV_EAGAIN && !supervise->failing)
        sn_log(supervise->log, SN_LEVEL_WARNING,
               "Cannot notify systemd: %s. Repeated until it works", uv_strerror(status));
    if (status != UV_EAGAIN)
        supervise->failing = status != 0;
    return status;
}

static int send_reloading(struct sn_supervise *supervise)
{
    char text[64];

    if (supervise->reloading_usec == 0)
        return 0;
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
             supervise->reloading_usec);
    int status = send_text(supervise, text);
    if (status == 0)
        supervise->reloading_usec = 0;
    return status;
}

/* The first one has the words of stock (PROTOCOL.md §21.2). */
static int send_ready(struct sn_supervise *supervise)
{
    if (!supervise->untold_ready)
        return 0;
    int status = send_text(supervise, supervise->was_ready
                                          ? "READY=1\n"
                                          : "READY=1\nSTATUS=Ready to accept connections\n");
    if (status == 0) {
        supervise->untold_ready = false;
        supervise->was_ready = true;
    }
    return status;
}

/* PROTOCOL.md §21.2. */
static int send_stopping(struct sn_supervise *supervise)
{
    if (!supervise->untold_stopping)
        return 0;
    int status = send_text(supervise, "STOPPING=1\nSTATUS=Ending\n");
    if (status == 0)
        supervise->untold_stopping = false;
    return status;
}

static uint64_t now_of(const struct sn_supervise *supervise)
{
    return uv_now(supervise->tell.loop);
}

/* Time until a new status may be sent. */
static uint64_t status_wait(const struct sn_supervise *supervise)
{
    uint64_t due = supervise->status_at + STATUS_EVERY_MS;

    if (supervise->status_at == 0 || due <= now_of(supervise))
        return 0;
    return due - now_of(supervise);
}

/* The last one is that of the end. */
static bool wants_status(const struct sn_supervise *supervise)
{
    return supervise->stale && supervise->was_ready && !supervise->stopping;
}

static int send_status(struct sn_supervise *supervise)
{
    struct sn_buf line;
    int status = 0;

    if (!wants_status(supervise) || status_wait(supervise) > 0)
        return 0;
    sn_buf_init(&line, SN_STATUS_MAX);
    supervise->describe(supervise->arg, &line);
    if (strcmp(sn_buf_text(&line), supervise->status) != 0) {
        char text[SN_STATUS_MAX + sizeof("STATUS=\n")];
        snprintf(text, sizeof(text), "STATUS=%s\n", sn_buf_text(&line));
        status = send_text(supervise, text);
        if (status == 0) {
            snprintf(supervise->status, sizeof(supervise->status), "%s", sn_buf_text(&line));
            supervise->status_at = now_of(supervise);
        }
    }
    sn_buf_fini(&line);
    if (status == 0)
        supervise->stale = false;
    return status;
}

static int send_untold(struct sn_supervise *supervise)
{
    int status = send_reloading(supervise);

    if (status == 0)
        status = send_ready(supervise);
    if (status == 0)
        status = send_stopping(supervise);
    if (status == 0)
        status = send_status(supervise);
    return status;
}

/* Something may still be reported between sn_supervise_close and the end of the loop. */
static bool is_open(const struct sn_supervise *supervise)
{
    return supervise->kind == SN_SUPERVISOR_SYSTEMD &&
           !uv_is_closing((const uv_handle_t *)&supervise->tell);
}

static void on_tell(uv_timer_t *timer);

static void tell_now(struct sn_supervise *supervise)
{
    if (!is_open(supervise))
        return;
    int status = send_untold(supervise);
    if (status != 0)
        uv_timer_start(&supervise->tell, on_tell,
                       status == UV_EAGAIN ? BUSY_RETRY_MS : LOST_RETRY_MS, 0);
    else if (wants_status(supervise))
        uv_timer_start(&supervise->tell, on_tell, status_wait(supervise), 0);
}

static void on_tell(uv_timer_t *timer)
{
    tell_now(timer->data);
}

/* ---- the watchdog ---- */

static void on_watchdog(uv_timer_t *timer)
{
    struct sn_supervise *supervise = timer->data;
    uint64_t next = supervise->watchdog_ms;

    if (send_text(supervise, "WATCHDOG=1\n") != 0 && next > BUSY_RETRY_MS)
        next = BUSY_RETRY_MS;
    uv_timer_start(timer, on_watchdog, next, 0);
}

static bool number_variable(const char *name, uint64_t *number)
{
    const char *text = variable(name);

    return text != NULL && sn_text_to_u64(text, strlen(text), number) == 0 && *number > 0;
}

/* sd_watchdog_enabled(3). */
static uint64_t find_watchdog(void)
{
    uint64_t usec, pid;

    if (!number_variable("WATCHDOG_USEC", &usec))
        return 0;
    if (variable("WATCHDOG_PID") != NULL &&
        (!number_variable("WATCHDOG_PID", &pid) || pid != (uint64_t)getpid()))
        return 0;
    return usec >= 2000 ? usec / 2000 : 1;
}

/* ---- its life ---- */

struct sn_supervise *sn_supervise_new(uv_loop_t *loop, enum sn_supervisor supervisor,
                                      struct sn_log *log, sn_supervise_describe *describe,
                                      void *arg)
{
    struct sn_supervise *supervise = sn_alloc(sizeof(*supervise));

    *supervise = (struct sn_supervise){.kind = supervisor,
                                       .notify = {.fd = -1},
                                       .log = log,
                                       .describe = describe,
                                       .arg = arg,
                                       .open_handles = 2,
                                       .stale = true};
    uv_timer_init(loop, &supervise->tell);
    uv_timer_init(loop, &supervise->watchdog);
    supervise->tell.data = supervise->watchdog.data = supervise;
    if (supervisor != SN_SUPERVISOR_SYSTEMD)
        return supervise;
    int status = sn_notify_open(&supervise->notify, getenv("NOTIFY_SOCKET"));
    if (status != 0) {
        sn_log(log, SN_LEVEL_WARNING, "systemd supervision error: %s", uv_strerror(status));
        supervise->kind = SN_SUPERVISOR_NONE;
        return supervise;
    }
    supervise->watchdog_ms = find_watchdog();
    if (supervise->watchdog_ms > 0)
        uv_timer_start(&supervise->watchdog, on_watchdog, 0, 0);
    return supervise;
}

void sn_supervise_ready(struct sn_supervise *supervise)
{
    if (supervise->kind == SN_SUPERVISOR_UPSTART && !supervise->was_ready) {
        supervise->was_ready = true;
        if (raise(SIGSTOP) != 0)
            sn_log(supervise->log, SN_LEVEL_WARNING,
                   "upstart cannot be told that the start is over: %s", strerror(errno));
    }
    supervise->untold_ready = true;
    tell_now(supervise);
}

/* A READY before its time would be a lie: a reload during the start is not told. */
void sn_supervise_reloading(struct sn_supervise *supervise)
{
    if (!supervise->was_ready)
        return;
    supervise->reloading = true;
    supervise->reloading_usec = uv_hrtime() / 1000;
    tell_now(supervise);
}

void sn_supervise_reloaded(struct sn_supervise *supervise)
{
    if (!supervise->reloading)
        return;
    supervise->reloading = false;
    supervise->untold_ready = true;
    tell_now(supervise);
}

void sn_supervise_stopping(struct sn_supervise *supervise)
{
    supervise->stopping = true;
    supervise->untold_stopping = true;
    tell_now(supervise);
}

void sn_supervise_changed(struct sn_supervise *supervise)
{
    supervise->stale = true;
    if (is_open(supervise) && wants_status(supervise) &&
        !uv_is_active((const uv_handle_t *)&supervise->tell))
        uv_timer_start(&supervise->tell, on_tell, status_wait(supervise), 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct sn_supervise *supervise = handle->data;

    if (--supervise->open_handles == 0)
        free(supervise);
}

void sn_supervise_close(struct sn_supervise *supervise)
{
    if (supervise->kind == SN_SUPERVISOR_SYSTEMD)
        (void)send_untold(supervise);
    sn_notify_close(&supervise->notify);
    uv_close((uv_handle_t *)&supervise->tell, on_timer_closed);
    uv_close((uv_handle_t *)&supervise->watchdog, on_timer_closed);
}
