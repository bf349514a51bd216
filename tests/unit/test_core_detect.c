/* SPDX-License-Identifier: BSD-3-Clause */

/* S_DOWN: by silence, by role, by reboot (PROTOCOL.md §13.1-§13.3, DESIGN.md D1, D2, D4). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define SDOWN_M1 "event W +sdown master m1 10.0.0.1 6379\n"
#define UP_M1    "event W -sdown master m1 10.0.0.1 6379\n"

/* Nothing until at - 1, then expected, then nothing for a while. */
static void expect_at(struct kit *kit, sn_ms at, const char *expected)
{
    kit_to(kit, at - 1);
    kit_expect(kit, "event", "");
    kit_to(kit, at);
    kit_expect(kit, "event", expected);
    kit_to(kit, at + 1);
    kit_expect(kit, "event", "");
}

static void test_detect__silence_counts_from_the_oldest_unanswered_ping(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 5050);
    kit_mode(kit, "n1", KIT_FROZEN);
    /* The PING of 5050 was answered, that of 5075 will not be. */
    expect_at(kit, 6075, SDOWN_M1);
    kit_to(kit, 9000);
    kit_expect(kit, "event", "");
    kit_free(kit);
}

static void test_detect__silence_counts_from_the_break_of_the_link(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 5050);
    kit_mode(kit, "n1", KIT_REFUSING);
    expect_at(kit, 6050, SDOWN_M1);
    kit_free(kit);
}

static void test_detect__whichever_silence_began_first_counts(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 5050);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_to(kit, 5700);
    kit_mode(kit, "n1", KIT_REFUSING);
    expect_at(kit, 6075, SDOWN_M1);
    kit_free(kit);
}

static void test_detect__what_never_connects_is_timed_from_its_creation(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 300);
    kit_mode(kit, "n7", KIT_REFUSING);
    kit_node(kit, "n7")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n7")->master, sizeof(kit_node(kit, "n7")->master), "n1");
    kit_to(kit, 1000); /* the next INFO names it */
    kit_expect(kit, "event",
               "event N +slave slave 10.0.0.7:6379 10.0.0.7 6379 @ m1 10.0.0.1 6379\n");
    expect_at(kit, 2000, "event W +sdown slave 10.0.0.7:6379 10.0.0.7 6379 @ m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_detect__a_connection_alone_does_not_end_silence(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 5000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 5500);
    kit_mode(kit, "n1", KIT_FROZEN); /* accepts the next attempt */
    expect_at(kit, 6000, SDOWN_M1);
    kit_mode(kit, "n1", KIT_WELL);
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG");
    kit_expect(kit, "event", UP_M1);
    kit_free(kit);
}

static void test_detect__which_answers_count(void **state)
{
    static const struct {
        const char *answer;
        bool up;
    } rows[] = {{"+PONG", true},
                {"+PONGXYZ", true},
                {"-PONG error", true},
                {"-LOADING Redis is loading the dataset in memory", true},
                {"-MASTERDOWN Link with MASTER is down", true},
                {"+LOADING", true},
                {"-BUSY Redis is busy running a script.", false},
                {"-MISCONF Redis is configured to save", false},
                {"-NOAUTH Authentication required.", false},
                {"-NOPERM this user has no permissions", false},
                {"-ERR unknown command", false},
                {"+PON", false},
                {"+OK", false},
                {"$PONG", false},
                {":1", false},
                {"_", false},
                {"[+PONG]", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1");
        kit_node(kit, "n1")->pong = rows[i].answer;
        kit_to(kit, 1024);
        kit_expect(kit, "event", "");
        kit_to(kit, 1025); /* the first PING was at 25 */
        kit_expect(kit, "event", rows[i].up ? "" : SDOWN_M1);
        const struct sn_link *link = kit_instance(kit, "m1", "n1")->cmd;
        assert_int_equal(kit->now - link->last_pong_at, 0);
        assert_int_equal(kit->now - link->last_avail_at, rows[i].up ? 0 : 1025);
        kit_node(kit, "n1")->pong = NULL;
        kit_to(kit, 1050);
        kit_expect(kit, "event", rows[i].up ? "" : UP_M1);
        kit_free(kit);
    }
}

static void test_detect__peers_and_replicas_have_their_masters_patience(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a down-after 700");
    (void)state;
    kit_to(kit, 4000);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "a", KIT_REFUSING);
    expect_at(kit, 4700,
              "event W +sdown slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n"
              "event W +sdown sentinel " KIT_A " 10.0.1.1 26379 @ m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_detect__new_patience_counts_from_the_old_silence(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a down-after 10000");
    (void)state;
    kit_to(kit, 1000);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 4000);
    kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "3500", 3500);
    kit_expect(kit, "event", "event W +set master m1 10.0.0.1 6379 down-after-milliseconds 3500\n");
    kit_to(kit, 4499);
    kit_expect(kit, "event", "");
    kit_to(kit, 4500);
    assert_int_equal(kit_count(kit, "event W +sdown"), 3);
    kit_clear(kit);
    kit_set(kit, "m1", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "9000", 9000);
    kit_expect(kit, "event",
               "event W +set master m1 10.0.0.1 6379 down-after-milliseconds 9000\n" UP_M1
               "event W -sdown slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n"
               "event W -sdown sentinel " KIT_A " 10.0.1.1 26379 @ m1 10.0.0.1 6379\n");
    kit_to(kit, 9999);
    kit_expect(kit, "event", "");
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "event W +sdown"), 3);
    kit_free(kit);
}

