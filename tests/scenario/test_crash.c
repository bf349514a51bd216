/* SPDX-License-Identifier: BSD-3-Clause */

/* Sentinels that die at the worst moments: the leader in each of its states, a voter around the
 * moment at which its vote becomes durable. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEEDS      8
#define DOWN_AFTER 1000

static void restart_who(struct cluster *cluster, void *arg)
{
    (void)cluster;
    cluster_start(arg);
}

static void kill_and_restart(struct cluster *cluster, struct node *who, void *arg)
{
    cluster_kill(who);
    cluster_after(cluster, *(sn_ms *)arg, restart_who, who);
}

/* The leader dies with the line and does not come back; the others finish within bound_ms. */
static void run_leader_crash(const char *line, sn_ms bound_ms)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill_when(cluster, line);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, line, 3000);
        cluster_run_for(cluster, bound_ms);
        cluster_expect_count(cluster, mark, "s? killed", 1);
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

/* What the voters wait for is the end of the leader: its S_DOWN (D9), not 2 × failover-timeout. */

static void test_crash__others_finish_when_leader_dies_before_it_asks_for_votes(void **state)
{
    (void)state;
    run_leader_crash("s? +try-failover *", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_after_its_vote(void **state)
{
    (void)state;
    run_leader_crash("s? > s? ASK * s?", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_elected(void **state)
{
    (void)state;
    run_leader_crash("s? +elected-leader *", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_selecting(void **state)
{
    (void)state;
    run_leader_crash("s? +failover-state-send-slaveof-noone *", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_having_ordered_promotion(void **state)
{
    (void)state;
    run_leader_crash("s? > r? PROMOTE", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_with_the_promotion_confirmed(void **state)
{
    (void)state;
    run_leader_crash("s? +failover-state-reconf-slaves *", 3 * DOWN_AFTER);
}

static void test_crash__others_finish_when_leader_dies_as_the_replica_obeys(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t ordered = cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
        cluster_run_to_line(cluster, mark, "r3 is master now", 3000);
        cluster_kill(cluster_line_node(cluster, ordered));
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

/* The other replica waits for a master that is gone: whoever sees the leader down redirects it,
 * long before T. */
static void test_crash__others_finish_when_leader_dies_reconfiguring(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t promoted = cluster_run_to_line(cluster, mark, "s? +promoted-slave *", 3000);
        struct node *leader = cluster_line_node(cluster, promoted);
        cluster_cut(leader, &cluster->servers[1]->node);
        cluster_run_to_line(cluster, mark, "s? +config-update-from *", 3000);
        cluster_run_for(cluster, 2);
        cluster_kill(leader);
        cluster_run_for(cluster, 5 * DOWN_AFTER);
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 1);
        EXPECT(cluster, mark, "s? killed", "s? > r2 FOLLOW 127.0.0.1 6381",
               "s? +fix-slave-config slave 127.0.0.1:6380 *", "r2 replicates r3");
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

static void test_crash__leader_that_comes_back_adopts_what_others_finished(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "s? +try-failover *",  "s? > s? ASK * s?",       "s? +elected-leader *",
        "s? > r? PROMOTE",     "s? +promoted-slave *",   "s? +failover-state-wait-promotion *",
        "s? +switch-master *", "s? +slave-reconf-sent *"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            sn_ms pause = 300;
            struct cluster *cluster = cluster_new_three(seed);
            /* T is also how long a replica may follow a wrong master before somebody but the leader
             * redirects it (PROTOCOL.md §17.3). */
            scenario_set_failover_timeout(cluster, 5000);
            size_t mark = cluster_mark(cluster);
            cluster_when(cluster, lines[i], 1, kill_and_restart, &pause);
            cluster_kill(&cluster->servers[0]->node);
            cluster_run_for(cluster, 30000);
            cluster_expect_count(cluster, mark, "s? killed", 1);
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

static void test_crash__promoted_replica_restarting_at_once_stays_master(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sn_ms pause = 300;
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_when(cluster, "r? is master now", 1, kill_and_restart, &pause);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

static void test_crash__promoted_replica_dying_for_good_is_replaced(void **state)
{
    (void)state;
    static const char *const lines[] = {"s? > r3 PROMOTE", "s? +promoted-slave *",
                                        "s? +switch-master *", "s? +slave-reconf-sent *"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct cluster *cluster = cluster_new_three(seed);
            size_t mark = cluster_mark(cluster);
            cluster_kill(&cluster->servers[0]->node);
            cluster_run_to_line(cluster, mark, lines[i], 3000);
            cluster_kill(&cluster->servers[2]->node);
            cluster_run_for(cluster, 15000);
            cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6380),
                            "the last replica is master");
            cluster_free(cluster);
        }
    }
}

/* ---- votes and crashes ------------------------------------------------------------------------
 */

/* s1 with two scripted peers would do; here the asker is somebody from outside. */
static void ask_all_epochs(struct cluster *cluster, struct sentinel *sentinel, uint64_t upto,
                           const char *candidate)
{
    const struct sn_addr *master = &cluster->servers[0]->node.addr;
    for (uint64_t epoch = 1; epoch <= upto; epoch++) {
        cluster_ask(sentinel, master, epoch, candidate);
        cluster_run_for(cluster, 20);
    }
}

#define ALICE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOB   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void test_crash__vote_that_was_not_durable_was_never_told(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    size_t mark = cluster_mark(cluster);
    voter->disk.lost_on_crash = true;
    voter->disk.latency_ms = 50;
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, ALICE);
    cluster_run_for(cluster, 49);
    cluster_kill(&voter->node);
    cluster_expect_count(cluster, mark, "s1 +vote-for-leader " ALICE " 5", 1);
    cluster_expect_count(cluster, mark, "s1 answers *", 0);
    /* It may give the vote to somebody else now. */
    voter->disk.latency_ms = 2;
    cluster_start(&voter->node);
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, BOB);
    cluster_run_for(cluster, 20);
    EXPECT(cluster, mark, "s1 killed", "s1 started", "s1 answers operator 0 " BOB " 5");
    cluster_free(cluster);
}

static void test_crash__vote_that_was_durable_is_never_given_again(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    size_t mark = cluster_mark(cluster);
    cluster_kill_when(cluster, "s1 saved *");
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, ALICE);
    cluster_run_for(cluster, 20);
    EXPECT(cluster, mark, "s1 +vote-for-leader " ALICE " 5", "s1 saved *", "s1 killed");
    cluster_expect_count(cluster, mark, "s1 answers *", 0);
    cluster_start(&voter->node);
    size_t again = cluster_mark(cluster);
    ask_all_epochs(cluster, voter, 5, BOB);
    cluster_expect_count(cluster, again, "s1 +vote-for-leader *", 0);
    /* Who got it may be forgotten, that it was given not. */
    cluster_expect_count(cluster, again, "s1 answers operator 0 " BOB " *", 0);
    cluster_expect_count(cluster, again, "s1 answers operator 0 * 5", 5);
    cluster_ask(voter, &cluster->servers[0]->node.addr, 6, BOB);
    cluster_run_for(cluster, 20);
    cluster_expect_count(cluster, again, "s1 answers operator 0 " BOB " 6", 1);
    cluster_free(cluster);
}

static void test_crash__voter_dying_at_any_moment_of_an_election_never_votes_twice(void **state)
{
    (void)state;
    static const char *const lines[] = {"s1 +vote-for-leader *", "s1 saved *", "s1 answers s? *",
                                        "s1 +new-epoch *"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
            sn_ms pause = (sn_ms)(seed % 5) * 10 + 1;
            struct cluster *cluster = cluster_new_three(seed);
            size_t mark = cluster_mark(cluster);
            cluster->sentinels[0]->disk.latency_ms = (sn_ms)(seed % 3) * 7;
            cluster_when(cluster, lines[i], 3, kill_and_restart, &pause);
            cluster_kill(&cluster->servers[0]->node);
            cluster_run_for(cluster, 20000);
            /* One vote per epoch is what cluster_free checks. */
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

static void test_crash__whole_quorum_restarting_during_a_failover_finishes_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
        for (size_t i = 0; i < 3; i++)
            cluster_kill(&cluster->sentinels[i]->node);
        cluster_run_for(cluster, 500);
        for (size_t i = 0; i < 3; i++)
            cluster_start(&cluster->sentinels[i]->node);
        cluster_run_for(cluster, 40000);
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_before_it_asks_for_votes),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_after_its_vote),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_elected),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_selecting),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_having_ordered_promotion),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_with_the_promotion_confirmed),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_as_the_replica_obeys),
        CLUSTER_TEST(test_crash__others_finish_when_leader_dies_reconfiguring),
        CLUSTER_TEST(test_crash__leader_that_comes_back_adopts_what_others_finished),
        CLUSTER_TEST(test_crash__promoted_replica_restarting_at_once_stays_master),
        CLUSTER_TEST(test_crash__promoted_replica_dying_for_good_is_replaced),
        CLUSTER_TEST(test_crash__vote_that_was_not_durable_was_never_told),
        CLUSTER_TEST(test_crash__vote_that_was_durable_is_never_given_again),
        CLUSTER_TEST(test_crash__voter_dying_at_any_moment_of_an_election_never_votes_twice),
        CLUSTER_TEST(test_crash__whole_quorum_restarting_during_a_failover_finishes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
