/* SPDX-License-Identifier: BSD-3-Clause */
/* Own attempts: how votes are counted, who is waited for, how a round ends (PROTOCOL.md §14,
 * DESIGN.md D6-D9). */
#include "election_kit.h"

/* The peer has given its vote. */
static void let_vote(struct kit *kit, const char *name, const char *runid, unsigned epoch)
{
    memcpy(kit_node(kit, name)->vote.hex, runid, SN_RUNID_LEN + 1);
    kit_node(kit, name)->vote_epoch = epoch;
}

/* The same, and the attempt has begun. */
static struct kit *at_attempt(const char *text, const char *down)
{
    struct kit *kit = at_o_down(text, down);
    run_until(kit, "event W +try-failover", 200);
    return kit;
}

static void test_election__only_votes_of_its_own_epoch_count(void **state)
{
    struct kit *kit = at_attempt("- epoch 4;m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:4]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]"); /* to the question of 1000 */
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader master m1 10.0.0.1 6379"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-state-select-slave master m1"), 1);
    kit_free(kit);
}

/* Another group, or another sentinel, raises the current epoch while votes are on their way. */
static void test_election__is_won_at_its_own_epoch_when_the_current_one_has_risen(void **state)
{
    struct kit *kit = at_attempt("- epoch 4;m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit->hold |= KIT_HOLD(SN_ORDER_PROMOTE);
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:9]"); /* to the question of 1000 */
    assert_int_equal(kit_count(kit, "event W +new-epoch 9"), 1);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:9]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$" KIT_ME "|:5]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 1);
    kit_free(kit);
}

static void test_election__an_unwinnable_round_ends_at_once_and_is_repeated_soon(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "-ERR no"); /* refusals of all kinds */
    kit_expect(kit, "event", "");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_A "|:0]");
    kit_expect(kit, "event", LOST); /* 1 + at most d's is less than 3 */
    sn_ms turn = SN_RETRY_BASE_MS * (sn_ms)sn_group_rank(kit_group(kit, "m1"));
    run_until(kit, "event W +try-failover", 500);
    assert_in_range(kit_now(kit) - at, turn + SN_RETRY_BASE_MS / 2, turn + SN_RETRY_BASE_MS);
    assert_int_equal(kit_count(kit, "event W +new-epoch 2"), 1);
    kit_free(kit);
}

static void test_election__back_off_doubles_up_to_the_failover_timeout(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 1000");
    const struct sn_group *group = kit_group(kit, "m1");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    run_until(kit, "event W +try-failover", 3000);
    sn_ms least = SN_MS_NEVER, most = 0;
    for (unsigned round = 0; round < 20; round++) {
        sn_ms spread = sn_min((sn_ms)SN_RETRY_BASE_MS << round, 1000);
        sn_ms turn = SN_RETRY_BASE_MS * (sn_ms)sn_group_rank(group);
        sn_ms lost_at = kit_now(kit); /* at once, as everybody refuses at once */
        kit_clear(kit);
        run_until(kit, "event W +try-failover", 3000);
        sn_ms pause = kit_now(kit) - lost_at;
        assert_in_range(pause, turn + spread / 2, turn + spread);
        least = spread < 1000 ? least : sn_min(least, pause);
        most = spread < 1000 ? most : sn_max(most, pause);
    }
    assert_true(most > least + 100); /* still random at the limit */
    assert_true(kit_reasons(kit, "m1", SN_REASON_BACK_OFF, NULL) > 0);
    kit_free(kit);
}

static void test_election__yields_to_a_rival_that_may_have_won(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 5000", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_expect(kit, "event", LOST);
    kit->hold = 0;
    let_vote(kit, "a", KIT_B, 1);
    let_vote(kit, "b", KIT_B, 1);
    kit_node(kit, "a")->says_down = true;
    kit_to(kit, at + 9999);
    sn_ms turn = sn_rank_turn_ms(kit_group(kit, "m1"));
    kit_to(kit, at + 9999 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, at + 10000 + turn);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

/* b was gone before the tie with a: nobody can have won, and the next round comes soon. */
static void test_election__who_is_gone_has_no_vote_for_the_rival(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 60000");
    (void)state;
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 3000);
    kit_node(kit, "a")->says_down = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit->hold = KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 4000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    run_until(kit, "event W +try-failover", 1000);
    kit_clear(kit);
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    run_until(kit, "event W +try-failover", 3000);
    assert_in_range(kit_now(kit), at, at + 3000);
    kit_free(kit);
}

