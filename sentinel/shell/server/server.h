/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_SERVER_H
#define SN_SHELL_SERVER_SERVER_H

/* The RESP server: listeners, clients, commands, Pub/Sub (DESIGN.md §4, PROTOCOL.md §3-§6). */

#include "base/buf.h"
#include "base/level.h"
#include "conf/table/settings.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/net/tls.h"

struct sn_chronicle;
struct sn_server;

/* Services that commands need from the rest of the process. */
struct sn_server_env {
    uv_loop_t *loop;
    const struct sn_settings *settings; /* borrowed */
    uint64_t memory_max;                /* bytes that all clients together may hold; 0: no limit */
    uint32_t peer_places;               /* connections from known peers, beyond maxclients */
    int fd_max;           /* highest descriptor for a client, as links need the rest; 0: no limit */
    int login_ms;         /* time to log in if a password is set; 0: SN_LOGIN_MS */
    size_t half_open_max; /* 0: SN_HALF_OPEN_MAX */
    const char *config_path; /* for INFO */
    const char *executable;  /* for INFO; NULL, "": the file that runs */
    bool is_valkey;          /* started by a name of Valkey */
    const char *supervisor;  /* for INFO; NULL: "no" */
    struct sn_log *log;
    const struct sn_chronicle *chronicle; /* for HISTORY; NULL: none */
    /* For SHUTDOWN: ends the process cleanly with status 0. */
    void (*shutdown)(void *arg);
    /* Resolves host and calls done once, possibly at once, with its IP; "" on failure. */
    void (*resolve)(void *arg, const char *host,
                    void (*done)(void *done_arg, const char *host, const char *ip), void *done_arg);
    /* Appends the fields of the tls section of INFO. NULL, or appends nothing: no such section. */
    void (*describe_tls)(void *arg, struct sn_buf *out);
    void *arg;
};

struct sn_server *sn_server_new(const struct sn_server_env *env);
/* Certificates for the TLS port; a reference is kept. Connections keep those they were opened with.
 */
void sn_server_set_tls(struct sn_server *server, struct sn_tls *tls);
void sn_server_set_driver(struct sn_server *server, struct sn_driver *driver);

/* Loads the users and listens as configured; on tls-port if sn_server_set_tls was called. SN_EIO,
 * SN_EINVAL: *error names the address and port, or the setting, and the reason, for the operator;
 * nothing listens then (PROTOCOL.md §20.4). */
SN_MUST_CHECK int sn_server_listen(struct sn_server *server, struct sn_buf *error);

/* Logs the addresses that it listens on, and configured ones that it could not listen on. */
void sn_server_log_listeners(const struct sn_server *server);
/* True if host is, or resolves to, an address that can be listened on here. Leaves nothing open.
 * Otherwise appends the reason to problem. */
bool sn_server_can_bind(const char *host, struct sn_buf *problem);

/* Makes password one of the default user's, in place of the one that was given here before or that
 * requirepass-file held at the start. Clients that are logged in stay. No effect with an ACL file,
 * which defines all users. */
void sn_server_set_password(struct sn_server *server, const char *password);
/* True if commands have changed users and there is no ACL file. */
bool sn_server_users_changed(const struct sn_server *server);
/* Appends a `user` line for each user, without the password that requirepass-file holds. */
void sn_server_describe_users(const struct sn_server *server, struct sn_buf *lines);
/* Returns the log level if a command has changed it; else NONE. */
enum sn_level sn_server_changed_level(const struct sn_server *server);

/* What INFO shows, for those that show it in another form. */
struct sn_server_figures {
    const char *redis_version;
    const char *runid;
    uint64_t uptime_s;
    uint64_t clients, max_clients;
    uint64_t clients_memory;
    uint64_t subscribers;
    uint64_t connections, rejected, evicted; /* since the start */
    uint64_t commands;
};
void sn_server_measure(const struct sn_server *server, struct sn_server_figures *figures);

/* Delivers an answer of the core to the client that waits for it; drops it if the client is gone.
 * The client's next commands run in sn_server_flush. */
void sn_server_answer(struct sn_server *server, const struct sn_action_answer *answer);
/* Publishes to subscribers (PROTOCOL.md §7.1). */
void sn_server_publish(struct sn_server *server, const char *channel, const char *message);
/* Resumes answered clients and writes buffered output, one write per client. */
void sn_server_flush(struct sn_server *server);
/* Stops listening and drops all clients; the last close callback frees the server. */
void sn_server_close(struct sn_server *server);

#endif
