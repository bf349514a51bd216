/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_SERVER_H
#define SN_SHELL_SERVER_SERVER_H

/* The RESP server: listeners, clients, commands, Pub/Sub (DESIGN.md §4, PROTOCOL.md §3-§6). */

#include "base/buf.h"
#include "base/level.h"
#include "conf/table/settings.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"

struct sn_server;

/* What commands need from the rest of the process. */
struct sn_server_env {
    uv_loop_t *loop;
    const struct sn_settings *settings; /* borrowed */
    uint64_t memory_max;                /* bytes that all clients together may hold; 0: no limit */
    uint32_t peer_places; /* connections beyond maxclients from addresses of known peers */
    int fd_max;           /* a client with a descriptor above it takes what links need; 0: none */
    int login_ms;         /* time to log in, where a password is set; 0: SN_LOGIN_MS */
    const char *config_path; /* for INFO */
    const char *supervisor;  /* for INFO; NULL: "no" */
    struct sn_log *log;
    /* Asked by SHUTDOWN: ends the process cleanly with status 0. */
    void (*shutdown)(void *arg);
    /* Looks host up, then calls done once with its IP ("" if it does not resolve), possibly at
     * once. */
    void (*resolve)(void *arg, const char *host, void (*done)(void *done_arg, const char *ip),
                    void *done_arg);
    void *arg;
};

struct sn_server *sn_server_new(const struct sn_server_env *env);
void sn_server_set_driver(struct sn_server *server, struct sn_driver *driver);

/* Loads the users and listens as settings say. SN_EIO, SN_EINVAL: *error says which address and
 * port, or which setting, and why (for the operator); nothing listens then (PROTOCOL.md §20.4). */
SN_MUST_CHECK int sn_server_listen(struct sn_server *server, struct sn_buf *error);

/* Says in the log where it listens, and where not although that was asked for. */
void sn_server_log_listeners(const struct sn_server *server);
/* True if host is an address (or names one) that can be listened on here; nothing stays open. */
bool sn_server_can_bind(const char *host, struct sn_buf *problem);

/* True if users were changed by commands and no ACL file holds them. */
bool sn_server_users_changed(const struct sn_server *server);
/* Appends a `user` line for each user. */
void sn_server_describe_users(const struct sn_server *server, struct sn_buf *lines);
/* The log level, if it was changed by a command; NONE if not. */
enum sn_level sn_server_changed_level(const struct sn_server *server);

/* Delivers the answer of the core to the client that waits for it (drops it if that client is
 * gone). The client's next pipelined commands run in sn_server_flush. */
void sn_server_answer(struct sn_server *server, const struct sn_action_answer *answer);
/* Publishes to subscribers (PROTOCOL.md §7.1). */
void sn_server_publish(struct sn_server *server, const char *channel, const char *message);
/* Resumes clients whose answers came and writes what is buffered, one write per client. */
void sn_server_flush(struct sn_server *server);
/* Stops listening and drops all clients; the memory goes with the last close callback. */
void sn_server_close(struct sn_server *server);

#endif
