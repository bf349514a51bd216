/* SPDX-License-Identifier: BSD-3-Clause */

/* Votes given to others, and the answers to their questions (PROTOCOL.md §4.4, §14.2, §24.1,
 * DESIGN.md D7, D9). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

/* One request and the expected rest of the answer. */
struct row {
    uint64_t epoch;
    const char *runid;
    const char *answer;
};

static void check_rows(struct kit *kit, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char expected[128];
        uint64_t ticket = kit_ask(kit, "n1", rows[i].epoch, rows[i].runid);
        (void)snprintf(expected, sizeof(expected), "answer %llu vote 0 %s\n",
                       (unsigned long long)ticket, rows[i].answer);
        kit_expect(kit, "answer", expected);
    }
}

static void test_vote__goes_to_the_first_candidate_of_an_epoch(void **state)
{
    static const struct row before[] = {{5, KIT_A, KIT_A " 5"}, {5, KIT_B, KIT_A " 5"},
                                        {4, KIT_B, KIT_A " 5"}, {0, KIT_B, KIT_A " 5"},
                                        {5, KIT_A, KIT_A " 5"}, {6, KIT_C, KIT_C " 6"}};
    static const struct row after[] = {
        {6, KIT_C, KIT_C " 6"}, {5, KIT_E, KIT_C " 6"}, {7, KIT_E, KIT_E " 7"}};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    check_rows(kit, before, sizeof(before) / sizeof(*before));
    struct kit *again = kit_restarted(kit, 2);
    check_rows(again, after, sizeof(after) / sizeof(*after));
    kit_free(again);
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_GIVEN, NULL) > 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RIVAL_UNKNOWN, NULL) > 0);
    kit_free(kit);
}

static void test_vote__of_an_epoch_whose_owner_is_unknown_is_a_star(void **state)
{
    static const struct row rows[] = {{6, KIT_C, "* 6"}, {5, KIT_E, "* 6"}, {7, KIT_E, KIT_E " 7"}};
    struct kit *kit = kit_new("- epoch 6;m1 n1 voted 6");
    (void)state;
    check_rows(kit, rows, sizeof(rows) / sizeof(*rows));
    kit_free(kit);
}

static void test_vote__is_announced_saved_and_only_then_told(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_expect(kit, "event persist answer",
               "event W +new-epoch 5\nevent W +vote-for-leader " KIT_A " 5\npersist 2\n");
    kit_to(kit, 3000);
    kit_expect(kit, "persist answer", "");
    /* Whoever asks about the same meanwhile waits as well; a star says nothing that could be lost.
     */
    kit_ask(kit, "n1", 5, KIT_B);
    kit_ask(kit, "n1", 5, "*");
    kit_expect(kit, "event persist answer", "answer 3 vote 0 * 0\n");
    kit_persisted(kit, true);
    kit_expect(kit, "event persist answer",
               "answer 1 vote 0 " KIT_A " 5\nanswer 2 vote 0 " KIT_A " 5\n");
    /* Known to be on disk: no waiting, no writing. */
    kit_ask(kit, "n1", 5, KIT_B);
    kit_expect(kit, "event persist answer", "answer 4 vote 0 " KIT_A " 5\n");
    kit_free(kit);
}

static void test_vote__many_votes_share_one_write(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2;m3 n3");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_ask(kit, "n2", 5, KIT_A);
    kit_ask(kit, "n3", 5, KIT_A);
    kit_expect(kit, "persist answer", "persist 2\npersist 3\npersist 4\n");
    kit_persisted(kit, true); /* the newest */
    assert_int_equal(kit_count(kit, "answer"), 3);
    kit_free(kit);
}

static void test_vote__an_older_write_does_not_release_it(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_input event = {.kind = SN_INPUT_PERSISTED};
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_A);
    event.u.persisted = (struct sn_input_persisted){.version = 1, .ok = true};
    kit_step(kit, &event);
    kit_expect(kit, "answer", "");
    event.u.persisted.version = 2;
    kit_step(kit, &event);
    kit_expect(kit, "answer", "answer 1 vote 0 " KIT_A " 5\n");
    kit_free(kit);
}