static void test_detect__master_that_says_slave_is_down_after_two_info_periods_more(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct kit_node *n1 = kit_node(kit, "n1");
    (void)state;
    kit_to(kit, 1500);
    n1->role = SN_ROLE_REPLICA;
    (void)snprintf(n1->master, sizeof(n1->master), "n9");
    kit_to(kit, 2000);
    kit_expect(kit, "event",
               "event V -role-change master m1 10.0.0.1 6379 new reported role is slave\n");
    expect_at(kit, 2000 + 1000 + 20000, SDOWN_M1);
    n1->role = SN_ROLE_MASTER;
    kit_to(kit, 24000);
    kit_expect(kit, "event",
               "event V +role-change master m1 10.0.0.1 6379 new reported role is master\n" UP_M1);
    kit_free(kit);
}

static void test_detect__other_wrong_roles_do_not_count_as_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    /* No role at all is neither role, and shows as slave. */
    kit_to(kit, 1000);
    kit_info(kit, "n1", "run_id:none\r\n");
    kit_expect(kit, "event",
               "event V -role-change master m1 10.0.0.1 6379 new reported role is slave\n");
    kit_to(kit, 60000);
    kit_expect(kit, "event", "");
    kit_free(kit);
}

static void test_detect__rebooting_master_is_down_after_its_period_until_it_pongs(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000 reboot 3000");
    struct kit_node *n1 = kit_node(kit, "n1");
    (void)state;
    kit_to(kit, 1500);
    n1->runid.hex[0] = '7';
    n1->pong = "-LOADING Redis is loading the dataset in memory";
    kit_to(kit, 2000);
    kit_expect(kit, "event", "event N +reboot master m1 10.0.0.1 6379\n");
    expect_at(kit, 5000, SDOWN_M1);
    kit_to(kit, 6500);
    n1->pong = NULL;
    kit_to(kit, 7000);
    kit_expect(kit, "event", UP_M1);
    kit_free(kit);
}

static void test_detect__rebooting_master_without_a_period_is_never_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 reboot 0");
    (void)state;
    kit_to(kit, 1500);
    kit_node(kit, "n1")->runid.hex[0] = '7';
    kit_node(kit, "n1")->pong = "-LOADING Redis is loading the dataset in memory";
    kit_node(kit, "n2")->runid.hex[0] = '7';
    kit_node(kit, "n2")->pong = "-LOADING Redis is loading the dataset in memory";
    kit_to(kit, 30000);
    kit_expect(kit, "event",
               "event N +reboot master m1 10.0.0.1 6379\n"
               "event N +reboot slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_detect__reboot_before_a_pong_is_forgotten(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000 reboot 3000");
    (void)state;
    kit_to(kit, 1500);
    kit_node(kit, "n1")->runid.hex[0] = '7';
    kit_to(kit, 30000);
    kit_expect(kit, "event", "event N +reboot master m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_detect__busy_script_is_killed_once_per_down_time(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_node(kit, "n1")->pong = "-BUSY Redis is busy running a script.";
    kit_to(kit, 1024);
    kit_expect(kit, "event script-kill", ""); /* not before it is down */
    kit_to(kit, 1025);
    kit_expect(kit, "event script-kill", SDOWN_M1 "script-kill n1\n");
    kit_to(kit, 5000);
    kit_expect(kit, "event script-kill", "");
    kit_node(kit, "n1")->pong = NULL;
    kit_to(kit, 5200);
    kit_expect(kit, "event script-kill", UP_M1);
    kit_node(kit, "n1")->pong = "-BUSY Redis is busy running a script.";
    kit_to(kit, 7000);
    kit_expect(kit, "event script-kill", SDOWN_M1 "script-kill n1\n");
    kit_free(kit);
}

