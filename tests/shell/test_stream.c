/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams to a server that the test plays. */
#include "stream_rig.h"

#include <unistd.h>

static size_t wanted;

static bool has_received(void)
{
    return server.received.len >= wanted;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_storage to;

    init_stream(false);
    assert_int_equal(stream.state, SN_STREAM_CONNECTING);
    assert_true(sn_stream_address("127.0.0.1", port, &to));
    return sn_stream_connect(&stream, NULL, (const struct sockaddr *)&to);
}

static void bring_up(void)
{
    assert_int_equal(connect_to(server.port), 0);
    wait_for(is_connected);
    assert_int_equal(error[OPENED], 0);
    assert_int_equal(stream.state, SN_STREAM_OPEN);
}

/* Bytes of which no two in a row, and no two blocks, are alike. */
static void put_pattern(size_t from, size_t len)
{
    char *bytes = sn_alloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)((from + i) * 31 + (from + i) / 4093);
    sn_buf_append(&stream.out, bytes, len);
    free(bytes);
}

static void expect_pattern(const struct sn_buf *buf, size_t len)
{
    assert_int_equal(buf->len, len);
    for (size_t i = 0; i < len; i++) {
        if (buf->data[i] != (char)(i * 31 + i / 4093))
            fail_msg("byte %zu is not the one that was written", i);
    }
}

/* ---- connecting ---- */

static void test_stream__tells_that_it_was_refused(void **state)
{
    struct tcp_server gone;

    (void)state;
    tcp_server_init(&gone, &loop);
    uint16_t port = gone.port;
    tcp_server_close(&gone);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(connect_to(port), 0);
    assert_int_equal(count[OPENED], 0); /* later, not from within the call */
    wait_for(is_opened);
    assert_int_equal(error[OPENED], UV_ECONNREFUSED);
    assert_int_equal(stream.state, SN_STREAM_CONNECTING);
    assert_int_equal(sn_stream_flush(&stream), 0);
    close_stream();
    assert_int_equal(count[OPENED], 1);
    assert_int_equal(count[ENDED], 0);
}

static void test_stream__that_is_closed_while_it_connects_tells_only_that(void **state)
{
    (void)state;
    assert_int_equal(connect_to(server.port), 0);
    sn_buf_puts(&stream.out, "never to be sent");
    close_stream();
    assert_int_equal(count[OPENED], 0);
    assert_int_equal(server.received.len, 0);
}

static void test_stream__that_was_never_connected_can_be_closed(void **state)
{
    (void)state;
    init_stream(false);
    close_stream();
    count[CLOSED] = 0;
    init_stream(true);
    close_stream();
}

static void test_stream__keeps_output_until_it_is_open(void **state)
{
    (void)state;
    assert_int_equal(connect_to(server.port), 0);
    sn_buf_puts(&stream.out, "first");
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_int_equal(sn_stream_waiting(&stream), 5);
    wait_for(is_connected);
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_int_equal(sn_stream_waiting(&stream), 0);
    wanted = 5;
    wait_for(has_received);
    assert_string_equal(sn_buf_text(&server.received), "first");
    close_stream();
}

static void test_stream__comes_from_the_source_address(void **state)
{
    struct sockaddr_storage from, to;
    struct sn_stream_end end;

    (void)state;
    assert_true(sn_stream_address("127.0.0.5", 0, &from));
    assert_true(sn_stream_address("127.0.0.1", server.port, &to));
    init_stream(false);
    assert_int_equal(
        sn_stream_connect(&stream, (const struct sockaddr *)&from, (const struct sockaddr *)&to),
        0);
    wait_for(is_connected);
    assert_string_equal(server.client_ip, "127.0.0.5");
    sn_stream_local(&stream, &end);
    assert_string_equal(end.ip, "127.0.0.5");
    sn_stream_peer(&stream, &end);
    assert_string_equal(end.ip, "127.0.0.1");
    assert_int_equal(end.port, server.port);
    assert_true(end.is_loopback);
    close_stream();
}

static void test_stream__knows_literal_addresses_only(void **state)
{
    struct sockaddr_storage address;

    (void)state;
    assert_true(sn_stream_address("::1", 1, &address));
    assert_int_equal(address.ss_family, AF_INET6);
    assert_false(sn_stream_address("localhost", 1, &address));
    assert_false(sn_stream_address("", 1, &address));
}