static void test_vote__is_an_error_when_it_cannot_be_saved_and_still_not_given_twice(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit->disk = KIT_DISK_BAD;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_expect(kit, "answer", "answer 1 error Failed to save config file. Check server logs.\n");
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 5, KIT_B);
    kit_expect(kit, "persist answer", "");
    /* Tried again after a second, neither sooner nor later. */
    kit_to(kit, 999);
    kit_expect(kit, "persist answer", "");
    kit_to(kit, 1000);
    kit_expect(kit, "persist answer", "persist 2\n");
    kit_persisted(kit, true);
    kit_expect(kit, "answer", "answer 2 vote 0 " KIT_A " 5\n");
    kit_free(kit);
}

static void test_vote__a_star_asks_for_nothing_and_teaches_nothing(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 voted 2 leader a");
    (void)state;
    kit_ask(kit, "n1", 50, "*");
    kit_expect(kit, "event persist answer", "answer 1 vote 0 * 0\n");
    assert_int_equal(sn_core_current_epoch(kit->core), 3);
    kit_free(kit);
}

static void test_vote__says_down_only_of_its_own_s_down_masters(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2;m2 n3");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 999);
    kit_ask(kit, "n1", 0, "*");
    kit_to(kit, 1000);
    kit_ask(kit, "n1", 0, "*");
    kit_ask(kit, "n2", 0, "*"); /* a replica */
    kit_ask(kit, "n3", 0, "*");
    kit_ask(kit, "n9", 7, KIT_A); /* unknown: no vote either, and no epoch */
    kit_expect(kit, "answer",
               "answer 1 vote 0 * 0\nanswer 2 vote 1 * 0\nanswer 3 vote 0 * 0\n"
               "answer 4 vote 0 * 0\nanswer 5 vote 0 * 0\n");
    assert_int_equal(sn_core_current_epoch(kit->core), 0);
    kit_free(kit);
}

static void test_vote__is_given_whether_or_not_the_master_is_down(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    kit_ask(kit, "n1", 5, KIT_A);
    kit_expect(kit, "answer", "answer 1 vote 1 " KIT_A " 5\n");
    kit_free(kit);
}

static void test_vote__is_not_given_at_or_below_the_epoch_of_the_configuration(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 config 7");
    (void)state;
    assert_int_equal(sn_core_current_epoch(kit->core), 7); /* never below what was won */
    kit_ask(kit, "n1", 6, KIT_A);
    kit_ask(kit, "n1", 7, KIT_A);
    kit_expect(kit, "event persist answer", "answer 1 vote 0 * 0\nanswer 2 vote 0 * 0\n");
    kit_ask(kit, "n1", 8, KIT_A);
    kit_expect(kit, "answer", "answer 3 vote 0 " KIT_A " 8\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_OLD, NULL) > 0);
    kit_free(kit);
}

static void test_vote__elections_of_other_groups_do_not_void_it(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n2");
    (void)state;
    kit_ask(kit, "n1", 9, KIT_A);
    /* Stock refuses this, as its current epoch is 9 now. */
    kit_ask(kit, "n2", 8, KIT_B);
    kit_ask(kit, "n2", 8, KIT_A);
    kit_expect(kit, "answer",
               "answer 1 vote 0 " KIT_A " 9\nanswer 2 vote 0 " KIT_B " 8\n"
               "answer 3 vote 0 " KIT_B " 8\n");
    assert_int_equal(sn_core_current_epoch(kit->core), 9);
    kit_free(kit);
}

static void test_vote__odd_candidates_get_none(void **state)
{
    static const char *const odd[] = {"", KIT_A "a", "line\nbreak", "tab\there"};
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
        kit_ask(kit, "n1", 5, odd[i]);
    kit_expect(kit, "event persist answer",
               "answer 1 vote 0 * 0\nanswer 2 vote 0 * 0\nanswer 3 vote 0 * 0\n"
               "answer 4 vote 0 * 0\n");
    kit_ask(kit, "n1", 5, "xyz"); /* stock takes any word */
    kit_expect(kit, "answer", "answer 5 vote 0 xyz 5\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_NO_ID, NULL) > 0);
    kit_free(kit);
}

static void test_vote__reset_forgets_the_owner_but_not_the_epoch(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    (void)state;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_named(kit, SN_COMMAND_RESET, "*");
    kit_clear(kit);
    kit_ask(kit, "n1", 5, KIT_B);
    kit_ask(kit, "n1", 6, KIT_B);
    kit_expect(kit, "answer", "answer 3 vote 0 * 5\nanswer 4 vote 0 " KIT_B " 6\n");
    kit_free(kit);
}

/* a has begun an attempt: it voted for itself, and then asked us. */
static void ask_by_a(struct kit *kit, uint64_t epoch)
{
    memcpy(kit_node(kit, "a")->vote.hex, KIT_A, SN_RUNID_LEN + 1);
    kit_node(kit, "a")->vote_epoch = epoch;
    kit_ask(kit, "n1", epoch, KIT_A);
}

/* n1 is O_DOWN at 1000 with the help of b; a got our vote at `voted_at`. */
static struct kit *after_voting_for_a(sn_ms voted_at)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 5000");
    kit_node(kit, "b")->says_down = true;
    kit_to(kit, voted_at);
    ask_by_a(kit, 5);
    kit_mode(kit, "n1", KIT_REFUSING);
    return kit;
}

static void test_vote__keeps_own_attempts_away_for_twice_the_failover_timeout(void **state)
{
    struct kit *kit = after_voting_for_a(0);
    (void)state;
    kit_to(kit, 9999);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, 9999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 10000 + turn); /* all who waited take turns again */
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "event W +new-epoch 6"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RIVAL, NULL) > 0);
    kit_free(kit);
}

