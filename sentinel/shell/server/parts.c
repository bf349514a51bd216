/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/parts.h"

#include "shell/server/state.h"

#include <assert.h>

const struct sn_server_env *sn_server_env(const struct sn_server *server)
{
    return &server->env;
}

uint64_t sn_server_now(const struct sn_server *server)
{
    return uv_now(server->env.loop);
}

struct sn_driver *sn_server_driver(const struct sn_server *server)
{
    return server->driver;
}

const struct sn_core *sn_server_core(const struct sn_server *server)
{
    return sn_driver_core(server->driver);
}

/* Servers are never in read-only memory: const only says that the caller does not change the
 * server's own members. */
static struct sn_server *whole(const struct sn_server *server)
{
    return (struct sn_server *)(uintptr_t)server;
}

struct sn_clients *sn_server_clients(const struct sn_server *server)
{
    return &whole(server)->clients;
}

struct sn_waits *sn_server_waits(const struct sn_server *server)
{
    return &whole(server)->waits;
}

struct sn_accounts *sn_server_accounts(const struct sn_server *server)
{
    return &whole(server)->accounts;
}

struct sn_pubsub *sn_server_pubsub(const struct sn_server *server)
{
    return &whole(server)->pubsub;
}

struct sn_stats *sn_server_stats(const struct sn_server *server)
{
    return &whole(server)->stats;
}

struct sn_door **sn_server_doors(const struct sn_server *server)
{
    return &whole(server)->doors;
}

struct sn_command_texts **sn_server_texts(const struct sn_server *server)
{
    return whole(server)->texts;
}

const struct sn_spec_index *sn_server_commands(const struct sn_server *server)
{
    return &server->commands;
}

sn_command_fn *const *sn_server_handlers(const struct sn_server *server)
{
    return server->handlers;
}

struct sn_buf *sn_server_scratch(const struct sn_server *server)
{
    return &whole(server)->scratch;
}

const char *sn_server_runid(const struct sn_server *server)
{
    return server->runid.hex;
}

uint64_t sn_server_started_at(const struct sn_server *server)
{
    return server->started_at;
}

void sn_server_note_level(struct sn_server *server)
{
    server->level_changed = true;
}

void sn_server_hold(struct sn_server *server)
{
    server->holds++;
}

void sn_server_release(struct sn_server *server)
{
    assert(server->holds > 0);
    if (--server->holds == 0 && server->closing)
        server->hooks.free(server);
}

bool sn_server_is_closing(const struct sn_server *server)
{
    return server->closing;
}

void sn_server_execute(struct sn_server *server, struct sn_client *client,
                       const struct sn_request *request, struct sn_buf *out)
{
    server->hooks.execute(client, request, out);
}

void sn_server_wake(struct sn_server *server)
{
    server->hooks.flush(server);
}

void sn_server_keep_awake(struct sn_server *server)
{
    uv_idle_start(&server->idle, server->hooks.on_idle);
}

struct sn_tls *sn_server_tls(const struct sn_server *server)
{
    return server->tls;
}