/* ---- reading ---- */

static void test_stream__hands_on_what_came_before_the_end(void **state)
{
    (void)state;
    bring_up();
    tcp_server_say(&server, "last words");
    uv_run(&loop, UV_RUN_NOWAIT);
    tcp_server_hang_up(&server);
    wait_for(is_ended);
    assert_string_equal(sn_buf_text(&heard), "last words");
    assert_int_equal(error[ENDED], UV_EOF);
    assert_int_equal(stream.state, SN_STREAM_ENDED);
    assert_int_equal(sn_stream_resume(&stream), 0); /* there is nothing to read any more */
    assert_false(stream.reading);
    loop_run_for(&loop, 20);
    assert_int_equal(count[ENDED], 1);
    close_stream();
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request;
    assert_int_equal(status, 0);
}

static void test_stream__can_be_written_to_after_the_other_side_has_ended(void **state)
{
    uv_shutdown_t request;

    (void)state;
    bring_up();
    uv_shutdown(&request, (uv_stream_t *)server.client, on_shut_down);
    wait_for(is_ended);
    sn_buf_puts(&stream.out, "still");
    assert_int_equal(sn_stream_flush(&stream), 0);
    wanted = 5;
    wait_for(has_received);
    close_stream();
}

static void test_stream__tells_a_broken_connection_from_one_that_ended(void **state)
{
    (void)state;
    bring_up();
    uv_tcp_close_reset(server.client, tcp_server_on_free);
    server.client = NULL;
    wait_for(is_ended);
    assert_int_equal(error[ENDED], UV_ECONNRESET);
    close_stream();
}

static void test_stream__reads_nothing_while_it_pauses(void **state)
{
    (void)state;
    bring_up();
    assert_true(stream.reading);
    sn_stream_pause(&stream);
    sn_stream_pause(&stream);
    tcp_server_say(&server, "wait");
    loop_run_for(&loop, 30);
    assert_int_equal(count[BYTES], 0);
    assert_int_equal(sn_stream_resume(&stream), 0);
    assert_int_equal(sn_stream_resume(&stream), 0);
    wait_for(has_heard);
    assert_string_equal(sn_buf_text(&heard), "wait");
    close_stream();
}

/* ---- writing ---- */

static void listen_again(void)
{
    server.deaf = false;
    uv_read_start((uv_stream_t *)server.client, tcp_server_on_alloc, tcp_server_on_read);
}

static void test_stream__output_that_is_not_read_waits(void **state)
{
    (void)state;
    server.deaf = true;
    bring_up();
    put_pattern(0, LARGE);
    assert_int_equal(sn_stream_waiting(&stream), LARGE);
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_true(stream.busy);
    assert_int_equal(stream.out.len, 0);
    size_t left = sn_stream_waiting(&stream);
    assert_in_range(left, 1, LARGE - 1);

    put_pattern(LARGE, 1000); /* one write at a time */
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_int_equal(stream.out.len, 1000);
    assert_int_equal(sn_stream_waiting(&stream), left + 1000);
    loop_run_for(&loop, 20);
    assert_int_equal(count[DRAINED], 0);

    listen_again();
    wait_for(is_drained);
    assert_int_equal(error[DRAINED], 0);
    assert_false(stream.busy);
    assert_int_equal(stream.writing.room, 0);
    assert_int_equal(sn_stream_waiting(&stream), 1000);
    assert_int_equal(sn_stream_flush(&stream), 0);
    wanted = LARGE + 1000;
    wait_for(has_received);
    expect_pattern(&server.received, LARGE + 1000);
    close_stream();
}

static void test_stream__waits_for_a_kernel_that_takes_nothing_at_all(void **state)
{
    static const char filler[65536];

    (void)state;
    server.deaf = true;
    bring_up();
    while (write(sn_stream_fd(&stream), filler, sizeof(filler)) > 0)
        continue;
    loop_run_for(&loop, 20);
    while (write(sn_stream_fd(&stream), filler, 1) > 0)
        continue;
    sn_buf_puts(&stream.out, "x");
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_true(stream.busy);
    assert_int_equal(sn_stream_waiting(&stream), 1);
    listen_again();
    wait_for(is_drained);
    assert_int_equal(error[DRAINED], 0);
    wanted = 65537;
    wait_for(has_received);
    close_stream();
}

