/* SPDX-License-Identifier: BSD-3-Clause */
/* Subscriptions and messages (PROTOCOL.md §5.6). */

#include "server_rig.h"

#include "shell/server/pubsub.h"

static struct rig rig;
static int fd;

static int start(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_add_group(&rig, "m1", "127.0.0.1", 6379);
    rig_start(&rig);
    fd = rig_dial(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    close(fd);
    rig_stop(&rig);
    return 0;
}

static void publish(const char *channel, const char *message)
{
    sn_server_publish(rig.server, channel, message);
    sn_server_flush(rig.server);
}

#define SUBSCRIBED_A "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"

static void test_pubsub__confirmations_count_channels_and_patterns(void **state)
{
    (void)state;
    rig_talk(&rig, fd, "SUBSCRIBE a b a\r\n",
             SUBSCRIBED_A "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"
                          "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
    rig_talk(&rig, fd, "PSUBSCRIBE *\r\n", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:3\r\n");
    rig_talk(&rig, fd, "UNSUBSCRIBE nosuch a\r\n",
             "*3\r\n$11\r\nunsubscribe\r\n$6\r\nnosuch\r\n:3\r\n"
             "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n");
    rig_talk(&rig, fd, "UNSUBSCRIBE\r\n", "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n");
    rig_talk(&rig, fd, "UNSUBSCRIBE\r\n", "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n");
    rig_talk(&rig, fd, "PUNSUBSCRIBE\r\n", "*3\r\n$12\r\npunsubscribe\r\n$1\r\n*\r\n:0\r\n");
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
}

static void test_pubsub__messages_go_to_channels_first_then_to_patterns(void **state)
{
    (void)state;
    rig_talk(&rig, fd, "PSUBSCRIBE +s*\r\n", "*3\r\n$10\r\npsubscribe\r\n$3\r\n+s*\r\n:1\r\n");
    rig_talk(&rig, fd, "SUBSCRIBE +set\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\n+set\r\n:2\r\n");
    publish("+set", "master m1 127.0.0.1 30001 quorum 2");
    publish("-other", "x");
    rig_expect(&rig, fd,
               "*3\r\n$7\r\nmessage\r\n$4\r\n+set\r\n$34\r\nmaster m1 127.0.0.1 30001 quorum 2\r\n"
               "*4\r\n$8\r\npmessage\r\n$3\r\n+s*\r\n$4\r\n+set\r\n$34\r\n"
               "master m1 127.0.0.1 30001 quorum 2\r\n");
    rig_expect_silence(&rig, fd);
}

static void test_pubsub__events_of_the_core_reach_subscribers(void **state)
{
    int other = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "SUBSCRIBE +set\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\n+set\r\n:1\r\n");
    rig_talk(&rig, other, "SENTINEL SET m1 quorum 1\r\n", "+OK\r\n");
    rig_expect(&rig, fd,
               "*3\r\n$7\r\nmessage\r\n$4\r\n+set\r\n$33\r\nmaster m1 127.0.0.1 6379 quorum 1\r\n");
    close(other);
}

static void test_pubsub__resp3_pushes_and_is_free_to_run_commands(void **state)
{
    char text[512];

    (void)state;
    rig_send(&rig, fd, "HELLO 3\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    rig_talk(&rig, fd, "SUBSCRIBE a\r\n", ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    publish("a", "m");
    rig_expect(&rig, fd, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n");
    rig_talk(&rig, fd, "PING\r\n", "+PONG\r\n");
    rig_talk(&rig, fd, "SENTINEL CKQUORUM x\r\n", "-ERR No such master with that name\r\n");
    rig_talk(&rig, fd, "UNSUBSCRIBE\r\nUNSUBSCRIBE\r\n",
             ">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"
             ">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n");
}

static void test_pubsub__resp2_runs_few_commands_while_subscribed(void **state)
{
    (void)state;
    rig_talk(&rig, fd, "SUBSCRIBE a\r\n", SUBSCRIBED_A);
    rig_talk(&rig, fd, "PING\r\nPING x\r\n",
             "*2\r\n$4\r\npong\r\n$0\r\n\r\n*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
    rig_talk(&rig, fd, "INFO\r\n",
             "-ERR Can't execute 'info': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
             "RESET are allowed in this context\r\n");
    rig_talk(&rig, fd, "SENTINEL MASTERS\r\n",
             "-ERR Can't execute 'sentinel|masters': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
             "PING / QUIT / RESET are allowed in this context\r\n");
    rig_talk(&rig, fd, "RESET\r\nROLE\r\n", "+RESET\r\n*2\r\n$8\r\nsentinel\r\n*1\r\n$2\r\nm1\r\n");
    publish("a", "nobody listens");
    rig_expect_silence(&rig, fd);
}

static void test_pubsub__a_hello_is_not_delivered(void **state)
{
    int other = rig_dial(&rig);

    (void)state;
    rig_talk(&rig, fd, "SUBSCRIBE __sentinel__:hello\r\n",
             "*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n");
    rig_talk(&rig, other, "PUBLISH __sentinel__:hello junk\r\n", ":1\r\n");
    rig_talk(&rig, other,
             "PUBLISH __sentinel__:hello 127.0.0.1,26380,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
             "0,m1,127.0.0.1,6379,0\r\n",
             ":1\r\n");
    rig_expect_silence(&rig, fd);
    assert_true(sn_core_has_peer_at(rig.core, "127.0.0.1")); /* it was taken in */
    close(other);
}

static void test_pubsub__a_client_that_leaves_is_forgotten(void **state)
{
    int other = rig_dial(&rig);
    char text[8192];

    (void)state;
    rig_talk(&rig, other, "SUBSCRIBE a\r\nPSUBSCRIBE *\r\n",
             SUBSCRIBED_A "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:2\r\n");
    rig_talk(&rig, fd, "SUBSCRIBE a\r\n", SUBSCRIBED_A);
    close(other);
    rig_wait(&rig, 20);
    publish("a", "m");
    rig_expect(&rig, fd, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n");
    other = rig_dial(&rig);
    rig_send(&rig, other, "INFO clients stats\r\n");
    rig_read(&rig, other, text, sizeof(text));
    assert_non_null(strstr(text, "pubsub_channels:1\r\npubsub_patterns:0\r\n"));
    assert_non_null(strstr(text, "pubsub_clients:1\r\n"));
    close(other);
}

static void test_pubsub__names_may_hold_any_bytes(void **state)
{
    static const char request[] = "*2\r\n$9\r\nSUBSCRIBE\r\n$3\r\na\0b\r\n";
    char bytes[64];

    (void)state;
    rig_send_bytes(&rig, fd, request, sizeof(request) - 1);
    size_t got = rig_read(&rig, fd, bytes, sizeof(bytes));
    static const char reply[] = "*3\r\n$9\r\nsubscribe\r\n$3\r\na\0b\r\n:1\r\n";
    assert_int_equal(got, sizeof(reply) - 1);
    assert_memory_equal(bytes, reply, got);
}

static void test_pubsub__subscriptions_of_one_client_are_capped(void **state)
{
    static char sink[1 << 20];
    char request[64];
    size_t got = 0;

    (void)state;
    for (unsigned i = 0; i <= SN_SUBSCRIPTIONS_MAX; i++) {
        snprintf(request, sizeof(request), "SUBSCRIBE c%u\r\n", i);
        size_t len = strlen(request);
        while (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
            got = rig_read(&rig, fd, sink, sizeof(sink));
        if (i % 512 == 0)
            got = rig_read(&rig, fd, sink, sizeof(sink));
    }
    while (strstr(sink, "-ERR too many subscriptions") == NULL && got > 0)
        got = rig_read(&rig, fd, sink, sizeof(sink));
    assert_non_null(strstr(sink, "-ERR too many subscriptions on this connection\r\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_pubsub__##name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(confirmations_count_channels_and_patterns),
        TEST(messages_go_to_channels_first_then_to_patterns),
        TEST(events_of_the_core_reach_subscribers),
        TEST(resp3_pushes_and_is_free_to_run_commands),
        TEST(resp2_runs_few_commands_while_subscribed),
        TEST(a_hello_is_not_delivered),
        TEST(a_client_that_leaves_is_forgotten),
        TEST(names_may_hold_any_bytes),
        TEST(subscriptions_of_one_client_are_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
