/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links.h"

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
static enum sn_event_kind disconnect_at; /* DISCONNECT link 1 at the first event of this kind */

static void port_connect(void *arg, const struct sn_action_connect *connect)
{
    (void)arg;
    sn_links_connect(links, connect);
}

static void port_disconnect(void *arg, struct sn_link_id link)
{
    (void)arg;
    sn_links_disconnect(links, link);
}

static void port_send(void *arg, const struct sn_action_send *send)
{
    (void)arg;
    sn_links_send(links, send);
}

static void port_idle(void *arg)
{
    (void)arg;
}

static void on_step(const struct sn_event *event)
{
    for (size_t i = 0; i < plan_count; i++)
        *fake_core_act(plan[i].kind) = plan[i];
    plan_count = 0;
    if (event->kind == disconnect_at && disconnect_at != SN_EVENT_NONE) {
        disconnect_at = SN_EVENT_NONE;
        fake_core_act(SN_ACTION_DISCONNECT)->u.disconnect = (struct sn_link_id){1};
    }
}

/* Performs what is planned. */
static void act(void)
{
    struct sn_event event = {.kind = SN_EVENT_TIMER};

    sn_driver_feed(driver, &event);
}

static int set_up_with_source(const char *source)
{
    static const struct sn_driver_ports ports = {.connect = port_connect,
                                                 .disconnect = port_disconnect,
                                                 .send = port_send,
                                                 .idle = port_idle};

    fake_core_reset();
    fake_core.on_step = on_step;
    plan_count = 0;
    disconnect_at = SN_EVENT_NONE;
    uv_loop_init(&loop);
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    links = sn_links_new(&loop, source);
    sn_links_set_driver(links, driver);
    tcp_server_init(&server, &loop);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with_source(NULL);
}

static int tear_down(void **state)
{
    (void)state;
    tcp_server_close(&server);
    sn_links_close(links);
    sn_driver_close(driver);
    loop_finish(&loop);
    fake_core_reset();
    return 0;
}

static void connect_to(enum sn_link_kind kind, const char *ip, uint16_t port, const char *user,
                       const char *pass)
{
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_CONNECT,
                                            .u.connect = {.link = {1},
                                                          .kind = kind,
                                                          .ip = ip,
                                                          .port = port,
                                                          .user = user,
                                                          .pass = pass,
                                                          .name = "sentinel-01234567-cmd"}};
    act();
}

static void send_order(enum sn_order order, uint64_t tag)
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

static bool is_up(void)
{
    return fake_core_count(SN_EVENT_LINK_UP, NULL) > 0 && server.client != NULL &&
           server.received.len > 0;
}

static bool is_down(void)
{
    return fake_core_count(SN_EVENT_LINK_DOWN, NULL) > 0;
}

static bool has_reply(void)
{
    return fake_core_count(SN_EVENT_REPLY, NULL) > 0;
}

static bool has_note(void)
{
    return fake_core_count(SN_EVENT_LINK_NOTE, NULL) > 0;
}

static bool has_hello(void)
{
    return fake_core_count(SN_EVENT_HELLO, NULL) > 0;
}

static bool server_lost_its_client(void)
{
    return server.ended > 0;
}

static size_t wanted_bytes;

static bool has_received(void)
{
    return server.received.len >= wanted_bytes;
}

/* A link that is up, its opening commands answered. */
static void bring_up(enum sn_link_kind kind)
{
    connect_to(kind, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    sn_buf_clear(&server.received);
    tcp_server_say(&server, "+OK\r\n");
    if (kind == SN_LINK_SUBSCRIBE)
        tcp_server_say(&server, "*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n");
}

static void expect_received(const char *text)
{
    wanted_bytes = strlen(text);
    loop_run_until(&loop, has_received);
    assert_string_equal(sn_buf_text(&server.received), text);
    sn_buf_clear(&server.received);
}

static const struct sn_event *only(enum sn_event_kind kind)
{
    const struct sn_event *last = NULL;

    assert_int_equal(fake_core_count(kind, &last), 1);
    return last;
}

static void expect_down(const char *reason)
{
    assert_true(loop_run_until(&loop, is_down));
    const char *text = only(SN_EVENT_LINK_DOWN)->u.link.reason;
    if (strstr(text, reason) == NULL)
        fail_msg("reason is '%s', not '%s'", text, reason);
}

/* ---- opening ---- */

static void test_links__tell_a_refused_connection(void **state)
{
    (void)state;
    struct tcp_server nobody;

    tcp_server_init(&nobody, &loop);
    tcp_server_close(&nobody);
    loop_run_for(&loop, 1);
    connect_to(SN_LINK_DATA, "127.0.0.1", nobody.port, NULL, NULL);
    expect_down("connection refused");
    assert_int_equal(fake_core_count(SN_EVENT_LINK_UP, NULL), 0);
}

static void test_links__tell_an_address_that_is_none(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "db.example", 6379, NULL, NULL);
    expect_down("invalid argument");
}

