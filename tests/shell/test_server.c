/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections: reading, order of replies, waiting for the core. */
#include "server_case.h"

static void test_server__pipelined_requests_are_answered_in_order(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig_send(&rig, fd,
             "PING\r\n*2\r\n$4\r\nPING\r\n$1\r\nx\r\n\r\n*0\r\nping \"a "
             "b\"\nNOSUCH\r\n*1\r\n$4\r\nping\r\n");
    rig_expect(&rig, fd,
               "+PONG\r\n$1\r\nx\r\n$3\r\na b\r\n-ERR unknown command 'NOSUCH', with args "
               "beginning with: \r\n+PONG\r\n");
    close(fd);
}

static void test_server__a_request_may_come_byte_by_byte(void **state)
{
    static const char request[] = "*2\r\n$4\r\nPING\r\n$5\r\nh\r\nlo\r\n";
    int fd = rig_dial(&rig);

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        rig_send_bytes(&rig, fd, request + i, 1);
        rig_turn(&rig);
    }
    rig_expect(&rig, fd, "$5\r\nh\r\nlo\r\n");
    close(fd);
}

static void test_server__replies_of_one_read_leave_in_one_write(void **state)
{
    int fd = rig_dial(&rig);
    char requests[601] = "";

    (void)state;
    for (size_t i = 0; i < 100; i++)
        memcpy(requests + 6 * i, "PING\r\n", 6);
    assert_int_equal(send(fd, requests, 600, 0), 600);
    for (int i = 0; i < 100; i++)
        rig_expect(&rig, fd, "+PONG\r\n");
    rig_send(&rig, fd, "INFO stats\r\n");
    char text[8192];
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "total_writes_processed:1\r\n"));
    close(fd);
}

static void test_server__a_protocol_error_is_answered_and_ends_the_connection(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig_send(&rig, fd, "PING\r\n*1\r\nPING\r\nPING\r\n");
    rig_expect(&rig, fd, "+PONG\r\n-ERR Protocol error: expected '$', got 'P'\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
}

static void test_server__cross_protocol_requests_get_no_word(void **state)
{
    static const char *const requests[] = {"POST / HTTP/1.1\r\n", "post\r\nPING\r\n",
                                           "host: x\r\nPING\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = rig_dial(&rig);
        send(fd, requests[i], strlen(requests[i]), 0);
        rig_expect_end(&rig, fd);
        close(fd);
    }
}

static void test_server__later_requests_wait_for_the_answer_of_the_core(void **state)
{
    int fd = rig_dial(&rig), other = rig_dial(&rig);

    (void)state;
    rig.hold_saves = true;
    rig_send(&rig, fd, MONITOR "PING\r\nPING 2\r\n");
    rig_expect_silence(&rig, fd);
    rig_talk(&rig, other, "PING\r\n", "+PONG\r\n");
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "+OK\r\n+PONG\r\n$1\r\n2\r\n");
    close(fd);
    close(other);
}

/* Votes of many groups that fail together share the writes of the disk. */
static void test_server__questions_of_a_peer_wait_for_one_save_together(void **state)
{
    static const char candidate[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    char request[512], reply[512];
    int fd = rig_dial(&rig), ended = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "SENTINEL MONITOR m1 127.0.0.1 6379 2\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "SENTINEL MONITOR m2 127.0.0.1 6380 2\r\n", "+OK\r\n");
    rig.hold_saves = true;
    snprintf(request, sizeof(request),
             "SENTINEL is-master-down-by-addr 127.0.0.1 6379 7 %s\r\n"
             "SENTINEL is-master-down-by-addr 127.0.0.1 x 7 *\r\n"
             "SENTINEL is-primary-down-by-addr 127.0.0.1 6380 7 %s\r\n"
             "SENTINEL is-master-down-by-addr 127.0.0.1 1 0 *\r\n"
             "PING\r\nSENTINEL is-master-down-by-addr 127.0.0.1 1 0 *\r\n",
             candidate, candidate);
    rig_send(&rig, fd, request);
    rig_send(&rig, ended, request);
    rig_expect_silence(&rig, fd);
    shutdown(ended, SHUT_WR);
    snprintf(reply, sizeof(reply),
             "*3\r\n:0\r\n$40\r\n%s\r\n:7\r\n"
             "-ERR value is not an integer or out of range\r\n"
             "*3\r\n:0\r\n$40\r\n%s\r\n:7\r\n"
             "*3\r\n:0\r\n$1\r\n*\r\n:0\r\n"
             "+PONG\r\n*3\r\n:0\r\n$1\r\n*\r\n:0\r\n",
             candidate, candidate);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, reply);
    rig_expect(&rig, ended, reply);
    rig_expect_end(&rig, ended);
    close(ended);
    close(fd);
}

