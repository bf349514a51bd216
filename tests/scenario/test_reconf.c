/* SPDX-License-Identifier: BSD-3-Clause */

/* Choosing and promoting when replicas are in the way, and pointing the others at the new master.
 */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

/* Four replicas, of which the last is ahead; syncs take sync_ms. */
static struct cluster *make_five(uint64_t seed, unsigned parallel_syncs, sn_ms sync_ms)
{
    struct cluster *cluster = cluster_new(seed);
    struct sn_group_image *group = cluster_add_simple(cluster, "mymaster", 6379, 4, 2);
    group->params.parallel_syncs = parallel_syncs;
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    for (size_t i = 1; i < 5; i++) {
        cluster->servers[i]->sync_ms = sync_ms;
        cluster->servers[i]->lagging = i < 4;
    }
    (void)model_redis_write(cluster->servers[0], 100);
    return cluster;
}

static void require_most_syncs(unsigned parallel_syncs, unsigned expected)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = make_five(seed, parallel_syncs, 700);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_require(cluster, mark, scenario_most_syncs(cluster, 10000) == expected,
                        "as many syncs at once");
        cluster_expect_count(cluster, mark, "s? +slave-reconf-sent *", 3);
        cluster_expect_count(cluster, mark, "s? +slave-reconf-done *", 3);
        cluster_expect_count(cluster, mark, "s? +failover-end *", 1);
        cluster_require_replicas(cluster, mark, cluster->servers[4], 6379, 6383);
        /* The announcement does not wait for any of them. */
        sn_ms switched_at = trace_when_last(&cluster->trace, mark, "s? +switch-master *");
        sn_ms first_at = trace_when(&cluster->trace, mark, "r? syncs from r5");
        cluster_require(cluster, mark, switched_at <= first_at + 2, "announced before");
        cluster_free(cluster);
    }
}

static void test_reconf__parallel_syncs_1_never_syncs_two_at_once(void **state)
{
    (void)state;
    require_most_syncs(1, 1);
}

static void test_reconf__parallel_syncs_2_syncs_two_at_once(void **state)
{
    (void)state;
    require_most_syncs(2, 2);
}

static void test_reconf__parallel_syncs_above_count_syncs_all_at_once(void **state)
{
    (void)state;
    require_most_syncs(10, 3);
}

static void test_reconf__replica_that_ignores_the_order_gives_up_its_place(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = make_five(seed, 1, 20);
        size_t mark = cluster_mark(cluster);
        cluster->servers[1]->ignores_orders = true;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        EXPECT(cluster, mark, "s? -slave-reconf-sent-timeout slave 127.0.0.1:6380 *",
               "s? +failover-end *");
        cluster_expect_count(cluster, mark, "s? +slave-reconf-done slave 127.0.0.1:6381 *", 1);
        cluster_expect_count(cluster, mark, "s? +slave-reconf-done slave 127.0.0.1:6382 *", 1);
        cluster_free(cluster);
    }
}

static void test_reconf__replica_that_dies_in_its_place_does_not_block_the_others(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = make_five(seed, 1, 3000);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t first = cluster_run_to_line(cluster, mark, "r? syncs from r5", 5000);
        cluster_kill(cluster_line_node(cluster, first));
        cluster_run_to_line(cluster, mark, "s? +failover-end *", 15000);
        cluster_expect_count(cluster, mark, "r? replicates r5", 2);
        cluster_free(cluster);
    }
}

static void test_reconf__refusing_candidate_is_passed_over_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster->servers[2]->order_error =
            "NOPERM this user has no permissions to run the 'slaveof' command";
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6380, 5000);
        cluster_require(cluster, mark, cluster->now - killed_at <= DOWN_AFTER + 300, "in time");
        EXPECT(cluster, mark, "s? +selected-slave slave 127.0.0.1:6381 *", "s? > r3 PROMOTE",
               "s? # *was not promoted: NOPERM this user*",
               "s? +selected-slave slave 127.0.0.1:6380 *", "s? > r2 PROMOTE", "r2 is master now",
               "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6380");
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 1);
        cluster_free(cluster);
    }
}

static void test_reconf__candidate_dying_during_promotion_is_passed_over(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
        cluster_kill(&cluster->servers[2]->node); /* before it could obey */
        cluster_expect_count(cluster, mark, "r3 is master now", 0);
        cluster_run_to_agreement(cluster, "mymaster", 6380, 4 * DOWN_AFTER);
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 2);
        cluster_free(cluster);
    }
}

