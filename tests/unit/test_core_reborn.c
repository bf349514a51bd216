/* SPDX-License-Identifier: BSD-3-Clause */

/* Masters that come back without their data (DESIGN.md D20). */

#include "core_kit.h"

#include <string.h>

#define NOTICE "event W +master-reborn-empty master m1 10.0.0.1 6379"

static struct kit *made(const char *text)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    struct kit *kit = kit_new(text);
    for (size_t i = 0; i < 3; i++) {
        struct kit_node *node = kit_node(kit, names[i]);
        node->history = 'a';
        node->tells_keys = true;
        node->keys = 100;
        node->offset = 1000;
    }
    kit_to(kit, 20100);
    return kit;
}

/* The master is restarted, and its replicas notice that. */
static void restart(struct kit *kit, unsigned long long keys, unsigned long long changes)
{
    struct kit_node *node = kit_node(kit, "n1");
    memset(node->runid.hex, 'f', SN_RUNID_LEN);
    node->history = 'b';
    node->keys = keys;
    node->changes = changes;
    node->offset = changes;
    kit_node(kit, "n2")->link_up = kit_node(kit, "n3")->link_up = false;
    kit_drop(kit, "n1");
    kit_to(kit, kit_now(kit) + 100);
}

static const char warns[] = "m1 n1 replicas n2,n3 peers a,b";
static const char replaces[] = "m1 n1 replicas n2,n3 peers a,b reborn-empty failover";

static void test_reborn__is_told_once_and_that_is_all_by_default(void **state)
{
    struct kit *kit = made(warns);
    (void)state;
    restart(kit, 0, 0);
    assert_int_equal(kit_count(kit, "event W +master-reborn-empty master m1 10.0.0.1 6379 #keys "
                                    "0/100"),
                     1);
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, NOTICE), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_reborn__has_fewer_than_half_the_keys_all_written_since(void **state)
{
    static const struct {
        unsigned long long keys, changes;
        bool told;
    } rows[] = {
        {0, 0, true},    {3, 3, true},      {3, 10, true}, {3, 2, false}, /* it has loaded some */
        {49, 49, true},  {50, 50, false}, /* it has loaded an AOF, perhaps */
        {100, 0, false}, {100, 100, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit *kit = made(warns);
        restart(kit, rows[i].keys, rows[i].changes);
        if (kit_count(kit, NOTICE) != rows[i].told)
            fail_msg("row %zu", i);
        kit_free(kit);
    }
}

static void test_reborn__needs_a_new_process(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n1")->keys = 0; /* FLUSHALL */
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, NOTICE), 0);
    kit_free(kit);
}

/* It had its data when it came back. */
static void test_reborn__is_decided_once(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    restart(kit, 100, 0);
    kit_to(kit, kit_now(kit) + 1000);
    kit_node(kit, "n1")->keys = 0; /* FLUSHALL */
    kit_node(kit, "n1")->changes = 1;
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, NOTICE), 0);
    kit_free(kit);
}

static void test_reborn__needs_a_replica_with_data(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n2")->keys = kit_node(kit, "n3")->keys = 0;
    kit_to(kit, kit_now(kit) + 20000);
    restart(kit, 0, 0);
    assert_int_equal(kit_count(kit, NOTICE), 0);
    kit_free(kit);
}

static void test_reborn__waits_until_it_has_loaded(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n1")->loading = true;
    restart(kit, 0, 0);
    kit_node(kit, "n1")->loading = false;
    kit_node(kit, "n1")->keys = 100;
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, NOTICE), 0);
    kit_free(kit);
}

static void test_reborn__is_replaced_at_once_by_a_majority(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n3")->offset = 2000;
    restart(kit, 3, 3);
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 1 " KIT_ME), 1);
    assert_int_equal(kit_count(kit, "promote n3"), 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.3 6379"), 1);
    assert_int_equal(kit_count(kit, "event W +odown"), 0);
    assert_int_equal(kit_count(kit, "follow n1 10.0.0.3 6379"), 1);
    assert_int_equal(kit_count(kit, "pause n1"), 0);
    kit_free(kit);
}

static void test_reborn__is_not_replaced_without_a_majority(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "a")->refuses = kit_node(kit, "b")->refuses = true;
    restart(kit, 0, 0);
    kit_to(kit, kit_now(kit) + 200);
    assert_true(kit_count(kit, "event W +try-failover") > 0);
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, "promote n"), 0);
    kit_free(kit);
}

