/* SPDX-License-Identifier: BSD-3-Clause */

/* How much of the old master's writes a switch has lost (DESIGN.md D21). */

#include "core_kit.h"

#include "core/view.h"

#include <stdio.h>

#define LOST "event W +lost-writes m1 10.0.0.1 6379"

static const char three[] = "m1 n1 replicas n2 peers a,b";

static struct sn_loss_figures loss(struct kit *kit)
{
    struct sn_loss_figures figures;
    sn_measure_loss(kit_group(kit, "m1"), kit->now, &figures);
    return figures;
}

/* The master was at 5000 when it last said so, and n2 has 4000 of it. */
static struct kit *made(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_node(kit, "n1")->history = kit_node(kit, "n2")->history = 'a';
    kit_node(kit, "n1")->offset = 5000;
    kit_node(kit, "n2")->offset = 4000;
    kit_to(kit, 20100);
    return kit;
}

/* As a promoted server does: whoever has its data before 4001 has the same as the old master. */
static void part(struct kit *kit, char before, unsigned long long second_offset)
{
    struct kit_node *node = kit_node(kit, "n2");
    node->role = SN_ROLE_MASTER;
    node->history = 'b';
    node->history2 = before;
    node->second_offset = second_offset;
}

static void fail_over(struct kit *kit, char before, unsigned long long second_offset)
{
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 1500);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    part(kit, before, second_offset);
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit->hold = 0;
}

/* The process of n1 goes on, as a master. */
static void thaw(struct kit *kit, unsigned long long offset)
{
    kit_node(kit, "n1")->offset = offset;
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, kit_now(kit) + 3000);
}

static void test_loss__is_told_with_the_switch_by_what_the_old_master_last_said(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    assert_int_equal(kit_count(kit, LOST " 1000"), 1);
    assert_string_equal(kit_find(kit, "event W +switch-master"),
                        "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379");
    assert_true(kit_when(kit, LOST) >= kit_when(kit, "event W +switch-master"));
    assert_int_equal(kit_count(kit, "log N Failover of m1: at least 1000 bytes"), 1);
    struct sn_loss_figures figures = loss(kit);
    assert_true(figures.known && !figures.exact);
    assert_int_equal(figures.bytes, 1000);
    assert_in_range(figures.offset_age_ms, 1000, 11000);
    assert_in_range(figures.choice_age_ms, 0, 100);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_WRITES_LOST, "n1"), 1);
    kit_free(kit);
}

static void test_loss__is_exact_when_the_old_master_returns(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    kit_clear(kit);
    thaw(kit, 5400);
    assert_int_equal(kit_count(kit, LOST " 1400"), 1);
    assert_true(loss(kit).exact);
    assert_int_equal(loss(kit).bytes, 1400);
    kit_free(kit);
}

/* In a stall of our own the old master may have become the master again, and have lost the part
 * once more: what it has beyond the first parting is not lost then. */
static void test_loss__after_a_stall_the_new_master_says_first_where_they_part(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    kit_clear(kit);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_stall(kit, 5000);
    kit_node(kit, "n2")->second_offset = 5900;
    thaw(kit, 6000);
    assert_int_equal(kit_count(kit, LOST), 0);
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, LOST), 0);
    assert_int_equal(loss(kit).bytes, 101);
    kit_free(kit);
}

static void test_loss__after_a_stall_that_changed_nothing_the_rest_is_told(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    kit_clear(kit);
    kit_stall(kit, 5000);
    thaw(kit, 5400);
    kit_to(kit, kit_now(kit) + 12000);
    assert_int_equal(kit_count(kit, LOST " 1400"), 1);
    assert_true(loss(kit).exact);
    kit_free(kit);
}

/* It has loaded its RDB file, and what it had before is its second id now. */
static void test_loss__after_a_stall_a_restarted_new_master_is_no_other_parting(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    kit_clear(kit);
    kit_stall(kit, 5000);
    kit_node(kit, "n2")->history = 'd';
    kit_node(kit, "n2")->history2 = 'b';
    kit_node(kit, "n2")->second_offset = 4300;
    thaw(kit, 5400);
    kit_to(kit, kit_now(kit) + 12000);
    assert_int_equal(kit_count(kit, LOST " 1400"), 1);
    assert_true(loss(kit).exact);
    kit_free(kit);
}

/* Clients write on until it is demoted; as a replica it says the rest, until it is in sync. */
static void test_loss__grows_until_the_old_master_is_in_sync(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    thaw(kit, 5400);
    kit_node(kit, "n1")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n1")->master, sizeof(kit_node(kit, "n1")->master), "n2");
    kit_node(kit, "n1")->link_up = false;
    kit_node(kit, "n1")->offset = 5500;
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_count(kit, LOST " 1500"), 1);
    kit_node(kit, "n1")->history = 'b';
    kit_node(kit, "n1")->offset = 9000;
    kit_node(kit, "n1")->link_up = true;
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(loss(kit).bytes, 1500);
    assert_int_equal(kit_count(kit, LOST), 3);
    kit_free(kit);
}

