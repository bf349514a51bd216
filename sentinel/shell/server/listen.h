/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LISTEN_H
#define SN_SHELL_SERVER_LISTEN_H

/* Listeners of the server, besides sn_server_listen and its like in server.h. */

#include "shell/server/server.h"

/* Appends the INFO lines about listeners. */
void sn_listen_describe(const struct sn_server *server, struct sn_buf *out);
/* Stops listening everywhere. */
void sn_listen_stop(struct sn_server *server);

#endif