static void test_election__a_rival_that_dies_is_not_waited_for(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 5000", "a");
    (void)state;
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit->hold = 0;
    kit_node(kit, "a")->says_down = true;
    kit_mode(kit, "b", KIT_REFUSING);
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    run_until(kit, "event W +try-failover", 1000 + SN_RANK_STEP_MS);
    assert_int_equal(kit_when(kit, "event W +sdown sentinel " KIT_B), at + 1000);
    kit_free(kit);
}

static void test_election__a_split_vote_that_nobody_won_is_repeated_soon(void **state)
{
    /* Five voters: two for us, two for a, one refused. Nobody has three. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    static const char *const names[] = {"b", "c", "d"};
    for (size_t i = 0; i < 3; i++)
        kit_reply(kit, names[i], SN_ORDER_ASK, "[:1|$*|:0]");
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_reply(kit, "c", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
    kit_expect(kit, "event", "");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_expect(kit, "event", LOST);
    run_until(kit, "event W +try-failover", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__ends_after_the_election_timeout_or_the_failover_timeout(void **state)
{
    static const struct {
        const char *text;
        sn_ms patience;
    } rows[] = {{"m1 n1 replicas n2 peers a,b timeout 60000", 10000},
                {"m1 n1 replicas n2 peers a,b timeout 3000", 3000}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = at_attempt(rows[i].text, "a");
        sn_ms at = kit_now(kit);
        kit_clear(kit);
        kit_to(kit, at + rows[i].patience - 1);
        assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
        kit_to(kit, at + rows[i].patience);
        assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
        kit_free(kit);
    }
}

static void test_election__asks_again_for_votes_each_ask_period(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    sn_ms at = kit_now(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_clear(kit);
    kit_to(kit, at + 999);
    assert_int_equal(kit_count(kit, "ask a"), 0);
    kit_to(kit, at + 1000);
    assert_int_equal(kit_count(kit, "ask a 10.0.0.1 6379 1 " KIT_ME), 1);
    kit_free(kit);
}

static void test_election__a_peer_that_comes_back_is_asked_for_its_vote(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "a");
    (void)state;
    kit_clear(kit);
    kit_drop(kit, "c");
    kit_to(kit, kit_now(kit));
    assert_int_equal(kit_count(kit, "ask c 10.0.0.1 6379 1 " KIT_ME), 1);
    kit_free(kit);
}

static void test_election__a_higher_epoch_in_an_answer_is_adopted_and_surpassed(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_C "|:7]");
    assert_int_equal(kit_count(kit, "event W +new-epoch 7"), 1);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:3]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    run_until(kit, "event W +new-epoch 8", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__its_epoch_is_above_everything_known(void **state)
{
    struct kit *kit = kit_new("- epoch 3;m1 n1 replicas n2 config 5 voted 8 quorum 1");
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +new-epoch 9"), 1);
    kit_free(kit);

    /* A hello may bring a configuration whose epoch is above the current one of its sender. */
    kit = kit_new("m1 n1 replicas n2 peers a quorum 1");
    kit_hello(kit, "a", "m1", "n1", 2, 6);
    assert_int_equal(kit_group(kit, "m1")->config_epoch, 6);
    kit_kill_master(kit, "");
    kit_to(kit, 1200);
    assert_int_equal(kit_count(kit, "event W +new-epoch 7"), 1);
    kit_free(kit);
}

static void test_election__stops_when_the_master_comes_back_before_it_is_won(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_mode(kit, "n1", KIT_WELL);
    run_until(kit, "event W -odown", 1000);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    assert_int_equal(kit_group(kit, "m1")->leader_epoch, 1); /* our vote stays given */
    kit_clear(kit);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    /* It goes down again: at once, in a new epoch, whoever voted for us. */
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    /* … as soon as it is our turn, which answers that were held for so long delay. */
    run_until(kit, "event W +try-failover", 2 * SN_RANK_STEP_MAX_MS);
    assert_int_equal(kit_group(kit, "m1")->failover.epoch, 2);
    assert_true(kit_reasons(kit, "m1", SN_REASON_MASTER_BACK, NULL) > 0);
    kit_free(kit);
}

