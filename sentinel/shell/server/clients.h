/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CLIENTS_H
#define SN_SHELL_SERVER_CLIENTS_H

/* Lists of clients: all, those to be flushed, and those that have yielded until the next turn of
 * the loop. */

#include "shell/net/stream.h"

struct sn_client;
struct sn_server;

/* Work for a client in the next sn_server_flush. */
enum sn_client_due {
    SN_DUE_NONE = 0,
    SN_DUE_FLUSH, /* write, or close */
    SN_DUE_RUN    /* first continue with requests, whose hold has ended */
};

struct sn_clients {
    struct sn_client *all; /* in the order of their ids */
    struct sn_client *due;
    struct sn_client *yielded;
    struct sn_client *half; /* we wait for the rest of their TLS handshakes; oldest first */
    size_t half_count;
    size_t count;  /* without rejected ones */
    size_t memory; /* bytes held by all */
    uint64_t next_id;
    struct sn_net net;
};

/* Gives client its id and counts it. */
void sn_clients_add(struct sn_clients *clients, struct sn_client *client);
/* Marks client as rejected: it is not served and no longer counted. */
void sn_clients_reject(struct sn_clients *clients, struct sn_client *client);
/* The TLS handshake of client waits for client; it has ended. */
void sn_clients_begin_half(struct sn_clients *clients, struct sn_client *client);
void sn_clients_end_half(struct sn_clients *clients, struct sn_client *client);
/* Removes client, which is being closed, from all lists and sums. */
void sn_clients_remove(struct sn_clients *clients, struct sn_client *client);
/* Remove and return the next client with due work (*due), or the next that yielded. Precondition:
 * the list is not empty. */
struct sn_client *sn_clients_next_due(struct sn_clients *clients, enum sn_client_due *due);
struct sn_client *sn_clients_next_yielded(struct sn_clients *clients);

/* True if commands have run for SN_TURN_MAX_MS in this turn of the loop. */
bool sn_clients_turn_is_over(const struct sn_server *server);
/* Defers client's further requests to the next turn of the loop. */
void sn_client_yield(struct sn_client *client);
/* Make the next sn_server_flush flush client (touch), or first continue with its requests (resume).
 */
void sn_client_touch(struct sn_client *client);
void sn_client_resume(struct sn_client *client);
/* Executes no more requests of client and closes it after all output is written. */
void sn_client_end(struct sn_client *client);
/* Closes client at the next flush, without writing its output. */
void sn_client_doom(struct sn_client *client);
/* True if client is DOOMED or CLOSING: output for it is pointless. */
bool sn_client_is_gone(const struct sn_client *client);
/* Returns the bytes of output that client has not read. */
size_t sn_client_output(const struct sn_client *client);
/* True if client has a subscription. */
bool sn_client_subscribed(const struct sn_client *client);

#endif
