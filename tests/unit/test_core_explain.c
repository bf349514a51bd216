/* SPDX-License-Identifier: BSD-3-Clause */

/* What an explanation rests on: the situation, what is waited for, and who says what. */

#include "core/explain.h"
#include "election_kit.h"

static struct sn_explanation explained(struct kit *kit)
{
    struct sn_explanation explanation;
    sn_explain(kit_group(kit, "m1"), kit->now, &explanation);
    return explanation;
}

static void assert_situation(struct kit *kit, enum sn_situation expected)
{
    char name[SN_REASON_NAME_MAX + 1], wanted[SN_REASON_NAME_MAX + 1];
    sn_explain_name(explained(kit).situation, name);
    sn_explain_name(expected, wanted);
    assert_string_equal(name, wanted);
}

static struct sn_peer_opinion opinion(struct kit *kit, const char *peer)
{
    struct sn_peer_opinion opinion;
    sn_explain_peer(kit_instance(kit, "m1", peer), kit->now, &opinion);
    return opinion;
}

static struct sn_replica_fitness fitness(struct kit *kit, const char *replica)
{
    struct sn_replica_fitness fitness;
    sn_explain_replica(kit_instance(kit, "m1", replica), explained(kit).best, &fitness);
    return fitness;
}

struct troubles {
    struct kit *kit;
    char text[400];
};

/* "too-few-sentinels refused:n2 ". */
static void add_trouble(void *arg, const struct sn_trouble *trouble)
{
    struct troubles *troubles = arg;
    char name[SN_REASON_NAME_MAX + 1];
    size_t len = strlen(troubles->text);
    sn_explain_trouble_name(trouble->kind, name);
    (void)snprintf(troubles->text + len, sizeof(troubles->text) - len, "%s%s%s ", name,
                   trouble->about == NULL ? "" : ":",
                   trouble->about == NULL ? "" : kit_node_name(troubles->kit, trouble->about));
}

static void assert_troubles(struct kit *kit, const char *expected)
{
    struct troubles troubles = {.kit = kit};
    sn_explain_troubles(kit_group(kit, "m1"), add_trouble, &troubles);
    assert_string_equal(troubles.text, expected);
}

static void test_explain__a_group_that_is_well(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n2")->offset = 900;
    kit_node(kit, "n3")->offset = 800;
    kit_to(kit, 20000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_OK);
    assert_int_equal(of.why.reason, SN_REASON_NONE);
    assert_int_equal(of.next_ms, -1);
    assert_int_equal(of.down_ms, -1);
    assert_false(of.attempting);
    assert_int_equal(of.voters, 3);
    assert_int_equal(of.usable, 3);
    assert_int_equal(of.needed, 2);
    assert_ptr_equal(of.best, kit_instance(kit, "m1", "n2"));
    assert_true(fitness(kit, "n2").best && !fitness(kit, "n3").best);
    assert_int_equal(fitness(kit, "n3").why.reason, SN_REASON_NONE);
    assert_null(fitness(kit, "n3").progress);
    assert_int_equal(opinion(kit, "a").opinion, SN_OPINION_NONE);
    assert_troubles(kit, "");
    kit_free(kit);
}

/* A PING under way is no silence worth a word. */
static void test_explain__silence_from_half_of_down_after(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 1500 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 749);
    assert_situation(kit, SN_SITUATION_OK);
    kit_to(kit, 750);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_SILENT);
    assert_int_equal(of.since_ms, 750);
    assert_int_equal(of.next_ms, 750);
    assert_false(of.connected);
    kit_to(kit, 1499);
    assert_int_equal(explained(kit).next_ms, 1);
    kit_to(kit, 1500);
    assert_int_not_equal(explained(kit).situation, SN_SITUATION_SILENT);
    kit_free(kit);
}