static void test_reconf__candidate_hanging_during_promotion_ends_as_a_replica(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
        cluster_hang(&cluster->servers[2]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6380, 4 * DOWN_AFTER);
        cluster_run_for(cluster, 3000);
        /* The order is still in its socket. */
        cluster_resume(&cluster->servers[2]->node);
        cluster_run_for(cluster, 30000);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6380), "agreement");
        cluster_require_replicas(cluster, mark, cluster->servers[1], 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_reconf__order_whose_answer_is_lost_is_proved_by_info(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster->servers[2]->drops_orders = true;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 5000);
        cluster_require(cluster, mark, cluster->now - killed_at <= DOWN_AFTER + 300, "in time");
        cluster_free(cluster);
    }
}

static void test_reconf__order_that_is_lost_is_given_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        size_t ordered = cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
        cluster_reset(cluster_line_node(cluster, ordered), &cluster->servers[2]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 5000);
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 2);
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 1);
        cluster_require(cluster, mark, cluster->now - killed_at <= DOWN_AFTER + 300, "in time");
        cluster_free(cluster);
    }
}

/* Nobody else is there to do it (PROTOCOL.md §24.2). */
static void test_reconf__losing_the_new_master_too_starts_over_without_peers(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new(1);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 1);
    cluster_start_sentinels(cluster, 1, 0);
    cluster_settle(cluster);
    for (size_t i = 1; i < 3; i++)
        cluster->servers[i]->sync_ms = 5000;
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_to_line(cluster, mark, "r? syncs from r?", 5000);
    uint16_t first = cluster_master_port(cluster->sentinels[0], "mymaster");
    cluster_kill(&cluster->servers[first - 6379]->node);
    uint16_t second = first == 6380 ? 6381 : 6380;
    cluster_run_to_line(cluster, mark, "s1 +switch-master mymaster 127.0.0.1 638? 127.0.0.1 638?",
                        5 * DOWN_AFTER);
    cluster_require(cluster, mark, cluster_master_port(cluster->sentinels[0], "mymaster") == second,
                    "the last replica is master");
    cluster_free(cluster);
}

static void test_reconf__no_usable_replica_is_reported_and_tried_again(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->servers[1]->priority = 0;
    cluster->servers[2]->priority = 0;
    cluster_run_for(cluster, 11000);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 10000);
    EXPECT(cluster, mark, "s? +elected-leader *", "s? # Not a candidate: *: its priority is 0.",
           "s? -failover-abort-no-good-slave master mymaster 127.0.0.1 6379");
    cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
    cluster->servers[2]->priority = 100;
    cluster_run_to_agreement(cluster, "mymaster", 6381, 10000);
    cluster_free(cluster);
}

/* D12: every replica in its place is looked at every 100 ms, not once per second. */
static void test_reconf__next_one_starts_within_100_ms_of_the_last(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = make_five(seed, 1, 733);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? +failover-end *", 10000);
        size_t line = mark;
        for (unsigned i = 0; i < 2; i++) {
            line = trace_find(&cluster->trace, line, "r? replicates r5");
            sn_ms wait = trace_when(&cluster->trace, line, "s? > r? FOLLOW *") -
                         cluster->trace.lines[line].at;
            cluster_require(cluster, mark, wait <= 100 + 5, "at the next look");
            line++;
        }
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_reconf__parallel_syncs_1_never_syncs_two_at_once),
        CLUSTER_TEST(test_reconf__parallel_syncs_2_syncs_two_at_once),
        CLUSTER_TEST(test_reconf__parallel_syncs_above_count_syncs_all_at_once),
        CLUSTER_TEST(test_reconf__replica_that_ignores_the_order_gives_up_its_place),
        CLUSTER_TEST(test_reconf__replica_that_dies_in_its_place_does_not_block_the_others),
        CLUSTER_TEST(test_reconf__refusing_candidate_is_passed_over_at_once),
        CLUSTER_TEST(test_reconf__candidate_dying_during_promotion_is_passed_over),
        CLUSTER_TEST(test_reconf__candidate_hanging_during_promotion_ends_as_a_replica),
        CLUSTER_TEST(test_reconf__order_whose_answer_is_lost_is_proved_by_info),
        CLUSTER_TEST(test_reconf__order_that_is_lost_is_given_again),
        CLUSTER_TEST(test_reconf__losing_the_new_master_too_starts_over_without_peers),
        CLUSTER_TEST(test_reconf__no_usable_replica_is_reported_and_tried_again),
        CLUSTER_TEST(test_reconf__next_one_starts_within_100_ms_of_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
