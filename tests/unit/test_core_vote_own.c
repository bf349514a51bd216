/* SPDX-License-Identifier: BSD-3-Clause */

/* A candidate's own vote is final when somebody may know of it; until then it goes to another one
 * who asks (DESIGN.md D6). */

#include "election_kit.h"

#define TRY "event W +try-failover master m1 10.0.0.1 6379\n"

/* An attempt in epoch 5 has begun, and its vote is on its way to the disk. */
static struct kit *attempt(const char *text)
{
    struct kit *kit = at_o_down(text, "a");
    kit->disk = KIT_DISK_SLOW;
    run_until(kit, "event W +try-failover", 200);
    kit_expect(kit, "event ask", "event W +new-epoch 5\n" TRY);
    return kit;
}

static struct kit *usual_attempt(void)
{
    return attempt("- epoch 4;m1 n1 replicas n2 peers a,b voted 2");
}

static void test_vote_own__goes_to_a_candidate_whose_own_is_saved(void **state)
{
    struct kit *kit = usual_attempt();
    (void)state;
    kit_ask(kit, "n1", 5, KIT_B);
    kit_expect(kit, "event persist answer",
               "event W +vote-for-leader " KIT_B " 5\n" LOST "persist 3\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTED_OTHERWISE, NULL) > 0);
    /* That save was begun for the own vote. */
    struct sn_input event = {.kind = SN_INPUT_PERSISTED};
    event.u.persisted = (struct sn_input_persisted){.version = 2, .ok = true};
    kit_step(kit, &event);
    kit_expect(kit, "event answer ask", "");
    kit_persisted(kit, true);
    kit_expect(kit, "event answer ask", "answer 1 vote 1 " KIT_B " 5\n");
    kit_ask(kit, "n1", 5, KIT_A);
    kit_expect(kit, "event answer", "answer 2 vote 1 " KIT_B " 5\n");
    kit_free(kit);
}

/* Attempts for other groups have raised our epoch. */
static void test_vote_own__goes_to_an_earlier_epoch_too(void **state)
{
    struct kit *kit = usual_attempt();
    (void)state;
    kit_ask(kit, "n1", 3, KIT_B);
    kit_expect(kit, "event persist answer",
               "event W +vote-for-leader " KIT_B " 3\n" LOST "persist 3\n");
    kit_persisted(kit, true);
    kit_expect(kit, "event answer ask", "answer 1 vote 1 " KIT_B " 3\n");
    kit_free(kit);
}

/* Asks for a vote that the own one keeps. */
static void expect_kept(struct kit *kit, const char *candidate, uint64_t epoch)
{
    kit_clear(kit);
    uint64_t ticket = kit_ask(kit, "n1", epoch, candidate);
    assert_int_equal(kit_count(kit, "event"), 0);
    assert_int_equal(kit_count(kit, "persist"), 0);
    if (kit->saving != 0)
        kit_persisted(kit, true);
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "answer %llu vote 1 " KIT_ME " 5",
                   (unsigned long long)ticket);
    assert_int_equal(kit_count(kit, expected), 1);
    assert_int_equal(kit_count(kit, "event W +vote-for-leader " KIT_B), 0);
}

static void test_vote_own__stays_for_who_could_not_get_ours_anyway(void **state)
{
    static const struct {
        const char *candidate;
        uint64_t epoch;
    } rows[] = {{KIT_B, 2}, {KIT_C, 5}, {KIT_ME, 5}, {"B", 5}, {KIT_B, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = usual_attempt();
        expect_kept(kit, rows[i].candidate, rows[i].epoch);
        kit_free(kit);
    }
}

static void test_vote_own__stays_once_an_answer_waits_with_it(void **state)
{
    struct kit *kit = usual_attempt();
    (void)state;
    kit_ask(kit, "n1", 0, KIT_A); /* whom did you vote for? */
    expect_kept(kit, KIT_B, 5);
    assert_int_equal(kit_count(kit, "answer 1 vote 1 " KIT_ME " 5"), 1);
    kit_free(kit);
}

static void test_vote_own__stays_once_it_is_saved(void **state)
{
    struct kit *kit = usual_attempt();
    (void)state;
    kit_persisted(kit, true);
    kit_expect(kit, "event ask",
               "event W +vote-for-leader " KIT_ME " 5\nask a 10.0.0.1 6379 5 " KIT_ME "\n"
               "ask b 10.0.0.1 6379 5 " KIT_ME "\n");
    expect_kept(kit, KIT_B, 5);
    kit_free(kit);
}

static void test_vote_own__stays_by_order(void **state)
{
    struct kit *kit = kit_new("- epoch 4;m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_failover(kit, "m1", SN_MODE_PLANNED);
    kit_clear(kit);
    kit_ask(kit, "n1", 5, KIT_B);
    assert_int_equal(kit_count(kit, "event"), 0);
    kit_persisted(kit, true);
    assert_int_equal(kit_count(kit, "answer 2 vote 0 " KIT_ME " 5"), 1);
    kit_free(kit);
}

static void test_vote_own__stays_under_two_names(void **state)
{
    struct kit *kit = attempt("- epoch 4;m1 n1 replicas n2 peers a,b;m2 n1 peers a,b quorum 9");
    (void)state;
    expect_kept(kit, KIT_B, 5);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vote_own__goes_to_a_candidate_whose_own_is_saved),
        cmocka_unit_test(test_vote_own__goes_to_an_earlier_epoch_too),
        cmocka_unit_test(test_vote_own__stays_for_who_could_not_get_ours_anyway),
        cmocka_unit_test(test_vote_own__stays_once_an_answer_waits_with_it),
        cmocka_unit_test(test_vote_own__stays_once_it_is_saved),
        cmocka_unit_test(test_vote_own__stays_by_order),
        cmocka_unit_test(test_vote_own__stays_under_two_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