static void test_loss__a_ping_to_the_replicas_is_none(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    kit_node(kit, "n1")->offset = 4000;
    kit_to(kit, kit_now(kit) + 20000);
    fail_over(kit, 'a', 4001);
    assert_int_equal(loss(kit).bytes, 0);
    thaw(kit, 4014);
    assert_int_equal(kit_count(kit, LOST), 0);
    assert_int_equal(loss(kit).bytes, 14);
    assert_true(loss(kit).exact);
    kit_node(kit, "n1")->offset = 4015; /* no write is that short, but it is no PING either */
    kit_node(kit, "n1")->role = SN_ROLE_MASTER;
    kit_to(kit, kit_now(kit) + 3000);
    assert_int_equal(kit_count(kit, LOST " 15"), 1);
    kit_free(kit);
}

static void test_loss__of_another_history_is_unknown(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'c', 4001);
    thaw(kit, 6000);
    assert_false(loss(kit).known);
    assert_int_equal(kit_count(kit, LOST), 0);
    kit_free(kit);
}

/* Three hellos and a PING: the number of changes has been the same since before the parting. */
static void test_loss__what_is_no_write_is_none(void **state)
{
    (void)state;
    for (unsigned written = 0; written < 2; written++) {
        struct kit *kit = kit_new(three);
        for (unsigned i = 1; i <= 2; i++) {
            struct kit_node *node = kit_node(kit, i == 1 ? "n1" : "n2");
            node->history = 'a';
            node->tells_keys = true;
            node->keys = node->changes = 7;
            node->offset = 4000;
        }
        kit_to(kit, 20100);
        kit_node(kit, "n1")->offset = 4200; /* the link of n2 was lost before */
        kit_to(kit, 31000);
        fail_over(kit, 'a', 4001);
        assert_int_equal(kit_count(kit, LOST), 0);
        assert_true(loss(kit).known && loss(kit).bytes == 0);
        kit_node(kit, "n1")->changes += written;
        thaw(kit, 4400);
        assert_int_equal(loss(kit).bytes, written * 400);
        assert_int_equal(kit_count(kit, LOST " 400"), written);
        kit_free(kit);
    }
}

/* The server counts from 0 again with each save: the same number may come after writes. */
static void test_loss__changes_are_not_compared_across_a_save(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        struct kit_node *node = kit_node(kit, i == 1 ? "n1" : "n2");
        node->history = 'a';
        node->tells_keys = true;
        node->keys = 7;
        node->saved_at_s = 1000;
        node->offset = 4000;
    }
    kit_to(kit, 20100);
    fail_over(kit, 'a', 4001);
    kit_node(kit, "n1")->saved_at_s = 1030;
    thaw(kit, 4400);
    assert_int_equal(loss(kit).bytes, 400);
    assert_int_equal(kit_count(kit, LOST " 400"), 1);
    kit_free(kit);
}

/* A new process knows nothing of what the one before it has acknowledged. */
static void test_loss__a_restarted_old_master_changes_nothing(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    fail_over(kit, 'a', 4001);
    kit_node(kit, "n1")->history = 'd';
    thaw(kit, 7000);
    assert_int_equal(loss(kit).bytes, 1000);
    assert_false(loss(kit).exact);
    assert_int_equal(kit_count(kit, LOST), 1);
    kit_free(kit);
}

/* Others have failed over: the new master's INFO tells where it parted. */
static void test_loss__is_told_by_those_who_only_watch(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    part(kit, 'a', 4501);
    kit_hello(kit, "a", "m1", "n2", 3, 3);
    kit_to(kit, kit_now(kit) + 100);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    assert_true(kit_count(kit, LOST " 500") == 1);
    assert_int_equal(loss(kit).choice_age_ms, -1);
    kit_free(kit);
}

static void test_loss__before_any_switch_there_is_none(void **state)
{
    struct kit *kit = made(three);
    (void)state;
    assert_null(loss(kit).old_master);
    assert_false(loss(kit).known);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss__is_told_with_the_switch_by_what_the_old_master_last_said),
        cmocka_unit_test(test_loss__is_exact_when_the_old_master_returns),
        cmocka_unit_test(test_loss__after_a_stall_the_new_master_says_first_where_they_part),
        cmocka_unit_test(test_loss__after_a_stall_that_changed_nothing_the_rest_is_told),
        cmocka_unit_test(test_loss__after_a_stall_a_restarted_new_master_is_no_other_parting),
        cmocka_unit_test(test_loss__grows_until_the_old_master_is_in_sync),
        cmocka_unit_test(test_loss__a_ping_to_the_replicas_is_none),
        cmocka_unit_test(test_loss__of_another_history_is_unknown),
        cmocka_unit_test(test_loss__what_is_no_write_is_none),
        cmocka_unit_test(test_loss__changes_are_not_compared_across_a_save),
        cmocka_unit_test(test_loss__a_restarted_old_master_changes_nothing),
        cmocka_unit_test(test_loss__is_told_by_those_who_only_watch),
        cmocka_unit_test(test_loss__before_any_switch_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
