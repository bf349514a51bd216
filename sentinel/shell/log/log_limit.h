/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LOG_LOG_LIMIT_H
#define SN_SHELL_LOG_LOG_LIMIT_H

/* Keeps whoever can cause log lines from filling the disk: lines that are alike but for their
 * numbers and ids are limited together, and so are lines with the same first word (an event). Those
 * beyond the limit are counted, and the count is told. The limits are far above what thousands of
 * groups that fail at once have to say. */

#include "base/types.h"

#define SN_LOG_LIKE_BURST  2000 /* lines that are alike, at once */
#define SN_LOG_LIKE_RATE   20   /* … further ones per second */
#define SN_LOG_EVENT_BURST 20000
#define SN_LOG_EVENT_RATE  100
#define SN_LOG_REPORT_MAX  256

struct sn_log_limit;

struct sn_log_limit *sn_log_limit_new(void);
void sn_log_limit_free(struct sn_log_limit *limit);
/* False: text is one too many; it is counted. now_ms: monotonic. */
bool sn_log_limit_admit(struct sn_log_limit *limit, const char *text, uint64_t now_ms);
/* Writes the next line about what was left out into out (SN_LOG_REPORT_MAX bytes); call it until it
 * is false. Once a second there is one for each kind of lines that were. */
bool sn_log_limit_report(struct sn_log_limit *limit, uint64_t now_ms, char *out);

#endif
