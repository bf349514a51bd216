/* SPDX-License-Identifier: BSD-3-Clause */

/* Links: opening, PING, reconnection, dead connections (PROTOCOL.md §9, DESIGN.md D2, D4, D11). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

static void test_link__data_nodes_get_two_links_and_peers_one(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 replicas n2 peers a", 1, true);
    (void)state;
    /* The subscription only where the command link stands. */
    kit_expect(kit, "connect ping info",
               "connect data n1\nconnect data n2\nconnect peer a\n"
               "ping n1\ninfo n1\nconnect sub n1\n"
               "ping n2\ninfo n2\nconnect sub n2\nping a\n");
    kit_free(kit);
}

static void test_link__nothing_is_sent_before_the_connection_stands(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000");
    (void)state;
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 4000);
    kit_expect(kit, "ping info publish", "");
    kit_free(kit);
}

static void test_link__port_zero_means_never_connect(void **state)
{
    struct kit *kit = kit_new_seeded("m1 10.0.0.1:0", 1, true);
    (void)state;
    kit_to(kit, 20000);
    assert_int_equal(kit_count(kit, "connect"), 0);
    kit_free(kit);
}

static void test_link__credentials_follow_the_table(void **state)
{
    static const struct {
        const char *text, *connects;
    } rows[] = {
        {"m1 n1 pass secret user bob peers a;- own-pass own",
         "connect data n1 user bob pass secret\nconnect peer a pass own\n"
         "connect sub n1 user bob pass secret\n"},
        {"m1 n1 pass secret peers a;- own-pass own sentinel-pass theirs",
         "connect data n1 pass secret\nconnect peer a pass theirs\nconnect sub n1 pass secret\n"},
        /* A user without a password sends nothing. */
        {"m1 n1 user bob peers a", "connect data n1\nconnect peer a\nconnect sub n1\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new_seeded(rows[i].text, 1, true);
        kit_expect(kit, "connect", rows[i].connects);
        kit_free(kit);
    }
}

/* Of replicas and peers. */
static void test_link__ping_period_is_a_fifth_of_down_after_within_bounds(void **state)
{
    static const struct {
        int down_after;
        sn_ms period;
    } rows[] = {{1000, 200}, {30000, 1000}, {5000, 1000}, {4995, 990}, {250, 50}, {60, 50}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "m1 n1 replicas n2 peers a down-after %d",
                       rows[i].down_after);
        struct kit *kit = kit_new(text);
        for (sn_ms round = 1; round <= 3; round++) {
            kit_to(kit, round * rows[i].period - 1);
            assert_int_equal(kit_count(kit, "ping n2") + kit_count(kit, "ping a"), 0);
            kit_to(kit, round * rows[i].period);
            assert_int_equal(kit_count(kit, "ping n2") + kit_count(kit, "ping a"), 2);
            kit_clear(kit);
        }
        kit_free(kit);
    }
}

/* What is due to hundreds of servers leaves at one moment, as long as that is early by little. */
static void test_link__long_periods_end_at_full_beats(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 30000;m2 n3 replicas n4");
    (void)state;
    kit_to(kit, 107);
    kit_drop(kit, "n2");
    kit_drop(kit, "n4");
    kit_to(kit, 107);
    kit_clear(kit);
    kit_to(kit, 1099);
    assert_int_equal(kit_count(kit, "ping n2"), 0);
    assert_int_equal(kit_when(kit, "ping n4"), 307); /* a short period */
    kit_to(kit, 2099);
    assert_int_equal(kit_when(kit, "ping n2"), 1100);
    assert_int_equal(kit_count(kit, "publish n2"), 0);
    kit_to(kit, 2100);
    assert_int_equal(kit_when(kit, "publish n2"), 2100);
    kit_clear(kit);
    kit_to(kit, 20000);
    assert_int_equal(kit_when(kit, "info n2"), 10100);
    kit_free(kit);
}