/* A peer's answer takes the quorum away before the master has answered us. */
static void test_election__stops_when_the_master_answers_after_the_peers(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b", "a");
    (void)state;
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:0|$*|:0]");
    assert_int_equal(kit_count(kit, "event W -odown"), 1);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 0);
    kit_mode(kit, "n1", KIT_WELL);
    run_until(kit, "event W -sdown", 1000);
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$*|:0]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:0|$" KIT_ME "|:1]");
    assert_int_equal(kit_count(kit, "event W +elected-leader"), 0);
    kit_free(kit);
}

/* The answer to the order waits for the disk, and so does the order. */
static void test_election__that_was_forced_waits_for_a_slow_disk(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b timeout 60000");
    (void)state;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit->disk = KIT_DISK_SLOW;
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_to(kit, 12500);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_persisted(kit, true);
    kit_to(kit, 13000);
    assert_int_equal(kit_count(kit, "answer 1 ok"), 1);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

/* What an operator wants is done all the same. */
static void test_election__that_was_ordered_goes_on_when_the_master_comes_back(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_PLANNED, SN_MODE_COORDINATED};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct kit *kit = at_o_down("m1 n1 replicas n2 peers a,b timeout 60000", "a");
        kit->hold |= KIT_HOLD(SN_ORDER_ASK);
        kit->disk = KIT_DISK_SLOW; /* nothing is won so far */
        kit_group(kit, "m1")->retry_at = SN_MS_NEVER;
        kit_failover(kit, "m1", modes[i]);
        assert_int_equal(kit_group(kit, "m1")->failover.mode, modes[i]);
        kit_mode(kit, "n1", KIT_WELL);
        run_until(kit, "event W -odown", 1000);
        assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
        kit_free(kit);
    }
}

static void test_election__no_attempt_without_o_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a");
    (void)state;
    kit_kill_master(kit, "");
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "event W +sdown master"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_election__two_groups_at_once_win_at_their_own_epochs(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b;m2 n3 replicas n4 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "a")->refuses = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_mode(kit, "n3", KIT_REFUSING);
    kit_to(kit, 999);
    kit->hold |= KIT_HOLD(SN_ORDER_ASK);
    kit_to(kit, 1000);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_to(kit, 1100);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 2);
    uint64_t first = kit_group(kit, "m1")->failover.epoch;
    uint64_t second = kit_group(kit, "m2")->failover.epoch;
    assert_int_equal(first + second, 3); /* 1 and 2, whoever came first */
    char line[128];
    (void)snprintf(line, sizeof(line), "ask a 10.0.0.1 6379 %llu " KIT_ME,
                   (unsigned long long)first);
    assert_int_equal(kit_count(kit, line), 1);
    (void)snprintf(line, sizeof(line), "ask a 10.0.0.3 6379 %llu " KIT_ME,
                   (unsigned long long)second);
    assert_int_equal(kit_count(kit, line), 1);
    kit_free(kit);
}

static void test_election__what_silent_peers_may_have_voted_counts_for_the_rival(void **state)
{
    /* Of five, two voted for b; the silent c may have made it three, the refusing d has not. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d timeout 5000", "a");
    (void)state;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 1000);
    sn_ms began = kit_group(kit, "m1")->failover.started_at - kit->start;
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_clear(kit);
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_B "|:1]");
    if (kit_count(kit, "event W -failover-abort") == 0)
        kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
    kit_node(kit, "a")->says_down = true;
    kit->hold = 0;
    let_vote(kit, "a", KIT_B, 1);
    let_vote(kit, "b", KIT_B, 1);
    kit_to(kit, began + 9999);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_free(kit);
}

static void test_election__nobody_yields_to_itself(void **state)
{
    /* A majority for us, but the quorum is higher and d refuses. */
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d quorum 5 timeout 5000", "abcd");
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        kit_reply(kit, names[i], SN_ORDER_ASK, "[:1|$" KIT_ME "|:1]");
    kit_clear(kit);
    kit_reply(kit, "d", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_expect(kit, "event", LOST);
    run_until(kit, "event W +try-failover", 9 * SN_RETRY_BASE_MS);
    kit_free(kit);
}

static void test_election__odd_votes_of_peers_are_no_votes(void **state)
{
    static const char *const odd[] = {"[:1|$" KIT_ME KIT_ME "|:1]", "[:1|$|:1]",
                                      "[:1|$line\nbreak|:1]", "[:1|$*|:1]", "[:1|$" KIT_ME "|:-1]"};
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b,c,d", "abcd");
        kit_reply(kit, "a", SN_ORDER_ASK, odd[i]);
        assert_string_equal(kit_instance(kit, "m1", "a")->u.peer.vote.hex, "");
        assert_int_equal(kit_group(kit, "m1")->core->current_epoch, 1);
        kit_free(kit);
    }
}

