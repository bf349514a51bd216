/* SPDX-License-Identifier: BSD-3-Clause */

#include "links_rig.h"

#include <fcntl.h>

#define CROWD 1000

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
    assert_int_equal(fake_core_count(SN_INPUT_LINK_UP, NULL), 0);
}

static void test_links__tell_an_address_that_is_none(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "db.example", 6379, NULL, NULL);
    expect_down("invalid argument");
}

static void test_links__to_replicas_wait_for_room(void **state)
{
    (void)state;
    struct sn_action_connect connect = {
        .link = {2}, .kind = SN_LINK_DATA, .ip = "127.0.0.1", .port = server.port, .name = "x"};

    sn_links_set_minor_max(links, 1, NULL, NULL);
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, NULL); /* to a master: not counted */
    connect.minor = true;
    sn_links_connect(links, &connect);
    connect.link.v = 3;
    sn_links_connect(links, &connect);
    assert_true(is_down());
    assert_int_equal(only(SN_INPUT_LINK_DOWN)->u.link.link.v, 3);
    assert_true(only(SN_INPUT_LINK_DOWN)->u.link.no_room);
    /* The place of one that is gone is free. */
    sn_links_disconnect(links, (struct sn_link_id){2});
    connect.link.v = 4;
    sn_links_connect(links, &connect);
    assert_int_equal(fake_core_count(SN_INPUT_LINK_DOWN, NULL), 1);
}

static uint64_t lend_one_once(void *arg)
{
    unsigned *asked = arg;
    return (*asked)++ == 0 ? 1 : 0;
}

static void test_links__to_replicas_get_room_that_is_lent(void **state)
{
    (void)state;
    unsigned asked = 0;
    struct sn_action_connect connect = {
        .kind = SN_LINK_DATA, .ip = "127.0.0.1", .port = server.port, .name = "x", .minor = true};

    sn_links_set_minor_max(links, 1, lend_one_once, &asked);
    for (uint64_t id = 1; id <= 3; id++) {
        connect.link.v = id;
        sn_links_connect(links, &connect);
        assert_int_equal(asked, id - 1);
    }
    assert_int_equal(only(SN_INPUT_LINK_DOWN)->u.link.link.v, 3);
    assert_true(only(SN_INPUT_LINK_DOWN)->u.link.no_room);
}

static size_t open_files(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
    return count;
}

static bool all_but_one_down(void)
{
    return fake_core_count(SN_INPUT_LINK_DOWN, NULL) == CROWD - 1;
}

/* A start with thousands of groups leaves clients their share of the loop. */
static void test_links__many_are_dialled_over_several_turns(void **state)
{
    (void)state;
    size_t before = open_files();
    for (uint64_t id = 1; id <= CROWD; id++) {
        struct sn_action_connect connect = {.link = {id},
                                            .kind = SN_LINK_DATA,
                                            .ip = "127.0.0.1",
                                            .port = 1, /* nobody listens there */
                                            .name = "sentinel-01234567-cmd"};
        sn_links_connect(links, &connect);
    }
    assert_in_range(open_files() - before, 1, CROWD - 1);
    sn_links_disconnect(links, (struct sn_link_id){CROWD}); /* one that waits */
    assert_true(loop_run_until(&loop, all_but_one_down));
}

static void test_links__open_a_command_link(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, "bob", "secret");
    assert_true(loop_run_until(&loop, is_up));
    expect_received("*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$6\r\nsecret\r\n"
                    "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$21\r\nsentinel-01234567-cmd\r\n");
    assert_string_equal(only(SN_INPUT_LINK_UP)->u.link.local_ip, "127.0.0.1");
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
    char from[] = "subscribe", to[] = "s1";
    struct sn_rename items[] = {{from, to}};
    renames = (struct sn_renames){items, 1};
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
    assert_string_equal(only(SN_INPUT_LINK_UP)->u.link.local_ip, "127.0.0.2");
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
    assert_string_equal(only(SN_INPUT_LINK_NOTE)->u.link.reason,
                        "AUTH: WRONGPASS invalid username-password pair");
    assert_int_equal(fake_core_count(SN_INPUT_REPLY, NULL), 0);
}