/* n2 has been silent for 14 s as a replica; then it turns out to be the master. */
static void test_detect__silence_as_a_replica_is_not_held_against_a_new_master(void **state)
{
    static const enum kit_mode modes[] = {KIT_REFUSING, KIT_GONE, KIT_FROZEN};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 1");
        kit_mode(kit, "n2", modes[i]);
        kit_to(kit, 14000);
        assert_int_equal(kit_count(kit, "event W +sdown slave 10.0.0.2:6379"), 1);
        kit_clear(kit);
        kit_hello(kit, "a", "m1", "n2", 5, 5);
        assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
        assert_int_equal(kit_count(kit, "connect data n2"),
                         1); /* at once, whatever was under way */
        kit_to(kit, 14999);
        assert_int_equal(kit_count(kit, "event W +sdown master"), 0);
        kit_to(kit, 15000);
        assert_int_equal(kit_count(kit, "event W +sdown master"), 1);
        kit_free(kit);
    }
}

/* A PING on its way is no silence: the connection stays. */
static void test_detect__a_switch_leaves_a_link_that_works_alone(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b quorum 1");
    (void)state;
    kit_to(kit, 5000);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 5200);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_int_equal(kit_count(kit, "connect data n2"), 0);
    assert_int_equal(kit_count(kit, "disconnect data n2"), 0);
    kit_free(kit);
}

/* The other group's INFO shows that two groups are names of one master, and that ours is behind. */
static void test_detect__a_master_counts_as_replaced_as_soon_as_another_name_is_known(void **state)
{
    struct kit *kit = kit_new("m2 n1 replicas n2 config 9;m3 n2 replicas n1,n5 config 5");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_to(kit, 11000);
    kit_info(kit, "n1", "role:slave\r\nmaster_host:10.0.0.2\r\nmaster_port:6379\r\n"); /* m2 */
    kit_info(kit, "n2", "role:master\r\n");                                            /* m3 */
    kit_info(kit, "n1", "role:master\r\n");                                            /* m3 */
    assert_false(kit_group(kit, "m3")->master->s_down);
    kit_info(kit, "n2", "role:master\r\n"); /* m2 */
    assert_non_null(kit_find(kit, "log N Group m2 has the same master as m3"));
    assert_true(kit_group(kit, "m3")->master->s_down);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect__silence_as_a_replica_is_not_held_against_a_new_master),
        cmocka_unit_test(test_detect__a_switch_leaves_a_link_that_works_alone),
        cmocka_unit_test(test_detect__silence_counts_from_the_oldest_unanswered_ping),
        cmocka_unit_test(test_detect__silence_counts_from_the_break_of_the_link),
        cmocka_unit_test(test_detect__whichever_silence_began_first_counts),
        cmocka_unit_test(test_detect__what_never_connects_is_timed_from_its_creation),
        cmocka_unit_test(test_detect__a_connection_alone_does_not_end_silence),
        cmocka_unit_test(test_detect__which_answers_count),
        cmocka_unit_test(test_detect__peers_and_replicas_have_their_masters_patience),
        cmocka_unit_test(test_detect__new_patience_counts_from_the_old_silence),
        cmocka_unit_test(test_detect__master_that_says_slave_is_down_after_two_info_periods_more),
        cmocka_unit_test(test_detect__other_wrong_roles_do_not_count_as_down),
        cmocka_unit_test(test_detect__rebooting_master_is_down_after_its_period_until_it_pongs),
        cmocka_unit_test(test_detect__rebooting_master_without_a_period_is_never_down),
        cmocka_unit_test(test_detect__reboot_before_a_pong_is_forgotten),
        cmocka_unit_test(test_detect__busy_script_is_killed_once_per_down_time),
        cmocka_unit_test(test_detect__a_master_counts_as_replaced_as_soon_as_another_name_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