static void test_election__who_has_nobody_to_promote_lets_others_go_first(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b quorum 1");
    (void)state;
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 12499); /* one and a half ask periods after O_DOWN */
    assert_int_equal(kit_when(kit, "event W +odown"), 11000);
    assert_true(sn_group_rank(kit_group(kit, "m1")) > 0); /* INFO has come before our turn */
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    kit_to(kit, 12500);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    assert_int_equal(kit_count(kit, "event W -failover-abort-no-good-slave"), 1);
    kit_free(kit);

    /* Not as long as it is not sure of it: the facts are older than the failure. */
    kit = kit_new("m1 n1 replicas n2 quorum 1");
    kit_node(kit, "n2")->priority = 0;
    kit_to(kit, 10000);
    kit->hold = KIT_HOLD(SN_ORDER_INFO);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 11000);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
    kit_free(kit);
}

static void test_election__a_peer_that_dies_unanswered_ends_a_lost_round(void **state)
{
    struct kit *kit = at_attempt("m1 n1 replicas n2 peers a,b timeout 60000", "a");
    (void)state;
    kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$*|:0]");
    kit_mode(kit, "b", KIT_REFUSING);
    sn_ms at = kit_now(kit);
    kit_clear(kit);
    kit_to(kit, at + 999);
    assert_int_equal(kit_count(kit, "event W -failover-abort"), 0);
    kit_to(kit, at + 1000);
    assert_int_equal(kit_when(kit, "event W -failover-abort-not-elected"), at + 1000);
    kit_free(kit);
}

static void test_election__a_peer_that_returns_ends_the_back_off(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c,d timeout 60000");
    (void)state;
    kit_node(kit, "a")->says_down = true;
    kit_node(kit, "b")->refuses = true;
    kit_mode(kit, "c", KIT_REFUSING);
    kit_mode(kit, "d", KIT_REFUSING);
    kit_mode(kit, "n1", KIT_REFUSING);
    kit_to(kit, 45000); /* pauses of half a minute by now */
    assert_true(kit_group(kit, "m1")->retry_at > kit->now + 2000);
    kit_clear(kit);
    kit_mode(kit, "c", KIT_WELL);
    run_until(kit, "event W -sdown sentinel " KIT_C, 2000);
    run_until(kit, "event W +elected-leader", 100);
    kit_free(kit);
}

