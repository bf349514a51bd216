/* SPDX-License-Identifier: BSD-3-Clause */

/* TILT: own stalls are not other people's failures (PROTOCOL.md §18, DESIGN.md D3). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define TILT   "event W +tilt #tilt mode entered\n"
#define NOTILT "event W -tilt #tilt mode exited\n"
#define SDOWN  "event W +sdown master m1 10.0.0.1 6379\n"

static void test_tilt__begins_after_more_than_the_trigger(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_stall(kit, 2000);
    kit_expect(kit, "event", "");
    assert_false(sn_core_tilt(kit->core));
    kit_stall(kit, 2001);
    kit_expect(kit, "event", TILT);
    assert_true(sn_core_tilt(kit->core));
    assert_int_equal(sn_core_tilt_count(kit->core), 1);
    kit_free(kit);
}

static void test_tilt__the_trigger_can_be_changed(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_debug(kit, SN_TIMING_TILT_TRIGGER, 50);
    kit_to(kit, 2000); /* steps keep coming often enough */
    kit_expect(kit, "event", "");
    kit_stall(kit, 51);
    kit_expect(kit, "event", TILT);
    kit_free(kit);
}

static void test_tilt__an_idle_core_keeps_stepping(void **state)
{
    struct kit *kit = kit_new("- epoch 1");
    (void)state;
    kit_to(kit, 600000);
    kit_expect(kit, "event", "");
    assert_true(sn_core_deadline(kit->core) - kit->now <= 500);
    kit_free(kit);
}

static void test_tilt__ends_once_everybody_has_answered_afresh(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 20);
    kit_stall(kit, 5000);
    kit_expect(kit, "event ping", TILT "ping n1\nping n2\nping a\n");
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG");
    kit_reply(kit, "n2", SN_ORDER_PING, "-LOADING");
    kit_to(kit, 5060);
    kit_expect(kit, "event", "");
    kit_reply(kit, "a", SN_ORDER_PING, "+PONG");
    kit_to(kit, 5060);
    kit_expect(kit, "event", NOTILT);
    kit_free(kit);
}

static void test_tilt__answers_to_older_pings_prove_nothing(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_to(kit, 300);
    kit_expect(kit, "ping", "ping n1\n");
    kit_stall(kit, 5000);
    kit_expect(kit, "event ping", TILT);
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG");
    kit_to(kit, 5300);
    kit_expect(kit, "event ping", "ping n1\n");
    kit_reply(kit, "n1", SN_ORDER_PING, "+PONG");
    kit_to(kit, 5300);
    kit_expect(kit, "event ping", NOTILT);
    kit_free(kit);
}

static void test_tilt__ends_after_down_after_and_then_judges_at_once(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 100);
    kit_clear(kit);
    /* Silent for 5100 ms in sum, but who knows whose fault that is. */
    kit_stall(kit, 5000);
    kit_expect(kit, "event ask", TILT);
    kit_to(kit, 6099);
    kit_expect(kit, "event ask", "");
    kit_to(kit, 6100);
    kit_expect(kit, "event ask",
               NOTILT SDOWN "ask a 10.0.0.1 6379 0 *\n"
                            "event W +odown master m1 10.0.0.1 6379 #quorum 2/2\n");
    kit_free(kit);
}

static void test_tilt__ends_after_the_tilt_period_at_the_latest(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 60000");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_stall(kit, 3000);
    kit_clear(kit);
    kit_to(kit, 32999);
    kit_expect(kit, "event", "");
    kit_to(kit, 33000);
    kit_expect(kit, "event", NOTILT);
    /* The silence counts from the stall on. */
    kit_to(kit, 62999);
    kit_expect(kit, "event", "");
    kit_to(kit, 63000);
    kit_expect(kit, "event", SDOWN);
    kit_free(kit);
}

static void test_tilt__does_not_wait_for_those_that_were_down_before(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 1500);
    kit_clear(kit);
    kit_stall(kit, 3000);
    kit_to(kit, 4500);
    kit_expect(kit, "event",
               TILT NOTILT "event W -sdown slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n");
    kit_free(kit);
}

static void test_tilt__ends_without_any_group(void **state)
{
    struct kit *kit = kit_new("- epoch 1");
    (void)state;
    kit_stall(kit, 3000);
    kit_to(kit, 3000);
    kit_expect(kit, "event", TILT NOTILT);
    kit_free(kit);
}