static void test_explain__who_agrees_and_who_does_not(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 3 replicas n2 peers a,b,c,d");
    (void)state;
    kit_mode(kit, "d", KIT_REFUSING);
    kit_to(kit, 5000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, 5999);
    kit_mode(kit, "c", KIT_FROZEN);
    kit_to(kit, 6300);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_SUSPECT);
    assert_int_equal(of.since_ms, 300);
    assert_int_equal(of.cause, SN_CAUSE_SILENCE);
    assert_int_equal(of.silence_ms, 1300);
    assert_int_equal(of.agreeing, 2);
    assert_int_equal(of.voters, 5);
    assert_in_range(of.next_ms, 0, 1000); /* the next question */
    assert_int_equal(opinion(kit, "a").opinion, SN_OPINION_AGREES);
    assert_int_equal(opinion(kit, "b").opinion, SN_OPINION_DISAGREES);
    assert_in_range(opinion(kit, "b").age_ms, 0, 300);
    assert_int_equal(opinion(kit, "c").opinion, SN_OPINION_SILENT);
    assert_int_equal(opinion(kit, "d").opinion, SN_OPINION_DOWN);
    assert_int_equal(opinion(kit, "d").age_ms, 5300);
    kit_free(kit);
}

/* An old word is no opinion any more. */
static void test_explain__a_word_counts_for_five_ask_periods(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 3 down-after 60000 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 60000);
    assert_int_equal(opinion(kit, "b").opinion, SN_OPINION_DISAGREES);
    kit_mode(kit, "b", KIT_FROZEN);
    sn_ms said_ms = opinion(kit, "b").age_ms;
    kit_to(kit, 60000 + 4999 - said_ms);
    assert_int_equal(opinion(kit, "b").age_ms, 4999);
    assert_int_equal(opinion(kit, "b").opinion, SN_OPINION_DISAGREES);
    kit_to(kit, 60000 + 5000 - said_ms);
    assert_int_equal(opinion(kit, "b").opinion, SN_OPINION_SILENT);
    kit_free(kit);
}

static void test_explain__too_few_voters(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 1 replicas n2 peers a,b");
    (void)state;
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 3000);
    assert_troubles(kit, "too-few-sentinels ");
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 5000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_WAITING);
    assert_int_equal(of.since_ms, 1000);
    assert_int_equal(of.why.reason, SN_REASON_TOO_FEW_VOTERS);
    assert_int_equal(of.why.numbers[0], 1);
    assert_int_equal(of.why.numbers[1], 3);
    assert_int_equal(of.why.numbers[2], 2);
    assert_int_equal(of.next_ms, -1); /* it reacts */
    kit_free(kit);
}

static void test_explain__quorum_that_can_never_be(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 4 replicas n2 peers a,b");
    (void)state;
    assert_troubles(kit, "quorum-impossible ");
    kit_free(kit);
}

/* Our rank is what the hash says, so some epoch has others first. */
static void test_explain__own_turn_to_the_millisecond(void **state)
{
    (void)state;
    for (unsigned epoch = 1; epoch < 50; epoch++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "m1 n1 replicas n2 peers a,b,c,d;- epoch %u", epoch);
        struct kit *kit = at_o_down(text, "abcd");
        struct sn_explanation of = explained(kit);
        if (of.situation == SN_SITUATION_WAITING) {
            assert_int_equal(of.why.reason, SN_REASON_NOT_OUR_TURN);
            assert_int_equal(of.why.numbers[1], of.next_ms);
            assert_null(of.about);
            sn_ms at = kit_now(kit) + of.next_ms;
            kit_to(kit, at - 1);
            assert_situation(kit, SN_SITUATION_WAITING);
            assert_int_equal(explained(kit).next_ms, 1);
            kit_to(kit, at);
            assert_situation(kit, SN_SITUATION_VOTING);
            kit_free(kit);
            return;
        }
        kit_free(kit);
    }
    fail_msg("it was always our turn");
}

