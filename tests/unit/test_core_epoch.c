/* SPDX-License-Identifier: BSD-3-Clause */

/* How far a word from outside raises the current epoch, and that elections go on above it
 * (DESIGN.md §2, "Epochs"). */

#include "core_kit.h"

#include <stdio.h>

#define STEP ((uint64_t)1 << 32)
#define FULL 16384 /* ms in which a whole step is saved up again */

static uint64_t epoch_of(const struct kit *kit)
{
    return sn_core_current_epoch(kit->core);
}

/* Everybody who is not us, at once: a vote request of a nobody. */
static bool request(struct kit *kit, uint64_t epoch)
{
    kit_ask(kit, "n1", epoch, "nobody");
    return epoch_of(kit) == epoch;
}

static void test_epoch__of_a_request_is_taken_up_to_one_step(void **state)
{
    static const uint64_t far[] = {STEP + 1,     (uint64_t)1 << 48, ((uint64_t)1 << 48) + 1,
                                   SN_EPOCH_FAR, SN_EPOCH_MAX,      UINT64_MAX,
                                   (uint64_t)-2};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++)
        assert_false(request(kit, far[i]));
    kit_expect(kit, "event persist answer",
               "answer 1 vote 0 * 0\nanswer 2 vote 0 * 0\nanswer 3 vote 0 * 0\n"
               "answer 4 vote 0 * 0\nanswer 5 vote 0 * 0\nanswer 6 vote 0 * 0\n"
               "answer 7 vote 0 * 0\n");
    assert_int_equal(epoch_of(kit), 0);
    assert_true(request(kit, STEP));
    kit_expect(kit, "answer", "answer 8 vote 0 nobody 4294967296\n");
    kit_free(kit);
}

static void test_epoch__steps_together_have_a_bounded_speed(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 1000);
    assert_true(request(kit, STEP - 5000));
    assert_true(request(kit, STEP)); /* the rest */
    assert_false(request(kit, STEP + 1001));
    assert_true(request(kit, STEP + 1000)); /* so much always */
    assert_true(request(kit, STEP + 2000));
    uint64_t epoch = epoch_of(kit);
    kit_to(kit, 1001);
    assert_false(request(kit, epoch + ((uint64_t)1 << 18) + 1));
    assert_true(request(kit, epoch + ((uint64_t)1 << 18)));
    epoch = epoch_of(kit);
    kit_to(kit, 1001 + FULL - 1);
    assert_false(request(kit, epoch + STEP));
    kit_to(kit, 1001 + FULL);
    assert_true(request(kit, epoch + STEP));
    epoch = epoch_of(kit);
    kit_to(kit, 1001 + 10 * FULL); /* and no more is ever saved up */
    assert_false(request(kit, epoch + STEP + 1));
    assert_true(request(kit, epoch + STEP));
    kit_free(kit);
}

static void test_epoch__that_is_not_taken_is_told_once_a_minute(void **state)
{
    static const char line[] = "log W Ignored epoch 281474976710656 received for m1";
    struct kit *kit = kit_new("m1 n1 peers a,b,c");
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_false(request(kit, (uint64_t)1 << 48));
        kit_hello(kit, "a", "m1", "n1", (uint64_t)1 << 48, 0);
        kit_hello(kit, "a", "m1", "n1", 0, 0);
        kit_to(kit, kit_now(kit) + 1000);
    }
    assert_int_equal(kit_count(kit, line), 1);
    kit_to(kit, 60000);
    assert_false(request(kit, (uint64_t)1 << 48));
    assert_int_equal(kit_count(kit, line), 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_EPOCH_FAR, NULL) > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_EPOCH_FAR, NULL) > 0);
    kit_free(kit);
}

/* Of one hello and one answer; those who send them are peers like any other. */
static void test_epoch__one_word_of_a_peer_is_bounded_as_well(void **state)
{
    static const char *const far[] = {"4294967297", "281474976710656", "4611686018427387904",
                                      "9223372036854775807", "18446744073709551616"};
    (void)state;
    for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c quorum 3");
        char text[256];
        (void)snprintf(text, sizeof(text), "10.0.1.4,26379," KIT_D ",%s,m1,10.0.0.1,6379,0",
                       far[i]);
        assert_true(kit_hello_text(kit, NULL, text));
        assert_non_null(kit_instance(kit, "m1", "d")); /* a voter, whatever it says */
        (void)snprintf(text, sizeof(text), "10.0.1.1,26379," KIT_A ",0,m1,10.0.0.2,6379,%s",
                       far[i]);
        assert_true(kit_hello_text(kit, NULL, text));
        assert_int_equal(kit_count(kit, "event W +switch-master"), 0);
        assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 999);
        kit->hold = KIT_HOLD(SN_ORDER_ASK);
        kit_to(kit, 1000);
        (void)snprintf(text, sizeof(text), "[:1|$" KIT_A "|:%s]", far[i < 4 ? i : 3]);
        kit_reply(kit, "a", SN_ORDER_ASK, text);
        assert_int_equal(epoch_of(kit), 0);
        assert_int_equal(kit_count(kit, "event W +new-epoch"), 0);
        assert_true(kit_reasons(kit, "m1", SN_REASON_HELLO_EPOCH_FAR, NULL) > 0);
        kit_free(kit);
    }
}

