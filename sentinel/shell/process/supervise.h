/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SUPERVISE_H
#define SN_SHELL_PROCESS_SUPERVISE_H

/* What a service manager is told: systemd by datagrams to $NOTIFY_SOCKET (sd_notify(3)), upstart by
 * SIGSTOP until it continues the process. Nothing here waits: what systemd does not take at once is
 * kept and sent later. */

#include "base/buf.h"
#include "shell/log/log.h"

#include <uv.h>

enum sn_supervisor { SN_SUPERVISOR_NONE = 0, SN_SUPERVISOR_UPSTART, SN_SUPERVISOR_SYSTEMD };

/* Detects a supervisor that mode permits ("upstart", "systemd", "auto", "no"; any case). Appends to
 * complaint what is missing, does not answer, or waits without being told anything (PROTOCOL.md
 * §21.2). */
enum sn_supervisor sn_supervise_find(const char *mode, struct sn_buf *complaint);
/* Returns "no", "upstart" or "systemd", as in INFO. */
const char *sn_supervise_name(enum sn_supervisor supervisor);

struct sn_supervise;

/* Appends one line that says how the process is, of SN_STATUS_MAX bytes at most and without a
 * newline. What systemd reads at once is 4096 bytes. */
#define SN_STATUS_MAX 1024
typedef void sn_supervise_describe(void *arg, struct sn_buf *line);

/* Keeps the watchdog of systemd at bay while loop turns, if WATCHDOG_USEC and WATCHDOG_PID ask this
 * process for that: a sign of life in every half of its time. Failures are logged to log. */
struct sn_supervise *sn_supervise_new(uv_loop_t *loop, enum sn_supervisor supervisor,
                                      struct sn_log *log, sn_supervise_describe *describe,
                                      void *arg);
/* The start is over: READY=1. Once. */
void sn_supervise_ready(struct sn_supervise *supervise);
/* RELOADING=1 and MONOTONIC_USEC; and its end, READY=1. No effect before the start is told to be
 * over, and the end of none. */
void sn_supervise_reloading(struct sn_supervise *supervise);
void sn_supervise_reloaded(struct sn_supervise *supervise);
/* STOPPING=1. */
void sn_supervise_stopping(struct sn_supervise *supervise);
/* The line of describe may have changed: sent as STATUS=, once a second at most. */
void sn_supervise_changed(struct sn_supervise *supervise);
/* Tries a last time to send what is left, and frees it all in a turn of the loop. */
void sn_supervise_close(struct sn_supervise *supervise);

#endif