static void test_explain__voted_for_another(void **state)
{
    struct kit *kit = kit_new("m1 n1 timeout 10000 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    (void)strcpy(kit_node(kit, "a")->vote.hex, KIT_A);
    kit_node(kit, "a")->vote_epoch = 7;
    kit_ask(kit, "n1", 7, KIT_A);
    kit_kill_master(kit, "ab");
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_WAITING);
    assert_int_equal(of.why.reason, SN_REASON_RIVAL);
    assert_int_equal(of.why.numbers[0], 7);
    assert_ptr_equal(of.about, kit_instance(kit, "m1", "a"));
    assert_int_equal(of.why.numbers[1], 1000 + 20000 - kit_now(kit));
    assert_true(of.next_ms >= of.why.numbers[1]); /* and then its turn */
    kit_free(kit);
}

static void test_explain__votes_that_are_collected(void **state)
{
    struct kit *kit = kit_new("m1 n1 quorum 2 replicas n2 peers a,b,c,d");
    (void)state;
    kit_node(kit, "c")->refuses = kit_node(kit, "d")->refuses = true;
    kit_to(kit, 500);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_kill_master(kit, "");
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    run_until(kit, "event W +try-failover", 2000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_VOTING);
    assert_true(of.attempting && of.is_saved);
    assert_int_equal(of.mode, SN_MODE_NONE);
    assert_int_equal(of.votes, 1);
    assert_int_equal(of.needed, 3);
    assert_int_equal(of.epoch, 1);
    assert_int_equal(of.next_ms, 10000);
    kit_free(kit);
}

static void test_explain__a_vote_that_is_being_saved(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 500);
    kit->disk = KIT_DISK_SLOW;
    kit_kill_master(kit, "ab");
    run_until(kit, "event W +try-failover", 2000);
    assert_situation(kit, SN_SITUATION_VOTING);
    assert_false(explained(kit).is_saved);
    kit->disk = KIT_DISK_BAD;
    kit_persisted(kit, false);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_WAITING);
    assert_int_equal(of.ended.reason, SN_REASON_NOT_SAVED);
    assert_true(of.save_failed);
    assert_troubles(kit, "state-not-saved ");
    kit_free(kit);
}

static void test_explain__promotion_that_is_not_confirmed(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_to_promotion(kit, "ab");
    sn_ms sent_at = kit_now(kit);
    kit_to(kit, sent_at + 300);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_PROMOTING);
    assert_ptr_equal(of.chosen, kit_instance(kit, "m1", "n2"));
    assert_int_equal(of.why.reason, SN_REASON_ROLE_AWAITED);
    assert_int_equal(of.why.numbers[0], 300);
    assert_ptr_equal(of.about, of.chosen);
    assert_int_equal(of.next_ms, 10000 - 300); /* failover-timeout */
    kit_free(kit);
}

static void test_explain__switch_that_is_not_saved_and_replicas_that_follow(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit_node(kit, "n2")->offset = 10;
    kit_node(kit, "n3")->syncs_slowly = true;
    kit_to_promotion(kit, "ab");
    kit->disk = KIT_DISK_SLOW;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    run_until(kit, "event W +promoted-slave", 1000);
    assert_situation(kit, SN_SITUATION_SAVING);
    kit->disk = KIT_DISK_GOOD;
    kit_persisted(kit, true);
    kit_to(kit, kit_now(kit) + 1000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_FOLLOWING);
    assert_int_equal(of.followers, 2); /* the old master is one */
    assert_int_equal(of.following, 0);
    assert_string_equal(fitness(kit, "n3").progress, "in-progress");
    assert_string_equal(fitness(kit, "n1").progress, "waits");
    assert_true(of.next_ms > 0);
    kit_free(kit);
}

