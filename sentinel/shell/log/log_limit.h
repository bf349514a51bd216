/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LOG_LOG_LIMIT_H
#define SN_SHELL_LOG_LOG_LIMIT_H

/* Rate limit, so that input cannot fill the disk with log lines. One limit applies to lines that
 * differ only in numbers and ids, another to lines with the same first word (an event). Suppressed
 * lines are counted, and the count is logged. The limits are far above what thousands of groups
 * failing at once need. */

#include "base/types.h"

#define SN_LOG_LIKE_BURST  2000 /* similar lines at once */
#define SN_LOG_LIKE_RATE   20   /* further similar lines per second */
#define SN_LOG_EVENT_BURST 20000
#define SN_LOG_EVENT_RATE  100
#define SN_LOG_REPORT_MAX  256

struct sn_log_limit;

struct sn_log_limit *sn_log_limit_new(void);
void sn_log_limit_free(struct sn_log_limit *limit);
/* False if text exceeds a limit; it is counted then. now_ms: monotonic clock. */
bool sn_log_limit_admit(struct sn_log_limit *limit, const char *text, uint64_t now_ms);
/* Writes the next line about suppressed lines to out (SN_LOG_REPORT_MAX bytes). Call it until it
 * returns false. At most once a second it reports each kind of suppressed line. */
bool sn_log_limit_report(struct sn_log_limit *limit, uint64_t now_ms, char *out);

#endif
