/* SPDX-License-Identifier: BSD-3-Clause */

/* An operator pauses automatic failovers (DESIGN.md D28). */

#include "election_kit.h"

#include "core/facts/truce.h"

#define WALL 1700000000000
#define TOLD(on, left, version)                                                                    \
    "[$paused|$" on "|$pause-left|$" left "|$pause-until|$1700000060|$pause-by|$" KIT_B            \
    "|$pause-version|$" version "]"

static const char three[] = "m1 n1 replicas n2,n3 peers a,b";

static void pause_at(struct kit *kit, uint32_t seconds, int64_t wall_ms)
{
    struct sn_command command = {.kind = SN_COMMAND_PAUSE,
                                 .name = "m1",
                                 .name_len = 2,
                                 .seconds = seconds,
                                 .reason = "new switch",
                                 .wall_ms = wall_ms};
    kit_command(kit, &command);
}

static void resume_at(struct kit *kit, int64_t wall_ms)
{
    struct sn_command command = {
        .kind = SN_COMMAND_RESUME, .name = "m1", .name_len = 2, .wall_ms = wall_ms};
    kit_command(kit, &command);
}

static struct kit *paused(uint32_t seconds)
{
    struct kit *kit = kit_new(three);
    kit_to(kit, 5000);
    pause_at(kit, seconds, WALL);
    assert_int_equal(kit_count(kit, "event W +pause master m1 10.0.0.1 6379 #for "), 1);
    return kit;
}

static bool is_on(struct kit *kit)
{
    return sn_truce_is_on(kit_group(kit, "m1"));
}

static void test_truce__no_attempt_begins_until_its_last_millisecond(void **state)
{
    struct kit *kit = paused(10);
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, 14999);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_PAUSED, "n1") > 0);
    assert_true(is_on(kit));
    kit_to(kit, 15000);
    assert_false(is_on(kit));
    assert_int_equal(kit_count(kit, "event W -pause master m1 10.0.0.1 6379 #expired"), 1);
    kit_to(kit, 17000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_truce__operators_failover_is_not_held(void **state)
{
    (void)state;
    struct kit *kit = paused(60);
    kit_kill_master(kit, "ab");
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, kit_now(kit) + 200);
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

static void test_truce__ends_an_attempt_that_still_collects_votes(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    kit_to(kit, 5000);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 6100);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    run_until(kit, "event W +try-failover", 5000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    pause_at(kit, 60, WALL);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_truce__neither_agreement_nor_vote_is_lent(void **state)
{
    char expected[256];
    (void)state;
    struct kit *kit = paused(60);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 8000);
    uint64_t ticket = kit_ask(kit, "n1", 7, KIT_A);
    (void)snprintf(expected, sizeof(expected), "answer %llu vote 0 * 0\n",
                   (unsigned long long)ticket);
    assert_non_null(kit_find(kit, "answer"));
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_PAUSED, "a") > 0);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, "");
    kit_free(kit);
}

/* It must be an operator's order: those who know of the pause begin no other. */
static void test_truce__who_knows_of_it_gets_a_vote(void **state)
{
    struct kit *kit = paused(60);
    (void)state;
    kit_group(kit, "m1");
    kit_instance(kit, "m1", "a")->u.peer.truce_version = WALL;
    kit_instance(kit, "m1", "b")->u.peer.truce_version = WALL - 1;
    (void)kit_ask(kit, "n1", 7, KIT_B);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, "");
    (void)kit_ask(kit, "n1", 8, KIT_A);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, KIT_A);
    kit_free(kit);
}