/* a got two votes; with the third one, of c, it would have won. */
static void test_election__a_rival_who_turns_out_to_have_lost_is_not_waited_for(void **state)
{
    static const struct {
        const char *last;
        size_t attempts;
    } rows[] = {{"[:1|$" KIT_A "|:1]", 1}, {"[:1|$" KIT_C "|:1]", 2}, {NULL, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b,c quorum 1");
        kit_mode(kit, "n1", KIT_REFUSING);
        kit_to(kit, 1000);
        kit->hold = KIT_HOLD(SN_ORDER_ASK);
        kit_to(kit, 1200);
        assert_int_equal(kit_count(kit, "event W +try-failover"), 1);
        kit_reply(kit, "a", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
        kit_reply(kit, "b", SN_ORDER_ASK, "[:1|$" KIT_A "|:1]");
        assert_int_equal(kit_count(kit, "event W -failover-abort-not-elected"), 1);
        if (rows[i].last != NULL)
            kit_reply(kit, "c", SN_ORDER_ASK, rows[i].last);
        kit_to(kit, 2000);
        assert_int_equal(kit_count(kit, "event W +try-failover"), rows[i].attempts);
        kit_free(kit);
    }
}

/* A slow link to the master was opened a moment ago. */
static void test_election__a_master_that_may_be_about_to_answer_is_waited_for(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1");
    (void)state;
    kit_instance(kit, "m1", "n1")->cmd->trip_ms = 2000;
    kit_mode(kit, "n1", KIT_GONE);
    kit_drop(kit, "n1");
    kit_to(kit, 1499);
    assert_int_equal(kit_count(kit, "event W +odown"), 1);
    assert_int_equal(kit_count(kit, "event W +try-failover"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_MASTER_MAY_ANSWER, "n1") > 0);
    kit_free(kit);
}

/* Old data are all that we have: who has watched for longer may have better. */
static void test_election__others_go_first_when_we_have_a_last_resort_only(void **state)
{
    bool seen = false;
    (void)state;
    for (int i = 0; i < 20 && !seen; i++) {
        char text[128], name[16];
        (void)snprintf(name, sizeof(name), "m%d", i);
        (void)snprintf(text, sizeof(text), "%s n1 replicas n2 peers a,b", name);
        struct kit *kit = kit_new(text);
        seen = sn_group_rank(kit_group(kit, name)) > 0; /* INFO has come when it is our turn */
        kit_node(kit, "n2")->link_up = false;
        kit_node(kit, "n2")->link_down_s = 100;
        kit_instance(kit, name, "n1")->cmd->heard_at = SN_MS_NEVER;
        kit_kill_master(kit, "ab");
        kit_to(kit, kit_now(kit) + 500);
        if (seen)
            assert_true(kit_reasons(kit, name, SN_REASON_LAST_RESORT, "n1") > 0);
        kit_free(kit);
    }
    assert_true(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_election__only_votes_of_its_own_epoch_count),
        cmocka_unit_test(test_election__is_won_at_its_own_epoch_when_the_current_one_has_risen),
        cmocka_unit_test(test_election__an_unwinnable_round_ends_at_once_and_is_repeated_soon),
        cmocka_unit_test(test_election__back_off_doubles_up_to_the_failover_timeout),
        cmocka_unit_test(test_election__yields_to_a_rival_that_may_have_won),
        cmocka_unit_test(test_election__who_is_gone_has_no_vote_for_the_rival),
        cmocka_unit_test(test_election__a_rival_that_dies_is_not_waited_for),
        cmocka_unit_test(test_election__a_split_vote_that_nobody_won_is_repeated_soon),
        cmocka_unit_test(test_election__ends_after_the_election_timeout_or_the_failover_timeout),
        cmocka_unit_test(test_election__asks_again_for_votes_each_ask_period),
        cmocka_unit_test(test_election__a_peer_that_comes_back_is_asked_for_its_vote),
        cmocka_unit_test(test_election__a_higher_epoch_in_an_answer_is_adopted_and_surpassed),
        cmocka_unit_test(test_election__its_epoch_is_above_everything_known),
        cmocka_unit_test(test_election__stops_when_the_master_comes_back_before_it_is_won),
        cmocka_unit_test(test_election__stops_when_the_master_answers_after_the_peers),
        cmocka_unit_test(test_election__that_was_forced_waits_for_a_slow_disk),
        cmocka_unit_test(test_election__that_was_ordered_goes_on_when_the_master_comes_back),
        cmocka_unit_test(test_election__no_attempt_without_o_down),
        cmocka_unit_test(test_election__two_groups_at_once_win_at_their_own_epochs),
        cmocka_unit_test(test_election__what_silent_peers_may_have_voted_counts_for_the_rival),
        cmocka_unit_test(test_election__nobody_yields_to_itself),
        cmocka_unit_test(test_election__odd_votes_of_peers_are_no_votes),
        cmocka_unit_test(test_election__who_has_nobody_to_promote_lets_others_go_first),
        cmocka_unit_test(test_election__a_peer_that_dies_unanswered_ends_a_lost_round),
        cmocka_unit_test(test_election__a_peer_that_returns_ends_the_back_off),
        cmocka_unit_test(test_election__a_rival_who_turns_out_to_have_lost_is_not_waited_for),
        cmocka_unit_test(test_election__a_master_that_may_be_about_to_answer_is_waited_for),
        cmocka_unit_test(test_election__others_go_first_when_we_have_a_last_resort_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
