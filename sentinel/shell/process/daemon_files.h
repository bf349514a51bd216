/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DAEMON_FILES_H
#define SN_SHELL_PROCESS_DAEMON_FILES_H

/* The limit of open files of the running daemon, and who may use them. */

#include "conf/conf.h"
#include "shell/log/log.h"
#include "shell/process/file_share.h"
#include "shell/server/server.h"

/* Raises the limit of open files as far as needed and permitted, and shares it between links and
 * clients. Lowers conf->settings.maxclients, with a line in the log, if it does not suffice.
 * *fd_max: highest descriptor for a client; 0: any. SN_EFULL: the reason is in error (size bytes).
 */
SN_MUST_CHECK int sn_daemon_share_files(struct sn_conf *conf, struct sn_log *log,
                                        struct sn_file_share *share, int *fd_max, char *error,
                                        size_t size);

/* Who lends places of clients to links; borrowed pointers. */
struct sn_daemon_lender {
    struct sn_conf *conf;
    struct sn_log *log;
    const struct sn_server *server;
    struct sn_file_share share;
};

/* The links have found more replicas than files were kept for: lowers conf->settings.maxclients,
 * with a line in the log, and returns by how much. arg: the lender. */
uint64_t sn_daemon_lend_places(void *arg);

#endif
