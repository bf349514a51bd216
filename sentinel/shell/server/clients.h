/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CLIENTS_H
#define SN_SHELL_SERVER_CLIENTS_H

/* The clients as lists: all of them, those to be flushed, those that have more to do than a turn of
 * the loop has time for. */

#include "shell/net/stream.h"

struct sn_client;
struct sn_server;

/* What the next sn_server_flush has to do for a client. */
enum sn_client_due {
    SN_DUE_NONE = 0,
    SN_DUE_FLUSH, /* write, or close */
    SN_DUE_RUN    /* go on with requests first: what held them back is over */
};

struct sn_clients {
    struct sn_client *all; /* in the order of their ids */
    struct sn_client *due;
    struct sn_client *yielded;
    size_t count;  /* without the rejected */
    size_t memory; /* bytes that they hold */
    uint64_t next_id;
    struct sn_net net;
};

/* Gives client its id and counts it. */
void sn_clients_add(struct sn_clients *clients, struct sn_client *client);
/* client is not served, and counts no more. */
void sn_clients_reject(struct sn_clients *clients, struct sn_client *client);
/* Takes client, which is being closed, out of all lists and sums. */
void sn_clients_remove(struct sn_clients *clients, struct sn_client *client);
/* The next of those to which something is due, which *due tells, or of those that yielded; taken
 * off its list, which must not be empty. */
struct sn_client *sn_clients_next_due(struct sn_clients *clients, enum sn_client_due *due);
struct sn_client *sn_clients_next_yielded(struct sn_clients *clients);

/* True if commands have run for SN_TURN_MAX_MS in this turn of the loop: the rest has to wait. */
bool sn_clients_turn_is_over(const struct sn_server *server);
/* Has client go on with its requests in the next turn of the loop. */
void sn_client_yield(struct sn_client *client);
/* Has the next sn_server_flush look at this client; or even have it go on with its requests. */
void sn_client_touch(struct sn_client *client);
void sn_client_resume(struct sn_client *client);
/* Executes no more requests, and closes once all output is written. */
void sn_client_end(struct sn_client *client);
/* Closes at the next flush, without writing what is left. */
void sn_client_doom(struct sn_client *client);
/* True if client is doomed, or closing already: nothing that is for it matters any more. */
bool sn_client_is_gone(const struct sn_client *client);
/* Bytes that the client has yet to read. */
size_t sn_client_output(const struct sn_client *client);
/* True if the client is subscribed to anything. */
bool sn_client_subscribed(const struct sn_client *client);

#endif
