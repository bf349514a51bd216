/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/clients.h"

#include "shell/server/client.h"
#include "shell/server/parts.h"

#include <assert.h>
#include <utlist.h>

/* The clock of the loop stands still while a turn lasts. */
bool sn_clients_turn_is_over(const struct sn_server *server)
{
    return uv_hrtime() / 1000000 > sn_server_now(server) + SN_TURN_MAX_MS;
}

size_t sn_client_output(const struct sn_client *client)
{
    return sn_stream_waiting(&client->stream);
}

bool sn_client_subscribed(const struct sn_client *client)
{
    return client->subscriptions.count > 0;
}

static void make_due(struct sn_client *client, enum sn_client_due due)
{
    if (client->life == SN_CLIENT_CLOSING)
        return;
    if (client->due == SN_DUE_NONE)
        DL_APPEND2(sn_server_clients(client->server)->due, client, due_prev, due_next);
    if (due > client->due)
        client->due = due;
}

void sn_client_touch(struct sn_client *client)
{
    make_due(client, SN_DUE_FLUSH);
}

void sn_client_resume(struct sn_client *client)
{
    make_due(client, SN_DUE_RUN);
}

static void move_on(struct sn_client *client, enum sn_client_life life)
{
    assert(client->life != SN_CLIENT_NONE);
    if (life > client->life)
        client->life = life;
}

void sn_client_end(struct sn_client *client)
{
    move_on(client, SN_CLIENT_ENDING);
}

void sn_client_doom(struct sn_client *client)
{
    move_on(client, SN_CLIENT_DOOMED);
    sn_client_touch(client);
}

bool sn_client_is_gone(const struct sn_client *client)
{
    return client->life >= SN_CLIENT_DOOMED;
}

void sn_client_yield(struct sn_client *client)
{
    client->holds |= SN_HOLD_TURN;
    DL_APPEND2(sn_server_clients(client->server)->yielded, client, yield_prev, yield_next);
    sn_server_keep_awake(client->server);
}

void sn_clients_add(struct sn_clients *clients, struct sn_client *client)
{
    client->id = ++clients->next_id;
    client->life = SN_CLIENT_OPEN;
    DL_APPEND(clients->all, client);
    clients->count++;
}

void sn_clients_reject(struct sn_clients *clients, struct sn_client *client)
{
    client->rejected = true;
    clients->count--;
}

void sn_clients_begin_half(struct sn_clients *clients, struct sn_client *client)
{
    if (client->is_half)
        return;
    client->is_half = true;
    DL_APPEND2(clients->half, client, half_prev, half_next);
    clients->half_count++;
}

void sn_clients_end_half(struct sn_clients *clients, struct sn_client *client)
{
    if (!client->is_half)
        return;
    client->is_half = false;
    DL_DELETE2(clients->half, client, half_prev, half_next);
    clients->half_count--;
}

void sn_clients_remove(struct sn_clients *clients, struct sn_client *client)
{
    move_on(client, SN_CLIENT_CLOSING);
    clients->memory -= client->memory;
    client->memory = 0;
    if (client->due != SN_DUE_NONE)
        DL_DELETE2(clients->due, client, due_prev, due_next);
    client->due = SN_DUE_NONE;
    if (client->holds & SN_HOLD_TURN)
        DL_DELETE2(clients->yielded, client, yield_prev, yield_next);
    sn_clients_end_half(clients, client);
    DL_DELETE(clients->all, client);
    if (!client->rejected)
        clients->count--;
}

struct sn_client *sn_clients_next_due(struct sn_clients *clients, enum sn_client_due *due)
{
    struct sn_client *client = clients->due;

    DL_DELETE2(clients->due, client, due_prev, due_next);
    *due = client->due;
    client->due = SN_DUE_NONE;
    return client;
}

struct sn_client *sn_clients_next_yielded(struct sn_clients *clients)
{
    struct sn_client *client = clients->yielded;

    DL_DELETE2(clients->yielded, client, yield_prev, yield_next);
    client->holds &= ~(unsigned)SN_HOLD_TURN;
    return client;
}