static void test_epoch__far_above_is_taken_if_a_majority_is_there(void **state)
{
    const uint64_t far = (uint64_t)1 << 50;
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    kit_to(kit, 500);
    kit_hello(kit, "a", "m1", "n1", far, 0);
    kit_hello(kit, "b", "m1", "n1", far + 7, 0);
    assert_false(request(kit, far)); /* we, c and d are three of five */
    kit_hello(kit, "c", "m1", "n1", far - 1, 0);
    assert_int_equal(epoch_of(kit), far - 1);
    kit_hello(kit, "c", "m1", "n1", far + 2, 0); /* a small step by now */
    assert_int_equal(epoch_of(kit), far + 2);
    kit_free(kit);
}

static void test_epoch__the_word_of_who_does_not_answer_is_no_majority(void **state)
{
    static const enum kit_mode modes[] = {KIT_FROZEN, KIT_REFUSING, KIT_GONE};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = kit_new("m1 n1");
        kit_mode(kit, "a", modes[i]);
        kit_mode(kit, "b", modes[i]);
        for (int turn = 0; turn < 30; turn++) {
            kit_to(kit, kit_now(kit) + 1000);
            kit_hello(kit, "a", "m1", "n1", (uint64_t)1 << 50, 0);
            kit_hello(kit, "b", "m1", "n1", (uint64_t)1 << 50, (uint64_t)1 << 50);
        }
        assert_int_equal(kit_group(kit, "m1")->peer_count, 2);
        assert_int_equal(epoch_of(kit), 0);
        assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
        kit_free(kit);
    }
}

/* c and d are gone: without a, which is there, nobody can be elected. */
static void test_epoch__far_above_is_taken_if_elections_need_who_is_there(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_hello(kit, "a", "m1", "n1", (uint64_t)1 << 50, 0);
    kit_to(kit, 1500);
    assert_int_equal(epoch_of(kit), 0);
    kit_mode(kit, "d", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_hello(kit, "a", "m1", "n1", (uint64_t)1 << 50, 0);
    assert_int_equal(epoch_of(kit), (uint64_t)1 << 50);
    kit_free(kit);
}

/* Else a restart, which takes the highest config epoch for the current one, would raise it. */
static void test_epoch__is_never_below_an_adopted_configuration(void **state)
{
    static const char *const masters[] = {"n1", "n2"}; /* ours, and another one */
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
        kit_to(kit, 500);
        kit_hello(kit, "a", "m1", masters[i], 3, 7);
        assert_int_equal(kit_group(kit, "m1")->config_epoch, 7);
        assert_int_equal(epoch_of(kit), 7);
        assert_int_equal(kit_count(kit, "event W +new-epoch 7"), 1);
        kit_free(kit);
    }
}

/* A fresh sentinel meets a deployment that has been there for long. */
static void test_epoch__of_an_old_deployment_is_taken_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_hello(kit, "a", "m1", "n1", 50000, 49999);
    assert_int_equal(epoch_of(kit), 50000);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 49999);
    kit_to(kit, 1000); /* a answers */
    kit_hello(kit, "a", "m1", "n1", SN_EPOCH_FAR, SN_EPOCH_FAR);
    assert_int_equal(epoch_of(kit), SN_EPOCH_FAR);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, SN_EPOCH_FAR);
    kit_hello(kit, "a", "m1", "n1", SN_EPOCH_FAR + STEP, 0); /* on from there by steps only */
    assert_int_equal(epoch_of(kit), SN_EPOCH_FAR);
    kit_to(kit, kit_now(kit) + FULL);
    kit_hello(kit, "a", "m1", "n1", SN_EPOCH_FAR + STEP, 0);
    assert_int_equal(epoch_of(kit), SN_EPOCH_FAR + STEP);
    kit_free(kit);
}