static void test_vote__a_leader_that_is_down_is_not_waited_for(void **state)
{
    struct kit *kit = after_voting_for_a(0);
    (void)state;
    kit_to(kit, 2000);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 2999);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 3000 + SN_RANK_STEP_MS); /* one other candidate is up */
    assert_int_equal(kit_when(kit, "event W +sdown sentinel " KIT_A), 3000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_vote__a_leader_that_returns_in_time_is_waited_for_again(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 5000");
    (void)state;
    ask_by_a(kit, 5);
    kit_mode(kit, "a", KIT_REFUSING);
    kit_to(kit, 2000);
    kit_mode(kit, "a", KIT_WELL);
    kit_node(kit, "b")->says_down = true;
    kit_to(kit, 3500);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 9999);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, 9999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 10000 + turn); /* all who waited take turns again */
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_vote__for_another_ends_an_older_attempt_of_ours(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->answer = "[:1|$*|:0]"; /* gives no vote */
    kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "b", KIT_WELL);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_clear(kit);
    kit_ask(kit, "n1", 2, KIT_B);
    kit_expect(kit, "event answer",
               "event W +new-epoch 2\nevent W +vote-for-leader " KIT_B " 2\n"
               "event W -failover-abort-not-elected master m1 10.0.0.1 6379\n"
               "answer 1 vote 1 " KIT_B " 2\n");
    kit_to(kit, 21099);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTED_OTHERWISE, NULL) > 0);
    kit_free(kit);
}

static void test_vote__for_the_same_epoch_as_our_attempt_is_our_own(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    kit_clear(kit);
    kit_ask(kit, "n1", 1, KIT_B);
    kit_expect(kit, "event answer", "answer 1 vote 1 " KIT_ME " 1\n");
    kit_free(kit);
}

static void test_vote__below_the_current_epoch_is_saved_before_it_is_told_too(void **state)
{
    struct kit *kit = kit_new("- epoch 9;m1 n1");
    (void)state;
    kit->disk = KIT_DISK_SLOW;
    kit_ask(kit, "n1", 8, KIT_A); /* no new epoch, just a vote */
    kit_expect(kit, "event persist answer", "event W +vote-for-leader " KIT_A " 8\npersist 1\n");
    kit_persisted(kit, true);
    kit_expect(kit, "answer", "answer 1 vote 0 " KIT_A " 8\n");
    kit_free(kit);
}

static void test_vote__for_another_stops_an_attempt_that_is_about_to_start(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_true(sn_group_rank(kit_group(kit, "m1")) > 0); /* our turn has not come yet */
    ask_by_a(kit, 1);
    kit_to(kit, 20999);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, 20999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 21000 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

/* A sentinel asks nobody but others; whoever asks us for us wants them to believe in an attempt. */
static void test_vote__for_ourselves_is_nobody_elses_to_ask_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    kit_ask(kit, "n1", 4, KIT_ME);
    kit_expect(kit, "event persist answer", "answer 1 vote 0 * 0\n");
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "event W +new-epoch 1"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_VOTE_OWN_ID, NULL) > 0);
    kit_free(kit);
}

/* The vote is given, as anybody gets one, but a nobody fails nothing over. */
static void test_vote__for_a_nobody_makes_nobody_wait(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    kit_ask(kit, "n1", 50, "nobody");
    kit_expect(kit, "answer", "answer 1 vote 0 nobody 50\n");
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit_ask(kit, "n1", 51, KIT_E);
    kit_to(kit, 1000 + 3 * SN_RANK_STEP_MS);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_free(kit);
}

