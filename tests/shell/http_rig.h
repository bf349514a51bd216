/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_HTTP_RIG_H
#define SN_TESTS_SHELL_HTTP_RIG_H

/* The HTTP port in front of a rig, and a client that reads everything. */

#include "server_case.h"

#include "shell/http/http.h"

#define HTTP_TEXT_MAX ((size_t)32 << 20)

static struct sn_http *http;
static const char *http_unready; /* set by a test: what /readyz says */
static int http_request_ms;      /* set by a test */
static int http_port_holder;
static char http_text[HTTP_TEXT_MAX]; /* the last answer, head and body */

static inline void http_why_not_ready(void *arg, struct sn_buf *lines)
{
    (void)arg;
    if (http_unready != NULL)
        sn_buf_puts(lines, http_unready);
}

static inline void http_build(void)
{
    struct sn_http_env env = {.loop = &rig.loop,
                              .settings = &rig.settings,
                              .server = rig.server,
                              .log = rig.log,
                              .request_ms = http_request_ms,
                              .why_not_ready = http_why_not_ready};

    http = sn_http_new(&env);
    sn_http_set_driver(http, rig.driver);
}

/* Needs rig_init, and the groups of the test. */
static inline void http_start(void)
{
    struct sn_buf error;
    int holder = rig.port_holder;

    rig_start(&rig);
    rig.settings.http_port = rig_hold_port(&rig);
    http_port_holder = rig.port_holder;
    rig.port_holder = holder;
    http_build();
    sn_buf_init(&error, 1024);
    if (sn_http_listen(http, &error) != 0)
        fail_msg("cannot listen: %s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static inline int http_prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    http_unready = NULL;
    http_request_ms = 0;
    return 0;
}

static inline int http_stop(void **state)
{
    sn_http_close(http);
    close(http_port_holder);
    return stop(state);
}

static inline int http_dial(void)
{
    struct rig to = {.settings = {.port = rig.settings.http_port}};

    return rig_dial(&to);
}

/* Reads until the other side ends the connection, which it has to. Returns all of it. */
static inline const char *http_read_all(int fd)
{
    uint64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    size_t len = 0;

    for (;;) {
        ssize_t got = recv(fd, http_text + len, sizeof(http_text) - 1 - len, 0);
        if (got > 0)
            len += (size_t)got;
        else if (got == 0 || errno != EAGAIN)
            break;
        else
            rig_turn(&rig);
        assert_true(rig_now_ms() < until);
    }
    http_text[len] = '\0';
    return http_text;
}

/* Sends a request as it is, and returns all that comes. */
static inline const char *http_talk(const char *request)
{
    int fd = http_dial();

    rig_send(&rig, fd, request);
    const char *answer = http_read_all(fd);
    close(fd);
    return answer;
}

static inline const char *http_ask(const char *method, const char *path)
{
    char request[1024];

    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             method, path);
    return http_talk(request);
}

static inline const char *http_get(const char *path)
{
    return http_ask("GET", path);
}

static inline unsigned http_status(const char *answer)
{
    unsigned status = 0;

    assert_int_equal(sscanf(answer, "HTTP/1.%*d %u ", &status), 1);
    return status;
}

static inline const char *http_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static inline void http_expect(const char *path, unsigned status, const char *part)
{
    const char *answer = http_get(path);

    if (http_status(answer) != status || strstr(answer, part) == NULL)
        fail_msg("%s: expected %u and %s, got: %s", path, status, part, answer);
}

#endif
