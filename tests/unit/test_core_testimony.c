/* SPDX-License-Identifier: BSD-3-Clause */

/* Replicas testify, and veto if they may (DESIGN.md D24). */

#include "core_kit.h"

#include <stdio.h>

static const char vetoes[] = "m1 n1 replicas n2,n3,n4 peers a,b veto yes";
static const char does_not[] = "m1 n1 replicas n2,n3,n4 peers a,b";

static struct kit *made(const char *text)
{
    static const char *const names[] = {"n2", "n3", "n4"};
    struct kit *kit = kit_new(text);
    for (size_t i = 0; i < 3; i++)
        kit_node(kit, names[i])->tells_last_io = true;
    kit_to(kit, 20100);
    return kit;
}

/* The sentinels lose the master, and `hearing` of its replicas do not. */
static void lose(struct kit *kit, unsigned hearing)
{
    static const char *const names[] = {"n2", "n3", "n4"};
    for (size_t i = hearing; i < 3; i++)
        kit_node(kit, names[i])->link_up = false;
    kit_kill_master(kit, "ab");
}

static void test_testimony__majority_of_the_replicas_holds_an_attempt(void **state)
{
    (void)state;
    for (unsigned hearing = 0; hearing <= 3; hearing++) {
        struct kit *kit = made(vetoes);
        lose(kit, hearing);
        kit_to(kit, kit_now(kit) + 20000);
        assert_int_equal(kit_count(kit, "event W +odown"), 1);
        assert_int_equal(kit_count(kit, "event W +try-failover"), hearing < 2);
        assert_int_equal(kit_count(kit, "log W Failover of m1 not started: "), hearing >= 2);
        assert_int_equal(kit_reasons(kit, "m1", SN_REASON_STILL_HEARD, "n1") > 0, hearing >= 2);
        kit_free(kit);
    }
}

static void test_testimony__by_default_it_is_shown_only(void **state)
{
    struct kit *kit = made(does_not);
    (void)state;
    kit_to(kit, kit_now(kit) + 5000);
    lose(kit, 3);
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "promote n"), 1);
    kit_free(kit);
}

/* The link of a replica to a master that hangs stays up; its last byte gets older. */
static void test_testimony__of_old_bytes_holds_nothing_for_long(void **state)
{
    struct kit *kit = made(vetoes);
    (void)state;
    kit_node(kit, "n2")->last_io_s = kit_node(kit, "n3")->last_io_s = 60;
    lose(kit, 2);
    kit_to(kit, kit_now(kit) + 3500);
    assert_int_equal(kit_count(kit, "promote n"), 1);
    assert_int_equal(kit_count(kit, "log W Failover of m1 not started: "), 0);
    kit_free(kit);
}

/* A byte a second: what was said within two seconds of the silence proves nothing either way. */
static void test_testimony__is_asked_for_again_when_it_can_be_clear(void **state)
{
    struct kit *kit = made(vetoes);
    (void)state;
    kit_node(kit, "n2")->last_io_s = kit_node(kit, "n3")->last_io_s = 1;
    lose(kit, 2);
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_testimony__a_lost_link_ends_the_veto_at_once(void **state)
{
    struct kit *kit = made(vetoes);
    (void)state;
    lose(kit, 2);
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_node(kit, "n2")->link_up = false;
    kit_to(kit, kit_now(kit) + 1100); /* the next INFO */
    assert_int_equal(kit_count(kit, "promote n"), 1);
    kit_free(kit);
}

static void test_testimony__an_operator_is_not_asked(void **state)
{
    struct kit *kit = made(vetoes);
    (void)state;
    lose(kit, 3);
    kit_to(kit, kit_now(kit) + 5000);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(kit_count(kit, "promote n"), 1);
    kit_free(kit);
}

/* Who is out of reach testifies nothing. */
static void test_testimony__counts_those_within_reach(void **state)
{
    struct kit *kit = made(vetoes);
    (void)state;
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_mode(kit, "n4", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 3000);
    lose(kit, 3);
    kit_to(kit, kit_now(kit) + 10000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_int_equal(kit_count(kit, "log W Failover of m1 not started: 1 of 1 replicas"), 1);
    kit_free(kit);
}

/* It was made one by somebody who was late: everybody reaches it, and nobody can write. */
static void test_testimony__for_a_master_that_is_a_replica_holds_nothing(void **state)
{
    struct kit *kit = made(vetoes);
    struct kit_node *n1 = kit_node(kit, "n1");
    (void)state;
    n1->role = SN_ROLE_REPLICA;
    n1->link_up = true;
    (void)snprintf(n1->master, sizeof(n1->master), "n2");
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    kit_to(kit, kit_now(kit) + 40000);
    assert_true(kit_count(kit, "event W +odown") > 0);
    assert_true(kit_count(kit, "event W +try-failover") > 0);
    kit_free(kit);
}

static void test_testimony__of_servers_that_tell_no_time_holds_nothing(void **state)
{
    struct kit *kit = kit_new(vetoes);
    (void)state;
    kit_to(kit, 20100);
    lose(kit, 3);
    kit_to(kit, kit_now(kit) + 1500);
    assert_int_equal(kit_count(kit, "promote n"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_testimony__majority_of_the_replicas_holds_an_attempt),
        cmocka_unit_test(test_testimony__by_default_it_is_shown_only),
        cmocka_unit_test(test_testimony__of_old_bytes_holds_nothing_for_long),
        cmocka_unit_test(test_testimony__is_asked_for_again_when_it_can_be_clear),
        cmocka_unit_test(test_testimony__a_lost_link_ends_the_veto_at_once),
        cmocka_unit_test(test_testimony__an_operator_is_not_asked),
        cmocka_unit_test(test_testimony__counts_those_within_reach),
        cmocka_unit_test(test_testimony__for_a_master_that_is_a_replica_holds_nothing),
        cmocka_unit_test(test_testimony__of_servers_that_tell_no_time_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
