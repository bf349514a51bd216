/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_HTTP_H
#define SN_SHELL_HTTP_HTTP_H

/* The HTTP port: metrics, health checks and the state of the groups, to be read only (DESIGN.md
 * D29, HTTP.md). libmicrohttpd runs in the loop, without threads. All functions but sn_http_new
 * accept NULL, and do nothing then. */

#include "base/buf.h"
#include "conf/table/settings.h"
#include "core/action.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/server/server.h"

#define SN_HTTP_CONNECTIONS_MAX 64
#define SN_HTTP_REQUEST_MS      10000
#define SN_HTTP_FILES           (SN_HTTP_CONNECTIONS_MAX + 16) /* that all of it needs */

struct sn_chronicle;
struct sn_http;

struct sn_http_env {
    uv_loop_t *loop;
    const struct sn_settings *settings; /* borrowed */
    const struct sn_server *server;     /* borrowed */
    struct sn_log *log;
    const struct sn_chronicle *chronicle; /* for /history; NULL: none */
    int request_ms; /* longest time of a request with its answer, or between two; 0:
                       SN_HTTP_REQUEST_MS */
    /* Appends a line for each reason why this sentinel is not ready; none: it is. */
    void (*why_not_ready)(void *arg, struct sn_buf *lines);
    void *arg;
};

/* NULL if http-port is 0. */
struct sn_http *sn_http_new(const struct sn_http_env *env);
void sn_http_set_driver(struct sn_http *http, struct sn_driver *driver);
/* Listens as configured. SN_EIO: *error names the address and port, and the reason; nothing listens
 * then. */
SN_MUST_CHECK int sn_http_listen(struct sn_http *http, struct sn_buf *error);
void sn_http_log_listeners(const struct sn_http *http);

/* For the counters, and an event for those who listen. */
void sn_http_note_event(struct sn_http *http, const struct sn_action_notice *event);
void sn_http_note_save(struct sn_http *http, bool ok, uint64_t took_ns);

/* Stops listening and drops all connections; the last close callback frees it. */
void sn_http_close(struct sn_http *http);

#endif
