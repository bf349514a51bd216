/* SPDX-License-Identifier: BSD-3-Clause */

/* A subscription on the connection of the command link, by RESP3 (D27). Link 1 carries link 2. */

#include "links_rig.h"

#define CHANNEL       "$18\r\n__sentinel__:hello\r\n"
#define SUBSCRIBE     "*2\r\n$9\r\nSUBSCRIBE\r\n" CHANNEL
#define SUBSCRIBED    ">3\r\n$9\r\nsubscribe\r\n" CHANNEL ":1\r\n"
#define PUSHED_HELLO  ">3\r\n$7\r\nmessage\r\n" CHANNEL "$82\r\n" HELLO "\r\n"
#define SPEAKS_RESP3  "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"
#define SPEAKS_RESP2  "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:2\r\n"
#define SETNAME       "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$21\r\nsentinel-01234567-cmd\r\n"
#define ASK_FOR_RESP3 "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"

static struct sn_action connection(uint64_t id, uint64_t over)
{
    return (struct sn_action){.kind = SN_ACTION_CONNECT,
                              .u.connect = {.link = {id},
                                            .kind = over == 0 ? SN_LINK_DATA : SN_LINK_SUBSCRIBE,
                                            .ip = "127.0.0.1",
                                            .port = server.port,
                                            .name = "sentinel-01234567-cmd",
                                            .resp3 = over == 0,
                                            .over = {over}}};
}

static void connect_link(uint64_t id, uint64_t over)
{
    plan[plan_count++] = connection(id, over);
    act();
}

static void disconnect_link(uint64_t id)
{
    plan[plan_count++] = (struct sn_action){.kind = SN_ACTION_DISCONNECT, .u.disconnect = {id}};
    act();
}

static bool knows_the_protocol(void)
{
    return fake_core_count(SN_INPUT_LINK_PROTOCOL, NULL) > 0;
}

static bool is_ready(void)
{
    return fake_core_count(SN_INPUT_LINK_READY, NULL) > 0;
}

static void bring_up_carrier(const char *answer)
{
    connect_link(1, 0);
    assert_true(loop_run_until(&loop, is_up));
    expect_received(ASK_FOR_RESP3 SETNAME);
    tcp_server_say(&server, answer);
    tcp_server_say(&server, "+OK\r\n");
    assert_true(loop_run_until(&loop, knows_the_protocol));
}

static void bring_up_both(void)
{
    bring_up_carrier(SPEAKS_RESP3);
    connect_link(2, 1);
    expect_received(SUBSCRIBE);
    tcp_server_say(&server, SUBSCRIBED);
    assert_true(loop_run_until(&loop, is_ready));
}