static void test_link__ping_period_can_be_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 30000");
    (void)state;
    kit_to(kit, 100);
    kit_debug(kit, SN_TIMING_PING_PERIOD, 300);
    kit_to(kit, 299);
    kit_expect(kit, "ping", "");
    kit_to(kit, 300);
    kit_expect(kit, "ping", "ping n1\n");
    kit_free(kit);
}

static void test_link__takes_a_hundred_unanswered_commands(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_to(kit, 100);
    struct sn_link *link = kit_instance(kit, "m1", "n1")->cmd;
    link->pending = SN_PENDING_MAX;
    kit_clear(kit);
    kit_to(kit, 3000);
    assert_int_equal(kit_count(kit, "ping n1"), 0);
    assert_true(kit_count(kit, "ping n2") > 0);
    link->pending = SN_PENDING_MAX - 1;
    kit_to(kit, 4100);
    assert_true(kit_count(kit, "ping n1") > 0);
    kit_free(kit);
}

static void test_link__one_ping_at_a_time(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 950);
    kit_expect(kit, "ping", "ping n1\n");
    /* The next one was due long ago. */
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG");
    kit_to(kit, 950);
    kit_expect(kit, "ping", "ping n1\n");
    kit_free(kit);
}

static void test_link__reopens_at_once_then_backs_off_to_the_ping_period(void **state)
{
    static const sn_ms attempts[] = {500, 550, 650, 850, 1250, 2050, 3050, 4050};
    struct kit *kit = kit_new("m1 n1 down-after 30000");
    (void)state;
    kit_to(kit, 500);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
        kit_to(kit, attempts[i] - 1 < 500 ? 500 : attempts[i] - 1);
        if (attempts[i] > 500)
            kit_expect(kit, "connect", "");
        kit_to(kit, attempts[i]);
        kit_expect(kit, "connect", "connect data n1\n");
    }
    /* A sign of life ends the back-off. */
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 5050);
    kit_expect(kit, "connect", "connect data n1\nconnect sub n1\n");
    kit_to(kit, 5100);
    kit_drop(kit, "n1");
    kit_to(kit, 5100);
    kit_expect(kit, "connect", "connect data n1\nconnect sub n1\n");
    /* One that lasted for a moment only is none. */
    kit_to(kit, 5149);
    kit_drop(kit, "n1");
    kit_to(kit, 5198);
    kit_expect(kit, "connect", "");
    kit_to(kit, 5199);
    kit_expect(kit, "connect", "connect data n1\nconnect sub n1\n");
    kit_free(kit);
}

static void test_link__attempt_without_end_is_given_up_after_down_after(void **state)
{
    static const struct {
        const char *text;
        sn_ms patience;
    } rows[] = {{"m1 n1 down-after 1000", 1000},
                {"m1 n1 down-after 100", 200},
                {"m1 n1 down-after 60000", 5000}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new(rows[i].text);
        sn_ms given_up_at = 100 + rows[i].patience;
        kit_to(kit, 100);
        kit_clear(kit);
        kit_mode(kit, "n1", KIT_GONE);
        kit_drop(kit, "n1");
        kit_to(kit, 100);
        kit_expect(kit, "connect disconnect", "connect data n1\n");
        kit_to(kit, given_up_at - 1);
        kit_expect(kit, "connect disconnect", "");
        kit_to(kit, given_up_at);
        kit_expect(kit, "connect disconnect", "disconnect data n1\n");
        kit_to(kit, given_up_at + 49);
        kit_expect(kit, "connect disconnect", "");
        kit_to(kit, given_up_at + 50);
        kit_expect(kit, "connect disconnect", "connect data n1\n");
        kit_free(kit);
    }
}

