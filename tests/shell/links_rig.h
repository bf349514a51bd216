/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_LINKS_RIG_H
#define SN_TESTS_SHELL_LINKS_RIG_H

/* Links to a server that the test plays, in the loop of the test; the core is a fake one that does
 * what the test has planned for its next step. */

#include "shell/links/links.h"

#include "fake_core.h"
#include "loop.h"
#include "tcp_server.h"

#include <inttypes.h>
#include <stdio.h>

#define HELLO "10.0.0.9,26379,0123456789abcdef0123456789abcdef01234567,3,mymaster,10.0.0.1,6379,2"

static uv_loop_t loop;
static struct sn_driver *driver;
static struct sn_links *links;
static struct tcp_server server;

/* ---- what the core does: the test's plans for the next step ---- */

static struct sn_action plan[FAKE_ACTIONS_MAX];
static size_t plan_count;
static struct sn_renames renames;        /* of the next CONNECT */
static enum sn_input_kind disconnect_at; /* DISCONNECT link 1 at the first event of this kind */

static inline void perform(void *arg, const struct sn_action *action)
{
    (void)arg;
    if (action->kind == SN_ACTION_CONNECT)
        sn_links_connect(links, &action->u.connect);
    else if (action->kind == SN_ACTION_DISCONNECT)
        sn_links_disconnect(links, action->u.disconnect);
    else if (action->kind == SN_ACTION_SEND)
        sn_links_send(links, &action->u.send);
    else
        fail_msg("action %d", (int)action->kind);
}

static inline void port_idle(void *arg)
{
    (void)arg;
}

static inline void on_step(const struct sn_input *event)
{
    for (size_t i = 0; i < plan_count; i++)
        *fake_core_act(plan[i].kind) = plan[i];
    plan_count = 0;
    if (event->kind == disconnect_at && disconnect_at != SN_INPUT_NONE) {
        disconnect_at = SN_INPUT_NONE;
        fake_core_act(SN_ACTION_DISCONNECT)->u.disconnect = (struct sn_link_id){1};
    }
}

/* Performs what is planned. */
static inline void act(void)
{
    struct sn_input event = {.kind = SN_INPUT_TIMER};

    sn_driver_feed(driver, &event);
}

static inline int set_up_with_source(const char *source)
{
    static const struct sn_driver_ports ports = {.perform = perform, .idle = port_idle};

    fake_core_reset();
    fake_core.on_step = on_step;
    plan_count = 0;
    renames = (struct sn_renames){0};
    disconnect_at = SN_INPUT_NONE;
    loop_start(&loop);
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    links = sn_links_new(&loop, source);
    sn_links_set_driver(links, driver);
    tcp_server_init(&server, &loop);
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    return set_up_with_source(NULL);
}

static inline int tear_down(void **state)
{
    (void)state;
    tcp_server_close(&server);
    sn_links_close(links);
    sn_driver_close(driver);
    loop_finish(&loop);
    fake_core_reset();
    return 0;
}

static inline void connect_to(enum sn_link_kind kind, const char *ip, uint16_t port,
                              const char *user, const char *pass)
{
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_CONNECT,
                                            .u.connect = {.link = {1},
                                                          .kind = kind,
                                                          .ip = ip,
                                                          .port = port,
                                                          .user = user,
                                                          .pass = pass,
                                                          .name = "sentinel-01234567-cmd",
                                                          .renames = renames}};
    act();
}

static inline void send_order(enum sn_order order, uint64_t tag)
{
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_SEND,
                                            .u.send = {.link = {1},
                                                       .order = order,
                                                       .tag = tag,
                                                       .message = "hi",
                                                       .host = "10.0.0.1",
                                                       .port = 6379,
                                                       .epoch = 5,
                                                       .runid = "*",
                                                       .duration_ms = 250}};
    act();
}

static inline bool is_up(void)
{
    return fake_core_count(SN_INPUT_LINK_UP, NULL) > 0 && server.client != NULL &&
           server.received.len > 0;
}

static inline bool is_down(void)
{
    return fake_core_count(SN_INPUT_LINK_DOWN, NULL) > 0;
}

static inline bool has_reply(void)
{
    return fake_core_count(SN_INPUT_REPLY, NULL) > 0;
}

static inline bool has_note(void)
{
    return fake_core_count(SN_INPUT_LINK_NOTE, NULL) > 0;
}

static inline bool has_hello(void)
{
    return fake_core_count(SN_INPUT_HELLO, NULL) > 0;
}

static inline bool server_lost_its_client(void)
{
    return server.ended > 0;
}

static size_t wanted_bytes;

static inline bool has_received(void)
{
    return server.received.len >= wanted_bytes;
}

/* A link that is up, its opening commands answered. */
static inline void bring_up(enum sn_link_kind kind)
{
    connect_to(kind, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    sn_buf_clear(&server.received);
    tcp_server_say(&server, "+OK\r\n");
    if (kind == SN_LINK_SUBSCRIBE)
        tcp_server_say(&server, "*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n");
}

static inline void expect_received(const char *text)
{
    wanted_bytes = strlen(text);
    loop_run_until(&loop, has_received);
    assert_string_equal(sn_buf_text(&server.received), text);
    sn_buf_clear(&server.received);
}

static inline const struct sn_input *only(enum sn_input_kind kind)
{
    const struct sn_input *last = NULL;

    assert_int_equal(fake_core_count(kind, &last), 1);
    return last;
}

static inline void expect_down(const char *reason)
{
    assert_true(loop_run_until(&loop, is_down));
    const char *text = only(SN_INPUT_LINK_DOWN)->u.link.reason;
    if (strstr(text, reason) == NULL)
        fail_msg("reason is '%s', not '%s'", text, reason);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_links__##name, set_up, tear_down)

#endif
