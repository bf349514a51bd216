/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_WAITS_H
#define SN_SHELL_SERVER_WAITS_H

/* Commands that wait for an answer of the core or a worker. */

#include "base/buf.h"
#include "base/hashtable.h"
#include "core/input.h"
#include "wire/resp.h"

struct sn_client;
struct sn_server;

/* A waiting command. It outlives its client; client is NULL then. */
struct sn_wait {
    uint64_t ticket;
    struct sn_server *server;
    struct sn_client *client;
    bool muted;              /* the answer is discarded */
    struct sn_command *held; /* MONITOR while its host is looked up; NULL otherwise */
    char *held_name;         /* its group name */
    bool counts;             /* the answer is `count`, not OK */
    int64_t count;
    bool question; /* question of a peer: more questions may be executed before its answer */
    bool answered;
    struct sn_buf answer;        /* sent when all earlier ones are answered */
    struct sn_wait *prev, *next; /* list of its client, oldest first */
    UT_hash_handle hh;
};

struct sn_waits {
    struct sn_wait *by_ticket;
    uint64_t next_ticket;
    size_t blocked; /* waiting clients */
};

/* Creates a wait with a new ticket for client. */
struct sn_wait *sn_wait_new(struct sn_client *client, bool muted);
/* Returns the wait of ticket; NULL if none. */
struct sn_wait *sn_waits_find(const struct sn_waits *waits, uint64_t ticket);
/* Ends a wait: its answer is sent in order, and the client, if it still exists, continues. */
void sn_wait_end(struct sn_wait *wait);
/* client is closing: discards its answers. */
void sn_waits_forget(struct sn_client *client);
/* Returns the writer for the answer of wait; a discarding one if muted or the client is gone. */
struct sn_resp sn_wait_resp(struct sn_wait *wait);
/* Frees all waits. */
void sn_waits_fini(struct sn_waits *waits);

#endif