/* One stock peer was poisoned: it says so for good, and what it wins has to reach everybody. */
static void test_epoch__far_above_is_taken_from_one_that_stands_by_it(void **state)
{
    const uint64_t far = (uint64_t)1 << 50;
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    kit_to(kit, 100);
    kit_hello(kit, "a", "m1", "n1", far, far);
    kit_to(kit, 10099); /* five periods of hellos */
    kit_hello(kit, "a", "m1", "n1", far, far);
    assert_int_equal(epoch_of(kit), 0);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    kit_to(kit, 10100);
    kit_hello(kit, "a", "m1", "n2", far, far);
    assert_int_equal(epoch_of(kit), far);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, far);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_free(kit);
}

static void test_epoch__far_above_that_is_contradicted_is_not_taken(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    for (int turn = 0; turn < 60; turn++) {
        kit_to(kit, kit_now(kit) + 1000);
        kit_hello(kit, "a", "m1", "n1", (uint64_t)1 << 50, (uint64_t)1 << 50); /* forged */
        if (turn % 2 == 0)
            kit_hello(kit, "a", "m1", "n1", 3, 2); /* its own */
    }
    assert_int_equal(epoch_of(kit), 3);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 2);
    kit_free(kit);
}

/* Only the last half of all epochs is for elections alone. */
static void test_epoch__nobody_brings_us_beyond_the_reserve(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    for (int turn = 0; turn < 30; turn++) {
        kit_to(kit, kit_now(kit) + 1000);
        kit_hello(kit, "a", "m1", "n1", SN_EPOCH_FAR + 1, SN_EPOCH_FAR + 1);
        kit_hello(kit, "b", "m1", "n1", SN_EPOCH_MAX, SN_EPOCH_MAX);
    }
    assert_int_equal(epoch_of(kit), 0);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 0);
    kit_free(kit);
}

/* Whatever was said, and after a restart on what was saved. */
static void test_epoch__after_the_worst_a_failover_takes_place(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    for (uint64_t i = 0; i < 2000; i++) {
        kit_ask(kit, "n1", epoch_of(kit) + STEP, "nobody");
        kit_ask(kit, "n1", epoch_of(kit) + 1000, "nobody");
        kit_ask(kit, "n1", (uint64_t)1 << (i % 64), "nobody");
        kit_to(kit, kit_now(kit) + 1);
    }
    assert_true(epoch_of(kit) < 3 * STEP);
    kit_hello(kit, "a", "m1", "n1", SN_EPOCH_FAR, SN_EPOCH_FAR);
    kit_hello(kit, "b", "m1", "n1", SN_EPOCH_FAR, SN_EPOCH_FAR);
    assert_int_equal(epoch_of(kit), SN_EPOCH_FAR);
    struct kit *restarted = kit_restarted(kit, 7);
    assert_int_equal(epoch_of(restarted), SN_EPOCH_FAR);
    kit_free(restarted);
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 30000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    assert_int_equal(epoch_of(kit), SN_EPOCH_FAR + 1);
    kit_free(kit);
}

static void test_epoch__an_attempt_that_has_none_left_says_so(void **state)
{
    struct kit *kit = kit_new("- epoch 9223372036854775807;m1 n1 replicas n2 quorum 1");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_int_equal(kit_count(kit, "log W Failover of m1 not started: no epoch is left"), 1);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    assert_int_equal(kit_count(kit, "answer 1 error Failover not started: no epoch is left"), 1);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_NO_EPOCH, "n1"), 2);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);

    kit = kit_new("- epoch 9223372036854775806;m1 n1 replicas n2 quorum 1");
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 3000);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch__of_a_request_is_taken_up_to_one_step),
        cmocka_unit_test(test_epoch__steps_together_have_a_bounded_speed),
        cmocka_unit_test(test_epoch__that_is_not_taken_is_told_once_a_minute),
        cmocka_unit_test(test_epoch__one_word_of_a_peer_is_bounded_as_well),
        cmocka_unit_test(test_epoch__far_above_is_taken_if_a_majority_is_there),
        cmocka_unit_test(test_epoch__the_word_of_who_does_not_answer_is_no_majority),
        cmocka_unit_test(test_epoch__far_above_is_taken_if_elections_need_who_is_there),
        cmocka_unit_test(test_epoch__is_never_below_an_adopted_configuration),
        cmocka_unit_test(test_epoch__of_an_old_deployment_is_taken_at_once),
        cmocka_unit_test(test_epoch__far_above_is_taken_from_one_that_stands_by_it),
        cmocka_unit_test(test_epoch__far_above_that_is_contradicted_is_not_taken),
        cmocka_unit_test(test_epoch__nobody_brings_us_beyond_the_reserve),
        cmocka_unit_test(test_epoch__after_the_worst_a_failover_takes_place),
        cmocka_unit_test(test_epoch__an_attempt_that_has_none_left_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