static void test_link__groups_share_the_link_to_a_peer(void **state)
{
    struct kit *kit = kit_new_seeded("m1 n1 peers a;m2 n2 peers a down-after 5000", 1, true);
    (void)state;
    assert_int_equal(kit_count(kit, "connect peer a"), 1);
    assert_ptr_equal(kit_instance(kit, "m1", "a")->cmd, kit_instance(kit, "m2", "a")->cmd);
    assert_int_equal(kit_instance(kit, "m1", "a")->cmd->owner_count, 2);
    kit_clear(kit);
    /* One PING per period, by the shorter of the two down-after times; a hello for each group. */
    kit_to(kit, 199);
    assert_int_equal(kit_count(kit, "ping a"), 0);
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "ping a"), 5);
    kit_clear(kit);
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "publish a 10.0.9.9,26379," KIT_ME ",0,m1,10.0.0.1,6379,0"), 1);
    assert_int_equal(kit_count(kit, "publish a 10.0.9.9,26379," KIT_ME ",0,m2,10.0.0.2,6379,0"), 1);
    /* S_DOWN is judged per group. */
    kit_clear(kit);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 6999);
    kit_expect(kit, "event",
               "event W +sdown sentinel " KIT_A " 10.0.1.1 26379 @ m1 10.0.0.1 6379\n");
    kit_to(kit, 7000);
    kit_expect(kit, "event",
               "event W +sdown sentinel " KIT_A " 10.0.1.1 26379 @ m2 10.0.0.2 6379\n");
    kit_free(kit);
}

static void test_link__shared_link_lives_as_long_as_its_last_owner(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a;m2 n2 peers a");
    (void)state;
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    kit_expect(kit, "disconnect", "disconnect sub n1\ndisconnect data n1\n");
    assert_int_equal(kit_instance(kit, "m2", "a")->cmd->owner_count, 1);
    kit_to(kit, 200);
    assert_int_equal(kit_count(kit, "ping a"), 1);
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_REMOVE, "m2");
    kit_expect(kit, "disconnect", "disconnect peer a\ndisconnect sub n2\ndisconnect data n2\n");
    kit_to(kit, 5000);
    kit_expect(kit, "ping connect", "");
    kit_free(kit);
}

static void test_link__each_attempt_that_is_given_up_makes_the_next_one_wait_longer(void **state)
{
    static const sn_ms patience[] = {1000, 2000, 4000, 8000, 15000, 15000};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (int again = 0; again < 2; again++) {
        kit_mode(kit, "n1", KIT_GONE);
        kit_drop(kit, "n1");
        for (size_t i = 0; i < sizeof(patience) / sizeof(*patience); i++) {
            while (kit_count(kit, "connect data n1") == 0)
                kit_to(kit, kit_now(kit) + 1);
            sn_ms at = kit_when(kit, "connect data n1");
            kit_clear(kit);
            kit_to(kit, at + patience[i] - 1);
            kit_expect(kit, "disconnect", "");
            kit_to(kit, at + patience[i]);
            kit_expect(kit, "disconnect", "disconnect data n1\n");
        }
        kit_mode(kit, "n1", KIT_WELL); /* a connection starts all over again */
        kit_to(kit, kit_now(kit) + 17000);
        kit_clear(kit);
    }
    kit_free(kit);
}

/* A PING may take twice as long as the last one. */
static void test_link__of_a_slow_network_is_not_called_dead_before_its_time(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 16000);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 16025);
    kit_to(kit, 16725);
    kit_clear(kit);
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG"); /* after 700 ms; the next one leaves at once */
    kit_to(kit, 16725 + 1399);
    kit_expect(kit, "disconnect", "");
    kit_to(kit, 16725 + 1400);
    kit_expect(kit, "disconnect", "disconnect data n1\n");
    kit_free(kit);
}

static void test_link__closes_a_silent_command_link_but_not_a_young_one(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 14600);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_FROZEN);
    /* The PING of 14625 is silent for three quarters of down-after at 15375; the link is 15 s old
     * at 15000. */
    kit_to(kit, 15374);
    kit_expect(kit, "disconnect connect", "");
    kit_to(kit, 15375);
    kit_expect(kit, "disconnect connect", "disconnect data n1\nconnect data n1\n");
    /* The silence goes on counting from the old connection. */
    kit_to(kit, 15624);
    kit_expect(kit, "event", "");
    kit_to(kit, 15625);
    kit_expect(kit, "event", "event W +sdown master m1 10.0.0.1 6379\n");
    kit_free(kit);

    kit = kit_new("m1 n1");
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 14999);
    kit_expect(kit, "disconnect connect", "");
    kit_to(kit, 15000);
    /* The subscription is as silent and as old. */
    kit_expect(kit, "disconnect connect",
               "disconnect sub n1\ndisconnect data n1\nconnect data n1\nconnect sub n1\n");
    kit_free(kit);
}