/* Every second, for ever. */
static void test_vote__for_nobodies_again_and_again_stops_no_failover(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    for (uint64_t i = 1; kit_count(kit, "event W +switch-master") == 0; i++) {
        assert_true(i < 100);
        kit_ask(kit, "n1", 50 + 2 * i, "nobody");
        kit_to(kit, kit_now(kit) + 20);
    }
    kit_free(kit);
}

static void test_vote__for_a_nobody_ends_no_attempt_of_ours(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_ask(kit, "n1", 2, "nobody");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 0);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

/* Somebody else has asked in the name of a. What a says to a request that gets nobody's vote: */
static void test_vote__is_not_waited_for_if_its_candidate_did_not_vote_first(void **state)
{
    static const struct {
        const char *vote; /* of a */
        unsigned long long epoch;
        bool waits;
    } rows[] = {
        {"", 0, false},   {"", 4, false},   {KIT_B, 4, false}, {KIT_A, 4, false},
        {KIT_A, 5, true}, {KIT_A, 6, true}, {KIT_B, 6, true} /* it may have begun before */};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
        kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
        memcpy(kit_node(kit, "a")->vote.hex, rows[i].vote, strlen(rows[i].vote));
        kit_node(kit, "a")->vote_epoch = rows[i].epoch;
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 999);
        kit_ask(kit, "n1", 5, KIT_A);
        kit_clear(kit);
        kit_to(kit, 1500);
        assert_true(kit_count(kit, "ask a 10.0.0.1 6379 0 " KIT_ME) >= 1);
        assert_int_equal(kit_count(kit, "event W +try-failover"), rows[i].waits ? 0 : 1);
        kit_free(kit);
    }
}

/* The answer to a question from before the vote proves nothing. */
static void test_vote__an_answer_from_before_it_does_not_end_the_wait(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    ask_by_a(kit, 5);
    kit_node(kit, "b")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_A "|:5]");
    ask_by_a(kit, 6);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:5]");
    kit_to(kit, 1400);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]"); /* nor one that did not ask for whom */
    kit_to(kit, 2450);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:5]"); /* but this one does */
    kit_to(kit, 2600);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

/* Forged in a ring: everybody was made to vote for the next one. */
static void test_vote__nobody_has_a_majority_then_nobody_is_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "a")->says_down = kit_node(kit, "b")->says_down = true;
    memcpy(kit_node(kit, "a")->vote.hex, KIT_B, SN_RUNID_LEN + 1);
    memcpy(kit_node(kit, "b")->vote.hex, KIT_ME, SN_RUNID_LEN + 1);
    kit_node(kit, "a")->vote_epoch = kit_node(kit, "b")->vote_epoch = 5;
    kit_ask(kit, "n1", 5, KIT_A);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1000 + 4 * SN_RANK_STEP_MS);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    kit_free(kit);
}

/* a has our vote, but c has won: that one is waited for then. */
static void test_vote__the_winner_of_its_epoch_is_waited_for(void **state)
{
    static const char *const names[] = {"b", "c", "d"};
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d");
    (void)state;
    ask_by_a(kit, 5);
    for (size_t i = 0; i < 3; i++) {
        kit_node(kit, names[i])->says_down = true;
        memcpy(kit_node(kit, names[i])->vote.hex, KIT_C, SN_RUNID_LEN + 1);
        kit_node(kit, names[i])->vote_epoch = 5;
    }
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 19999);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

/* Requests name an address. What has two names is one master all the same. */
static void test_vote__counts_under_all_names_of_its_master(void **state)
{
    struct kit *kit = kit_new("m1 n1;m2 n1;m3 n3");
    (void)state;
    kit_ask(kit, "n1", 5, KIT_A);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, KIT_A);
    assert_string_equal(kit_group(kit, "m2")->leader.hex, KIT_A);
    assert_int_equal(kit_group(kit, "m1")->leader_epoch, 5);
    assert_int_equal(kit_group(kit, "m2")->leader_epoch, 5);
    assert_int_equal(kit_group(kit, "m3")->leader_epoch, 0);
    kit_free(kit);
}

