/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CLIENT_H
#define SN_SHELL_SERVER_CLIENT_H

/* A client connection: reads bytes, executes requests, writes replies.
 *
 * All replies to one read leave in one write. A request that waits for the core's answer holds back
 * later ones. A connection is never freed while its code runs: closing is deferred to
 * sn_server_flush, freeing to libuv's close callback. */

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

/* Output limit, in bytes, of a client without subscriptions. */
#define SN_CLIENT_OUTPUT_MAX ((size_t)256 << 20)
/* While its unread output exceeds this, no further request of a client is executed. */
#define SN_CLIENT_OUTPUT_PAUSE ((size_t)4 << 20)
/* Bytes read ahead at most while a client waits for an answer. */
#define SN_CLIENT_READ_AHEAD_MAX ((size_t)1 << 20)
/* Time for commands in one turn of the loop. Later requests wait for the next turn, so that clients
 * cannot delay the monitoring of groups. No single command takes much longer: request size is
 * limited (sn_request_limits_open), and replies about many objects are long replies. */
#define SN_TURN_MAX_MS 5
/* Time to log in, if a password is set; afterwards the client is dropped. Deliberate difference
 * from stock, which never drops it: a few hundred unauthenticated connections would lock out all
 * other clients. */
#define SN_LOGIN_MS 10000
/* TLS handshakes in which it is the client's turn. Each holds some 45 KB. An honest client needs a
 * round trip; to push it out, an attacker has to make us answer that many others in that time. */
#define SN_HALF_OPEN_MAX   1000
#define SN_CLIENT_NAME_MAX 1024 /* of CLIENT SETNAME and SETINFO */

/* Life of a client; only moves to later values (clients.c). */
enum sn_client_life {
    SN_CLIENT_NONE = 0,
    SN_CLIENT_OPEN,
    SN_CLIENT_ENDING, /* executes no more requests; closes after all output is written */
    SN_CLIENT_DOOMED, /* closes at the next flush, without writing */
    SN_CLIENT_CLOSING /* uv_close was called */
};

/* Holds: what keeps the next request from being executed, besides pending answers. */
enum {
    SN_HOLD_OUTPUT = 1 << 0,  /* too much unread output */
    SN_HOLD_TURN = 1 << 1,    /* the client has yielded to others */
    SN_HOLD_REQUEST = 1 << 2, /* `held` is set: reading would invalidate it */
    SN_HOLD_RUNNING = 1 << 3  /* requests are being executed up the stack */
};

struct sn_client {
    struct sn_server *server;
    struct sn_stream stream;
    struct sn_request_reader *reader;

    uint64_t id;            /* > 0 */
    char ip[SN_IP_MAX + 1]; /* of the other side; "" on a Unix socket */
    char peer[SN_ADDR_TEXT_MAX + 1];
    char local[SN_ADDR_TEXT_MAX + 1];
    char *name; /* NULL: none; so are the next two */
    char *lib_name;
    char *lib_ver;
    struct sn_acl_user *user;
    const struct sn_spec *last_command; /* NULL: none, or an unknown one */
    struct sn_subscriptions subscriptions;
    struct sn_wait *waits; /* pending answers, oldest first; NULL: none */
    size_t wait_count;
    struct sn_long_reply *long_reply; /* under way; NULL: none */
    struct sn_request held;           /* read; executed when no answer is pending */
    enum sn_client_life life;
    unsigned holds; /* SN_HOLD_… */
    enum sn_client_due due;
    enum sn_resp_version version;
    uint64_t created_at; /* loop time, milliseconds; so are the next two */
    uint64_t active_at;
    size_t memory;      /* bytes held, as counted in the server's sum */
    uint64_t locked_at; /* start of the time to log in; loop time, as the next two */
    uint64_t peer_at;   /* when is_peer was last determined; 0: never */
    uint64_t soft_at;   /* since when output exceeds the soft limit; 0: it does not */

    bool is_peer; /* a known sentinel is at its address */
    bool authenticated;
    bool asking;    /* a question of a peer is being executed */
    bool muted;     /* CLIENT REPLY OFF */
    bool mute_next; /* CLIENT REPLY SKIP: the next command */
    bool no_evict;
    bool tracking;
    bool rejected; /* never served: over maxclients, or denied */
    bool is_half;  /* in the list of those in the middle of a TLS handshake */

    struct sn_client *prev, *next;             /* all clients */
    struct sn_client *due_prev, *due_next;     /* the clients to which something is due */
    struct sn_client *yield_prev, *yield_next; /* the clients that yielded */
    struct sn_client *half_prev, *half_next;   /* the clients in the middle of a TLS handshake */
};

/* Accepts the waiting connection, unless it is gone already. Starts reading, or rejects it with an
 * error and closes it. tls: of the listener; NULL: plain text. */
void sn_client_accept(struct sn_server *server, struct sn_listener *listener, struct sn_tls *tls);

/* Executes complete requests until one has to wait for its answer, or until commands have run for
 * SN_TURN_MAX_MS in this turn of the loop; the next turn executes the rest. */
void sn_client_run(struct sn_client *client);
/* Renders the next slice of the client's long reply; after the last slice, moves it to the output.
 */
void sn_client_render(struct sn_client *client);
/* Writes buffered output, or closes client if that is due. client may be CLOSING afterwards. */
void sn_client_flush(struct sn_client *client);
/* Closes at once. Precondition: the client's requests are not running. */
void sn_client_close(struct sn_client *client);

/* Resets user and protocol to those of a new connection. */
void sn_client_reset(struct sn_client *client);
/* Makes client act as user from now on. */
void sn_client_login(struct sn_client *client, struct sn_acl_user *user);

#endif
