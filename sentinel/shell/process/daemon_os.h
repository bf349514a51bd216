/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DAEMON_OS_H
#define SN_SHELL_PROCESS_DAEMON_OS_H

/* What a daemon asks of the operating system. */

#include "base/types.h"

/* Goes into the background: the calling process waits in here, leaving with status 0 when the
 * background process calls sn_daemon_ready, with 1 if that ends before. Returns in the background
 * process only, in a session of its own, with standard input and output on /dev/null and standard
 * error still on the caller's. *ready is for sn_daemon_ready. SN_EIO: errno tells why (PROTOCOL.md
 * §21.2). */
SN_MUST_CHECK int sn_daemon_detach(int *ready);
/* Lets the waiting process go and leaves its standard error. */
void sn_daemon_ready(int ready);

/* SN_EIO: errno tells why (sn_file_error). */
SN_MUST_CHECK int sn_daemon_write_pidfile(const char *path);

/* Before the loop lives: ignores signals whose default action would end the process. */
void sn_daemon_ignore_signals(void);
/* At the end, when the loop watches signals no longer and a write may still be waited for: SIGINT
 * ends the process at once, SIGTERM and SIGHUP change nothing. */
void sn_daemon_leave_signals(void);

/* Raises the limit of open files as far as is allowed towards wanted; returns what it is now. */
uint64_t sn_daemon_raise_files(uint64_t wanted);

#endif