static void test_links__never_repeat_the_password(void **state)
{
    (void)state;
    connect_to(SN_LINK_DATA, "127.0.0.1", server.port, NULL, "secret");
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "-ERR unknown command 'AUTH', with args beginning with: 'secret' \r\n");
    assert_true(loop_run_until(&loop, has_note));
    const char *text = only(SN_INPUT_LINK_NOTE)->u.link.reason;
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
    assert_null(strstr(only(SN_INPUT_LINK_NOTE)->u.link.reason, "secret"));
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
    send_order(SN_ORDER_MYID, 1);
    expect_received("*2\r\n$8\r\nSENTINEL\r\n$4\r\nMYID\r\n");
    send_order(SN_ORDER_SETTINGS, 1);
    expect_received("*3\r\n$8\r\nSENTINEL\r\n$6\r\nMASTER\r\n$2\r\nhi\r\n");
    send_order(SN_ORDER_TRY_ASK, 1);
    expect_received("*6\r\n$8\r\nSENTINEL\r\n$22\r\nis-master-down-by-addr\r\n"
                    "$7\r\n0.0.0.0\r\n$1\r\n0\r\n$1\r\n0\r\n$1\r\n*\r\n");
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
    send_order(SN_ORDER_TRY_PAUSE, 1);
    expect_received("*4\r\n$6\r\nCLIENT\r\n$5\r\nPAUSE\r\n$12\r\nrights-check\r\n$5\r\nWRITE\r\n");
    send_order(SN_ORDER_TRY_EXEC, 1);
    expect_received("*1\r\n$4\r\nEXEC\r\n");
    send_order(SN_ORDER_TRY_TRANSACTION, 1);
    expect_received("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nCONFIG\r\n$7\r\nREWRITE\r\n"
                    "*1\r\n$7\r\nSLAVEOF\r\n*1\r\n$4\r\nEXEC\r\n");
    send_order(SN_ORDER_TRY_UNPAUSE, 1);
    expect_received("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nCLIENT\r\n$7\r\nUNPAUSE\r\n"
                    "*1\r\n$7\r\nSLAVEOF\r\n*1\r\n$4\r\nEXEC\r\n");
}

/* As REMOVE does in the middle of a drain. */
static void test_links__what_was_sent_leaves_before_a_disconnect(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_CLIENT_UNPAUSE, 1);
    sn_links_disconnect(links, (struct sn_link_id){1});
    expect_received("*2\r\n$6\r\nCLIENT\r\n$7\r\nUNPAUSE\r\n");
    assert_true(loop_run_until(&loop, server_lost_its_client));
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
    const struct sn_input_reply *reply = &only(SN_INPUT_REPLY)->u.reply;
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
    const struct sn_input_reply *reply = &only(SN_INPUT_REPLY)->u.reply;
    assert_int_equal(reply->reply->type, SN_REPLY_ERROR);
    assert_string_equal(reply->queue_error, "NOPERM no slaveof");
}

static bool has_three_replies(void)
{
    return fake_core_count(SN_INPUT_REPLY, NULL) >= 3;
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
        if (fake_core.events[i].kind != SN_INPUT_REPLY)
            continue;
        const struct sn_input_reply *reply = &fake_core.events[i].u.reply;
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
    const struct sn_reply *reply = only(SN_INPUT_REPLY)->u.reply.reply;
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
    const struct sn_reply *items = only(SN_INPUT_REPLY)->u.reply.reply->items;
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
    return fake_core_count(SN_INPUT_LINK_TRAFFIC, NULL) >= wanted_traffic;
}

