/* SPDX-License-Identifier: BSD-3-Clause */
/* To add a step: a row in the table, and in sn_reload_parts what it works on. A step must not wait:
 * it runs in the loop. */
#include "shell/process/reload.h"

#include "base/buf.h"
#include "base/error.h"

#define PROBLEM_MAX 1024

struct step {
    const char *done; /* what the log says of it */
    const char *failed;
    /* SN_ENOENT: there is nothing to do here. SN_EAGAIN: a worker goes on. Any other error:
     * *problem says why, and what was in force stays. */
    int (*run)(const struct sn_reload_parts *parts, struct sn_buf *problem);
};

static int reopen_log(const struct sn_reload_parts *parts, struct sn_buf *problem)
{
    return sn_log_reopen(parts->log, problem);
}

/* A worker reads them, and says what came of it. */
static int reread_certificates(const struct sn_reload_parts *parts, struct sn_buf *problem)
{
    (void)problem;
    if (parts->certs == NULL)
        return SN_ENOENT;
    sn_certs_reload(parts->certs);
    return SN_EAGAIN;
}

/* The same for these. */
static int reread_passwords(const struct sn_reload_parts *parts, struct sn_buf *problem)
{
    (void)problem;
    return sn_passwords_reload(parts->passwords) ? SN_EAGAIN : SN_ENOENT;
}

static const struct step steps[] = {
    {.done = "reopened the log file",
     .failed = "Cannot reopen the log file, so the old one stays in use",
     .run = reopen_log},
    {.done = "reading the certificates again", .failed = "", .run = reread_certificates},
    {.done = "reading the password files again", .failed = "", .run = reread_passwords},
};

void sn_reload_run(const struct sn_reload_parts *parts)
{
    struct sn_buf done, problem;
    bool goes_on = false;

    sn_supervise_reloading(parts->supervise);
    sn_buf_init(&done, PROBLEM_MAX);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        sn_buf_init(&problem, PROBLEM_MAX);
        int status = steps[i].run(parts, &problem);
        if (status == 0 || status == SN_EAGAIN)
            sn_buf_printf(&done, ", %s", steps[i].done);
        else if (status != SN_ENOENT)
            sn_log(parts->log, SN_LEVEL_WARNING, "%s: %s", steps[i].failed, sn_buf_text(&problem));
        goes_on = goes_on || status == SN_EAGAIN;
        sn_buf_fini(&problem);
    }
    sn_log(parts->log, SN_LEVEL_NOTICE, "Received SIGHUP%s",
           done.len > 0 ? sn_buf_text(&done) : ", nothing to do");
    sn_buf_fini(&done);
    if (!goes_on)
        sn_supervise_reloaded(parts->supervise);
}

/* Certificates are also read by a timer, so the calls cannot be counted. */
void sn_reload_over(void *arg)
{
    const struct sn_reload_parts *parts = arg;

    if (!sn_certs_is_busy(parts->certs) && !sn_passwords_is_busy(parts->passwords))
        sn_supervise_reloaded(parts->supervise);
}
