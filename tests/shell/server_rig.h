/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_SERVER_RIG_H
#define SN_TESTS_SHELL_SERVER_RIG_H

/* A server with a real core and driver on a free loopback port, in the loop of the test, and raw
 * connections to it. Nothing is connected to, run or saved: a save is confirmed at once, or when
 * the test lets it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/table/settings.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/server/server.h"

#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#define RIG_PATIENCE_MS 180000 /* whoever is as late as that will not come */

struct rig {
    uv_loop_t loop;
    struct sn_settings settings;
    struct sn_image image;
    struct sn_log *log;
    struct sn_core *core;
    struct sn_driver *driver;
    struct sn_server *server;
    int port_holder;             /* keeps the port from being given to anybody else */
    bool hold_saves;             /* set by a test: saves are confirmed by rig_confirm_save */
    bool fail_saves;             /* … are confirmed as failed */
    uint64_t unsaved;            /* version of the save that is held; 0: none */
    struct sn_server_env limits; /* set by a test: memory_max, peer_places, login_ms */
    bool shutdown;               /* SHUTDOWN was asked for */
    uint16_t watched_port;       /* set by a test: rig_tell_info speaks for the server there */
    struct sn_link_id watched;   /* the command link to it */
    uint64_t info_tag;           /* of the last INFO to it */
    bool hold_resolve;           /* set by a test: look-ups end by rig_resolve */
    void (*resolved)(void *arg, const char *host, const char *ip);
    void *resolved_arg;
    char resolve_host[SN_HOST_MAX + 1];
};

static inline uint64_t rig_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static inline void rig_confirm_save(struct rig *rig)
{
    struct sn_input event = {.kind = SN_INPUT_PERSISTED};

    event.u.persisted.version = rig->unsaved;
    event.u.persisted.ok = !rig->fail_saves;
    rig->unsaved = 0;
    sn_driver_feed(rig->driver, &event);
}

static inline void rig_persist(void *arg, uint64_t version)
{
    struct rig *rig = arg;

    rig->unsaved = version;
    if (!rig->hold_saves)
        rig_confirm_save(rig);
}

static inline void rig_answer(void *arg, const struct sn_action_answer *answer)
{
    sn_server_answer(((struct rig *)arg)->server, answer);
}

static inline void rig_event(void *arg, const struct sn_action_notice *event)
{
    if (event->level != SN_LEVEL_DEBUG)
        sn_server_publish(((struct rig *)arg)->server, event->name, event->payload);
}

static inline void rig_idle(void *arg)
{
    sn_server_flush(((struct rig *)arg)->server);
}

static inline void rig_watch(struct rig *rig, const struct sn_action *action)
{
    const struct sn_action_connect *connect = &action->u.connect;
    const struct sn_action_send *send = &action->u.send;

    if (rig->watched_port == 0)
        return;
    if (action->kind == SN_ACTION_CONNECT && connect->port == rig->watched_port &&
        connect->kind == SN_LINK_DATA)
        rig->watched = connect->link;
    if (action->kind == SN_ACTION_SEND && send->order == SN_ORDER_INFO &&
        send->link.v == rig->watched.v)
        rig->info_tag = send->tag;
}

static inline void rig_perform(void *arg, const struct sn_action *action)
{
    rig_watch(arg, action);
    if (action->kind == SN_ACTION_PERSIST)
        rig_persist(arg, action->u.persist.version);
    else if (action->kind == SN_ACTION_ANSWER)
        rig_answer(arg, &action->u.answer);
    else if (action->kind == SN_ACTION_NOTICE)
        rig_event(arg, &action->u.notice);
}

static inline void rig_shutdown(void *arg)
{
    ((struct rig *)arg)->shutdown = true;
}

static inline void rig_resolve(struct rig *rig, const char *ip)
{
    assert_non_null(rig->resolved);
    void (*done)(void *arg, const char *host, const char *ip) = rig->resolved;
    rig->resolved = NULL;
    done(rig->resolved_arg, rig->resolve_host, ip);
}

