/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DAEMON_OS_H
#define SN_SHELL_PROCESS_DAEMON_OS_H

/* Services of the operating system for a daemon. */

#include "conf/table/settings.h"
#include "shell/log/log.h"

#define SN_POOL_THREADS 16

/* Goes into the background. The calling process waits here; it exits with status 0 when the
 * background process calls sn_daemon_ready, with 1 if that process ends before. Returns only in the
 * background process, in a new session, with standard input and output on /dev/null and the
 * caller's standard error. *ready is for sn_daemon_ready. SN_EIO: errno tells why (PROTOCOL.md
 * §21.2). */
SN_MUST_CHECK int sn_daemon_detach(int *ready);
/* Releases the waiting process and closes its standard error. */
void sn_daemon_ready(int ready);

/* Writes the pid file that settings name, or the usual one of a process in the background that
 * nobody supervises. Returns its path; NULL: none is wanted, or it failed, which is logged
 * (PROTOCOL.md §21.2). */
const char *sn_daemon_place_pidfile(const struct sn_settings *settings, bool supervised,
                                    struct sn_log *log);

/* Called before the first work for libuv's thread pool: UV_THREADPOOL_SIZE threads, at least two,
 * by default SN_POOL_THREADS. Look-ups that hang would take the only one, and nothing could be
 * saved. Returns how many there are. */
unsigned sn_daemon_size_pool(void);

/* Called before the first thread: lets all threads of the pool share one arena of the C library's
 * malloc, beside that of the loop. Each would keep a megabyte of its own, and few of them work at
 * one time. MALLOC_ARENA_MAX in the environment wins. */
void sn_daemon_share_arenas(void);

/* Raises the limit of open files towards wanted as far as permitted. Returns the resulting limit.
 */
uint64_t sn_daemon_raise_files(uint64_t wanted);

#endif
