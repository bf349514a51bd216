/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_WAITS_H
#define SN_SHELL_SERVER_WAITS_H

/* The commands whose answers the core, or a worker, has yet to give. */

#include "base/buf.h"
#include "core/input.h"
#include "wire/resp.h"

#include <uthash.h>

struct sn_client;
struct sn_server;

/* A command in the hands of the core. Outlives its client: the answer then finds client NULL. */
struct sn_wait {
    uint64_t ticket;
    struct sn_server *server;
    struct sn_client *client;
    bool muted;              /* the answer is not shown */
    struct sn_command *held; /* MONITOR while its host is looked up; NULL otherwise */
    char *held_name;         /* its group name */
    bool counts;             /* `count` is the answer in place of OK */
    int64_t count;
    bool question; /* one of a peer: more of them may be executed before its answer */
    bool answered;
    struct sn_buf answer;        /* goes out when all before it are answered */
    struct sn_wait *prev, *next; /* those of its client, oldest first */
    UT_hash_handle hh;
};

struct sn_waits {
    struct sn_wait *by_ticket;
    uint64_t next_ticket;
    size_t blocked; /* clients that wait */
};

/* Makes client wait for the answer to a new ticket. */
struct sn_wait *sn_wait_new(struct sn_client *client, bool muted);
/* Finds the wait of ticket; NULL if none. */
struct sn_wait *sn_waits_find(const struct sn_waits *waits, uint64_t ticket);
/* Ends a wait: its answer goes out in its turn, and the client, if there still is one, goes on. */
void sn_wait_end(struct sn_wait *wait);
/* client is going: nobody wants its answers any more. */
void sn_waits_forget(struct sn_client *client);
/* Where the answer of wait is written: to be sent in its turn, or nowhere. */
struct sn_resp sn_wait_resp(struct sn_wait *wait);
/* Frees what is left: nobody waits any more. */
void sn_waits_fini(struct sn_waits *waits);

#endif