static void test_link__a_shorter_down_after_counts_for_a_ping_that_has_left(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 60000");
    (void)state;
    kit_to(kit, 20100);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 22000);
    kit_clear(kit);
    (void)kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "", "1000", 1000);
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(kit_count(kit, "disconnect data n1"), 1);
    kit_free(kit);
}

static void test_link__closes_a_deaf_subscription(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 16000); /* the last hello that comes back */
    kit_node(kit, "n1")->deaf = true;
    kit_clear(kit);
    kit_to(kit, 21999);
    kit_expect(kit, "disconnect connect", "");
    kit_to(kit, 22000);
    kit_expect(kit, "disconnect connect", "disconnect sub n1\nconnect sub n1\n");
    /* It says nothing about the instance. */
    kit_to(kit, 40000);
    kit_expect(kit, "event", "");
    kit_free(kit);
}

static void test_link__tells_once_that_it_is_refused_rather_than_dead(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 5000");
    (void)state;
    kit_node(kit, "n1")->pong = "-NOAUTH Authentication required.";
    kit_to(kit, 3500);
    kit_expect(
        kit, "log event",
        "log W master m1 10.0.0.1 6379 answers, but refuses us: PING was answered by \"NOAUTH "
        "Authentication required\". It is misconfigured rather than dead: check its password "
        "and ACL rules against ours.\n");
    assert_string_equal(kit_instance(kit, "m1", "n1")->cmd->note,
                        "PING was answered by \"NOAUTH Authentication required.\"");
    kit_node(kit, "n1")->pong = NULL;
    kit_to(kit, 4500);
    assert_null(kit_instance(kit, "m1", "n1")->cmd->note);
    kit_node(kit, "n1")->pong = "-NOAUTH Authentication required.";
    kit_to(kit, 5500);
    assert_int_equal(kit_count(kit, "log W master m1"), 1);
    kit_free(kit);
}