static void test_links__open_a_command_link(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, "bob", "secret");
    assert_true(loop_run_until(&loop, is_up));
    expect_received("*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$6\r\nsecret\r\n"
                    "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$21\r\nsentinel-01234567-cmd\r\n");
    assert_string_equal(only(SN_EVENT_LINK_UP)->u.link.local_ip, "127.0.0.1");
}

static void test_links__open_a_subscription_without_user(void **state)
{
    (void)state;
    connect_to(SN_LINK_SUBSCRIBE, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, is_up));
    expect_received("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"
                    "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$21\r\nsentinel-01234567-cmd\r\n"
                    "*2\r\n$9\r\nSUBSCRIBE\r\n$18\r\n__sentinel__:hello\r\n");
}

static void test_links__use_renamed_commands(void **state)
{
    (void)state;
    fake_core.rename_from = "SUBSCRIBE";
    fake_core.rename_to = "s1";
    connect_to(SN_LINK_SUBSCRIBE, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    assert_non_null(strstr(sn_buf_text(&server.received), "$2\r\ns1\r\n"));
    tcp_server_say(&server,
                   "+OK\r\n*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n"
                   "*3\r\n$7\r\nmessage\r\n$18\r\n__sentinel__:hello\r\n$82\r\n" HELLO "\r\n");
    assert_true(loop_run_until(&loop, has_hello));
}

static void test_links__connect_from_the_source_address(void **state)
{
    (void)state;
    tear_down(NULL);
    set_up_with_source("127.0.0.2");
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    assert_string_equal(server.client_ip, "127.0.0.2");
    assert_string_equal(only(SN_EVENT_LINK_UP)->u.link.local_ip, "127.0.0.2");
}

static void test_links__do_without_a_source_address_that_is_not_ours(void **state)
{
    (void)state;
    tear_down(NULL);
    set_up_with_source("192.0.2.1");
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
}

static void test_links__note_errors_in_answer_to_opening_commands(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "-WRONGPASS invalid username-password pair\r\n+OK\r\n");
    assert_true(loop_run_until(&loop, has_note));
    assert_string_equal(only(SN_EVENT_LINK_NOTE)->u.link.reason,
                        "AUTH: WRONGPASS invalid username-password pair");
    assert_int_equal(fake_core_count(SN_EVENT_REPLY, NULL), 0);
}

static void test_links__never_repeat_the_password(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "-ERR unknown command 'AUTH', with args beginning with: 'secret' \r\n");
    assert_true(loop_run_until(&loop, has_note));
    const char *text = only(SN_EVENT_LINK_NOTE)->u.link.reason;
    assert_non_null(strstr(text, "AUTH: ERR unknown command 'AUTH'"));
    assert_null(strstr(text, "secret"));
}

static void test_links__never_repeat_the_password_in_other_words(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "-ERR no such secret here\r\n");
    assert_true(loop_run_until(&loop, has_note));
    assert_null(strstr(only(SN_EVENT_LINK_NOTE)->u.link.reason, "secret"));
}

/* ---- orders ---- */

