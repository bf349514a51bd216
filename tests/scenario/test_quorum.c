/* SPDX-License-Identifier: BSD-3-Clause */

/* Who may fail over, and how fast contested elections end. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

static void test_quorum__minority_never_promotes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        /* s1 keeps the replicas, but neither the master nor its peers. */
        struct node *s1 = &cluster->sentinels[0]->node;
        size_t mark = cluster_mark(cluster);
        cluster_cut(s1, &cluster->servers[0]->node);
        cluster_cut(s1, &cluster->sentinels[1]->node);
        cluster_cut(s1, &cluster->sentinels[2]->node);
        cluster_run_for(cluster, 60000);
        cluster_expect_count(cluster, mark, "s1 +sdown master *", 1);
        cluster_expect_count(cluster, mark, "s? +odown *", 0);
        cluster_expect_count(cluster, mark, "s? > r? *", 0);
        cluster_heal(cluster);
        cluster_run_for(cluster, 10000);
        assert_true(cluster_agreed(cluster, "mymaster", 6379));
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_free(cluster);
    }
}

static void test_quorum__of_one_still_needs_a_majority_of_votes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = cluster_new(seed);
        cluster_add_simple(cluster, "mymaster", 6379, 2, 1);
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->sentinels[1]->node);
        cluster_kill(&cluster->sentinels[2]->node);
        cluster_run_for(cluster, 3000);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 60000);
        EXPECT(cluster, mark, "s1 +odown master mymaster 127.0.0.1 6379 #quorum 1/1",
               "s1 # Failover of mymaster not started: 1 of 3 sentinels are up, 2 are needed*");
        cluster_expect_count(cluster, mark, "s1 > r? *", 0);
        /* No epochs are burnt, and the log is not filled. */
        cluster_expect_count(cluster, mark, "s1 +try-failover *", 0);
        cluster_expect_count(cluster, mark, "s1 # Failover of mymaster not started*", 1);

        size_t back = cluster_mark(cluster);
        cluster_start(&cluster->sentinels[1]->node);
        cluster_run_to_line(cluster, back, "s? +try-failover *", 2000);
        cluster_run_to_line(cluster, back, "s? +switch-master *", 3000);
        cluster_free(cluster);
    }
}

static struct cluster *make_five(uint64_t seed, uint32_t quorum)
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "mymaster", 6379, 2, quorum);
    cluster_start_sentinels(cluster, 5, 130);
    cluster_settle(cluster);
    return cluster;
}

/* The one that comes back measures the master's silence from its own start, so that for it no
 * replica qualifies; it must not take the lead, whatever its rank. */
static void test_quorum__above_majority_is_needed_in_full(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = make_five(seed, 4);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->sentinels[3]->node);
        cluster_kill(&cluster->sentinels[4]->node);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        cluster_expect_count(cluster, mark, "s? +odown *", 0);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 0);
        cluster_start(&cluster->sentinels[3]->node);
        size_t down = cluster_run_to_line(cluster, mark, "s4 +sdown master *", 3 * DOWN_AFTER);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 1000);
        cluster_expect_count(cluster, mark, "s4 +try-failover *", 0);
        /* Its question tells the others that there are four now. */
        sn_ms down_at = cluster->trace.lines[down].at;
        sn_ms agreed_at = trace_when(&cluster->trace, down, "s1 +odown *");
        cluster_require(cluster, down, agreed_at - down_at <= 50, "the others agree at once");
        cluster_free(cluster);
    }
}

static void test_quorum__above_majority_is_needed_for_votes_too(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = make_five(seed, 4);
        size_t mark = cluster_mark(cluster);
        /* Four see the master down, but only three can vote. */
        cluster_kill(&cluster->sentinels[4]->node);
        cluster->sentinels[3]->disk.failing = true;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        cluster_require(cluster, mark, trace_count(&cluster->trace, mark, "s? +odown *") > 0,
                        "quorum for O_DOWN");
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
        cluster->sentinels[3]->disk.failing = false;
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 20000);
        cluster_free(cluster);
    }
}

/* At any time only two of five can vote, not always the same two: votes of other epochs are worth
 * nothing. */
static void test_quorum__votes_of_several_rounds_do_not_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = make_five(seed, 2);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        for (size_t turn = 0; turn < 40; turn++) {
            for (size_t i = 0; i < 5; i++)
                cluster->sentinels[i]->disk.failing = i != 0 && i != 1 + turn % 4;
            cluster_run_for(cluster, 700);
        }
        cluster_require(cluster, mark, trace_count(&cluster->trace, mark, "s? +try-failover *") > 3,
                        "they try");
        cluster_free(cluster); /* which checks that whoever led had three votes */
    }
}

/* Everybody sees the failure in the same millisecond, with three and five sentinels and any delay.
 */
