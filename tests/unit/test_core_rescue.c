/* SPDX-License-Identifier: BSD-3-Clause */

/* The old master's lost writes are rescued before it is demoted (DESIGN.md D21). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define RESCUE "rescue m1 10.0.0.1 6379 from 4001"
#define FOLLOW "follow n1"
#define THREE  "m1 n1 replicas n2 peers a,b rescue yes"

/* n1 had 5000 bytes of the stream, n2 4000 of them, and is the master now. */
static struct kit *failed_over(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_node(kit, "n1")->history = kit_node(kit, "n2")->history = 'a';
    kit_node(kit, "n1")->offset = 5000;
    kit_node(kit, "n2")->offset = 4000;
    if (strstr(text, "n3") != NULL)
        kit_node(kit, "n3")->syncs_slowly = true; /* so that the failover lasts */
    kit_to(kit, 20100);
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 1500);
    struct kit_node *node = kit_node(kit, "n2");
    node->role = SN_ROLE_MASTER;
    node->history = 'b';
    node->history2 = 'a';
    node->second_offset = 4001;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit->hold = 0;
    kit_to(kit, kit_now(kit) + 2000);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit_clear(kit);
    return kit;
}

/* Until it is our turn to demote it, and somewhat longer. */
static void come_back(struct kit *kit, unsigned long long offset)
{
    uint64_t epoch = kit_group(kit, "m1")->config_epoch;
    kit_node(kit, "n1")->offset = offset;
    kit_mode(kit, "n1", KIT_WELL);
    for (unsigned half = 0; half < 30; half++) {
        kit_hello(kit, "a", "m1", "n2", epoch, epoch);
        kit_hello(kit, "b", "m1", "n2", epoch, epoch);
        kit_to(kit, kit_now(kit) + 500);
        if (kit_count(kit, "pause n1") + kit_count(kit, FOLLOW) > 0)
            break;
    }
}

static void rescued_of(struct kit *kit, uint64_t epoch, enum sn_rescue_outcome outcome,
                       const char *file, const char *reason)
{
    struct sn_input event = {.kind = SN_INPUT_RESCUED,
                             .u.rescued = {.group = kit_group(kit, "m1")->id,
                                           .epoch = epoch,
                                           .outcome = outcome,
                                           .bytes = 1400,
                                           .writes = 7,
                                           .file = file,
                                           .reason = reason}};
    kit_step(kit, &event);
    kit_to(kit, kit_now(kit) + 50);
}

static void rescued(struct kit *kit, enum sn_rescue_outcome outcome, const char *file,
                    const char *reason)
{
    rescued_of(kit, kit_group(kit, "m1")->config_epoch, outcome, file, reason);
}

static void test_rescue__comes_before_the_demotion(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, RESCUE), 1);
    assert_int_equal(kit_count(kit, FOLLOW), 0);
    rescued(kit, SN_RESCUE_SAVED, "/rescued/m1.resp", "");
    assert_int_equal(
        kit_count(kit, "event W +rescued-writes m1 10.0.0.1 6379 1400 /rescued/m1.resp"), 1);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    assert_int_equal(kit_count(kit, "unpause n1"), 1);
    kit_free(kit);
}

static void test_rescue__comes_before_the_orders_at_the_end_of_a_failover(void **state)
{
    struct kit *kit = failed_over("m1 n1 replicas n2,n3 peers a,b rescue yes timeout 6000");
    (void)state;
    kit_to(kit, kit_now(kit) + 3000);
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-end-for-timeout"), 0);
    kit_to(kit, kit_now(kit) + 700);
    assert_int_equal(kit_count(kit, "event W +failover-end-for-timeout"), 1);
    assert_int_equal(kit_count(kit, FOLLOW), 0);
    rescued(kit, SN_RESCUE_SAVED, "/rescued/m1.resp", "");
    kit_to(kit, kit_now(kit) + 15000);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

static void test_rescue__is_off_by_default(void **state)
{
    struct kit *kit = failed_over("m1 n1 replicas n2 peers a,b");
    (void)state;
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, "rescue"), 0);
    assert_int_equal(kit_count(kit, "pause"), 0);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

static void test_rescue__is_not_made_where_nothing_is_lost(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 4014); /* a PING */
    assert_int_equal(kit_count(kit, "rescue"), 0);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

static void test_rescue__that_is_late_does_not_hold_the_demotion(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 5400);
    rescued(kit, SN_RESCUE_LATE, "", "");
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    assert_int_equal(kit_count(kit, "event W +rescued-writes"), 0);
    rescued(kit, SN_RESCUE_SAVED, "/rescued/m1.resp", "");
    assert_int_equal(kit_count(kit, "event W +rescued-writes"), 1);
    kit_free(kit);
}

static void test_rescue__that_fails_is_told_and_does_not_hold_the_demotion(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 5400);
    rescued(kit, SN_RESCUE_FAILED, "", "the disk is full");
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    assert_int_equal(kit_count(kit, "event W -rescued-writes m1 10.0.0.1 6379 the disk is full"),
                     1);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_RESCUE_FAILED, "n1"), 1);
    kit_free(kit);
}