static void test_explain__no_replica_can_be_promoted(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_node(kit, "n3")->loading = true;
    kit_mode(kit, "n4", KIT_REFUSING);
    kit_to(kit, 11000);
    assert_troubles(kit, "no-candidate ");
    kit_kill_master(kit, "ab");
    kit_to(kit, kit_now(kit) + 200);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_WAITING);
    assert_int_equal(of.why.reason, SN_REASON_NOBODY_TO_PROMOTE);
    assert_null(of.best);
    assert_int_equal(fitness(kit, "n2").why.reason, SN_REASON_PRIORITY_ZERO);
    assert_int_equal(fitness(kit, "n3").why.reason, SN_REASON_LOADING);
    assert_int_equal(fitness(kit, "n4").why.reason, SN_REASON_REPLICA_DOWN);
    /* The wait gets shorter by the clock, not by what was recorded. */
    sn_ms left = of.why.numbers[0];
    kit->now += 100;
    assert_int_equal(explained(kit).why.numbers[0], left - 100);
    kit->now -= 100;
    /* Then an attempt is made, and fails; the pause behind it is told, and how it ended. */
    run_until(kit, "event W -failover-abort-no-good-slave", 5000);
    of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_WAITING);
    assert_int_equal(of.why.reason, SN_REASON_BACK_OFF);
    assert_int_equal(of.next_ms, of.why.numbers[0]);
    assert_int_equal(of.ended.reason, SN_REASON_NO_REPLICA);
    assert_int_equal(of.ended_ms, 0);
    kit_free(kit);
}

static void test_explain__no_replica_at_all(void **state)
{
    struct kit *kit = kit_new("m1 n1 peers a,b");
    (void)state;
    assert_null(explained(kit).best);
    assert_troubles(kit, "no-replica ");
    kit_free(kit);
}

static void test_explain__refusals(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "n1")->pong = "-NOAUTH Authentication required.";
    kit_to(kit, 3000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_SUSPECT);
    assert_non_null(of.refusal);
    assert_non_null(strstr(of.refusal, "NOAUTH"));
    assert_true(of.connected);
    assert_troubles(kit, "refused:n1 ");
    kit_free(kit);
}

static void test_explain__tilt_is_above_all(void **state)
{
    struct kit *kit = kit_new("m1 n1 down-after 5000 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_PING);
    kit_stall(kit, 2001);
    kit_to(kit, kit_now(kit) + 1000);
    struct sn_explanation of = explained(kit);
    assert_int_equal(of.situation, SN_SITUATION_TILT);
    assert_int_equal(of.why.reason, SN_REASON_TILT);
    assert_int_equal(of.since_ms, 1000);
    assert_int_equal(of.next_ms, 4000); /* down-after, at the latest */
    kit_free(kit);
}

static void test_explain__a_master_that_says_it_is_a_replica(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_node(kit, "n1")->role = SN_ROLE_REPLICA;
    (void)strcpy(kit_node(kit, "n1")->master, "n2");
    kit_to(kit, 11000);
    assert_true(explained(kit).says_replica);
    assert_situation(kit, SN_SITUATION_OK);
    assert_troubles(kit, "master-says-replica:n1 ");
    kit_to(kit, 40000);
    assert_int_equal(explained(kit).situation, SN_SITUATION_SUSPECT);
    assert_int_equal(explained(kit).cause, SN_CAUSE_ROLE);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain__a_group_that_is_well),
        cmocka_unit_test(test_explain__silence_from_half_of_down_after),
        cmocka_unit_test(test_explain__who_agrees_and_who_does_not),
        cmocka_unit_test(test_explain__a_word_counts_for_five_ask_periods),
        cmocka_unit_test(test_explain__too_few_voters),
        cmocka_unit_test(test_explain__quorum_that_can_never_be),
        cmocka_unit_test(test_explain__own_turn_to_the_millisecond),
        cmocka_unit_test(test_explain__voted_for_another),
        cmocka_unit_test(test_explain__votes_that_are_collected),
        cmocka_unit_test(test_explain__a_vote_that_is_being_saved),
        cmocka_unit_test(test_explain__promotion_that_is_not_confirmed),
        cmocka_unit_test(test_explain__switch_that_is_not_saved_and_replicas_that_follow),
        cmocka_unit_test(test_explain__no_replica_can_be_promoted),
        cmocka_unit_test(test_explain__no_replica_at_all),
        cmocka_unit_test(test_explain__refusals),
        cmocka_unit_test(test_explain__tilt_is_above_all),
        cmocka_unit_test(test_explain__a_master_that_says_it_is_a_replica),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
