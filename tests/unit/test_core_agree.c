/* SPDX-License-Identifier: BSD-3-Clause */

/* O_DOWN and the questions to peers (PROTOCOL.md §13.4, §13.5, DESIGN.md D5). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define SDOWN "event W +sdown master m1 10.0.0.1 6379\n"
#define ODOWN "event W +odown master m1 10.0.0.1 6379 #quorum "

/* n1 dies at 0. A vote for somebody else (epoch 1) keeps our own attempts away for 20 s. */
static struct kit *with_master_down(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_ask(kit, "n1", 1, KIT_E);
    kit_group(kit, "m1")->retry_at = kit->now + 1000000; /* no attempt of ours */
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_REFUSING);
    return kit;
}

static void test_agree__asks_every_peer_and_replica_in_the_moment_of_s_down(void **state)
{
    struct kit *kit = with_master_down("- epoch 7;m1 n1 replicas n2 peers a,b quorum 3");
    (void)state;
    kit_to(kit, 999);
    kit_expect(kit, "event ask info", "");
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_expect(kit, "event ask info",
               SDOWN "ask a 10.0.0.1 6379 7 *\nask b 10.0.0.1 6379 7 *\ninfo n2\n");
    kit_free(kit);
}

static void test_agree__only_connected_peers_are_asked_the_others_when_they_return(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a,b quorum 3");
    (void)state;
    kit_to(kit, 500);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 1000);
    kit_expect(kit, "event ask", SDOWN "ask a 10.0.0.1 6379 1 *\n");
    kit_mode(kit, "b", KIT_WELL);
    kit_to(kit, 1300);
    assert_true(kit_count(kit, "ask b 10.0.0.1 6379 1 *") >= 1);
    assert_int_equal(kit_when(kit, "ask b"), kit_when(kit, "connect peer b"));
    assert_true(kit_reasons(kit, "m1", SN_REASON_ASK_NO_LINK, NULL) > 0);
    kit_free(kit);
}

static void test_agree__quorum_counts_ourselves_and_those_who_agree(void **state)
{
    static const struct {
        const char *text;
        const char *peers_down;
        const char *event;
    } rows[] = {{"m1 n1 quorum 1", "", ODOWN "1/1\n"},
                {"m1 n1 peers a,b,c quorum 1", "", ODOWN "1/1\n"},
                {"m1 n1 peers a,b,c quorum 2", "", ""},
                {"m1 n1 peers a,b,c quorum 2", "b", ODOWN "2/2\n"},
                {"m1 n1 peers a,b,c quorum 3", "b", ""},
                {"m1 n1 peers a,b,c quorum 3", "bc", ODOWN "3/3\n"},
                {"m1 n1 peers a,b,c quorum 4", "ac", ""},
                {"m1 n1 peers a,b,c quorum 4", "abc", ODOWN "4/4\n"},
                {"m1 n1 peers a,b,c quorum 5", "abc", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = with_master_down(rows[i].text);
        kit_kill_master(kit, rows[i].peers_down); /* and a second passes */
        assert_int_equal(kit_count(kit, "event W +odown"), rows[i].event[0] != '\0');
        assert_non_null(kit_find(kit, "event W +sdown"));
        if (rows[i].event[0] != '\0') {
            char line[256];
            (void)snprintf(line, sizeof(line), "%s\n", kit_find(kit, "event W +odown"));
            assert_string_equal(line, rows[i].event);
        }
        kit_free(kit);
    }
}

static void test_agree__only_the_integer_one_means_down(void **state)
{
    static const struct {
        const char *answer;
        bool agrees;
    } rows[] = {{"[:1|$*|:0]", true},
                {"[:0|$*|:0]", false},
                {"[:2|$*|:0]", false},
                {"[:-1|$*|:0]", false},
                {"[:1|$*]", false},
                {"[:1|$*|:0|:0]", false},
                {"[$1|$*|:0]", false},
                {"[:1|:1|:0]", false},
                {"[:1|_|:0]", false},
                {"[:1|$*|$0]", false},
                {"[:1|$*|:-1]", false},
                {"-ERR No such master", false},
                {"+OK", false},
                {":1", false},
                {"_", false},
                {"[]", false},
                {"[:1|$" KIT_A "|:0]", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = with_master_down("m1 n1 peers a");
        kit_node(kit, "a")->answer = rows[i].answer;
        kit_to(kit, 3000);
        assert_int_equal(kit_count(kit, "event W +odown"), rows[i].agrees);
        kit_free(kit);
    }
}

static void test_agree__an_unreadable_answer_leaves_the_last_one_in_force(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    kit_node(kit, "a")->answer = "-ERR something";
    kit_to(kit, 5999);
    assert_int_equal(kit_count(kit, "event W -odown"), 0);
    kit_to(kit, 6000); /* but it does not renew it */
    assert_int_equal(kit_count(kit, "event W -odown master m1 10.0.0.1 6379"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_ANSWER_BAD, NULL) > 0);
    kit_free(kit);
}

static void test_agree__answers_expire_after_five_ask_periods(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 5999);
    assert_int_equal(kit_count(kit, "event W -odown"), 0);
    kit_to(kit, 6000);
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    assert_true(kit_instance(kit, "m1", "n1")->s_down);
    kit_free(kit);
}

static void test_agree__leaves_o_down_when_a_peer_changes_its_mind(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1500);
    kit_node(kit, "a")->says_down = false;
    kit_clear(kit);
    kit_to(kit, 1999);
    kit_expect(kit, "ask", "");
    assert_int_equal(kit_count(kit, "event W -odown"), 0);
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    kit_free(kit);
}

