/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CLIENT_H
#define SN_SHELL_SERVER_CLIENT_H

/* One client connection: bytes in, requests executed, replies out.
 *
 * All replies that one read causes leave in one write. A request whose answer the core has to give
 * holds back the ones behind it. A connection is never freed while its code runs: closing it is
 * deferred to sn_server_flush, its memory to libuv's close callback. */

#include "acl/acl.h"
#include "base/addr.h"
#include "shell/net/stream.h"
#include "shell/server/clients.h"
#include "shell/server/pubsub.h"
#include "wire/request.h"
#include "wire/resp.h"

struct sn_long_reply;
struct sn_server;
struct sn_wait;

/* Most bytes that wait to be read by a client that is no subscriber. */
#define SN_CLIENT_OUTPUT_MAX ((size_t)256 << 20)
/* No further request of a client is executed while it has not read so much of its replies. */
#define SN_CLIENT_OUTPUT_PAUSE ((size_t)4 << 20)
/* While an answer is waited for, no more than this is read ahead. */
#define SN_CLIENT_READ_AHEAD_MAX ((size_t)1 << 20)
/* A turn of the loop in which commands run for longer than this makes the rest of them wait, so
 * that no client can hold up the watching of the groups. No single command takes much longer: what
 * it reads is limited (sn_request_limits_open), and a reply about many things is a long reply. */
#define SN_TURN_MAX_MS 5
/* Where a password is set, who has not logged in by then is dropped (stock: never): otherwise a few
 * hundred connections that know no password keep everybody else out. */
#define SN_LOGIN_MS        10000
#define SN_CLIENT_NAME_MAX 1024 /* of CLIENT SETNAME and SETINFO */

/* Only ever goes on to a later one (clients.c). */
enum sn_client_life {
    SN_CLIENT_NONE = 0,
    SN_CLIENT_OPEN,
    SN_CLIENT_ENDING, /* no more requests; closes once all output is written */
    SN_CLIENT_DOOMED, /* closes without ado at the next flush */
    SN_CLIENT_CLOSING /* uv_close was called */
};

/* What keeps the next request from being read and executed, beside answers that are waited for. */
enum {
    SN_HOLD_OUTPUT = 1 << 0,  /* the client has too much to read */
    SN_HOLD_TURN = 1 << 1,    /* more requests are there, but it is the turn of others */
    SN_HOLD_REQUEST = 1 << 2, /* `held` is one: nothing more is read, to keep it valid */
    SN_HOLD_RUNNING = 1 << 3  /* its requests are being executed up the stack */
};

struct sn_client {
    struct sn_server *server;
    struct sn_stream stream;
    struct sn_request_reader *reader;

    uint64_t id;            /* > 0 */
    char ip[SN_IP_MAX + 1]; /* of the other side; "" on a unix socket */
    char peer[SN_ADDR_TEXT_MAX + 1];
    char local[SN_ADDR_TEXT_MAX + 1];
    char *name; /* NULL: none; so are the next two */
    char *lib_name;
    char *lib_ver;
    struct sn_acl_user *user;
    const struct sn_spec *last_command; /* NULL: none, or an unknown one */
    struct sn_subscriptions subscriptions;
    struct sn_wait *waits; /* the answers that this client waits for, oldest first; NULL: none */
    size_t wait_count;
    struct sn_long_reply *long_reply; /* under way; NULL: none */
    struct sn_request held; /* read, but to be executed when nothing is waited for any more */
    enum sn_client_life life;
    unsigned holds; /* SN_HOLD_… */
    enum sn_client_due due;
    enum sn_resp_version version;
    uint64_t created_at; /* loop time, milliseconds; so are the next two */
    uint64_t active_at;
    size_t memory;      /* bytes that it holds, as counted in the server's sum */
    uint64_t locked_at; /* since when it has had to log in; loop time, and so is the next */
    uint64_t peer_at;   /* when is_peer was found out; 0: never */
    uint64_t soft_at;   /* since when the output is over the soft limit; 0: it is not */

    bool is_peer; /* a known sentinel is at its address */
    bool authenticated;
    bool asking;    /* a question of a peer is being executed */
    bool muted;     /* CLIENT REPLY OFF */
    bool mute_next; /* CLIENT REPLY SKIP: the next command */
    bool no_evict;
    bool tracking;
    bool rejected; /* never served: over maxclients, or denied */

    struct sn_client *prev, *next;             /* all clients */
    struct sn_client *due_prev, *due_next;     /* the clients to which something is due */
    struct sn_client *yield_prev, *yield_next; /* the clients that yielded */
};

/* Takes the connection that listener has waiting, unless it is gone already: starts reading, or
 * answers that it is not welcome and closes. */
void sn_client_accept(struct sn_server *server, struct sn_listener *listener);

/* Executes the complete requests that were read, until one has to wait, or until this turn of the
 * loop has lasted SN_TURN_MAX_MS: then the rest is executed in the next one. */
void sn_client_run(struct sn_client *client);
/* Renders the next slice of the client's long reply, and hands it out if that was the last. */
void sn_client_render(struct sn_client *client);
/* Writes what is buffered, and closes what is to be closed. client may be in closing afterwards. */
void sn_client_flush(struct sn_client *client);
/* Closes now. Not for a client that is running. */
void sn_client_close(struct sn_client *client);

/* Back to the user and protocol of a fresh connection. */
void sn_client_reset(struct sn_client *client);
/* From now on the client acts as user. */
void sn_client_login(struct sn_client *client, struct sn_acl_user *user);

#endif
