/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/clients.h"

#include "shell/server/client.h"
#include "shell/server/parts.h"

#include <utlist.h>

/* The clock of the loop stands still while a turn lasts. */
bool sn_clients_turn_is_over(const struct sn_server *server)
{
    return uv_hrtime() / 1000000 > sn_server_now(server) + SN_TURN_MAX_MS;
}

size_t sn_client_output(const struct sn_client *client)
{
    return client->out.len +
           (client->writing_now ? uv_stream_get_write_queue_size(&client->uv.stream) : 0);
}

bool sn_client_subscribed(const struct sn_client *client)
{
    return client->subscriptions.count > 0;
}

void sn_client_touch(struct sn_client *client)
{
    if (client->dirty || client->closing)
        return;
    client->dirty = true;
    DL_APPEND2(sn_server_clients(client->server)->dirty, client, dirty_prev, dirty_next);
}

void sn_client_doom(struct sn_client *client)
{
    client->doomed = true;
    sn_client_touch(client);
}

void sn_client_yield(struct sn_client *client)
{
    client->yielded = true;
    DL_APPEND2(sn_server_clients(client->server)->yielded, client, yield_prev, yield_next);
    sn_server_keep_awake(client->server);
}

void sn_clients_add(struct sn_clients *clients, struct sn_client *client)
{
    client->id = ++clients->next_id;
    DL_APPEND(clients->all, client);
    clients->count++;
}

void sn_clients_reject(struct sn_clients *clients, struct sn_client *client)
{
    client->rejected = true;
    clients->count--;
}

void sn_clients_remove(struct sn_clients *clients, struct sn_client *client)
{
    clients->memory -= client->memory;
    client->memory = 0;
    if (client->dirty)
        DL_DELETE2(clients->dirty, client, dirty_prev, dirty_next);
    client->dirty = false;
    if (client->yielded)
        DL_DELETE2(clients->yielded, client, yield_prev, yield_next);
    DL_DELETE(clients->all, client);
    if (!client->rejected)
        clients->count--;
}

struct sn_client *sn_clients_next_dirty(struct sn_clients *clients)
{
    struct sn_client *client = clients->dirty;

    DL_DELETE2(clients->dirty, client, dirty_prev, dirty_next);
    client->dirty = false;
    return client;
}

struct sn_client *sn_clients_next_yielded(struct sn_clients *clients)
{
    struct sn_client *client = clients->yielded;

    DL_DELETE2(clients->yielded, client, yield_prev, yield_next);
    client->yielded = false;
    client->resume = true;
    return client;
}