static void test_links__ask_for_resp3_and_tell_the_answer(void **state)
{
    static const struct {
        const char *answer;
        bool resp3;
    } rows[] = {
        {SPEAKS_RESP3, true},
        {"%2\r\n+server\r\n+other\r\n+proto\r\n:3\r\n", true},
        {SPEAKS_RESP2, false},
        {"-ERR unknown command 'HELLO'\r\n", false},
        {"-NOPROTO unsupported protocol version\r\n", false},
        {"*3\r\n$1\r\na\r\n:1\r\n$5\r\nproto\r\n", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bring_up_carrier(rows[i].answer);
        assert_int_equal(only(SN_INPUT_LINK_PROTOCOL)->u.link.resp3, rows[i].resp3);
        assert_false(has_note());
        tear_down(state);
        set_up(state);
    }
}

static void test_links__ask_for_resp3_behind_the_login(void **state)
{
    (void)state;
    struct sn_action action = connection(1, 0);
    action.u.connect.pass = "secret";
    plan[plan_count++] = action;
    act();
    assert_true(loop_run_until(&loop, is_up));
    expect_received("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n" ASK_FOR_RESP3 SETNAME);
}

static void test_links__subscribe_on_the_connection_of_another(void **state)
{
    (void)state;
    bring_up_both();
    const struct sn_input *last = NULL;
    assert_int_equal(fake_core_count(SN_INPUT_LINK_UP, &last), 2);
    assert_int_equal(last->u.link.link.v, 2);
    assert_int_equal(only(SN_INPUT_LINK_READY)->u.link.link.v, 2);
    tcp_server_say(&server, PUSHED_HELLO);
    assert_true(loop_run_until(&loop, has_hello));
    assert_int_equal(only(SN_INPUT_HELLO)->u.hello.link.v, 2);
    assert_string_equal(only(SN_INPUT_HELLO)->u.hello.hello.master_name, "mymaster");
}

static void test_links__tell_pushes_from_replies(void **state)
{
    (void)state;
    bring_up_both();
    send_order(SN_ORDER_PROMOTE, 7);
    tcp_server_say(&server,
                   "+OK\r\n" PUSHED_HELLO "+QUEUED\r\n+QUEUED\r\n>2\r\n$5\r\nother\r\n:1\r\n"
                   "+QUEUED\r\n+QUEUED\r\n" SUBSCRIBED "*4\r\n+OK\r\n+OK\r\n:3\r\n:1\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    const struct sn_input_reply *reply = &only(SN_INPUT_REPLY)->u.reply;
    assert_int_equal(reply->link.v, 1);
    assert_int_equal(reply->reply->count, 4);
    assert_string_equal(reply->queue_error, "");
    only(SN_INPUT_HELLO);
    assert_int_equal(fake_core_count(SN_INPUT_LINK_TRAFFIC, NULL), 2);
    only(SN_INPUT_LINK_READY);
}

/* Others may have subscribed this client to something, in theory. */
static void test_links__take_no_other_push_for_the_answer_to_subscribe(void **state)
{
    (void)state;
    bring_up_carrier(SPEAKS_RESP3);
    connect_link(2, 1);
    tcp_server_say(&server, PUSHED_HELLO);
    assert_true(loop_run_until(&loop, has_hello));
    assert_false(is_ready());
    tcp_server_say(&server, SUBSCRIBED);
    assert_true(loop_run_until(&loop, is_ready));
}

static void test_links__note_a_refused_subscription_of_the_rider(void **state)
{
    (void)state;
    bring_up_carrier(SPEAKS_RESP3);
    connect_link(2, 1);
    send_order(SN_ORDER_PING, 9);
    tcp_server_say(&server, "-NOPERM no channels\r\n+PONG\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    assert_int_equal(only(SN_INPUT_LINK_NOTE)->u.link.link.v, 2);
    assert_string_equal(only(SN_INPUT_LINK_NOTE)->u.link.reason, "SUBSCRIBE: NOPERM no channels");
    assert_int_equal(only(SN_INPUT_REPLY)->u.reply.tag, 9);
}

static bool both_are_down(void)
{
    return fake_core_count(SN_INPUT_LINK_DOWN, NULL) == 2;
}

static void test_links__that_share_a_connection_end_together(void **state)
{
    (void)state;
    const struct sn_input *last = NULL;
    bring_up_both();
    tcp_server_hang_up(&server);
    assert_true(loop_run_until(&loop, both_are_down));
    fake_core_count(SN_INPUT_LINK_DOWN, &last);
    assert_int_equal(last->u.link.link.v, 2); /* behind the command link, which comes back first */
    assert_string_equal(last->u.link.reason, "connection closed by the server");
}

static void test_links__disconnected_carrier_takes_its_rider_along(void **state)
{
    (void)state;
    bring_up_both();
    disconnect_link(1);
    assert_true(loop_run_until(&loop, server_lost_its_client));
    assert_int_equal(only(SN_INPUT_LINK_DOWN)->u.link.link.v, 2);
    disconnect_link(2); /* on its way to the core */
}

static void test_links__disconnected_rider_leaves_the_connection(void **state)
{
    (void)state;
    bring_up_both();
    disconnect_link(2);
    send_order(SN_ORDER_PING, 9);
    tcp_server_say(&server, PUSHED_HELLO "+PONG\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    assert_false(has_hello());
    assert_false(is_down());
    sn_buf_clear(&server.received);
    connect_link(3, 1);
    expect_received(SUBSCRIBE);
    tcp_server_say(&server, SUBSCRIBED PUSHED_HELLO);
    assert_true(loop_run_until(&loop, has_hello));
    assert_int_equal(only(SN_INPUT_HELLO)->u.hello.link.v, 3);
}

/* The one who asked for it is gone by then. */
static void test_links__answer_to_subscribe_without_a_rider_is_dropped(void **state)
{
    (void)state;
    bring_up_carrier(SPEAKS_RESP3);
    connect_link(2, 1);
    disconnect_link(2);
    send_order(SN_ORDER_PING, 9);
    tcp_server_say(&server, "-NOPERM no channels\r\n+PONG\r\n");
    assert_true(loop_run_until(&loop, has_reply));
    assert_false(has_note());
}

static void test_links__rider_of_a_lost_connection_is_down(void **state)
{
    (void)state;
    bring_up_carrier(SPEAKS_RESP3);
    tcp_server_hang_up(&server);
    assert_true(loop_run_until(&loop, is_down));
    connect_link(2, 1);
    const struct sn_input *last = NULL;
    assert_int_equal(fake_core_count(SN_INPUT_LINK_DOWN, &last), 2);
    assert_int_equal(last->u.link.link.v, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ask_for_resp3_and_tell_the_answer),
        TEST(ask_for_resp3_behind_the_login),
        TEST(subscribe_on_the_connection_of_another),
        TEST(tell_pushes_from_replies),
        TEST(take_no_other_push_for_the_answer_to_subscribe),
        TEST(note_a_refused_subscription_of_the_rider),
        TEST(that_share_a_connection_end_together),
        TEST(disconnected_carrier_takes_its_rider_along),
        TEST(disconnected_rider_leaves_the_connection),
        TEST(answer_to_subscribe_without_a_rider_is_dropped),
        TEST(rider_of_a_lost_connection_is_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
