/* SPDX-License-Identifier: BSD-3-Clause */

/* Servers that send rubbish, too much, or nothing. */

#include "links_rig.h"

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

/* The process ends before it accepts the connection, which the kernel has made already. */
static void test_links__tell_the_end_of_a_connection_that_nobody_accepted(void **state)
{
    struct tcp_server ending;
    (void)state;
    tcp_server_init(&ending, &loop);
    connect_to(SN_LINK_DATA, "127.0.0.1", ending.port, NULL, NULL);
    tcp_server_close(&ending);
    assert_true(loop_run_until(&loop, is_down));
    assert_int_equal(only(SN_INPUT_LINK_DOWN)->u.link.end, SN_LINK_END_CLOSED);
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
    assert_null(strstr(only(SN_INPUT_LINK_DOWN)->u.link.reason, "protocol error:"));
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
    assert_string_equal(only(SN_INPUT_REPLY)->u.reply.reply->text, "PONG");
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
    assert_int_equal(only(SN_INPUT_REPLY)->u.reply.reply->len, size);
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
    while (fake_core_count(SN_INPUT_LINK_UP, NULL) == 0)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tell_a_connection_closed_within_a_reply),
        TEST(tell_the_end_of_a_connection_that_nobody_accepted),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