static void test_links__hand_on_hellos(void **state)
{
    (void)state;
    bring_up(SN_LINK_SUBSCRIBE);
    say_message("__sentinel__:hello", HELLO);
    assert_true(loop_run_until(&loop, has_hello));
    const struct sn_input_hello *hello = &only(SN_INPUT_HELLO)->u.hello;
    assert_int_equal(hello->link.v, 1);
    assert_string_equal(hello->hello.master_name, "mymaster");
    assert_int_equal(hello->hello.current_epoch, 3);
    assert_int_equal(fake_core_count(SN_INPUT_LINK_TRAFFIC, NULL), 0); /* a hello is traffic */
}

static void test_links__hand_on_what_is_no_hello_and_count_the_rest_as_traffic(void **state)
{
    (void)state;
    bring_up(SN_LINK_SUBSCRIBE);
    say_message("__sentinel__:hello", "not,a,hello");
    say_message("other", HELLO);
    tcp_server_say(&server, "*1\r\n:5\r\n");
    tcp_server_say(&server, "*3\r\n:5\r\n*0\r\n$-1\r\n");
    tcp_server_say(&server, "+surprise\r\n");
    wanted_traffic = 4;
    assert_true(loop_run_until(&loop, has_traffic));
    /* The core says what it was. */
    assert_int_equal(fake_core_count(SN_INPUT_HELLO, NULL), 1);
    assert_true(only(SN_INPUT_HELLO)->u.hello.hello.bad != 0);
    assert_false(is_down());
}

static void test_links__note_a_refused_subscription(void **state)
{
    (void)state;
    connect_to(SN_LINK_SUBSCRIBE, "127.0.0.1", server.port, NULL, NULL);
    assert_true(loop_run_until(&loop, is_up));
    tcp_server_say(&server, "+OK\r\n-NOPERM no channels\r\n");
    assert_true(loop_run_until(&loop, has_note));
    assert_string_equal(only(SN_INPUT_LINK_NOTE)->u.link.reason, "SUBSCRIBE: NOPERM no channels");
}

/* ---- disconnecting ---- */

static void test_links__feed_nothing_after_disconnect_within_a_read(void **state)
{
    (void)state;
    bring_up(SN_LINK_DATA);
    send_order(SN_ORDER_PING, 1);
    send_order(SN_ORDER_PING, 2);
    send_order(SN_ORDER_PING, 3);
    disconnect_at = SN_INPUT_REPLY;
    tcp_server_say(&server, "+PONG\r\n+PONG\r\n+PONG\r\n");
    assert_true(loop_run_until(&loop, server_lost_its_client));
    only(SN_INPUT_REPLY);
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
    disconnect_at = SN_INPUT_LINK_UP;
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
    only(SN_INPUT_LINK_DOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tell_a_refused_connection),
        TEST(tell_an_address_that_is_none),
        TEST(to_replicas_wait_for_room),
        TEST(to_replicas_get_room_that_is_lent),
        TEST(many_are_dialled_over_several_turns),
        TEST(open_a_command_link),
        TEST(open_a_subscription_without_user),
        TEST(use_renamed_commands),
        TEST(connect_from_the_source_address),
        TEST(do_without_a_source_address_that_is_not_ours),
        TEST(note_errors_in_answer_to_opening_commands),
        TEST(never_repeat_the_password),
        TEST(never_repeat_the_password_in_other_words),
        TEST(send_what_the_orders_mean),
        TEST(what_was_sent_leaves_before_a_disconnect),
        TEST(promote_in_one_transaction),
        TEST(report_the_first_refusal_of_a_transaction),
        TEST(match_replies_with_orders_in_turn),
        TEST(read_replies_that_come_byte_by_byte),
        TEST(hand_on_replies_of_every_type),
        TEST(hand_on_hellos),
        TEST(hand_on_what_is_no_hello_and_count_the_rest_as_traffic),
        TEST(note_a_refused_subscription),
        TEST(feed_nothing_after_disconnect_within_a_read),
        TEST(feed_nothing_after_disconnect_while_connecting),
        TEST(disconnect_a_link_that_comes_up),
        TEST(take_orders_for_a_link_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