static void test_tilt__another_stall_starts_it_again(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_stall(kit, 3000);
    kit_to(kit, 3900);
    kit_clear(kit);
    kit_stall(kit, 2100);
    kit_expect(kit, "event", TILT);
    assert_int_equal(sn_core_tilt_count(kit->core), 2);
    assert_int_equal(sn_core_tilt_ms(kit->core, kit->now), 0);
    kit_to(kit, 6999);
    kit_expect(kit, "event", "");
    kit_to(kit, 7000);
    kit_expect(kit, "event", NOTILT SDOWN);
    assert_int_equal(sn_core_tilt_ms(kit->core, kit->now), -1);
    kit_free(kit);
}

static void test_tilt__nothing_is_judged_or_ordered_meanwhile(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b down-after 5000 config 1;- epoch 1");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_stall(kit, 9000);
    kit_to(kit, 13999);
    kit_expect(kit, "ask follow promote", "");
    assert_int_equal(kit_count(kit, "event W +sdown"), 0);
    assert_int_equal(kit_count(kit, "event N +convert"), 0);
    kit_free(kit);
}

static void test_tilt__links_info_and_hellos_go_on(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a down-after 10000");
    (void)state;
    kit_mode(kit, "a", KIT_FROZEN);
    kit_stall(kit, 3000);
    kit_clear(kit);
    kit_node(kit, "n4")->role = SN_ROLE_REPLICA;
    (void)snprintf(kit_node(kit, "n4")->master, 64, "n1");
    kit_to(kit, 12999);
    assert_true(sn_core_tilt(kit->core));
    assert_true(kit_count(kit, "ping n2") >= 9);
    assert_true(kit_count(kit, "publish n2") >= 4);
    assert_int_equal(kit_count(kit, "event N +slave slave 10.0.0.4:6379"), 1);
    kit_free(kit);
}

static void test_tilt__votes_are_given_but_down_is_never_said(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 1000");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1500);
    kit_ask(kit, "n1", 0, "*");
    kit_expect(kit, "answer", "answer 1 vote 1 * 0\n");
    kit_mode(kit, "n2", KIT_FROZEN); /* makes TILT last */
    kit_stall(kit, 3000);
    assert_true(sn_core_tilt(kit->core));
    assert_true(kit_instance(kit, "m1", "n1")->s_down);
    kit_clear(kit);
    kit_ask(kit, "n1", 9, KIT_C);
    kit_expect(kit, "event persist answer",
               "event W +new-epoch 9\nevent W +vote-for-leader " KIT_C " 9\npersist 2\n"
               "answer 2 vote 0 " KIT_C " 9\n");
    kit_free(kit);
}

static void test_tilt__down_before_is_not_said_while_it_lasts(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1500);
    kit_mode(kit, "n2", KIT_FROZEN); /* makes TILT last */
    kit_stall(kit, 3000);
    assert_true(sn_core_tilt(kit->core));
    kit_clear(kit);
    kit_ask(kit, "n1", 0, "*");
    kit_expect(kit, "answer", "answer 1 vote 0 * 0\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_TILT, NULL) > 0);
    kit_free(kit);
}

static void test_tilt__hellos_still_switch_the_master(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_stall(kit, 3000);
    kit_clear(kit);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_true(sn_core_tilt(kit->core));
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit_free(kit);
}

static void test_tilt__ordered_failover_moves_when_it_ends(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_FORCED, SN_MODE_PLANNED};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 down-after 5000");
        struct sn_command command = {
            .kind = SN_COMMAND_FAILOVER, .name = "m1", .name_len = 2, .mode = modes[i]};
        kit_mode(kit, "n3", KIT_FROZEN); /* makes TILT last */
        kit_stall(kit, 3000);
        kit_clear(kit);
        kit_command(kit, &command);
        kit_to(kit, 7999);
        kit_expect(kit, "event promote answer",
                   "event W +new-epoch 1\nevent W +try-failover master m1 10.0.0.1 6379\n"
                   "event W +vote-for-leader " KIT_ME " 1\nanswer 1 ok\n");
        kit_to(kit, 8600);
        assert_int_equal(kit_when(kit, "event W -tilt"), 8000);
        assert_int_equal(kit_when(kit, "event W +elected-leader master m1"), 8000);
        assert_int_equal(kit_count(kit, "promote n2"), 1);
        kit_free(kit);
    }
}

static void test_tilt__a_running_election_goes_on_when_it_ends(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_mode(kit, "n3", KIT_FROZEN);
    kit_stall(kit, 3000);
    kit_clear(kit);
    /* The vote that decides comes in TILT. */
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_expect(kit, "event", "");
    kit_to(kit, 5100);
    assert_int_equal(kit_when(kit, "event W -tilt"), 5100);
    assert_int_equal(kit_when(kit, "event W +elected-leader"), 5100);
    kit_free(kit);
}

