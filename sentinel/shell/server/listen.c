/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* realpath */
/* Where the server listens (PROTOCOL.md §20.4): every bind address, in both families, and the unix
 * socket. All or none: if one socket fails, the others are closed again. */

#include "shell/server/listen.h"

#include "base/alloc.h"
#include "base/error.h"
#include "shell/net/bind.h"
#include "shell/server/accounts.h"
#include "shell/server/acl_load.h"
#include "shell/server/client.h"
#include "shell/server/parts.h"
#include "shell/server/renames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

struct sn_door {
    struct sn_listener listener;
    struct sn_server *server;
    char *text; /* "127.0.0.1" or the path, for INFO */
    bool tls;
    uint16_t port; /* 0: a Unix socket */
    struct sn_door *next;
};

static void on_connected(void *owner, int error)
{
    struct sn_door *door = owner;
    struct sn_server *server = door->server;

    if (sn_server_is_closing(server))
        return;
    if (error != 0) {
        sn_log(sn_server_env(server)->log, SN_LEVEL_WARNING, "Accepting a client connection: %s",
               uv_strerror(error));
        return;
    }
    sn_client_accept(server, &door->listener, door->tls ? sn_server_tls(server) : NULL);
    sn_server_wake(server);
}

static void on_door_closed(void *owner)
{
    struct sn_door *door = owner;
    struct sn_server *server = door->server;

    free(door->text);
    free(door);
    sn_server_release(server);
}

static struct sn_door *door_new(struct sn_server *server, bool is_unix, const char *text)
{
    static const struct sn_listener_hooks hooks = {.connected = on_connected,
                                                   .closed = on_door_closed};
    struct sn_door *door = sn_alloc(sizeof(*door));

    door->server = server;
    door->text = sn_strdup(text);
    sn_listener_init(&door->listener, sn_server_env(server)->loop, is_unix, &hooks, door);
    sn_server_hold(server);
    LL_APPEND(*sn_server_doors(server), door);
    return door;
}

bool sn_server_can_bind(const char *host, struct sn_buf *problem)
{
    struct sockaddr_storage address;

    int rc = sn_bind_address(host, 0, &address);
    int fd = rc == 0 ? socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (rc == 0 &&
        (fd < 0 || bind(fd, (const struct sockaddr *)&address,
                        address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                     : sizeof(struct sockaddr_in6)) != 0))
        rc = uv_translate_sys_error(errno);
    if (fd >= 0)
        close(fd);
    if (rc != 0)
        sn_buf_puts(problem, uv_strerror(rc));
    return rc == 0;
}

static void drop_door(struct sn_door *door)
{
    LL_DELETE(*sn_server_doors(door->server), door);
    sn_listener_close(&door->listener);
}

void sn_listen_stop(struct sn_server *server)
{
    while (*sn_server_doors(server))
        drop_door(*sn_server_doors(server));
}

static int fail(struct sn_server *server, struct sn_buf *error, const char *where, int rc)
{
    sn_buf_printf(error, "%s: %s", where, uv_strerror(rc));
    sn_listen_stop(server);
    return SN_EIO;
}

/* PROTOCOL.md §20.4. */
static int listen_bind(struct sn_server *server, const char *bind, uint16_t port, bool tls,
                       struct sn_buf *error)
{
    const struct sn_settings *settings = sn_server_env(server)->settings;
    char where[SN_ADDR_TEXT_MAX + 16];
    bool optional = bind[0] == '-';
    const char *host = optional ? bind + 1 : bind;
    struct sn_door *door = door_new(server, false, host);
    struct sockaddr_storage address;
    int rc = sn_bind_address(host, port, &address);

    door->tls = tls;
    door->port = port;

    if (rc == 0)
        rc = sn_listener_tcp(&door->listener, (const struct sockaddr *)&address,
                             settings->tcp_backlog);
    if (rc == 0)
        return 0;
    if (optional && sn_bind_is_missing(rc)) {
        drop_door(door);
        return 0;
    }
    snprintf(where, sizeof(where), "%.*s port %u (%s)", SN_HOST_MAX, host, (unsigned)port,
             tls ? "TLS" : "TCP");
    return fail(server, error, where, rc);
}

static int listen_port(struct sn_server *server, uint16_t port, bool tls, struct sn_buf *error)
{
    static char *all[] = {"*", "-::*"};
    const struct sn_settings *settings = sn_server_env(server)->settings;
    char *const *binds = settings->bind_count > 0 ? settings->bind : all;
    size_t count = settings->bind_count > 0 ? settings->bind_count : 2;
    int rc = 0;

    for (size_t i = 0; rc == 0 && port != 0 && !settings->bind_none && i < count; i++)
        rc = listen_bind(server, binds[i], port, tls, error);
    return rc;
}

