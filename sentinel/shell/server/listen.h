/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LISTEN_H
#define SN_SHELL_SERVER_LISTEN_H

/* Beside sn_server_listen and what goes with it. */

#include "shell/server/server.h"

/* Appends the lines of INFO about where the server listens. */
void sn_listen_describe(const struct sn_server *server, struct sn_buf *out);
/* Stops listening everywhere. */
void sn_listen_stop(struct sn_server *server);

#endif