static void test_agree__leaves_o_down_with_s_down(void **state)
{
    struct kit *kit = with_master_down("m1 n1 quorum 1");
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 2200);
    assert_int_equal(kit_count(kit, "event W -sdown"), 1);
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    assert_int_equal(kit_when(kit, "event W -sdown"), kit_when(kit, "event W -odown"));
    kit_free(kit);
}

static void test_agree__a_new_quorum_is_applied_at_once(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_to(kit, 1500);
    kit_clear(kit);
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "1", 1);
    assert_int_equal(kit_count(kit, "event W +odown master m1 10.0.0.1 6379 #quorum 1/1"), 1);
    kit_set(kit, "m1", SN_OPTION_QUORUM, "quorum", "2", 2);
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    kit_free(kit);
}

static void test_agree__repeats_quickly_while_the_quorum_is_missing(void **state)
{
    static const sn_ms times[] = {1000, 1010, 1030, 1070, 1150, 1310,
                                  1630, 2270, 3270, 4270, 5270, 6270};
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_to(kit, 999);
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        kit_clear(kit);
        kit_to(kit, times[i] - 1);
        kit_expect(kit, "ask", "");
        kit_to(kit, times[i]);
        kit_expect(kit, "ask", "ask a 10.0.0.1 6379 1 *\n");
    }
    kit_free(kit);
}

static void test_agree__repeats_once_per_ask_period_with_the_quorum(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "b")->says_down = true;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_debug(kit, SN_TIMING_ASK_PERIOD, 400);
    kit_to(kit, 1999);
    kit_expect(kit, "ask", "");
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "ask a"), 1);
    kit_clear(kit);
    kit_to(kit, 2399);
    kit_expect(kit, "ask", "");
    kit_to(kit, 2400);
    assert_int_equal(kit_count(kit, "ask a"), 1);
    assert_int_equal(kit_count(kit, "ask b"), 1);
    kit_free(kit);
}

static void test_agree__asks_no_more_when_the_master_is_back(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_to(kit, 1500);
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 2500);
    kit_clear(kit);
    kit_to(kit, 12000);
    kit_expect(kit, "ask", "");
    kit_free(kit);
}

static void test_agree__one_question_at_a_time_to_a_silent_peer(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a down-after 1000");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 10000);
    kit_expect(kit, "ask", "ask a 10.0.0.1 6379 1 *\n");
    /* It is asked again on a new connection, and the lost answer is not missed. */
    kit_drop(kit, "a");
    kit_to(kit, 10000);
    kit_expect(kit, "ask", "ask a 10.0.0.1 6379 1 *\n");
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_ASK_TOO_MANY, NULL) > 0);
    kit_free(kit);
}

static void test_agree__a_peers_question_makes_us_ask_back_at_once(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a,b quorum 3");
    (void)state;
    kit_to(kit, 1005);
    kit_clear(kit);
    kit_ask(kit, "n1", 0, "*");
    kit_expect(kit, "ask answer",
               "ask a 10.0.0.1 6379 1 *\nask b 10.0.0.1 6379 1 *\nanswer 2 vote 1 * 0\n");
    kit_free(kit);
    /* Not without end: the repeated questions use up the same allowance of eight. */
    kit = with_master_down("m1 n1 peers a quorum 3");
    kit_to(kit, 1000);
    kit_clear(kit);
    for (int i = 0; i < 50; i++)
        kit_ask(kit, "n1", 0, "*");
    assert_in_range(kit_count(kit, "ask a"), 1, 8);
    kit_free(kit);
    /* Not about a master that is up here. */
    kit = kit_new("m1 n1 peers a");
    kit_ask(kit, "n1", 0, "*");
    kit_expect(kit, "ask answer", "answer 1 vote 0 * 0\n");
    kit_free(kit);
}

static void test_agree__an_epoch_is_not_spoken_of_before_it_is_saved(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_to(kit, 990);
    kit->disk = KIT_DISK_SLOW;
    kit_hello(kit, "a", "m1", "n1", 5, 0);
    kit_to(kit, 1100);
    assert_true(kit_count(kit, "ask a 10.0.0.1 6379 1 *") >= 1); /* the question does not wait */
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 5 *"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 2000);
    assert_true(kit_count(kit, "ask a 10.0.0.1 6379 5 *") >= 1);
    kit_free(kit);
}

