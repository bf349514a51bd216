/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_STATE_H
#define SN_SHELL_SERVER_STATE_H

/* The structure of a server; for server.c and parts.c only. */

#include "acl/spec_index.h"
#include "base/buf.h"
#include "shell/server/accounts.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/parts.h"
#include "shell/server/pubsub.h"
#include "shell/server/stats.h"
#include "shell/server/waits.h"

/* Calls from the files below server.c into it. */
struct sn_server_hooks {
    void (*execute)(struct sn_client *client, const struct sn_request *request, struct sn_buf *out);
    void (*flush)(struct sn_server *server);
    void (*on_idle)(uv_idle_t *idle);
    void (*free)(struct sn_server *server); /* the last hold was released */
};

struct sn_server {
    struct sn_server_env env;
    struct sn_server_hooks hooks;
    struct sn_driver *driver;
    struct sn_spec_index commands;
    sn_command_fn *handlers[SN_SPECS_MAX];
    struct sn_clients clients;
    struct sn_waits waits;
    struct sn_accounts accounts;
    struct sn_pubsub pubsub;
    struct sn_stats stats;
    struct sn_door *doors;
    struct sn_tls *tls; /* NULL: no TLS */
    struct sn_command_texts *texts[4];
    struct sn_buf scratch;
    struct sn_runid runid;
    uint64_t started_at; /* loop time, ms */
    uv_timer_t timer;    /* once a second: idle clients, soft output limits */
    uv_idle_t idle;      /* active while clients have yielded */
    size_t holds;        /* handles not yet closed, workers */
    bool level_changed;  /* since the start, by a command */
    bool flushing;
    bool closing;
};

#endif