static void test_reborn__set_takes_effect_at_once(void **state)
{
    struct kit *kit = made(warns);
    (void)state;
    restart(kit, 0, 0);
    kit_set(kit, "m1", SN_OPTION_REBORN_EMPTY, "reborn-empty", "failover", 0);
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "promote n"), 1);
    kit_free(kit);
}

/* n2 is about to copy the emptiness: until it loads, it has everything. n3 has done so. */
static void test_reborn__a_replica_in_a_full_sync_still_has_its_data(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n2")->syncing = true;
    kit_node(kit, "n3")->keys = 0;
    kit_node(kit, "n3")->history = 'b';
    kit_node(kit, "n3")->priority = 1;
    restart(kit, 0, 0);
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_EMPTY, "n3") > 0);
    kit_free(kit);
}

/* Both have copied what clients had written by then. */
static void test_reborn__is_not_replaced_by_one_like_it(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "n2")->keys = 3;
    kit_node(kit, "n3")->keys = 4;
    restart(kit, 2, 2);
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, NOTICE), 1);
    assert_int_equal(kit_count(kit, "promote n"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_EMPTY, "n3") > 0);
    kit_free(kit);
}

/* Nothing is left to be saved. */
static void test_reborn__is_over_when_all_have_copied_the_emptiness(void **state)
{
    struct kit *kit = made(replaces);
    (void)state;
    kit_node(kit, "a")->refuses = kit_node(kit, "b")->refuses = true;
    restart(kit, 0, 0);
    kit_node(kit, "n2")->keys = kit_node(kit, "n3")->keys = 0;
    kit_node(kit, "n2")->history = kit_node(kit, "n3")->history = 'b';
    kit_to(kit, kit_now(kit) + 11000);
    size_t before = kit_count(kit, "event W +try-failover");
    assert_false(kit_instance(kit, "m1", "n1")->u.data.reborn_empty);
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), before);
    kit_free(kit);
}

/* … and nothing keeps them from taking over when it dies, although it said nothing more. */
static void test_reborn__is_no_reason_to_refuse_all_when_it_dies(void **state)
{
    static const unsigned keys[] = {0, 3};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = made("m1 n1 replicas n2,n3 quorum 1");
        kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
        restart(kit, keys[i], keys[i]);
        assert_int_equal(kit_count(kit, NOTICE), 1);
        kit_node(kit, "n2")->keys = kit_node(kit, "n3")->keys = keys[i];
        kit_node(kit, "n2")->history = kit_node(kit, "n3")->history = 'b';
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, kit_now(kit) + 6000);
        assert_int_equal(kit_count(kit, "promote n"), 1);
        kit_free(kit);
    }
}

/* It dies for good, a moment later: n3 has followed it, and n2 has the data. */
static void test_reborn__begins_no_new_history(void **state)
{
    struct kit *kit = made("m1 n1 replicas n2,n3 quorum 1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    restart(kit, 1, 1);
    kit_node(kit, "n3")->keys = 60; /* written since */
    kit_node(kit, "n3")->history = 'b';
    kit_node(kit, "n3")->priority = 1;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_OTHER_HISTORY, "n3") > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reborn__is_told_once_and_that_is_all_by_default),
        cmocka_unit_test(test_reborn__has_fewer_than_half_the_keys_all_written_since),
        cmocka_unit_test(test_reborn__needs_a_new_process),
        cmocka_unit_test(test_reborn__is_decided_once),
        cmocka_unit_test(test_reborn__needs_a_replica_with_data),
        cmocka_unit_test(test_reborn__waits_until_it_has_loaded),
        cmocka_unit_test(test_reborn__is_replaced_at_once_by_a_majority),
        cmocka_unit_test(test_reborn__is_not_replaced_without_a_majority),
        cmocka_unit_test(test_reborn__set_takes_effect_at_once),
        cmocka_unit_test(test_reborn__a_replica_in_a_full_sync_still_has_its_data),
        cmocka_unit_test(test_reborn__is_not_replaced_by_one_like_it),
        cmocka_unit_test(test_reborn__is_over_when_all_have_copied_the_emptiness),
        cmocka_unit_test(test_reborn__is_no_reason_to_refuse_all_when_it_dies),
        cmocka_unit_test(test_reborn__begins_no_new_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
