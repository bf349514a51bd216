/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_SUPERVISE_H
#define SN_SHELL_PROCESS_SUPERVISE_H

/* Tells the process that has started us when we are ready: systemd by a datagram to
 * $NOTIFY_SOCKET (sd_notify(3)), upstart by stopping ourselves until it has noticed. */

#include "base/buf.h"

enum sn_supervisor { SN_SUPERVISOR_NONE = 0, SN_SUPERVISOR_UPSTART, SN_SUPERVISOR_SYSTEMD };

/* Who is there, of those that mode allows ("upstart", "systemd", "auto", "no"; any case). Appends
 * to complaint what is missing or does not answer (PROTOCOL.md §21.2). */
enum sn_supervisor sn_supervise_find(const char *mode, struct sn_buf *complaint);
/* "no", "upstart", "systemd", as INFO says it. */
const char *sn_supervise_name(enum sn_supervisor supervisor);

/* Both return 0 or a libuv error. May wait a few seconds for a supervisor that is busy (PROTOCOL.md
 * §21.2). */
int sn_supervise_ready(enum sn_supervisor supervisor);
int sn_supervise_stopping(enum sn_supervisor supervisor);

#endif