static void test_link__late_words_about_an_old_connection_are_dropped(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_reply pong = {.type = SN_REPLY_STATUS, .text = "PONG", .len = 4};
    struct sn_input event = {.kind = SN_INPUT_REPLY};
    (void)state;
    struct sn_link_id old = kit_instance(kit, "m1", "n1")->cmd->id;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 500);
    event.u.reply = (struct sn_input_reply){
        .link = old, .order = SN_ORDER_PING, .reply = &pong, .queue_error = ""};
    kit_step(kit, &event);
    event = (struct sn_input){.kind = SN_INPUT_LINK_UP,
                              .u.link = {.link = old, .local_ip = "10.0.9.9", .reason = ""}};
    kit_step(kit, &event);
    kit_to(kit, 999);
    kit_expect(kit, "event ping", "");
    kit_to(kit, 1000);
    kit_expect(kit, "event ping", "event W +sdown master m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_link__names_are_looked_up_before_each_attempt(void **state)
{
    struct kit *kit = kit_new_seeded("- hostnames;m1 db.example.org:6379", 1, true);
    (void)state;
    kit_expect(kit, "resolve connect", "resolve db.example.org\n");
    kit_to(kit, 999);
    kit_expect(kit, "resolve connect", "");
    kit_to(kit, 1000);
    kit_expect(kit, "resolve connect", "resolve db.example.org\n");
    kit_resolved(kit, "DB.example.org", "10.0.0.7");
    /* The attempt looks it up as well; the answer to that changes nothing. */
    kit_expect(kit, "resolve connect", "resolve db.example.org\nconnect data n7\nconnect sub n7\n");
    kit_resolved(kit, "db.example.org", "10.0.0.7");
    kit_expect(kit, "resolve connect disconnect", "");
    kit_resolved(kit, "db.example.org", "");
    kit_expect(kit, "resolve connect disconnect", "");
    kit_resolved(kit, "db.example.org", "10.0.0.8");
    kit_expect(kit, "connect disconnect",
               "disconnect data n7\nconnect data n8\ndisconnect sub n7\nconnect sub n8\n");
    kit_free(kit);
}

static void test_link__a_name_that_does_not_resolve_is_logged_once(void **state)
{
    struct kit *kit = kit_new_seeded("- hostnames;m1 db.example.org:6379", 1, true);
    (void)state;
    kit_resolved(kit, "db.example.org", "");
    kit_expect(kit, "log",
               "log W Host name db.example.org does not resolve; an address known before stays in "
               "use. Check DNS.\n");
    kit_resolved(kit, "DB.example.org", "");
    kit_expect(kit, "log", "");
    kit_resolved(kit, "db.example.org", "10.0.0.7");
    kit_expect(kit, "log", "log N Host name db.example.org resolves again: 10.0.0.7.\n");
    kit_resolved(kit, "db.example.org", "");
    kit_expect(kit, "log",
               "log W Host name db.example.org does not resolve; an address known before stays in "
               "use. Check DNS.\n");
    kit_free(kit);
}

static void test_link__names_are_looked_up_once_without_resolve_hostnames(void **state)
{
    struct kit *kit = kit_new_seeded("m1 db.example.org:6379", 1, true);
    (void)state;
    kit_expect(kit, "resolve connect", "resolve db.example.org\n");
    kit_to(kit, 1000);
    kit_expect(kit, "resolve connect", "resolve db.example.org\n");
    kit_resolved(kit, "db.example.org", "10.0.0.7");
    kit_expect(kit, "resolve connect", "connect data n7\nconnect sub n7\n");
    kit_drop(kit, "n7");
    kit_to(kit, 5000);
    kit_expect(kit, "resolve", "");
    kit_free(kit);
}

static void test_link__what_was_outstanding_is_forgotten_with_the_connection(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING) | KIT_HOLD(SN_ORDER_PUBLISH) | KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 2100);
    kit->hold = 0;
    kit_clear(kit);
    kit_drop(kit, "n1");
    kit_drop(kit, "a");
    kit_to(kit, 2100);
    kit_expect(kit, "ping info", "ping n1\ninfo n1\nping a\n");
    kit_to(kit, 2500);
    assert_int_equal(kit_count(kit, "ping n1"), 400 / 25);
    assert_int_equal(kit_count(kit, "ping a"), 2);
    kit_to(kit, 4100);
    assert_true(kit_count(kit, "publish n1") >= 1);
    assert_true(kit_count(kit, "publish a") >= 1);
    assert_int_equal(kit_instance(kit, "m1", "n1")->cmd->pending, 0);
    kit_free(kit);
}

static void test_link__a_shared_link_follows_its_most_impatient_owner(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a down-after 5000;m2 n2 down-after 500");
    (void)state;
    kit_to(kit, 150);
    kit_hello(kit, "a", "m2", "n2", 0, 0);
    kit_clear(kit);
    kit_to(kit, 249);
    assert_int_equal(kit_count(kit, "ping a"), 1); /* overdue by now */
    kit_to(kit, 250);
    assert_int_equal(kit_count(kit, "ping a"), 2);
    kit_free(kit);
}

static void test_link__without_room_waits_long_and_is_told_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3");
    (void)state;
    kit_mode(kit, "n2", KIT_NO_ROOM);
    kit_mode(kit, "n3", KIT_NO_ROOM);
    kit_drop(kit, "n2");
    kit_drop(kit, "n3");
    kit_to(kit, 1000);
    sn_ms at = kit_when(kit, "connect data n2");
    assert_int_equal(kit_count(kit, "connect data n2"), 1);
    assert_int_equal(kit_count(kit, "log W Cannot connect to slave"), 1);
    assert_non_null(strstr(kit_find(kit, "log W Cannot connect to slave"), "LimitNOFILE="));
    kit_clear(kit);
    kit_to(kit, at + 14999);
    assert_int_equal(kit_count(kit, "connect data n2"), 0);
    kit_to(kit, at + 15000);
    assert_int_equal(kit_count(kit, "connect data n2"), 1);
    kit_mode(kit, "n2", KIT_WELL);
    kit_to(kit, at + 30000);
    assert_int_equal(kit_count(kit, "connect data n2"), 2);
    assert_int_equal(kit_count(kit, "connect sub n2"), 1);
    assert_int_equal(kit_count(kit, "connect data n3"), 2);
    assert_int_equal(kit_count(kit, "log W Cannot connect to slave"), 0);
    kit_free(kit);
}

