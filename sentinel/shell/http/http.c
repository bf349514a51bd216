/* SPDX-License-Identifier: BSD-3-Clause */
/* libmicrohttpd has one epoll descriptor for all of its connections. The loop watches that, and has
 * a timer for the next time-out of libmicrohttpd. Each wake-up gives each connection one
 * turn: a request, or a piece of its answer.
 *
 * The listeners are ours, so that one limit holds for all addresses. At the limit the connection
 * that has waited longest gives way: connections that are held without use keep nobody out.
 * A connection that has completed no request for request_ms ends too, be it idle, slow to ask or
 * slow to read. To end one, its socket is shut down, which libmicrohttpd sees as the other side's
 * doing. */

#include "shell/http/http.h"

#include "base/alloc.h"
#include "base/error.h"
#include "shell/http/parts.h"
#include "shell/http/routes.h"
#include "shell/net/bind.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#define TICK_MS          1000
#define BACKLOG          128
#define MEMORY_PER_GUEST ((size_t)16 << 10) /* request, headers of the answer, one piece of it */
#define GUESTS_ENDING    8                  /* those that gave way may take a moment */

struct door {
    struct sn_listener listener;
    struct sn_http *http;
    char *text; /* "127.0.0.1" */
    struct door *next;
};

/* A connection. */
struct guest {
    struct MHD_Connection *connection;
    int fd;
    uint64_t since_ms; /* loop time at which its last request was answered, or it came */
    bool cut;
    struct guest *prev, *next; /* by since_ms */
};

struct sn_http {
    struct sn_http_parts parts;
    struct MHD_Daemon *daemon; /* NULL: not listening */
    uv_poll_t poll;            /* the epoll descriptor of daemon */
    uv_timer_t timer;          /* the next time-out of daemon */
    uv_timer_t tick;           /* once a second: connections that take too long; how late it is */
    uint64_t tick_due_ns;
    struct door *doors;
    struct guest *guests;
    size_t holds; /* handles not yet closed */
    bool closing;
};

/* ---- connections ---- */

static uint64_t now_ms(const struct sn_http *http)
{
    return uv_now(http->parts.env.loop);
}

static void add_guest(struct sn_http *http, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct guest *guest = sn_alloc(sizeof(*guest));

    guest->connection = connection;
    guest->fd = info->connect_fd;
    guest->since_ms = now_ms(http);
    DL_APPEND(http->guests, guest);
    http->parts.connections++;
    *context = guest;
}

static void touch_guest(struct sn_http *http, struct guest *guest)
{
    guest->since_ms = now_ms(http);
    DL_DELETE(http->guests, guest);
    DL_APPEND(http->guests, guest);
}

static void remove_guest(struct sn_http *http, struct guest *guest)
{
    DL_DELETE(http->guests, guest);
    http->parts.connections -= !guest->cut;
    free(guest);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        add_guest(arg, connection, context);
    else if (*context != NULL)
        remove_guest(arg, *context);
}

static void cut_guest(struct sn_http *http, struct guest *guest)
{
    if (guest->cut)
        return;
    guest->cut = true;
    http->parts.connections--;
    http->parts.tally.cut++;
    (void)shutdown(guest->fd, SHUT_RDWR);
    sn_events_end(http->parts.events, guest->connection);
}

/* A listener has no end, and there is room for others beside all of them. */
static bool may_stay(const struct sn_http *http, const struct guest *guest)
{
    return guest->cut || sn_events_is_well(http->parts.events, guest->connection);
}

/* The first that is not cut already has waited longest. */
static void make_room(struct sn_http *http)
{
    struct guest *guest = http->guests;

    while (guest != NULL && may_stay(http, guest))
        guest = guest->next;
    if (guest != NULL && http->parts.connections >= SN_HTTP_CONNECTIONS_MAX)
        cut_guest(http, guest);
}

static uint64_t request_ms(const struct sn_http_env *env)
{
    return (uint64_t)(env->request_ms > 0 ? env->request_ms : SN_HTTP_REQUEST_MS);
}