static void test_links__send_what_the_orders_mean(void **state)
{
    (void)state;
    bring_up(SN_LINK_PEER);
    send_order(SN_ORDER_PING, 1);
    expect_received("*1\r\n$4\r\nPING\r\n");
    send_order(SN_ORDER_INFO, 1);
    expect_received("*1\r\n$4\r\nINFO\r\n");
    send_order(SN_ORDER_PUBLISH, 1);
    expect_received("*3\r\n$7\r\nPUBLISH\r\n$18\r\n__sentinel__:hello\r\n$2\r\nhi\r\n");
    send_order(SN_ORDER_ASK, 1);
    expect_received("*6\r\n$8\r\nSENTINEL\r\n$22\r\nis-master-down-by-addr\r\n"
                    "$8\r\n10.0.0.1\r\n$4\r\n6379\r\n$1\r\n5\r\n$1\r\n*\r\n");
    send_order(SN_ORDER_SCRIPT_KILL, 1);
    expect_received("*2\r\n$6\r\nSCRIPT\r\n$4\r\nKILL\r\n");
    send_order(SN_ORDER_CLIENT_PAUSE, 1);
    expect_received("*4\r\n$6\r\nCLIENT\r\n$5\r\nPAUSE\r\n$3\r\n250\r\n$5\r\nWRITE\r\n");
    send_order(SN_ORDER_CLIENT_UNPAUSE, 1);
    expect_received("*2\r\n$6\r\nCLIENT\r\n$7\r\nUNPAUSE\r\n");
    send_order(SN_ORDER_TRY_FOLLOW, 1);
    expect_received("*3\r\n$7\r\nSLAVEOF\r\n$12\r\nrights-check\r\n$4\r\nnone\r\n");
    send_order(SN_ORDER_TRY_KILL, 1);
    expect_received("*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$2\r\nID\r\n$1\r\n0\r\n");
    send_order(SN_ORDER_TRY_EXEC, 1);
    expect_received("*1\r\n$4\r\nEXEC\r\n");
    send_order(SN_ORDER_TRY_TRANSACTION, 1);
    expect_received("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nCONFIG\r\n$7\r\nREWRITE\r\n"
                    "*1\r\n$7\r\nSLAVEOF\r\n*1\r\n$4\r\nEXEC\r\n");
}

#define RECONFIGURE_TAIL                                                                           \
    "*2\r\n$6\r\nCONFIG\r\n$7\r\nREWRITE\r\n"                                                      \
    "*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$4\r\nTYPE\r\n$6\r\nnormal\r\n"                           \
    "*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$4\r\nTYPE\r\n$6\r\npubsub\r\n"                           \
    "*1\r\n$4\r\nEXEC\r\n"

static void test_links__promote_in_one_transaction(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PROMOTE, 7);
    expect_received("*1\r\n$5\r\nMULTI\r\n"
                    "*3\r\n$7\r\nSLAVEOF\r\n$2\r\nNO\r\n$3\r\nONE\r\n" RECONFIGURE_TAIL);
    tcp_server_say(&server, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
    loop_run_for(&loop, 10);
    assert_false(has_reply());
    tcp_server_say(&server, "*4\r\n+OK\r\n+OK\r\n:3\r\n:1\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    const struct sn_event_reply *reply = &only(SN_EVENT_REPLY)->u.reply;
    assert_int_equal(reply->order, SN_ORDER_PROMOTE);
    assert_int_equal(reply->tag, 7);
    assert_int_equal(reply->reply->type, SN_REPLY_ARRAY);
    assert_int_equal(reply->reply->count, 4);
    assert_int_equal(reply->reply->items[2].integer, 3);
    assert_string_equal(reply->queue_error, "");
}

static void test_links__report_the_first_refusal_of_a_transaction(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_FOLLOW, 8);
    expect_received("*1\r\n$5\r\nMULTI\r\n"
                    "*3\r\n$7\r\nSLAVEOF\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n" RECONFIGURE_TAIL);
    tcp_server_say(&server,
                   "+OK\r\n-NOPERM no slaveof\r\n-NOPERM no config\r\n+QUEUED\r\n+QUEUED\r\n"
                   "-EXECABORT Transaction discarded because of previous errors.\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    const struct sn_event_reply *reply = &only(SN_EVENT_REPLY)->u.reply;
    assert_int_equal(reply->reply->type, SN_REPLY_ERROR);
    assert_string_equal(reply->queue_error, "NOPERM no slaveof");
}

static bool has_three_replies(void)
{
    return fake_core_count(SN_EVENT_REPLY, NULL) >= 3;
}

static void test_links__match_replies_with_orders_in_turn(void **state)
{
    (void)state;
    uint64_t tag = 10;

    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 10);
    send_order(SN_ORDER_INFO, 11);
    send_order(SN_ORDER_PUBLISH, 12);
    tcp_server_say(&server, "+PONG\r\n$18\r\nrole:master\r\na:b\r\n\r\n:2\r\n");
    assert_true(loop_run_until(&loop, has_three_replies));
    for (size_t i = 0; i < fake_core.event_count; i++) {
        if (fake_core.events[i].kind != SN_EVENT_REPLY)
            continue;
        const struct sn_event_reply *reply = &fake_core.events[i].u.reply;
        assert_int_equal(reply->tag, tag++);
        assert_int_equal(reply->info != NULL, reply->order == SN_ORDER_INFO);
        if (reply->info != NULL)
            assert_int_equal(reply->info->role, SN_ROLE_MASTER);
    }
    assert_int_equal(tag, 13);
}

