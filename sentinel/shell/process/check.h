/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_CHECK_H
#define SN_SHELL_PROCESS_CHECK_H

/* What would keep a start with this configuration from working, or surprise in the night, found out
 * without changing anything. For the user who asks: another one may be allowed more or less. */

#include "conf/conf.h"

enum sn_check_level { SN_CHECK_NOTE, SN_CHECK_PROBLEM };
typedef void sn_check_tell(void *arg, enum sn_check_level level, const char *text);

/* State can be saved. A PROBLEM: not at all; NOTES: only in place, without a journal. Enters no
 * folder (PROTOCOL.md §19.1). */
void sn_check_state(const struct sn_conf *conf, sn_check_tell *tell, void *arg);
/* That, and the rest that --check-config tells: the folders of log and pid file, addresses that are
 * not there, nothing to watch, a process that runs with the same file. */
void sn_check_all(const struct sn_conf *conf, sn_check_tell *tell, void *arg);

#endif
