/* SPDX-License-Identifier: BSD-3-Clause */

/* Failovers that an operator orders, up to the election (PROTOCOL.md §4.10, §4.14, §15.8, DESIGN.md
 * D17). What comes behind is in test_core_drain.c and test_core_failover.c. */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define TRY  "event W +try-failover master m1 10.0.0.1 6379\n"
#define LOST "event W -failover-abort-not-elected master m1 10.0.0.1 6379\n"

static void test_order__forced_failover_asks_nobody_but_is_saved_first(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, 5);
    kit_expect(kit, "event ask promote answer persist", "event W +new-epoch 1\n" TRY "persist 2\n");
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "event W +vote-for-leader " KIT_ME " 1"), 1);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    assert_int_equal(kit_count(kit, "answer 1 ok"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "ask"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_ROLE_AWAITED, NULL) > 0);
    kit_free(kit);
}

static void test_order__forced_failover_asks_nobody_who_could_answer(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE) | KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 100);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, 105);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "ask"), 0);
    kit_free(kit);
}

static void test_order__planned_failover_asks_but_goes_without(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE) | KIT_HOLD(SN_ORDER_ASK);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 1 " KIT_ME), 1);
    kit_to(kit, 499);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_to(kit, 500);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

static void test_order__planned_failover_yields_to_a_vote_for_another(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:0|$" KIT_B "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$*|:0]");
    kit_expect(kit, "event", LOST);
    kit_free(kit);
}

static void test_order__coordinated_failover_needs_a_majority(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_CANNOT_WIN, NULL) > 0);
    kit_free(kit);
}

static void test_order__simulated_crash_leaves_after_the_election(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    struct sn_command command = {.kind = SN_COMMAND_SIMULATE, .flags = SN_SIMULATE_AFTER_ELECTION};
    (void)state;
    kit_command(kit, &command);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "exit 99"), 1);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    assert_int_equal(kit_count(kit, "event W +selected-slave"), 0);
    kit_free(kit);
}

static void test_order__an_older_save_does_not_open_a_newer_attempt(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    uint64_t first = kit->saving;
    kit_ask(kit, "n1", 2, KIT_A); /* ends it */
    kit_failover(kit, "m1", SN_MODE_COORDINATED);
    uint64_t second = kit->saving;
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 3);
    kit_clear(kit);
    kit->saving = first;
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "ask"), 0);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit->saving = second;
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 3 " KIT_ME), 1);
    kit_free(kit);
}

static void test_order__ordered_failover_waits_for_the_disk_but_not_for_silent_peers(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    kit_to(kit, 3000);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 3500);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order__forced_failover_asks_nobody_but_is_saved_first),
        cmocka_unit_test(test_order__forced_failover_asks_nobody_who_could_answer),
        cmocka_unit_test(test_order__planned_failover_asks_but_goes_without),
        cmocka_unit_test(test_order__planned_failover_yields_to_a_vote_for_another),
        cmocka_unit_test(test_order__coordinated_failover_needs_a_majority),
        cmocka_unit_test(test_order__simulated_crash_leaves_after_the_election),
        cmocka_unit_test(test_order__an_older_save_does_not_open_a_newer_attempt),
        cmocka_unit_test(test_order__ordered_failover_waits_for_the_disk_but_not_for_silent_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