static const char *slow_text;

static bool say_slowly(void)
{
    if (*slow_text != '\0') {
        tcp_server_say_bytes(&server, slow_text, 1);
        slow_text++;
    }
    return has_reply() || is_down();
}

static void test_links__read_replies_that_come_byte_by_byte(void **state)
{
    (void)state;
    bring_up(SN_LINK_PEER);
    send_order(SN_ORDER_ASK, 1);
    slow_text = "*3\r\n:1\r\n$1\r\n*\r\n:0\r\n";
    assert_true(loop_run_until(&loop, say_slowly));
    const struct sn_reply *reply = only(SN_EVENT_REPLY)->u.reply.reply;
    assert_int_equal(reply->count, 3);
    assert_int_equal(reply->items[0].integer, 1);
    assert_string_equal(reply->items[1].text, "*");
}

static void test_links__hand_on_replies_of_every_type(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    tcp_server_say(&server, "*8\r\n$-1\r\n*-1\r\n#t\r\n,1.5\r\n(123\r\n=7\r\ntxt:abc\r\n"
                            "%1\r\n+a\r\n_\r\n*0\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    const struct sn_reply *items = only(SN_EVENT_REPLY)->u.reply.reply->items;
    assert_int_equal(items[0].type, SN_REPLY_NIL);
    assert_int_equal(items[1].type, SN_REPLY_NIL);
    assert_int_equal(items[2].type, SN_REPLY_INTEGER);
    assert_string_equal(items[3].text, "1.5");
    assert_string_equal(items[4].text, "123");
    assert_string_equal(items[5].text, "abc");
    assert_int_equal(items[6].count, 2);
    assert_int_equal(items[6].items[1].type, SN_REPLY_NIL);
    assert_int_equal(items[7].type, SN_REPLY_ARRAY);
    assert_int_equal(items[7].count, 0);
}

/* ---- subscriptions ---- */

static void say_message(const char *channel, const char *payload)
{
    char text[512];

    snprintf(text, sizeof(text), "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
             strlen(channel), channel, strlen(payload), payload);
    tcp_server_say(&server, text);
}

static size_t wanted_traffic;

static bool has_traffic(void)
{
    return fake_core_count(SN_EVENT_LINK_TRAFFIC, NULL) >= wanted_traffic;
}

static void test_links__hand_on_hellos_after_the_traffic(void **state)
{
    (void)state;
    bring_up(SN_LINK_SUBSCRIBE);
    say_message("__sentinel__:hello", HELLO);
    assert_true(loop_run_until(&loop, has_hello));
    const struct sn_event_hello *hello = &only(SN_EVENT_HELLO)->u.hello;
    assert_int_equal(hello->link.v, 1);
    assert_string_equal(hello->hello.master_name, "mymaster");
    assert_int_equal(hello->hello.current_epoch, 3);
    assert_int_equal(fake_core.events[fake_core.event_count - 2].kind, SN_EVENT_LINK_TRAFFIC);
}

static void test_links__count_other_messages_as_traffic_only(void **state)
{
    (void)state;
    bring_up(SN_LINK_SUBSCRIBE);
    say_message("__sentinel__:hello", "not,a,hello");
    say_message("other", HELLO);
    tcp_server_say(&server, "*1\r\n:5\r\n");
    tcp_server_say(&server, "*3\r\n:5\r\n*0\r\n$-1\r\n");
    tcp_server_say(&server, "+surprise\r\n");
    wanted_traffic = 2 + 5;
    assert_true(loop_run_until(&loop, has_traffic));
    assert_int_equal(fake_core_count(SN_EVENT_HELLO, NULL), 0);
    assert_false(is_down());
}

static void test_links__note_a_refused_subscription(void **state)
{
    (void)state;
    connect_to(SN_LINK_SUBSCRIBE, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "+OK\r\n-NOPERM no channels\r\n");
    assert_true(loop_run_until(&loop, has_note));
    assert_string_equal(only(SN_EVENT_LINK_NOTE)->u.link.reason, "SUBSCRIBE: NOPERM no channels");
}

/* ---- bad servers ---- */

static void test_links__tell_a_connection_closed_within_a_reply(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_INFO, 1);
    tcp_server_say(&server, "$100\r\nrole:mas");
    loop_run_for(&loop, 10);
    tcp_server_hang_up(&server);
    expect_down("closed by the server");
    assert_false(has_reply());
}

