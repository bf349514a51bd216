/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_GREET_H
#define SN_SHELL_PROCESS_GREET_H

#include "conf/conf.h"
#include "shell/log/log.h"
#include "shell/process/supervise.h"
#include "shell/server/server.h"

/* Logs what is started: version, files, listeners, and what the configuration has to tell. */
void sn_greet(struct sn_log *log, const struct sn_conf *conf, enum sn_supervisor supervisor,
              const struct sn_server *server);

/* Writes what stock says last when it cannot listen, and for the HTTP port likewise, to stock;
 * leaves it where stock says no more. */
void sn_greet_no_more(const struct sn_settings *settings, const char *error, char stock[64]);

#endif
