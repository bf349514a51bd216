/* SPDX-License-Identifier: BSD-3-Clause */

/* Votes that are held for the sentinel that may be failing over (DESIGN.md D7). */

#include "election_kit.h"

#define HOLD_MS (4 * SN_RANK_STEP_MS)

/* Requests a vote and compares the answer, "id epoch". */
static void ask(struct kit *kit, const char *candidate, uint64_t epoch, const char *answer)
{
    char expected[128];
    uint64_t ticket = kit_ask(kit, "n1", epoch, candidate);
    (void)snprintf(expected, sizeof(expected), "answer %llu vote 0 %s\n",
                   (unsigned long long)ticket, answer);
    kit_expect(kit, "answer", expected);
}

static void test_vote__is_held_while_its_candidate_may_be_failing_over(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    kit_to(kit, 500);
    ask(kit, KIT_A, 5, KIT_A " 5");
    ask(kit, KIT_B, 6, KIT_A " 5");
    ask(kit, KIT_A, 7, KIT_A " 7"); /* the same one may try again */
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_HELD, NULL) > 0);
    kit_to(kit, 500 + HOLD_MS - 1);
    ask(kit, KIT_B, 8, KIT_A " 7");
    kit_to(kit, 500 + HOLD_MS);
    ask(kit, KIT_B, 8, KIT_B " 8");
    kit_free(kit);
}

static void test_vote__is_held_for_longer_while_answers_take_long(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    kit_to(kit, 500);
    ask(kit, KIT_A, 5, KIT_A " 5");
    kit_to(kit, 500 + HOLD_MS);
    kit_instance(kit, "m1", "a")->cmd->trip_ms = 100;
    ask(kit, KIT_B, 6, KIT_A " 5");
    kit_free(kit);
}

static void test_vote__is_not_held_for_who_is_down_or_unknown(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    kit_to(kit, 500);
    ask(kit, KIT_C, 5, KIT_C " 5");
    ask(kit, KIT_B, 6, KIT_B " 6");
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 2500);
    assert_int_equal(kit_count(kit, "event W +sdown sentinel " KIT_A), 1);
    ask(kit, KIT_A, 7, KIT_A " 7");
    ask(kit, KIT_B, 8, KIT_B " 8");
    kit_free(kit);
}

/* What the vote was for has happened. */
static void test_vote__is_not_held_once_the_configuration_has_come(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 500);
    ask(kit, KIT_A, 5, KIT_A " 5");
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "b", "m1", "n2", 5, 5);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 5);
    uint64_t ticket = kit_ask(kit, "n2", 6, KIT_B);
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "answer %llu vote 0 " KIT_B " 6\n",
                   (unsigned long long)ticket);
    kit_expect(kit, "answer", expected);
    kit_free(kit);
}

/* The group has no use for a second leader; an attempt that still collects votes gives way. */
static void test_vote__of_ours_is_held_once_we_are_elected(void **state)
{
    struct kit *kit = at_o_down("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    run_until(kit, "event W +try-failover", 200);
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE) | KIT_HOLD(SN_ORDER_INFO);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    uint64_t ticket = kit_ask(kit, "n1", 2, KIT_B);
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "answer %llu vote 1 " KIT_ME " 1\n",
                   (unsigned long long)ticket);
    kit_expect(kit, "answer", expected);
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_HELD, NULL) > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vote__is_held_while_its_candidate_may_be_failing_over),
        cmocka_unit_test(test_vote__is_held_for_longer_while_answers_take_long),
        cmocka_unit_test(test_vote__is_not_held_for_who_is_down_or_unknown),
        cmocka_unit_test(test_vote__is_not_held_once_the_configuration_has_come),
        cmocka_unit_test(test_vote__of_ours_is_held_once_we_are_elected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