static void cut_late_guests(struct sn_http *http)
{
    uint64_t most_ms = request_ms(&http->parts.env);
    struct guest *guest, *after;

    DL_FOREACH_SAFE(http->guests, guest, after) {
        if (now_ms(http) - guest->since_ms < most_ms)
            return;
        if (sn_events_is_well(http->parts.events, guest->connection))
            touch_guest(http, guest);
        else
            cut_guest(http, guest);
    }
}

/* ---- requests ---- */

/* Called when the head of a request has arrived, and again when it is complete. A request with a
 * body ends the connection. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    static char seen;

    (void)version;
    (void)upload;
    if (!sn_routes_allow(method))
        return sn_routes_refuse(connection);
    if (*upload_size > 0)
        return MHD_NO;
    if (*request == NULL) {
        *request = &seen;
        return MHD_YES;
    }
    return sn_routes_answer(arg, connection, method, url);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct sn_http *http = arg;
    struct guest *guest = info != NULL ? info->socket_context : NULL;

    *request = NULL;
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK || guest == NULL)
        return;
    http->parts.tally.requests++;
    touch_guest(http, guest);
}

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct sn_http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    (void)MHD_run(http->daemon);
    if (MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES)
        uv_timer_start(&http->timer, on_timer, timeout_ms, 0);
    else
        uv_timer_stop(&http->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_tick(uv_timer_t *tick)
{
    struct sn_http *http = tick->data;
    uint64_t now_ns = uv_hrtime();

    sn_histogram_add(&http->parts.tally.loop_lag,
                     now_ns > http->tick_due_ns ? now_ns - http->tick_due_ns : 0);
    http->tick_due_ns = now_ns + TICK_MS * (uint64_t)1000000;
    uv_update_time(tick->loop);
    uv_timer_start(tick, on_tick, TICK_MS, 0);
    cut_late_guests(http);
    sn_events_tick(http->parts.events);
    run(http);
}

/* ---- listening ---- */

static void release(struct sn_http *http)
{
    if (--http->holds > 0)
        return;
    sn_tally_fini(&http->parts.tally);
    sn_events_free(http->parts.events);
    free(http);
}

static void on_connected(void *owner, int error)
{
    struct door *door = owner;
    struct sn_http *http = door->http;
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (http->closing)
        return;
    int fd = error == 0 ? sn_bind_accept(&door->listener) : error;
    if (fd < 0) {
        sn_log(http->parts.env.log, SN_LEVEL_WARNING, "Accepting an HTTP connection: %s",
               uv_strerror(fd));
        return;
    }
    if (getpeername(fd, (struct sockaddr *)&address, &size) != 0) {
        close(fd); /* gone already */
        return;
    }
    make_room(http);
    (void)MHD_add_connection(http->daemon, fd, (struct sockaddr *)&address, size);
    run(http);
}

static void on_door_closed(void *owner)
{
    struct door *door = owner;
    struct sn_http *http = door->http;

    free(door->text);
    free(door);
    release(http);
}

static void close_door(struct door *door)
{
    LL_DELETE(door->http->doors, door);
    sn_listener_close(&door->listener);
}

/* A '-' in front of an address allows that this machine does not have it. */
static int open_door(struct sn_http *http, const char *bind, struct sn_buf *error)
{
    static const struct sn_listener_hooks hooks = {.connected = on_connected,
                                                   .closed = on_door_closed};
    bool optional = bind[0] == '-';
    struct door *door = sn_alloc(sizeof(*door));
    uint16_t port = http->parts.env.settings->http_port;
    struct sockaddr_storage address;

    door->http = http;
    door->text = sn_strdup(optional ? bind + 1 : bind);
    sn_listener_init(&door->listener, http->parts.env.loop, false, &hooks, door);
    http->holds++;
    LL_APPEND(http->doors, door);
    int result = sn_bind_address(door->text, port, &address);
    if (result == 0)
        result = sn_listener_tcp(&door->listener, (const struct sockaddr *)&address, BACKLOG);
    if (result == 0)
        return 0;
    if (!optional || !sn_bind_is_missing(result))
        sn_buf_printf(error, "%s port %u (HTTP): %s", door->text, (unsigned)port,
                      uv_strerror(result));
    close_door(door);
    return error->len == 0 ? 0 : SN_EIO;
}

