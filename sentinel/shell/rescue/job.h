/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_RESCUE_JOB_H
#define SN_SHELL_RESCUE_JOB_H

/* One rescue: the connection to an old master, and the file. */

#include "core/action.h"
#include "shell/links/reply.h"
#include "shell/net/stream.h"
#include "shell/rescue/facts.h"

struct sn_rescue_job;

/* Called from the loop, or from within a call of the owner. */
struct sn_rescue_job_hooks {
    /* Once; the owner closes the job then. file: "" if there is none. reason: "" if saved or empty.
     */
    void (*ended)(void *owner, enum sn_rescue_outcome outcome, const char *file,
                  const char *reason);
    void (*closed)(void *owner); /* the job is freed */
};

/* What jobs share; all borrowed. */
struct sn_rescue_shared {
    uv_loop_t *loop;
    struct sn_net *net;
    struct sn_reply_parsers *parsers;
    const char *dir;    /* of the files */
    struct sn_tls *tls; /* NULL: no TLS */
};

struct sn_rescue_job *sn_rescue_job_new(const struct sn_rescue_shared *shared,
                                        const struct sn_action_rescue *action,
                                        const struct sn_rescue_job_hooks *hooks, void *owner);
/* Connects. The job may end within the call. source: address to come from; NULL: any. */
void sn_rescue_job_start(struct sn_rescue_job *job, const struct sockaddr_storage *source);
/* Ends it with this reason, unless it is only the disk that is waited for. */
void sn_rescue_job_give_up(struct sn_rescue_job *job, const char *reason);
const struct sn_rescue_facts *sn_rescue_job_facts(const struct sn_rescue_job *job);
/* Drops what is under way. Ends in the hook `closed`. */
void sn_rescue_job_close(struct sn_rescue_job *job);

#endif