static void test_truce__resume_ends_it_and_the_failover_begins(void **state)
{
    struct kit *kit = paused(60);
    (void)state;
    kit_kill_master(kit, "ab");
    kit_to(kit, 10000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    resume_at(kit, WALL + 5000);
    assert_int_equal(kit_count(kit, "event W -pause master m1 10.0.0.1 6379 #resumed by "), 1);
    kit_to(kit, 11200);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    resume_at(kit, WALL + 6000);
    assert_int_equal(kit_count(kit, "answer 3 error Failovers of that group are not paused"), 1);
    kit_free(kit);
}

static void hint(struct kit *kit, const char *who)
{
    struct sn_input event = {.kind = SN_INPUT_HINT, .u.hint = {.group = "m1"}};
    memset(event.u.hint.runid.hex, who[0], SN_RUNID_LEN);
    kit_step(kit, &event);
}

static void test_truce__of_a_peer_is_asked_for_when_it_hints(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    kit_to(kit, 5000);
    kit_node(kit, "b")->settings = TOLD("yes", "60000", "1700000000000");
    hint(kit, "b");
    kit_to(kit, 5100);
    assert_true(is_on(kit));
    assert_int_equal(kit_count(kit, "event W +pause master m1 10.0.0.1 6379 #for 60 s by " KIT_B),
                     1);
    kit_to(kit, 64900);
    assert_true(is_on(kit));
    kit_to(kit, 65100);
    assert_false(is_on(kit));
    kit_free(kit);
}

static void test_truce__the_latest_order_counts(void **state)
{
    struct kit *kit = paused(60);
    (void)state;
    kit_node(kit, "b")->settings = TOLD("no", "50000", "1699999999999");
    hint(kit, "b");
    kit_to(kit, 5100);
    assert_true(is_on(kit)); /* older than ours */
    kit_node(kit, "b")->settings = TOLD("no", "50000", "1700000000001");
    hint(kit, "b");
    kit_to(kit, 5200);
    assert_false(is_on(kit));
    pause_at(kit, 60, WALL - 100); /* a clock that is slow: one more than what was known */
    assert_true(is_on(kit));
    assert_int_equal(kit_group(kit, "m1")->truce->version, WALL + 2);
    kit_free(kit);
}

/* b was away when a shorter pause replaced the first one. */
static void test_truce__a_shorter_one_outlives_what_it_has_replaced(void **state)
{
    struct kit *kit = paused(60);
    (void)state;
    pause_at(kit, 10, WALL + 1);
    kit_to(kit, 15000);
    assert_false(is_on(kit));
    assert_int_equal(kit_count(kit, "event W -pause master m1 10.0.0.1 6379 #expired"), 1);
    kit_node(kit, "b")->settings = TOLD("yes", "45000", "1700000000000");
    hint(kit, "b");
    kit_to(kit, 16000);
    assert_false(is_on(kit));
    assert_int_equal(kit_count(kit, "event W -pause"), 1);
    char *text = sn_truce_text(kit_group(kit, "m1"));
    assert_int_equal(strncmp(text, "1700000000001 1700000060 off ", 29), 0);
    free(text);
    kit_to(kit, 65000);
    assert_null(kit_group(kit, "m1")->truce);
    kit_free(kit);
}

static void test_truce__what_is_forged_or_absurd_is_not_taken(void **state)
{
    static const char *const told[] = {
        "[$paused|$yes]",
        TOLD("yes", "604800001", "5"),
        TOLD("yes", "-1", "5"),
        "[$paused|$yes|$pause-left|$9|$pause-until|$9|$pause-by|$nobody|$pause-version|$5]",
        TOLD("yes", "1000", "9007199254740993"),
        "-ERR No such master with that name",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        struct kit *kit = kit_new(three);
        kit_to(kit, 5000);
        kit_node(kit, "b")->settings = told[i];
        hint(kit, "b");
        hint(kit, "c"); /* nobody we know */
        kit_to(kit, 5100);
        assert_false(is_on(kit));
        kit_free(kit);
    }
}

static size_t questions(struct kit *kit)
{
    return kit_count(kit, "settings b");
}

static void test_truce__many_hints_are_one_question_at_a_time(void **state)
{
    struct kit *kit = kit_new(three);
    (void)state;
    kit_to(kit, 5000);
    kit->hold = KIT_HOLD(SN_ORDER_SETTINGS);
    kit_clear(kit);
    for (unsigned i = 0; i < 50; i++)
        hint(kit, "b");
    assert_int_equal(questions(kit), 1);
    kit_reply(kit, "b", SN_ORDER_SETTINGS, "[]");
    assert_int_equal(questions(kit), 2); /* something may have changed since the first */
    kit_reply(kit, "b", SN_ORDER_SETTINGS, "[]");
    assert_int_equal(questions(kit), 2);
    kit_free(kit);
}

static void test_truce__is_told_until_it_is_known(void **state)
{
    struct kit *kit = paused(60);
    (void)state;
    kit_to(kit, 5100);
    kit_clear(kit);
    kit_instance(kit, "m1", "a")->u.peer.truce_version = WALL;
    kit_to(kit, 11000);
    assert_int_equal(kit_count(kit, "publish a pause,"), 0);
    assert_true(kit_count(kit, "publish b pause,") >= 2);
    resume_at(kit, WALL + 6000);
    kit_clear(kit);
    kit_to(kit, 17000);
    assert_true(kit_count(kit, "publish a pause,") >= 2);
    assert_int_equal(kit_count(kit, "publish b pause,"), 0); /* it never knew */
    kit_free(kit);
}

static void test_truce__survives_a_restart(void **state)
{
    struct kit *kit = kit_new(three);
    struct sn_image image;
    (void)state;
    kit_to(kit, 5000);
    pause_at(kit, 60, WALL);
    sn_core_snapshot(kit->core, &image);
    assert_string_equal(strchr(image.groups[0].pause, ' '),
                        " 1700000060 on 0000000000000000000000000000000000000000 new switch");
    for (int left_s = -1; left_s <= 60; left_s += 61) {
        image.wall_ms = WALL + (60 - left_s) * 1000;
        struct sn_core *core = sn_core_new(&image, 3, 777);
        const struct sn_group *group = sn_core_group_find(core, "m1", 2);
        struct sn_pause_view pause;
        assert_int_equal(sn_group_pause(group, 777, &pause), left_s > 0);
        if (left_s > 0) {
            assert_int_equal(pause.left_ms, left_s * 1000);
            assert_string_equal(pause.reason, "new switch");
        }
        sn_core_free(core);
    }
    sn_image_fini(&image);
    kit_free(kit);
}

static void test_truce__state_may_hold_anything(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "5",
        "5 1700000060",
        "5 1700000060 on",
        "5 1700000060 on nobody why",
        "5 99999999999999999999 on " KIT_A " why",
        "9007199254740993 1700000060 on " KIT_A " why",
        "-5 1700000060 on " KIT_A " why",
        "5 1700000060 on " KIT_A " a\nb",
    };
    (void)state;
    struct kit *kit = kit_new(three);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sn_truce_load(kit_group(kit, "m1"), texts[i], WALL);
        assert_null(kit_group(kit, "m1")->truce);
    }
    sn_truce_load(kit_group(kit, "m1"), "5 1700000060 on " KIT_A " why", 0);
    assert_null(kit_group(kit, "m1")->truce); /* the time is unknown */
    sn_truce_load(kit_group(kit, "m1"), "5 1999999999 on " KIT_A " why", WALL);
    assert_int_equal(kit_group(kit, "m1")->truce->until - kit->core->now,
                     (sn_ms)SN_TRUCE_MAX_S * 1000); /* the clock was set back */
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truce__no_attempt_begins_until_its_last_millisecond),
        cmocka_unit_test(test_truce__operators_failover_is_not_held),
        cmocka_unit_test(test_truce__ends_an_attempt_that_still_collects_votes),
        cmocka_unit_test(test_truce__neither_agreement_nor_vote_is_lent),
        cmocka_unit_test(test_truce__who_knows_of_it_gets_a_vote),
        cmocka_unit_test(test_truce__resume_ends_it_and_the_failover_begins),
        cmocka_unit_test(test_truce__of_a_peer_is_asked_for_when_it_hints),
        cmocka_unit_test(test_truce__the_latest_order_counts),
        cmocka_unit_test(test_truce__a_shorter_one_outlives_what_it_has_replaced),
        cmocka_unit_test(test_truce__what_is_forged_or_absurd_is_not_taken),
        cmocka_unit_test(test_truce__many_hints_are_one_question_at_a_time),
        cmocka_unit_test(test_truce__is_told_until_it_is_known),
        cmocka_unit_test(test_truce__survives_a_restart),
        cmocka_unit_test(test_truce__state_may_hold_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
