/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_RELOAD_H
#define SN_SHELL_PROCESS_RELOAD_H

/* SIGHUP: what is opened or read again without a restart. The steps stand in a table in reload.c; a
 * step that fails leaves what was in force before. */

#include "shell/log/log.h"
#include "shell/process/certs.h"
#include "shell/process/passwords.h"
#include "shell/process/supervise.h"

/* The parts of the process that steps work on; borrowed. */
struct sn_reload_parts {
    struct sn_log *log;
    struct sn_certs *certs; /* NULL: no TLS */
    struct sn_passwords *passwords;
    struct sn_supervise *supervise;
};

/* Runs all steps, and logs each with its outcome (a deliberate difference: PROTOCOL.md §21.3). The
 * service manager is told of the reload, and of its end once no worker of a step is busy. */
void sn_reload_run(const struct sn_reload_parts *parts);
/* For the parts whose workers have ended. parts: struct sn_reload_parts. */
void sn_reload_over(void *parts);

#endif
