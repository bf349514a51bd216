/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_CHECK_H
#define SN_SHELL_PROCESS_CHECK_H

/* Checks, without side effects, whether a start with this configuration would work, and what may
 * fail later. The results hold for the user that runs the check; another user may have other
 * permissions. */

#include "conf/conf.h"

enum sn_check_level {
    SN_CHECK_DIFFERENCE, /* from the other daemons, as the configuration uses it */
    SN_CHECK_NOTE,
    SN_CHECK_PROBLEM
};
typedef void sn_check_tell(void *arg, enum sn_check_level level, const char *text);

/* Checks that state can be saved. PROBLEM: it cannot. NOTE: only in place or without a journal.
 * Does not change the working directory (PROTOCOL.md §19.1). */
void sn_check_state(const struct sn_conf *conf, sn_check_tell *tell, void *arg);
/* Runs sn_check_state and the other checks of --check-config: folders of log and pid file, missing
 * addresses, no groups, another process that holds the file; then the differences from the other
 * daemons. */
void sn_check_all(const struct sn_conf *conf, sn_check_tell *tell, void *arg);

#endif