static void test_vote__for_ourselves_is_not_given_again_under_another_name(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n1 replicas n2 peers a,b");
    (void)state;
    kit_failover(kit, "m2", SN_MODE_FORCED);
    uint64_t epoch = kit_group(kit, "m2")->leader_epoch;
    assert_true(epoch > 0);
    kit_ask(kit, "n1", epoch, KIT_A);
    assert_string_not_equal(kit_group(kit, "m1")->leader.hex, KIT_A);
    assert_string_not_equal(kit_group(kit, "m2")->leader.hex, KIT_A);
    kit_free(kit);
}

/* m2 has switched to n2, and m1 follows only when n2 itself says that it is a master: until then
 * the two names are asked for by two addresses. */
static void test_vote__is_not_given_to_another_under_a_name_that_has_moved(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 3000);
    kit_hello(kit, "a", "m2", "n2", 5, 5);
    kit_to(kit, kit_now(kit) + 20);
    assert_string_equal(kit_group(kit, "m2")->master->addr.ip, "10.0.0.2");
    assert_string_equal(kit_group(kit, "m1")->master->addr.ip, "10.0.0.1");
    kit_ask(kit, "n2", 9, KIT_A);
    assert_string_equal(kit_group(kit, "m2")->leader.hex, KIT_A);
    kit_ask(kit, "n1", 9, KIT_B);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, "");
    assert_int_equal(kit_reasons(kit, "m1", SN_REASON_VOTE_GIVEN, NULL), 1);
    kit_ask(kit, "n1", 9, KIT_A);
    assert_string_equal(kit_group(kit, "m1")->leader.hex, KIT_A);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vote__goes_to_the_first_candidate_of_an_epoch),
        cmocka_unit_test(test_vote__of_an_epoch_whose_owner_is_unknown_is_a_star),
        cmocka_unit_test(test_vote__is_announced_saved_and_only_then_told),
        cmocka_unit_test(test_vote__many_votes_share_one_write),
        cmocka_unit_test(test_vote__an_older_write_does_not_release_it),
        cmocka_unit_test(test_vote__is_an_error_when_it_cannot_be_saved_and_still_not_given_twice),
        cmocka_unit_test(test_vote__a_star_asks_for_nothing_and_teaches_nothing),
        cmocka_unit_test(test_vote__says_down_only_of_its_own_s_down_masters),
        cmocka_unit_test(test_vote__is_given_whether_or_not_the_master_is_down),
        cmocka_unit_test(test_vote__is_not_given_at_or_below_the_epoch_of_the_configuration),
        cmocka_unit_test(test_vote__elections_of_other_groups_do_not_void_it),
        cmocka_unit_test(test_vote__odd_candidates_get_none),
        cmocka_unit_test(test_vote__reset_forgets_the_owner_but_not_the_epoch),
        cmocka_unit_test(test_vote__keeps_own_attempts_away_for_twice_the_failover_timeout),
        cmocka_unit_test(test_vote__a_leader_that_is_down_is_not_waited_for),
        cmocka_unit_test(test_vote__a_leader_that_returns_in_time_is_waited_for_again),
        cmocka_unit_test(test_vote__for_another_ends_an_older_attempt_of_ours),
        cmocka_unit_test(test_vote__for_the_same_epoch_as_our_attempt_is_our_own),
        cmocka_unit_test(test_vote__below_the_current_epoch_is_saved_before_it_is_told_too),
        cmocka_unit_test(test_vote__for_another_stops_an_attempt_that_is_about_to_start),
        cmocka_unit_test(test_vote__counts_under_all_names_of_its_master),
        cmocka_unit_test(test_vote__for_ourselves_is_not_given_again_under_another_name),
        cmocka_unit_test(test_vote__is_not_given_to_another_under_a_name_that_has_moved),
        cmocka_unit_test(test_vote__for_ourselves_is_nobody_elses_to_ask_for),
        cmocka_unit_test(test_vote__for_a_nobody_makes_nobody_wait),
        cmocka_unit_test(test_vote__for_nobodies_again_and_again_stops_no_failover),
        cmocka_unit_test(test_vote__for_a_nobody_ends_no_attempt_of_ours),
        cmocka_unit_test(test_vote__is_not_waited_for_if_its_candidate_did_not_vote_first),
        cmocka_unit_test(test_vote__an_answer_from_before_it_does_not_end_the_wait),
        cmocka_unit_test(test_vote__nobody_has_a_majority_then_nobody_is_waited_for),
        cmocka_unit_test(test_vote__the_winner_of_its_epoch_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