static void test_server__an_answer_for_a_client_that_left_finds_nothing(void **state)
{
    int fd = rig_dial(&rig), other = rig_dial(&rig);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)state;
    rig.hold_saves = true;
    rig_send(&rig, fd, MONITOR "PING\r\n");
    rig_expect_silence(&rig, fd);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    rig_wait(&rig, 20);
    rig_confirm_save(&rig);
    rig_talk(&rig, other, "SENTINEL GET-MASTER-ADDR-BY-NAME m1\r\n",
             "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n");
    close(other);
}

static void test_server__a_half_closed_client_still_gets_its_answers(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig.hold_saves = true;
    rig_send(&rig, fd, MONITOR "PING\r\n");
    shutdown(fd, SHUT_WR);
    rig_expect_silence(&rig, fd);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "+OK\r\n+PONG\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
}

static void test_server__closing_drops_clients_that_wait(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig.hold_saves = true;
    rig_send(&rig, fd, MONITOR);
    rig_expect_silence(&rig, fd);
    /* stop() closes the server, asserts that the loop can be closed, and leaks show there */
    close(fd);
}

static void test_server__shutdown_is_asked_for_without_a_reply(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "SHUTDOWN now foo\r\n", "-ERR syntax error\r\n");
    rig_talk(&rig, fd, "SHUTDOWN abort\r\n", "-ERR No shutdown in progress.\r\n");
    assert_false(rig.shutdown);
    rig_send(&rig, fd, "SHUTDOWN NOSAVE\r\n");
    rig_expect_end(&rig, fd);
    assert_true(rig.shutdown);
    close(fd);
}

static void test_server__replies_can_be_switched_off(void **state)
{
    int fd = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "CLIENT REPLY SKIP\r\nPING\r\nPING 1\r\n", "$1\r\n1\r\n");
    rig_talk(&rig, fd, "CLIENT REPLY OFF\r\nPING\r\n" MONITOR "PING\r\nCLIENT REPLY ON\r\n",
             "+OK\r\n");
    rig_talk(&rig, fd, "CLIENT REPLY SKIP\r\nSENTINEL REMOVE m1\r\nPING\r\n", "+PONG\r\n");
    rig_expect_silence(&rig, fd);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_server__pipelined_requests_are_answered_in_order,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__a_request_may_come_byte_by_byte, start, stop),
        cmocka_unit_test_setup_teardown(test_server__replies_of_one_read_leave_in_one_write, start,
                                        stop),
        cmocka_unit_test_setup_teardown(
            test_server__a_protocol_error_is_answered_and_ends_the_connection, start, stop),
        cmocka_unit_test_setup_teardown(test_server__cross_protocol_requests_get_no_word, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_server__later_requests_wait_for_the_answer_of_the_core,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__questions_of_a_peer_wait_for_one_save_together,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__an_answer_for_a_client_that_left_finds_nothing,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__a_half_closed_client_still_gets_its_answers,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_server__closing_drops_clients_that_wait, start, stop),
        cmocka_unit_test_setup_teardown(test_server__shutdown_is_asked_for_without_a_reply, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_server__replies_can_be_switched_off, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
