/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_DAEMON_H
#define SN_SHELL_PROCESS_DAEMON_H

/* The running process: sets up core, driver, links, server, store and scripts, runs the loop until
 * told to end, and shuts everything down (PROTOCOL.md §21). */

#include "conf/conf.h"
#include "shell/process/boot.h"
#include "shell/store/claim.h"

/* Runs with conf and the claim of its state_path until SIGTERM, SIGINT or SHUTDOWN. Returns the
 * exit status: 0 after a clean end, 1 if the start failed (logged, and printed to standard error if
 * the log is elsewhere). Lowers conf->settings.maxclients if the system does not allow that many
 * open files (PROTOCOL.md §21.1). */
int sn_daemon_run(const struct sn_boot *boot, struct sn_conf *conf, struct sn_claim *claim);

#endif