static void test_links__deliver_replies_before_the_end(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    expect_received("*1\r\n$4\r\nPING\r\n");
    tcp_server_say(&server, "+PONG\r\n");
    tcp_server_hang_up(&server);
    assert_true(loop_run_until(&loop, is_down));
    assert_true(has_reply());
}

static void test_links__drop_a_server_that_talks_garbage(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    tcp_server_say(&server, "HTTP/1.1 400 Bad Request\r\n");
    expect_down("Protocol error, got \"H\"");
    assert_null(strstr(only(SN_EVENT_LINK_DOWN)->u.link.reason, "protocol error:"));
    assert_true(loop_run_until(&loop, server_lost_its_client));
}

static void test_links__drop_a_server_that_answers_nothing_we_asked(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    tcp_server_say(&server, "+OK\r\n+OK\r\n");
    expect_down("a reply to no command");
}

static void test_links__tell_an_error_that_comes_instead_of_service(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    tcp_server_say(&server, "-ERR max number of clients reached\r\n");
    expect_down("ERR max number of clients reached");
}

static void test_links__ignore_pushes_on_command_links(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    tcp_server_say(&server, ">2\r\n+invalidate\r\n*0\r\n");
    send_order(SN_ORDER_PING, 1);
    tcp_server_say(&server, ">1\r\n+x\r\n+PONG\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    assert_string_equal(only(SN_EVENT_REPLY)->u.reply.reply->text, "PONG");
    assert_false(is_down());
}

static void test_links__bound_the_depth_of_a_reply(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    for (int i = 0; i < 1000; i++)
        tcp_server_say(&server, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n");
    expect_down("nested too deeply");
}

static void test_links__bound_the_elements_of_a_reply(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    tcp_server_say(&server, "*4294967295\r\n");
    expect_down("protocol error");
}

static void test_links__bound_the_elements_over_all_depths(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    tcp_server_say(&server, "*3\r\n*3000\r\n");
    for (int i = 0; i < 3000; i++)
        tcp_server_say(&server, ":1\r\n");
    tcp_server_say(&server, "*3000\r\n");
    expect_down("too many elements");
}

static void test_links__bound_the_size_of_a_reply(void **state)
{
    (void)state;
    size_t size = 5 * 1024 * 1024;
    char *bytes = sn_alloc(size);

    memset(bytes, 'x', size);
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_INFO, 1);
    tcp_server_say(&server, "$536870912\r\n");
    tcp_server_say_bytes(&server, bytes, size);
    free(bytes);
    expect_down("too large");
}

static void test_links__bound_the_size_of_many_strings_in_a_reply(void **state)
{
    (void)state;
    size_t size = 1024 * 1024;
    char *bytes = sn_alloc(size);

    memset(bytes, 'x', size);
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_INFO, 1);
    tcp_server_say(&server, "*100\r\n");
    for (int i = 0; i < 6; i++) {
        tcp_server_say(&server, "$1048576\r\n");
        tcp_server_say_bytes(&server, bytes, size);
        tcp_server_say(&server, "\r\n");
    }
    free(bytes);
    expect_down("too large");
}

static void test_links__take_a_large_info(void **state)
{
    (void)state;
    size_t size = 3 * 1024 * 1024;
    char *bytes = sn_alloc(size);

    memset(bytes, 'x', size);
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_INFO, 1);
    tcp_server_say(&server, "$3145728\r\n");
    tcp_server_say_bytes(&server, bytes, size);
    tcp_server_say(&server, "\r\n");
    free(bytes);
    assert_true(loop_run_until(&loop, has_reply));
    assert_int_equal(only(SN_EVENT_REPLY)->u.reply.reply->len, size);
}

