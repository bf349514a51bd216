/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SUPERVISE_H
#define SN_SHELL_PROCESS_SUPERVISE_H

/* Readiness notification: to systemd by a datagram to $NOTIFY_SOCKET (sd_notify(3)), to upstart by
 * SIGSTOP until upstart continues the process. */

#include "base/buf.h"

enum sn_supervisor { SN_SUPERVISOR_NONE = 0, SN_SUPERVISOR_UPSTART, SN_SUPERVISOR_SYSTEMD };

/* Detects a supervisor that mode permits ("upstart", "systemd", "auto", "no"; any case). Appends to
 * complaint what is missing or does not answer (PROTOCOL.md §21.2). */
enum sn_supervisor sn_supervise_find(const char *mode, struct sn_buf *complaint);
/* Returns "no", "upstart" or "systemd", as in INFO. */
const char *sn_supervise_name(enum sn_supervisor supervisor);

/* Both return 0 or a libuv error. They may wait a few seconds for a busy supervisor (PROTOCOL.md
 * §21.2). */
int sn_supervise_ready(enum sn_supervisor supervisor);
int sn_supervise_stopping(enum sn_supervisor supervisor);

#endif