static void test_link__renamed_commands_apply_to_data_links_only(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a;m2 n3");
    struct sn_change change = {.option = SN_OPTION_RENAME_COMMAND,
                               .name = "rename-command",
                               .value = "PING",
                               .to = "pong"};
    struct sn_command command = {
        .kind = SN_COMMAND_SET, .name = "m1", .name_len = 2, .changes = &change, .change_count = 1};
    (void)state;
    kit_command(kit, &command);
    kit_to(kit, 2000);
    kit_drop(kit, "n2");
    kit_to(kit, 2000);
    assert_string_equal(kit_names(kit, kit_instance(kit, "m1", "n1")->cmd->id), "PING=pong");
    assert_string_equal(kit_names(kit, kit_instance(kit, "m1", "n2")->sub->id), "PING=pong");
    assert_string_equal(kit_names(kit, kit_instance(kit, "m1", "a")->cmd->id), "");
    assert_string_equal(kit_names(kit, kit_instance(kit, "m2", "n3")->cmd->id), "");
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link__without_room_waits_long_and_is_told_once),
        cmocka_unit_test(test_link__data_nodes_get_two_links_and_peers_one),
        cmocka_unit_test(test_link__nothing_is_sent_before_the_connection_stands),
        cmocka_unit_test(test_link__port_zero_means_never_connect),
        cmocka_unit_test(test_link__credentials_follow_the_table),
        cmocka_unit_test(test_link__ping_period_is_a_fifth_of_down_after_within_bounds),
        cmocka_unit_test(test_link__long_periods_end_at_full_beats),
        cmocka_unit_test(test_link__ping_period_can_be_changed),
        cmocka_unit_test(test_link__takes_a_hundred_unanswered_commands),
        cmocka_unit_test(test_link__one_ping_at_a_time),
        cmocka_unit_test(test_link__reopens_at_once_then_backs_off_to_the_ping_period),
        cmocka_unit_test(test_link__attempt_without_end_is_given_up_after_down_after),
        cmocka_unit_test(test_link__groups_share_the_link_to_a_peer),
        cmocka_unit_test(test_link__shared_link_lives_as_long_as_its_last_owner),
        cmocka_unit_test(test_link__each_attempt_that_is_given_up_makes_the_next_one_wait_longer),
        cmocka_unit_test(test_link__of_a_slow_network_is_not_called_dead_before_its_time),
        cmocka_unit_test(test_link__closes_a_silent_command_link_but_not_a_young_one),
        cmocka_unit_test(test_link__a_shorter_down_after_counts_for_a_ping_that_has_left),
        cmocka_unit_test(test_link__closes_a_deaf_subscription),
        cmocka_unit_test(test_link__tells_once_that_it_is_refused_rather_than_dead),
        cmocka_unit_test(test_link__late_words_about_an_old_connection_are_dropped),
        cmocka_unit_test(test_link__names_are_looked_up_before_each_attempt),
        cmocka_unit_test(test_link__a_name_that_does_not_resolve_is_logged_once),
        cmocka_unit_test(test_link__names_are_looked_up_once_without_resolve_hostnames),
        cmocka_unit_test(test_link__what_was_outstanding_is_forgotten_with_the_connection),
        cmocka_unit_test(test_link__a_shared_link_follows_its_most_impatient_owner),
        cmocka_unit_test(test_link__renamed_commands_apply_to_data_links_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
