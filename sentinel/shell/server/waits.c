/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/waits.h"

#include "base/alloc.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#define WAIT_ANSWER_MAX 65536 /* bytes; answers of the core have one to three lines */

static void free_wait(struct sn_wait *wait)
{
    struct sn_waits *waits = sn_server_waits(wait->server);

    assert(waits->by_ticket != NULL);
    HASH_DEL(waits->by_ticket, wait);
    sn_buf_fini(&wait->answer);
    free(wait->held_name);
    free(wait->held);
    free(wait);
}

struct sn_wait *sn_wait_new(struct sn_client *client, bool muted)
{
    struct sn_waits *waits = sn_server_waits(client->server);
    struct sn_wait *wait = sn_alloc(sizeof(*wait));

    assert(client->waits == NULL || client->asking);
    wait->ticket = ++waits->next_ticket;
    wait->server = client->server;
    wait->client = client;
    wait->muted = muted;
    wait->question = client->asking;
    sn_buf_init(&wait->answer, WAIT_ANSWER_MAX);
    if (client->waits == NULL)
        waits->blocked++;
    DL_APPEND(client->waits, wait);
    client->wait_count++;
    HASH_ADD(hh, waits->by_ticket, ticket, sizeof(wait->ticket), wait);
    return wait;
}

struct sn_wait *sn_waits_find(const struct sn_waits *waits, uint64_t ticket)
{
    struct sn_wait *wait = NULL;

    HASH_FIND(hh, waits->by_ticket, &ticket, sizeof(ticket), wait);
    return wait;
}

/* Sends the answers whose turn it is. */
static void deliver_answer(struct sn_client *client)
{
    while (client->waits != NULL && client->waits->answered) {
        struct sn_wait *first = client->waits;
        sn_buf_append(&client->stream.out, sn_buf_text(&first->answer), first->answer.len);
        DL_DELETE(client->waits, first);
        client->wait_count--;
        free_wait(first);
    }
    if (client->waits == NULL)
        sn_server_waits(client->server)->blocked--;
    sn_client_resume(client);
}

void sn_wait_end(struct sn_wait *wait)
{
    wait->answered = true;
    if (wait->client)
        deliver_answer(wait->client);
    else
        free_wait(wait);
}

void sn_waits_forget(struct sn_client *client)
{
    struct sn_wait *wait, *next;

    if (client->waits)
        sn_server_waits(client->server)->blocked--;
    DL_FOREACH_SAFE(client->waits, wait, next) {
        DL_DELETE(client->waits, wait);
        wait->client = NULL;
        if (wait->answered)
            free_wait(wait);
    }
    client->wait_count = 0;
}

struct sn_resp sn_wait_resp(struct sn_wait *wait)
{
    struct sn_resp resp = {.out = sn_server_scratch(wait->server), .version = SN_RESP2};

    sn_buf_clear(resp.out);
    if (wait->client && !wait->muted) {
        resp.out = &wait->answer;
        resp.version = wait->client->version;
    }
    return resp;
}

void sn_waits_fini(struct sn_waits *waits)
{
    struct sn_wait *wait, *tmp;

    HASH_ITER(hh, waits->by_ticket, wait, tmp)
        free_wait(wait);
}
