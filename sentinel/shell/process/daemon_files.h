/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DAEMON_FILES_H
#define SN_SHELL_PROCESS_DAEMON_FILES_H

/* The limit of open files of the running daemon, and who may use them. */

#include "conf/conf.h"
#include "shell/log/log.h"
#include "shell/process/file_share.h"

/* Raises the limit of open files as far as needed and permitted, and shares it between links and
 * clients. Lowers conf->settings.maxclients, with a line in the log, if it does not suffice.
 * *fd_max: highest descriptor for a client; 0: any. SN_EFULL: the reason is in error (size bytes).
 */
SN_MUST_CHECK int sn_daemon_share_files(struct sn_conf *conf, struct sn_log *log,
                                        struct sn_file_share *share, int *fd_max, char *error,
                                        size_t size);

#endif