static void test_quorum__simultaneous_detection_elects_in_one_round(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct cluster *cluster = cluster_new(seed);
        unsigned sentinels = seed % 2 == 0 ? 3 : 5;
        cluster->delay_max_ms = (sn_ms)(seed % 4) + 1;
        cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
        cluster_start_sentinels(cluster, sentinels, 0);
        cluster_settle(cluster);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3000);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 1);
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 1);
        cluster_expect_count(cluster, mark, "s? +switch-master *", sentinels);
        sn_ms took = trace_when_last(&cluster->trace, mark, "s? +switch-master *") - killed_at;
        cluster_require(cluster, mark, took <= DOWN_AFTER + 150, "within 150 ms");
        cluster_free(cluster);
    }
}

/* Sixty failovers over slow links with a disk that needs up to jitter_ms; how many elections had a
 * second round, and how long the longest failover took. */
static unsigned count_splits(sn_ms jitter_ms, sn_ms *longest)
{
    unsigned splits = 0;
    *longest = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct cluster *cluster = cluster_new(seed);
        cluster->delay_min_ms = 20;
        cluster->delay_max_ms = 60;
        cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
        cluster_start_sentinels(cluster, seed % 2 == 0 ? 4 : 5, 10);
        cluster_settle(cluster);
        for (size_t i = 0; i < cluster->sentinel_count; i++) {
            cluster->sentinels[i]->disk.latency_ms = 5;
            cluster->sentinels[i]->disk.latency_jitter_ms = jitter_ms;
        }
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 20000);
        if (cluster->now - killed_at > *longest)
            *longest = cluster->now - killed_at;
        splits += trace_count(&cluster->trace, mark, "s? -failover-abort-not-elected *") > 0;
        cluster_run_for(cluster, 2000);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
        cluster_free(cluster);
    }
    print_message("%u of 60 elections split; the longest failover took %lld ms\n", splits,
                  (long long)*longest);
    return splits;
}

static void test_quorum__turns_keep_candidates_apart_on_slow_links(void **state)
{
    sn_ms longest;
    (void)state;
    assert_in_range(count_splits(40, &longest), 0, 3);
    assert_true(longest <= DOWN_AFTER + 800);
}

/* Disks so unsteady that turns do not keep the candidates apart. */
static void test_quorum__split_votes_are_resolved_within_seconds(void **state)
{
    sn_ms longest;
    (void)state;
    assert_true(count_splits(1200, &longest) > 0); /* else this test tests nothing */
    assert_true(longest <= DOWN_AFTER + 20000);    /* not twice the failover timeout */
}

/* Two of three candidates are cut off from each other, so that both ask the third. */
static void test_quorum__candidates_that_do_not_see_each_other_elect_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_cut(&cluster->sentinels[0]->node, &cluster->sentinels[1]->node);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 10000);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
        cluster_free(cluster);
    }
}

static void test_quorum__voter_that_is_away_does_not_delay_the_majority(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms failed_at = cluster->now;
        cluster_hang(&cluster->sentinels[seed % 3]->node);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 20000);
        cluster_require(cluster, mark, cluster->now - failed_at <= DOWN_AFTER + 200,
                        "within 200 ms beyond down-after");
        cluster_free(cluster);
    }
}

/* The whole host of the master and one sentinel is gone. */
static void test_quorum__losing_master_and_sentinel_together_is_survived(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_isolate(&cluster->servers[0]->node);
        cluster_isolate(&cluster->sentinels[seed % 3]->node);
        sn_ms failed_at = cluster->now;
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 20000);
        cluster_require(cluster, mark, cluster->now - failed_at <= DOWN_AFTER + 500,
                        "within 500 ms beyond down-after");
        cluster_heal(cluster);
        cluster_run_for(cluster, 30000);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_quorum__minority_never_promotes),
        CLUSTER_TEST(test_quorum__of_one_still_needs_a_majority_of_votes),
        CLUSTER_TEST(test_quorum__above_majority_is_needed_in_full),
        CLUSTER_TEST(test_quorum__above_majority_is_needed_for_votes_too),
        CLUSTER_TEST(test_quorum__votes_of_several_rounds_do_not_add_up),
        CLUSTER_TEST(test_quorum__simultaneous_detection_elects_in_one_round),
        CLUSTER_TEST(test_quorum__turns_keep_candidates_apart_on_slow_links),
        CLUSTER_TEST(test_quorum__split_votes_are_resolved_within_seconds),
        CLUSTER_TEST(test_quorum__candidates_that_do_not_see_each_other_elect_one),
        CLUSTER_TEST(test_quorum__voter_that_is_away_does_not_delay_the_majority),
        CLUSTER_TEST(test_quorum__losing_master_and_sentinel_together_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
