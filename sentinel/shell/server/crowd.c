/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/crowd.h"

#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/long_reply.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "shell/server/waits.h"

#include <utlist.h>

/* Memory of a subscription: its topic, its places in two tables, and the allocator's overhead. */
#define SUBSCRIPTION_SIZE 320
/* Most bytes that a slow subscriber, or a peer, may hold and still be spared. */
#define SUBSCRIBER_MAX ((size_t)8 << 20)
#define PEER_MAX       ((size_t)1 << 20)
#define LOOK_UP_MS     1000
/* What OpenSSL 3 holds for a connection, as measured: open, and in the middle of its handshake. */
#define TLS_SIZE      ((size_t)16 << 10)
#define TLS_HALF_SIZE ((size_t)45 << 10)

static size_t tls_memory(const struct sn_client *client)
{
    if (sn_stream_session(&client->stream) == NULL)
        return 0;
    return client->is_half ? TLS_HALF_SIZE : TLS_SIZE;
}

size_t sn_crowd_memory(const struct sn_client *client)
{
    const struct sn_subscriptions *subscriptions = &client->subscriptions;

    return sizeof(*client) + sn_request_reader_memory(client->reader) +
           sn_stream_memory(&client->stream) + tls_memory(client) +
           sn_long_reply_memory(client->long_reply) + client->wait_count * sizeof(struct sn_wait) +
           subscriptions->count * SUBSCRIPTION_SIZE + 2 * subscriptions->bytes;
}

bool sn_crowd_is_peer(struct sn_client *client)
{
    const struct sn_server *server = client->server;
    uint64_t now = sn_server_now(server);

    if (client->ip[0] == '\0' || !sn_server_driver(server))
        return false;
    if (client->peer_at == 0 || now - client->peer_at > LOOK_UP_MS) {
        client->is_peer = sn_core_has_peer_at(sn_server_core(server), client->ip);
        client->peer_at = now;
    }
    return client->is_peer;
}

/* True if client is to be spared as long as there are others (PROTOCOL.md §5.5). */
static bool is_listener(const struct sn_client *client)
{
    return (client->subscriptions.count > 0 || client->no_evict) &&
           client->memory <= SUBSCRIBER_MAX;
}

struct sn_client *sn_crowd_heaviest(const struct sn_server *server)
{
    struct sn_client *client, *best[3] = {NULL, NULL, NULL};

    DL_FOREACH(sn_server_clients(server)->all, client) {
        size_t rank = is_listener(client) ? 1 : 0;
        if (sn_client_is_gone(client) || client->memory == 0 ||
            (best[rank] && client->memory <= best[rank]->memory))
            continue;
        if (client->memory <= PEER_MAX && sn_crowd_is_peer(client))
            rank = 2;
        if (!best[rank] || client->memory > best[rank]->memory)
            best[rank] = client;
    }
    return best[0] ? best[0] : best[1] ? best[1] : best[2];
}
