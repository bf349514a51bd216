/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/limits.h"

#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/crowd.h"
#include "shell/server/parts.h"
#include "shell/server/stats.h"

static void log_output_limit(const struct sn_client *client, const char *which)
{
    sn_log(sn_server_env(client->server)->log, SN_LEVEL_WARNING,
           "Closing client %s: its %zu bytes of unread output exceed the %s limit", client->peer,
           sn_client_output(client), which);
}

static void evict(struct sn_client *client)
{
    struct sn_server *server = client->server;

    sn_log(sn_server_env(server)->log, SN_LEVEL_WARNING,
           "Closing client %s, which holds %zu bytes: all clients together exceed "
           "maxmemory-clients (%llu bytes)",
           client->peer, client->memory, (unsigned long long)sn_server_env(server)->memory_max);
    sn_server_stats(server)->evicted++;
    sn_server_clients(server)->memory -= client->memory;
    client->memory = 0;
    sn_client_doom(client);
}

/* Adds the memory of client to the sum, and keeps the sum below its ceiling. */
static void weigh(struct sn_client *client)
{
    struct sn_server *server = client->server;
    size_t now = sn_crowd_memory(client);

    sn_server_clients(server)->memory = sn_server_clients(server)->memory - client->memory + now;
    client->memory = now;
    while (sn_server_env(server)->memory_max > 0 &&
           sn_server_clients(server)->memory > sn_server_env(server)->memory_max) {
        struct sn_client *heaviest = sn_crowd_heaviest(server);
        if (!heaviest)
            return;
        evict(heaviest);
    }
}

void sn_limits_check(struct sn_client *client)
{
    const struct sn_settings *settings = sn_server_env(client->server)->settings;
    size_t pending = sn_client_output(client);

    if (sn_client_is_gone(client))
        return;
    weigh(client);
    if (sn_client_is_gone(client))
        return;
    if (client->stream.out.full || pending > SN_CLIENT_OUTPUT_MAX ||
        (settings->pubsub_hard_max > 0 && pending > settings->pubsub_hard_max &&
         sn_client_subscribed(client))) {
        log_output_limit(client, "hard");
        sn_client_doom(client);
        return;
    }
    if (settings->pubsub_soft_max == 0 || pending <= settings->pubsub_soft_max ||
        !sn_client_subscribed(client)) {
        client->soft_at = 0;
        return;
    }
    uint64_t now = sn_server_now(client->server);
    if (client->soft_at == 0) {
        client->soft_at = now;
    } else if (now - client->soft_at > (uint64_t)settings->pubsub_soft_s * 1000) {
        log_output_limit(client, "soft");
        sn_client_doom(client);
    }
}

void sn_limits_half_open(struct sn_client *client)
{
    const struct sn_server_env *env = sn_server_env(client->server);
    struct sn_clients *clients = sn_server_clients(client->server);
    size_t most = env->half_open_max > 0 ? env->half_open_max : SN_HALF_OPEN_MAX;

    if (sn_client_is_gone(client) || sn_crowd_is_peer(client))
        return;
    sn_clients_begin_half(clients, client);
    if (clients->half_count <= most)
        return;
    struct sn_client *oldest = clients->half;
    sn_clients_end_half(clients, oldest);
    sn_server_stats(client->server)->tls_failed++;
    sn_log(
        env->log, SN_LEVEL_VERBOSE,
        "Closing client %s: more than %zu TLS handshakes wait for their clients, and this one has "
        "waited longest",
        oldest->peer, most);
    sn_client_doom(oldest);
}