static void test_tilt__no_link_is_called_dead_for_a_silence_of_ours(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_to(kit, 20000);
    kit_clear(kit);
    kit_stall(kit, 30000);
    kit_to(kit, 50100);
    kit_expect(kit, "event disconnect", TILT NOTILT);
    assert_int_equal(kit_instance(kit, "m1", "n1")->cmd->act_ping_at, SN_MS_NEVER);
    kit_free(kit);
}

static void test_tilt__does_not_wait_for_those_that_are_removed(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_stall(kit, 3000);
    kit_clear(kit);
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    kit_to(kit, 3000);
    kit_expect(kit, "event", "event W -monitor master m1 10.0.0.1 6379\n" NOTILT);
    kit_free(kit);
}

static void test_tilt__peers_are_asked_again_when_it_ends(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b quorum 3");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1500); /* S_DOWN before */
    kit->core->timings[SN_TIMING_TILT_TRIGGER] = 20;
    kit_clear(kit);
    kit_stall(kit, 25); /* quick questions are under way */
    kit->core->timings[SN_TIMING_TILT_TRIGGER] = 2000;
    kit_to(kit, 1525);
    assert_int_equal(kit_count(kit, "event W -tilt"), 1);
    assert_int_equal(kit_count(kit, "ask a"), 0); /* -sdown: the silence has begun anew */
    kit_to(kit, 2525);
    assert_int_equal(kit_count(kit, "ask a") > 0, 1);
    kit_free(kit);
}

static void test_tilt__the_deadline_of_a_running_failover_survives_it(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 6000");
    (void)state;
    kit_to_promotion(kit, "ab");
    sn_ms at = kit_now(kit);
    kit->hold |= KIT_HOLD(SN_ORDER_INFO);
    kit_stall(kit, 3000);
    kit_to(kit, at + 3000);
    assert_int_equal(kit_count(kit, "event W -tilt"), 1);
    kit_to(kit, at + 5999);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_to(kit, at + 6000);
    assert_int_equal(kit_count(kit, "event W -failover-abort-slave-timeout"), 1);
    kit_free(kit);
}

static void test_tilt__an_attempt_that_was_planned_is_planned_again(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 5000");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_ask(kit, "n1", 1, KIT_B); /* none of ours before 10000 */
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_stall(kit, 3000);
    kit_to(kit, 9999);
    assert_int_equal(kit_count(kit, "event W -tilt"), 1);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, 9999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 10000 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tilt__begins_after_more_than_the_trigger),
        cmocka_unit_test(test_tilt__the_trigger_can_be_changed),
        cmocka_unit_test(test_tilt__an_idle_core_keeps_stepping),
        cmocka_unit_test(test_tilt__ends_once_everybody_has_answered_afresh),
        cmocka_unit_test(test_tilt__answers_to_older_pings_prove_nothing),
        cmocka_unit_test(test_tilt__ends_after_down_after_and_then_judges_at_once),
        cmocka_unit_test(test_tilt__ends_after_the_tilt_period_at_the_latest),
        cmocka_unit_test(test_tilt__does_not_wait_for_those_that_were_down_before),
        cmocka_unit_test(test_tilt__ends_without_any_group),
        cmocka_unit_test(test_tilt__another_stall_starts_it_again),
        cmocka_unit_test(test_tilt__nothing_is_judged_or_ordered_meanwhile),
        cmocka_unit_test(test_tilt__links_info_and_hellos_go_on),
        cmocka_unit_test(test_tilt__votes_are_given_but_down_is_never_said),
        cmocka_unit_test(test_tilt__down_before_is_not_said_while_it_lasts),
        cmocka_unit_test(test_tilt__hellos_still_switch_the_master),
        cmocka_unit_test(test_tilt__ordered_failover_moves_when_it_ends),
        cmocka_unit_test(test_tilt__a_running_election_goes_on_when_it_ends),
        cmocka_unit_test(test_tilt__no_link_is_called_dead_for_a_silence_of_ours),
        cmocka_unit_test(test_tilt__does_not_wait_for_those_that_are_removed),
        cmocka_unit_test(test_tilt__peers_are_asked_again_when_it_ends),
        cmocka_unit_test(test_tilt__the_deadline_of_a_running_failover_survives_it),
        cmocka_unit_test(test_tilt__an_attempt_that_was_planned_is_planned_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
