/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_PARTS_H
#define SN_SHELL_SERVER_PARTS_H

/* Access to the parts of a server, for its own files. Only server.c and parts.c see the whole
 * (state.h). */

#include "base/types.h"
#include "core/view.h"
#include "shell/server/call.h"
#include "shell/server/server.h"

struct sn_client;
struct sn_clients;
struct sn_command_texts;
struct sn_door;
struct sn_pubsub;
struct sn_request;
struct sn_stats;
struct sn_accounts;
struct sn_waits;

const struct sn_server_env *sn_server_env(const struct sn_server *server);
/* Loop time in milliseconds. */
uint64_t sn_server_now(const struct sn_server *server);
/* NULL before sn_server_set_driver. */
struct sn_driver *sn_server_driver(const struct sn_server *server);
const struct sn_core *sn_server_core(const struct sn_server *server);

struct sn_clients *sn_server_clients(const struct sn_server *server);
struct sn_waits *sn_server_waits(const struct sn_server *server);
struct sn_accounts *sn_server_accounts(const struct sn_server *server);
struct sn_pubsub *sn_server_pubsub(const struct sn_server *server);
struct sn_stats *sn_server_stats(const struct sn_server *server);
/* Head of the list of listeners, which listen.c owns. */
struct sn_door **sn_server_doors(const struct sn_server *server);
/* NULL: no TLS. */
struct sn_tls *sn_server_tls(const struct sn_server *server);
/* Cache of cmd_command.c, [0] to [3]. */
struct sn_command_texts **sn_server_texts(const struct sn_server *server);
/* Finds commands by name. */
const struct sn_spec_index *sn_server_commands(const struct sn_server *server);
/* Handlers by index in sn_specs; NULL: a container that needs a subcommand. */
sn_command_fn *const *sn_server_handlers(const struct sn_server *server);
/* Buffer for discarded replies. */
struct sn_buf *sn_server_scratch(const struct sn_server *server);

/* Run id of this process, not the id of the sentinel. */
const char *sn_server_runid(const struct sn_server *server);
uint64_t sn_server_started_at(const struct sn_server *server);
/* Notes that a command has set the log level. */
void sn_server_note_level(struct sn_server *server);

/* Reference counting: each libuv handle and worker holds the server. */
void sn_server_hold(struct sn_server *server);
void sn_server_release(struct sn_server *server);
bool sn_server_is_closing(const struct sn_server *server);

/* Calls from files below server.c into it: execute a request of client, flush, and run another turn
 * of the loop at once. */
void sn_server_execute(struct sn_server *server, struct sn_client *client,
                       const struct sn_request *request, struct sn_buf *out);
void sn_server_wake(struct sn_server *server);
void sn_server_keep_awake(struct sn_server *server);

#endif