static int open_doors(struct sn_http *http, struct sn_buf *error)
{
    static char *loopback[] = {"127.0.0.1", "-::1"};
    const struct sn_setting_words *words = &http->parts.env.settings->http_bind;
    char *const *binds = words->count > 0 ? words->items : loopback;
    size_t count = words->count > 0 ? words->count : 2;
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i++)
        result = open_door(http, binds[i], error);
    while (result != 0 && http->doors != NULL)
        close_door(http->doors);
    return result;
}

static int start_daemon(struct sn_http *http)
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, &http->parts, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(SN_HTTP_CONNECTIONS_MAX + GUESTS_ENDING), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        MEMORY_PER_GUEST, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        http->daemon != NULL ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    int result =
        info != NULL ? uv_poll_init(http->parts.env.loop, &http->poll, info->epoll_fd) : UV_ENOTSUP;
    if (result == 0) {
        http->poll.data = http;
        http->holds++;
        result = uv_poll_start(&http->poll, UV_READABLE, on_ready);
    }
    return result;
}

int sn_http_listen(struct sn_http *http, struct sn_buf *error)
{
    if (http == NULL)
        return 0;
    int result = start_daemon(http);
    if (result != 0) {
        sn_buf_printf(error, "port %u (HTTP): cannot start the server: %s",
                      (unsigned)http->parts.env.settings->http_port, uv_strerror(result));
        return SN_EIO;
    }
    if (open_doors(http, error) != 0)
        return SN_EIO;
    http->tick_due_ns = uv_hrtime() + TICK_MS * (uint64_t)1000000;
    uv_timer_start(&http->tick, on_tick, TICK_MS, 0);
    return 0;
}

void sn_http_log_listeners(const struct sn_http *http)
{
    const struct door *door;

    if (http == NULL)
        return;
    LL_FOREACH(http->doors, door)
        sn_log(http->parts.env.log, SN_LEVEL_NOTICE, "Listening on %s port %u (HTTP)", door->text,
               (unsigned)http->parts.env.settings->http_port);
}

/* ---- the whole ---- */

struct sn_http *sn_http_new(const struct sn_http_env *env)
{
    if (env->settings->http_port == 0)
        return NULL;
    struct sn_http *http = sn_alloc(sizeof(*http));
    http->parts.env = *env;
    http->parts.events = sn_events_new(env->loop, request_ms(env));
    uv_timer_init(env->loop, &http->timer);
    uv_timer_init(env->loop, &http->tick);
    http->timer.data = http;
    http->tick.data = http;
    http->holds = 2;
    return http;
}

void sn_http_set_driver(struct sn_http *http, struct sn_driver *driver)
{
    if (http != NULL)
        http->parts.driver = driver;
}

void sn_http_note_event(struct sn_http *http, const struct sn_action_notice *event)
{
    if (http == NULL || http->closing)
        return;
    sn_tally_event(&http->parts.tally, event, sn_driver_now(http->parts.driver));
    if (event->level == SN_LEVEL_DEBUG)
        return;
    /* Not here and now, in the midst of a step of the core. */
    if (sn_events_add(http->parts.events, event))
        uv_timer_start(&http->timer, on_timer, 0, 0);
}

void sn_http_note_save(struct sn_http *http, bool ok, uint64_t took_ns)
{
    if (http == NULL)
        return;
    if (ok)
        sn_histogram_add(&http->parts.tally.saves, took_ns);
    else
        http->parts.tally.saves_failed++;
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void sn_http_close(struct sn_http *http)
{
    if (http == NULL || http->closing)
        return;
    http->closing = true;
    while (http->doors != NULL)
        close_door(http->doors);
    /* Before the daemon closes the descriptor that it watches. */
    if (http->poll.data != NULL)
        uv_close((uv_handle_t *)&http->poll, on_closed);
    sn_events_end_all(http->parts.events);
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    uv_close((uv_handle_t *)&http->timer, on_closed);
    uv_close((uv_handle_t *)&http->tick, on_closed);
}