static void test_agree__a_switch_forgets_what_was_agreed_about_the_old_master(void **state)
{
    struct kit *kit = with_master_down("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1000);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 2000); /* a question is on its way */
    kit_hello(kit, "b", "m1", "n2", 9, 9);
    assert_false(kit_group(kit, "m1")->o_down);
    assert_false(kit_instance(kit, "m1", "a")->u.peer.master_down);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    assert_false(kit_instance(kit, "m1", "a")->u.peer.master_down);
    kit_to(kit, 10000);
    kit_expect(kit, "ask", "");
    assert_true(kit_reasons(kit, "m1", SN_REASON_ANSWER_STALE, NULL) > 0);
    kit_free(kit);
}

static void test_agree__the_same_address_in_two_groups_is_asked_about_by_both(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a quorum 1;m2 n1 peers b quorum 2");
    (void)state;
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 1 *"), 1);
    assert_int_equal(kit_count(kit, "ask b 10.0.0.1 6379 1 *"), 1);
    assert_true(kit_group(kit, "m1")->o_down);
    assert_false(kit_group(kit, "m2")->o_down);
    kit_free(kit);
}

static void test_agree__a_peers_question_is_no_reason_to_ask_once_it_is_decided(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1500);
    kit_clear(kit);
    kit_ask(kit, "n1", 0, "*");
    kit_expect(kit, "ask", "");
    kit_free(kit);
}

/* b, who may come before us, has just seen it too. */
static void test_agree__a_peers_question_is_a_reason_while_we_wait_for_our_turn(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 1000);
    assert_true(kit_group(kit, "m1")->o_down);
    assert_true(kit_group(kit, "m1")->rank_at > kit->start + 1000);
    kit_clear(kit);
    kit_node(kit, "b")->says_down = true;
    kit_ask(kit, "n1", 0, "*");
    assert_int_equal(kit_count(kit, "ask b "), 1);
    assert_int_equal(kit_count(kit, "ask a "), 0);
    kit_free(kit);
}

static void test_agree__each_down_time_begins_with_quick_questions(void **state)
{
    struct kit *kit = with_master_down("m1 n1 peers a");
    (void)state;
    kit_to(kit, 5000); /* the allowance is used up */
    kit_mode(kit, "n1", KIT_WELL);
    kit_to(kit, 6500);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 7499);
    kit_clear(kit);
    kit_to(kit, 7530);
    assert_int_equal(kit_count(kit, "ask a"), 3); /* 7500, 7510, 7530 */
    kit_free(kit);
}

/* It was found out in the meantime who is there. */
static void test_agree__an_answer_of_somebody_else_does_not_count(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1001);
    kit_instance(kit, "m1", "a")->cmd->identity = SN_IDENTITY_OTHER;
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    assert_int_equal(kit_count(kit, "event W +odown"), 0);
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_ANSWER_NOT_ITSELF, "a"), 1);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agree__an_answer_of_somebody_else_does_not_count),
        cmocka_unit_test(test_agree__asks_every_peer_and_replica_in_the_moment_of_s_down),
        cmocka_unit_test(test_agree__only_connected_peers_are_asked_the_others_when_they_return),
        cmocka_unit_test(test_agree__quorum_counts_ourselves_and_those_who_agree),
        cmocka_unit_test(test_agree__only_the_integer_one_means_down),
        cmocka_unit_test(test_agree__an_unreadable_answer_leaves_the_last_one_in_force),
        cmocka_unit_test(test_agree__answers_expire_after_five_ask_periods),
        cmocka_unit_test(test_agree__leaves_o_down_when_a_peer_changes_its_mind),
        cmocka_unit_test(test_agree__leaves_o_down_with_s_down),
        cmocka_unit_test(test_agree__a_new_quorum_is_applied_at_once),
        cmocka_unit_test(test_agree__repeats_quickly_while_the_quorum_is_missing),
        cmocka_unit_test(test_agree__repeats_once_per_ask_period_with_the_quorum),
        cmocka_unit_test(test_agree__asks_no_more_when_the_master_is_back),
        cmocka_unit_test(test_agree__one_question_at_a_time_to_a_silent_peer),
        cmocka_unit_test(test_agree__a_peers_question_makes_us_ask_back_at_once),
        cmocka_unit_test(test_agree__an_epoch_is_not_spoken_of_before_it_is_saved),
        cmocka_unit_test(test_agree__a_switch_forgets_what_was_agreed_about_the_old_master),
        cmocka_unit_test(test_agree__the_same_address_in_two_groups_is_asked_about_by_both),
        cmocka_unit_test(test_agree__a_peers_question_is_no_reason_to_ask_once_it_is_decided),
        cmocka_unit_test(test_agree__a_peers_question_is_a_reason_while_we_wait_for_our_turn),
        cmocka_unit_test(test_agree__each_down_time_begins_with_quick_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