static void test_stream__keeps_no_large_buffer(void **state)
{
    (void)state;
    bring_up();
    put_pattern(0, 100);
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_true(stream.out.room > 0);
    put_pattern(100, 100000);
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_false(stream.busy); /* the kernel takes so much at once */
    assert_int_equal(stream.out.room, 0);
    wanted = 100100;
    wait_for(has_received);
    expect_pattern(&server.received, 100100);
    close_stream();
}

static void test_stream__that_broke_takes_no_more(void **state)
{
    (void)state;
    bring_up();
    uv_tcp_close_reset(server.client, tcp_server_on_free);
    server.client = NULL;
    wait_for(is_ended);
    sn_buf_puts(&stream.out, "to nobody");
    assert_true(sn_stream_flush(&stream) < 0);
    assert_int_equal(sn_stream_waiting(&stream), 0);
    close_stream();
}

static void test_stream__tells_of_a_write_that_broke_off(void **state)
{
    (void)state;
    server.deaf = true;
    bring_up();
    sn_stream_pause(&stream); /* or the reading side would tell first */
    put_pattern(0, LARGE);
    assert_int_equal(sn_stream_flush(&stream), 0);
    uv_tcp_close_reset(server.client, tcp_server_on_free);
    server.client = NULL;
    wait_for(is_drained);
    assert_true(error[DRAINED] < 0);
    assert_false(stream.busy);
    close_stream();
}

static void test_stream__closed_with_a_write_under_way_tells_only_that(void **state)
{
    (void)state;
    server.deaf = true;
    bring_up();
    put_pattern(0, LARGE);
    assert_int_equal(sn_stream_flush(&stream), 0);
    assert_true(stream.busy);
    close_stream();
    assert_int_equal(count[DRAINED], 0);
}

/* ---- closed by its hooks ---- */

static void test_stream__can_be_closed_by_opened(void **state)
{
    (void)state;
    close_in = OPENED;
    assert_int_equal(connect_to(server.port), 0);
    wait_for(is_closed);
    assert_int_equal(count[BYTES] + count[ENDED], 0);
}

static void test_stream__can_be_closed_by_bytes(void **state)
{
    (void)state;
    close_in = BYTES;
    bring_up();
    tcp_server_say(&server, "one");
    uv_run(&loop, UV_RUN_NOWAIT);
    tcp_server_hang_up(&server);
    wait_for(is_closed);
    assert_int_equal(count[BYTES], 1);
    assert_int_equal(count[ENDED], 0);
}

static void test_stream__can_be_closed_by_ended(void **state)
{
    (void)state;
    close_in = ENDED;
    bring_up();
    tcp_server_hang_up(&server);
    wait_for(is_closed);
    assert_int_equal(count[ENDED], 1);
}

static void test_stream__can_be_closed_by_drained(void **state)
{
    (void)state;
    server.deaf = true;
    close_in = DRAINED;
    bring_up();
    put_pattern(0, LARGE);
    assert_int_equal(sn_stream_flush(&stream), 0);
    listen_again();
    wait_for(is_closed);
    assert_int_equal(count[DRAINED], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_stream__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_that_it_was_refused),
        TEST(that_is_closed_while_it_connects_tells_only_that),
        TEST(that_was_never_connected_can_be_closed),
        TEST(keeps_output_until_it_is_open),
        TEST(comes_from_the_source_address),
        TEST(knows_literal_addresses_only),
        TEST(hands_on_what_came_before_the_end),
        TEST(can_be_written_to_after_the_other_side_has_ended),
        TEST(tells_a_broken_connection_from_one_that_ended),
        TEST(reads_nothing_while_it_pauses),
        TEST(output_that_is_not_read_waits),
        TEST(waits_for_a_kernel_that_takes_nothing_at_all),
        TEST(keeps_no_large_buffer),
        TEST(that_broke_takes_no_more),
        TEST(tells_of_a_write_that_broke_off),
        TEST(closed_with_a_write_under_way_tells_only_that),
        TEST(can_be_closed_by_opened),
        TEST(can_be_closed_by_bytes),
        TEST(can_be_closed_by_ended),
        TEST(can_be_closed_by_drained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