/* One that was late may end in the middle of the next one. */
static void test_rescue__of_an_earlier_switch_does_not_end_this_one(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 5400);
    rescued_of(kit, kit_group(kit, "m1")->config_epoch - 1, SN_RESCUE_SAVED, "/rescued/old.resp",
               "");
    assert_int_equal(kit_count(kit, "event W +rescued-writes"), 0);
    assert_int_equal(kit_count(kit, "log N Rescued 7 writes that an earlier failover has lost: "
                                    "look at /rescued/old.resp."),
                     1);
    assert_int_equal(kit_count(kit, FOLLOW), 0);
    rescued(kit, SN_RESCUE_SAVED, "/rescued/m1.resp", "");
    assert_int_equal(kit_count(kit, "event W +rescued-writes"), 1);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

/* A shell that does not answer. */
static void test_rescue__is_not_waited_for_for_ever(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    come_back(kit, 5400);
    kit_to(kit, kit_now(kit) + 1000);
    assert_int_equal(kit_count(kit, FOLLOW), 0);
    kit_to(kit, kit_now(kit) + 12000);
    assert_true(kit_count(kit, FOLLOW) > 0);
    kit_free(kit);
}

static void test_rescue__of_another_process_is_impossible(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    kit_node(kit, "n1")->history = 'c';
    come_back(kit, 100);
    assert_int_equal(kit_count(kit, "rescue m1"), 0);
    assert_int_equal(kit_count(kit, "event W -rescued-writes m1 10.0.0.1 6379 its lost writes"), 1);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

static void test_rescue__is_made_without_a_pause_where_that_is_refused(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    kit_node(kit, "n1")->pause = "-NOPERM no";
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, RESCUE " unpaused"), 1);
    rescued(kit, SN_RESCUE_SAVED, "/rescued/m1.resp", "");
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    kit_free(kit);
}

/* The pause may not have arrived. */
static void test_rescue__begins_again_on_another_connection(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, "pause n1"), 1);
    assert_int_equal(kit_count(kit, RESCUE), 0);
    kit->hold = 0;
    kit_drop_link(kit, "n1", SN_LINK_DATA);
    kit_clear(kit);
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, RESCUE), 1);
    kit_free(kit);
}

static void test_rescue__that_never_got_its_pause_is_told(void **state)
{
    struct kit *kit = failed_over(THREE);
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_CLIENT_PAUSE);
    for (unsigned i = 1; i <= 3; i++) {
        kit_clear(kit);
        come_back(kit, 5400);
        assert_int_equal(kit_count(kit, "pause n1"), 1);
        kit_drop_link(kit, "n1", SN_LINK_DATA);
    }
    kit_clear(kit);
    come_back(kit, 5400);
    assert_int_equal(kit_count(kit, RESCUE), 0);
    assert_int_equal(kit_count(kit, FOLLOW), 1);
    assert_int_equal(kit_count(kit, "event W -rescued-writes m1 10.0.0.1 6379"), 1);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_RESCUE_FAILED, "n1"), 1);
    kit_free(kit);
}

/* Answers as many INFOs of n1 as were sent, 20 at most. */
static size_t answer_n1(struct kit *kit)
{
    size_t answered = 0;
    for (; answered < 20 && kit_count(kit, "info n1") > answered; answered++)
        kit_info(kit, "n1", NULL);
    kit_clear(kit);
    return answered;
}

/* While the new master does not answer, the old one is not asked without a pause. */
static void test_rescue__waits_for_the_new_master_after_a_stall(void **state)
{
    struct kit *kit = failed_over(THREE);
    uint64_t epoch = kit_group(kit, "m1")->config_epoch;
    (void)state;
    kit_stall(kit, 5000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_node(kit, "n1")->offset = 5400;
    kit_mode(kit, "n1", KIT_WELL);
    kit_clear(kit);
    for (unsigned half = 0; half < 30; half++) {
        kit_hello(kit, "a", "m1", "n2", epoch, epoch);
        kit_hello(kit, "b", "m1", "n2", epoch, epoch);
        kit_to(kit, kit_now(kit) + 500);
        assert_int_equal(kit_count(kit, FOLLOW) + kit_count(kit, "pause n1"), 0);
        assert_in_range(answer_n1(kit), 0, 1);
    }
    kit_info(kit, "n2", NULL);
    assert_int_equal(answer_n1(kit), 1);
    assert_int_equal(kit_group(kit, "m1")->rescue->stage, SN_RESCUE_FETCHING);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rescue__comes_before_the_demotion),
        cmocka_unit_test(test_rescue__comes_before_the_orders_at_the_end_of_a_failover),
        cmocka_unit_test(test_rescue__is_off_by_default),
        cmocka_unit_test(test_rescue__is_not_made_where_nothing_is_lost),
        cmocka_unit_test(test_rescue__that_is_late_does_not_hold_the_demotion),
        cmocka_unit_test(test_rescue__that_fails_is_told_and_does_not_hold_the_demotion),
        cmocka_unit_test(test_rescue__of_an_earlier_switch_does_not_end_this_one),
        cmocka_unit_test(test_rescue__is_not_waited_for_for_ever),
        cmocka_unit_test(test_rescue__of_another_process_is_impossible),
        cmocka_unit_test(test_rescue__is_made_without_a_pause_where_that_is_refused),
        cmocka_unit_test(test_rescue__begins_again_on_another_connection),
        cmocka_unit_test(test_rescue__that_never_got_its_pause_is_told),
        cmocka_unit_test(test_rescue__waits_for_the_new_master_after_a_stall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
