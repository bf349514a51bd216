/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_SERVER_INTERNAL_H
#define SN_SHELL_SERVER_SERVER_INTERNAL_H

/* The inside of the server, for its own files: server*.c, client*.c, commands*.c, cmd_*.c. */

#include "acl/acl.h"
#include "shell/server/acl_log.h"
#include "shell/server/client.h"
#include "shell/server/commands.h"
#include "shell/server/pubsub.h"
#include "shell/server/server.h"
#include "shell/store/store_file.h"

/* What we say we are compatible with, where clients compare versions (HELLO, INFO). */
#define SN_REDIS_VERSION "7.2.0"

#define SN_READ_SIZE ((size_t)64 << 10)

/* Events per second: what was counted during the last full second. */
struct sn_rate {
    uint64_t second;
    uint64_t current;
    uint64_t last;
};

struct sn_command_texts;

struct sn_server_stats {
    uint64_t connections;
    uint64_t rejected;
    uint64_t evicted; /* over the ceiling for all clients */
    uint64_t commands;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t error_replies;
    uint64_t reads;
    uint64_t writes;
    uint64_t denied_login;
    uint64_t denied_command;
    uint64_t denied_channel;
    struct sn_rate commands_rate;
    struct sn_rate bytes_in_rate;
    struct sn_rate bytes_out_rate;
};

struct sn_listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct sn_server *server;
    bool is_unix;
    char *text; /* "127.0.0.1" or the path, for INFO */
    struct sn_listener *next;
};

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

/* ACL LOAD or SAVE, under way (the first) or waiting for its turn. */
struct sn_acl_order {
    uint64_t ticket;
    bool is_save;
    struct sn_acl_order *next;
};

struct sn_server {
    struct sn_server_env env;
    struct sn_driver *driver;
    sn_command_fn *handlers[SN_SPECS_MAX]; /* by the place of the command in sn_specs */
    struct sn_listener *listeners;
    struct sn_client *clients;
    struct sn_client *dirty;
    struct sn_client *yielded;
    size_t client_count;   /* without the rejected */
    size_t client_memory;  /* bytes that they hold */
    size_t blocked_count;  /* that wait for an answer */
    struct sn_wait *waits; /* by ticket */
    uint64_t next_client_id;
    uint64_t next_ticket;
    struct sn_pubsub pubsub;
    struct sn_acl acl;
    char *acl_real; /* the file that aclfile stood for at the start; NULL: none */
    struct sn_store_access acl_access; /* as it was then */
    struct sn_acl_order *acl_orders;
    bool users_changed; /* since the start, by commands */
    bool level_changed; /* the same */
    struct sn_acl_log acl_log;
    struct sn_server_stats stats;
    struct sn_runid runid; /* of this process, not of the sentinel */
    uint64_t started_at;   /* loop time, ms */
    uv_timer_t timer;      /* once a second: idle clients, soft output limits */
    uv_idle_t idle;        /* active while clients have yielded */
    size_t handles;        /* not yet closed */
    bool flushing;
    bool closing;
    struct sn_command_texts
        *command_texts[2][2]; /* INFO and DOCS, RESP2 and RESP3; made when needed */
    struct sn_buf scratch;    /* of replies that nobody is to see */
    char read_buffer[SN_READ_SIZE];
};

/* The replies of COMMAND, kept by cmd_command.c. NULL is fine. */
void sn_command_texts_free(struct sn_command_texts *texts);

/* Counts amount at loop time now_ms. */
void sn_rate_add(struct sn_rate *rate, uint64_t now_ms, uint64_t amount);
/* The count of the last full second. */
uint64_t sn_rate_get(const struct sn_rate *rate, uint64_t now_ms);

/* True if commands have run for SN_TURN_MAX_MS in this turn of the loop: the rest has to wait. */
bool sn_server_turn_is_over(const struct sn_server *server);
/* Has client go on with its requests in the next turn of the loop. */
void sn_server_yield(struct sn_server *server, struct sn_client *client);

/* One handle less; the last one frees a closing server. */
void sn_server_handle_closed(struct sn_server *server);

/* Makes client wait for the answer to a new ticket. */
struct sn_wait *sn_server_wait(struct sn_server *server, struct sn_client *client, bool muted);
/* Finds the wait of ticket; NULL if none. */
struct sn_wait *sn_server_find_wait(struct sn_server *server, uint64_t ticket);
/* Ends a wait: its answer goes out in its turn, and the client, if there still is one, goes on. */
void sn_server_end_wait(struct sn_server *server, struct sn_wait *wait);
/* client is going: nobody wants its answers any more. */
void sn_server_forget_waits(struct sn_server *server, struct sn_client *client);
/* Where the answer of wait is written: to be sent in its turn, or nowhere. */
struct sn_resp sn_server_wait_resp(struct sn_server *server, struct sn_wait *wait);

/* Puts a refusal into ACL LOG. */
void sn_server_note_refusal(struct sn_client *client, const char *reason, const char *object,
                            const char *user);

/* True if a fresh connection is the default user without a password. */
bool sn_server_open_to_all(const struct sn_server *server);

#endif