static void test_links__drop_a_server_that_does_not_answer(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    loop_run_for(&loop, 10);
    for (int i = 0; i < 1024; i++)
        send_order(SN_ORDER_PING, 1);
    assert_false(is_down());
    send_order(SN_ORDER_PING, 1);
    expect_down("does not answer");
}

static void test_links__drop_a_server_that_does_not_read(void **state)
{
    (void)state;
    static char hello[64 * 1024];

    memset(hello, 'x', sizeof(hello) - 1);
    server.deaf = true;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, NULL);
    while (fake_core_count(SN_EVENT_LINK_UP, NULL) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    for (int i = 0; i < 1000 && !is_down(); i++) {
        plan[plan_count++] = (struct sn_action){
            .kind = SN_ACTION_SEND,
            .u.send = {.link = {1}, .order = SN_ORDER_PUBLISH, .message = hello}};
        act();
        loop_run_for(&loop, 0);
    }
    expect_down("does not read");
}

/* ---- disconnecting ---- */

static void test_links__feed_nothing_after_disconnect_within_a_read(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    send_order(SN_ORDER_PING, 2);
    send_order(SN_ORDER_PING, 3);
    disconnect_at = SN_EVENT_REPLY;
    tcp_server_say(&server, "+PONG\r\n+PONG\r\n+PONG\r\n");
    assert_true(loop_run_until(&loop, server_lost_its_client));
    only(SN_EVENT_REPLY);
    assert_false(is_down());
}

static void test_links__feed_nothing_after_disconnect_while_connecting(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, NULL);
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_DISCONNECT, .u.disconnect = {1}};
    act();
    loop_run_for(&loop, 30);
    assert_int_equal(fake_core.event_count, 2); /* the test's own two */
}

static void test_links__disconnect_a_link_that_comes_up(void **state)
{
    (void)state;
    disconnect_at = SN_EVENT_LINK_UP;
    connect_to(SN_LINK_SUBSCRIBE, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, server_lost_its_client));
    assert_false(is_down());
}

static void test_links__take_orders_for_a_link_that_is_gone(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    tcp_server_hang_up(&server);
    assert_true(loop_run_until(&loop, is_down));
    send_order(SN_ORDER_PING, 1);
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_DISCONNECT, .u.disconnect = {1}};
    act();
    loop_run_for(&loop, 10);
    only(SN_EVENT_LINK_DOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_links__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tell_a_refused_connection),
        TEST(tell_an_address_that_is_none),
        TEST(open_a_command_link),
        TEST(open_a_subscription_without_user),
        TEST(use_renamed_commands),
        TEST(connect_from_the_source_address),
        TEST(do_without_a_source_address_that_is_not_ours),
        TEST(note_errors_in_answer_to_opening_commands),
        TEST(never_repeat_the_password),
        TEST(never_repeat_the_password_in_other_words),
        TEST(send_what_the_orders_mean),
        TEST(promote_in_one_transaction),
        TEST(report_the_first_refusal_of_a_transaction),
        TEST(match_replies_with_orders_in_turn),
        TEST(read_replies_that_come_byte_by_byte),
        TEST(hand_on_replies_of_every_type),
        TEST(hand_on_hellos_after_the_traffic),
        TEST(count_other_messages_as_traffic_only),
        TEST(note_a_refused_subscription),
        TEST(tell_a_connection_closed_within_a_reply),
        TEST(deliver_replies_before_the_end),
        TEST(drop_a_server_that_talks_garbage),
        TEST(drop_a_server_that_answers_nothing_we_asked),
        TEST(tell_an_error_that_comes_instead_of_service),
        TEST(ignore_pushes_on_command_links),
        TEST(bound_the_depth_of_a_reply),
        TEST(bound_the_elements_of_a_reply),
        TEST(bound_the_elements_over_all_depths),
        TEST(bound_the_size_of_a_reply),
        TEST(bound_the_size_of_many_strings_in_a_reply),
        TEST(take_a_large_info),
        TEST(drop_a_server_that_does_not_answer),
        TEST(drop_a_server_that_does_not_read),
        TEST(feed_nothing_after_disconnect_within_a_read),
        TEST(feed_nothing_after_disconnect_while_connecting),
        TEST(disconnect_a_link_that_comes_up),
        TEST(take_orders_for_a_link_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