static inline void rig_look_up(void *arg, const char *host,
                               void (*done)(void *done_arg, const char *host, const char *ip),
                               void *done_arg)
{
    struct rig *rig = arg;

    snprintf(rig->resolve_host, sizeof(rig->resolve_host), "%s", host);
    rig->resolved = done;
    rig->resolved_arg = done_arg;
    if (!rig->hold_resolve)
        rig_resolve(rig, "127.0.0.9");
}

/* A free port, which the kernel gives to nobody else until the rig is stopped: a bound socket that
 * does not listen leaves it to a server that sets SO_REUSEADDR, as libuv does. */
static inline uint16_t rig_hold_port(struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rig->port_holder = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(rig->port_holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(rig->port_holder, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(rig->port_holder, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

/* Everything but listening: the test may change rig->settings in between. */
static inline void rig_init(struct rig *rig)
{
    static char bind_address[] = "127.0.0.1";

    memset(rig, 0, sizeof(*rig));
    loop_start(&rig->loop);
    sn_settings_init(&rig->settings);
    rig->settings.port = rig_hold_port(rig);
    rig->settings.bind = calloc(1, sizeof(*rig->settings.bind));
    rig->settings.bind[0] = strdup(bind_address);
    rig->settings.bind_count = 1;
    sn_image_init(&rig->image);
    assert_int_equal(sn_log_open("/dev/null", SN_LEVEL_NOTICE, NULL, NULL, &rig->log), 0);
}

static inline void rig_add_group(struct rig *rig, const char *name, const char *ip, int64_t port)
{
    struct sn_addr address;

    assert_int_equal(sn_addr_make(ip, port, &address), 0);
    sn_image_add_group(&rig->image, name, &address, 2);
}

/* Makes core, driver and server; listening is the caller's. */
static inline void rig_build(struct rig *rig)
{
    static const struct sn_driver_ports ports = {.perform = rig_perform, .idle = rig_idle};
    struct sn_server_env env = {.loop = &rig->loop,
                                .settings = &rig->settings,
                                .config_path = "/etc/s.conf",
                                .log = rig->log,
                                .memory_max = rig->limits.memory_max,
                                .peer_places = rig->limits.peer_places,
                                .fd_max = rig->limits.fd_max,
                                .login_ms = rig->limits.login_ms,
                                .half_open_max = rig->limits.half_open_max,
                                .shutdown = rig_shutdown,
                                .resolve = rig_look_up,
                                .arg = rig};
    struct sn_input start = {.kind = SN_INPUT_START};

    rig->server = sn_server_new(&env);
    rig->core = sn_core_new(&rig->image, 7, (sn_ms)rig_now_ms());
    rig->driver = sn_driver_new(&rig->loop, rig->core, &ports, rig);
    sn_server_set_driver(rig->server, rig->driver);
    sn_driver_feed(rig->driver, &start);
}

static inline void rig_start(struct rig *rig)
{
    struct sn_buf error;

    rig_build(rig);
    sn_buf_init(&error, 1024);
    if (sn_server_listen(rig->server, &error) != 0)
        fail_msg("cannot listen: %s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

/* The server at watched_port is connected to, and answers INFO with text. */
static inline void rig_tell_info(struct rig *rig, const char *text)
{
    struct sn_input up = {.kind = SN_INPUT_LINK_UP,
                          .u.link = {.link = rig->watched, .local_ip = "127.0.0.1", .reason = ""}};
    struct sn_reply reply = {.type = SN_REPLY_STRING, .text = text, .len = strlen(text)};
    struct sn_input event = {
        .kind = SN_INPUT_REPLY,
        .u.reply = {
            .link = rig->watched, .order = SN_ORDER_INFO, .reply = &reply, .queue_error = ""}};
    struct sn_info info;

    assert_int_not_equal(rig->watched.v, 0);
    sn_driver_feed(rig->driver, &up);
    assert_int_not_equal(rig->info_tag, 0);
    sn_info_parse(text, reply.len, &info);
    event.u.reply.tag = rig->info_tag;
    event.u.reply.info = &info;
    sn_driver_feed(rig->driver, &event);
    sn_info_fini(&info);
}

static inline void rig_stop(struct rig *rig)
{
    sn_server_close(rig->server);
    sn_driver_close(rig->driver);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    sn_core_free(rig->core);
    sn_image_fini(&rig->image);
    sn_settings_fini(&rig->settings);
    sn_log_close(rig->log);
    close(rig->port_holder);
}

/* Connects without waiting for the server to accept. */
static inline int rig_dial(const struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig->settings.port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* The same, from another address of this machine. */
static inline int rig_dial_from(const struct rig *rig, const char *ip)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig->settings.port)};
    struct sockaddr_in own = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(inet_pton(AF_INET, ip, &own.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static inline void rig_turn(struct rig *rig)
{
    uv_run(&rig->loop, UV_RUN_NOWAIT);
    uv_sleep(1);
}

/* Runs the loop for ms: to see that nothing happens. So many turns, however slow the machine is. */
static inline void rig_wait(struct rig *rig, uint64_t ms)
{
    for (uint64_t turn = 0; turn < ms; turn++)
        rig_turn(rig);
}

/* Sends all bytes, running the server meanwhile. */
static inline void rig_send_bytes(struct rig *rig, int fd, const char *bytes, size_t len)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;

    while (len > 0 && rig_now_ms() < until) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return; /* closed: what the test expects to read tells */
        }
        rig_turn(rig);
    }
    assert_int_equal(len, 0);
}

static inline void rig_send(struct rig *rig, int fd, const char *text)
{
    rig_send_bytes(rig, fd, text, strlen(text));
}

/* Reads exactly as many bytes as expected has, and compares. */
static inline void rig_expect(struct rig *rig, int fd, const char *expected)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    size_t want = strlen(expected), got = 0;
    char *bytes = calloc(1, want + 1);

    while (got < want && rig_now_ms() < until) {
        rig_turn(rig);
        ssize_t count = recv(fd, bytes + got, want - got, 0);
        if (count == 0)
            break;
        if (count > 0)
            got += (size_t)count;
        if (strncmp(bytes, expected, got) != 0)
            break;
    }
    if (strcmp(bytes, expected) != 0)
        fail_msg("expected \"%s\", got \"%s\"", expected, bytes);
    free(bytes);
}

/* The connection ends without another byte. */
static inline void rig_expect_end(struct rig *rig, int fd)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    char byte;

    while (rig_now_ms() < until) {
        rig_turn(rig);
        ssize_t count = recv(fd, &byte, 1, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            return;
        assert_true(count < 0);
    }
    fail_msg("the connection is still open");
}

/* Nothing arrives for a while. */
static inline void rig_expect_silence(struct rig *rig, int fd)
{
    char bytes[256] = "";

    rig_wait(rig, 30);
    ssize_t count = recv(fd, bytes, sizeof(bytes) - 1, 0);
    if (count >= 0)
        fail_msg("expected nothing, got %zd bytes: \"%s\"", count, bytes);
    assert_int_equal(errno, EAGAIN);
}

/* Waits for something to come and reads it into out (NUL-terminated), and all that comes within a
 * while behind it. */
static inline size_t rig_read(struct rig *rig, int fd, char *out, size_t size)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    size_t got = 0;

    for (int quiet = 0; quiet < 30 && rig_now_ms() < until;) {
        rig_turn(rig);
        ssize_t count = recv(fd, out + got, size - 1 - got, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            break;
        quiet = count > 0 ? 0 : quiet + (got > 0);
        got += count > 0 ? (size_t)count : 0;
    }
    out[got] = '\0';
    return got;
}

static inline void rig_talk(struct rig *rig, int fd, const char *request, const char *reply)
{
    rig_send(rig, fd, request);
    rig_expect(rig, fd, reply);
}

#endif
