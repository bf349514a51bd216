/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LOG_LOG_H
#define SN_SHELL_LOG_LOG_H

/* The operator's log: `<pid>:X <dd Mon yyyy hh:mm:ss.mmm> <mark> <text>` (PROTOCOL.md §21.4) to
 * standard output, a file or syslog. Text is escaped here, and only here, so that no input can
 * forge a line. */

#include "base/buf.h"
#include "base/level.h"
#include "base/types.h"

struct sn_log;

/* Opens a log. path NULL: standard output, coloured on a terminal. syslog_ident NULL: no syslog.
 * SN_EIO: the file cannot be opened for appending; errno tells why (sn_log_error). */
SN_MUST_CHECK int sn_log_open(const char *path, enum sn_level threshold, const char *syslog_ident,
                              const char *syslog_facility, struct sn_log **log);
/* Returns the message for errno of a failed sn_log_open. */
const char *sn_log_error(int error);
void sn_log_close(struct sn_log *log);
/* Applies log-format (legacy, logfmt) and log-timestamp-format (legacy, iso8601, milliseconds);
 * NULL: legacy. */
void sn_log_set_format(struct sn_log *log, const char *format, const char *timestamp);
/* Reopens the file by its name, after a rotation. SN_ENOENT: the log has no file. SN_EIO: the old
 * file is kept; the reason is appended to problem. */
SN_MUST_CHECK int sn_log_reopen(struct sn_log *log, struct sn_buf *problem);
void sn_log_set_level(struct sn_log *log, enum sn_level threshold);
/* Logs how many lines were suppressed (log_limit.h). Called once a second. */
void sn_log_tick(struct sn_log *log);
enum sn_level sn_log_level(const struct sn_log *log);
SN_PRINTF(3, 4) void sn_log(struct sn_log *log, enum sn_level level, const char *format, ...);

#endif