int sn_server_listen(struct sn_server *server, struct sn_buf *error)
{
    const struct sn_settings *settings = sn_server_env(server)->settings;
    struct sn_accounts *accounts = sn_server_accounts(server);

    int rc = sn_renames_check(settings, error);
    if (rc == 0)
        rc = sn_acl_load(&accounts->acl, settings, &accounts->file_password, error);
    if (rc != 0)
        return rc;
    if (settings->aclfile != NULL) {
        accounts->real = realpath(settings->aclfile, NULL);
        sn_store_access_of(settings->aclfile, 0600, &accounts->access);
    }
    rc = listen_port(server, settings->port, false, error);
    if (rc == 0 && sn_server_tls(server) != NULL)
        rc = listen_port(server, settings->tls.port, true, error);
    if (rc != 0)
        return rc;
    if (settings->unixsocket) {
        struct sn_door *door = door_new(server, true, settings->unixsocket);
        rc = sn_listener_unix(&door->listener, settings->unixsocket,
                              (mode_t)settings->unixsocketperm, settings->tcp_backlog);
        if (rc != 0)
            return fail(server, error, settings->unixsocket, rc);
    }
    if (!*sn_server_doors(server)) {
        sn_buf_puts(error, "Configured to not listen anywhere, exiting.");
        return SN_EIO;
    }
    return 0;
}

static bool listens_on(const struct sn_server *server, const char *host, uint16_t port)
{
    const struct sn_door *door;

    LL_FOREACH(*sn_server_doors(server), door) {
        if (!door->listener.is_unix && door->port == port && strcmp(door->text, host) == 0)
            return true;
    }
    return false;
}

static void log_port(const struct sn_server *server, uint16_t port, const char *how)
{
    const struct sn_settings *settings = sn_server_env(server)->settings;
    struct sn_log *log = sn_server_env(server)->log;
    const struct sn_door *door;

    if (settings->bind_count == 0 && listens_on(server, "*", port))
        sn_log(log, SN_LEVEL_NOTICE, "Listening on all addresses, port %u%s", (unsigned)port, how);
    LL_FOREACH(*sn_server_doors(server), door) {
        if (!door->listener.is_unix && settings->bind_count > 0 && door->port == port)
            sn_log(log, SN_LEVEL_NOTICE, "Listening on %s port %u%s", door->text, (unsigned)port,
                   how);
    }
    for (size_t i = 0; i < settings->bind_count; i++) {
        const char *bind = settings->bind[i];
        if (bind[0] == '-' && !listens_on(server, bind + 1, port))
            sn_log(log, SN_LEVEL_NOTICE,
                   "Not listening on %s: this machine has no such address. The - in front of it in "
                   "bind allows that",
                   bind + 1);
    }
}

void sn_server_log_listeners(const struct sn_server *server)
{
    const struct sn_settings *settings = sn_server_env(server)->settings;
    const struct sn_door *door;

    if (settings->port != 0)
        log_port(server, settings->port, "");
    if (sn_server_tls(server) != NULL && settings->tls.port != 0)
        log_port(server, settings->tls.port, " (TLS)");
    LL_FOREACH(*sn_server_doors(server), door) {
        if (door->listener.is_unix)
            sn_log(sn_server_env(server)->log, SN_LEVEL_NOTICE, "Listening on %s", door->text);
    }
}

/* One line for the addresses of a port. */
static void describe_port(const struct sn_server *server, bool tls, int *lines, struct sn_buf *out)
{
    const struct sn_door *door;
    int count = 0;
    unsigned port = 0;

    LL_FOREACH(*sn_server_doors(server), door) {
        if (door->listener.is_unix || door->tls != tls)
            continue;
        port = door->port;
        if (count++ == 0)
            sn_buf_printf(out, "listener%d:name=%s", (*lines)++, tls ? "tls" : "tcp");
        sn_buf_printf(out, ",bind=%s", door->text);
    }
    if (count > 0)
        sn_buf_printf(out, ",port=%u\r\n", port);
}

void sn_listen_describe(const struct sn_server *server, struct sn_buf *out)
{
    const struct sn_door *door;
    int lines = 0;

    describe_port(server, false, &lines, out);
    LL_FOREACH(*sn_server_doors(server), door) {
        if (door->listener.is_unix)
            sn_buf_printf(out, "listener%d:name=unix,bind=%s\r\n", lines++, door->text);
    }
    describe_port(server, true, &lines, out);
}
