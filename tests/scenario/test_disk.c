/* SPDX-License-Identifier: BSD-3-Clause */

/* Disks that are slow, full, or broken: nothing that a crash could make us forget is ever said. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ALICE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOB   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void set_disks(struct cluster *cluster, bool failing)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        cluster->sentinels[i]->disk.failing = failing;
}

static void test_disk__vote_that_cannot_be_saved_is_refused_with_an_error(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    const struct sn_addr *master = &cluster->servers[0]->node.addr;
    size_t mark = cluster_mark(cluster);
    voter->disk.failing = true;
    cluster_ask(voter, master, 5, ALICE);
    cluster_run_for(cluster, 10000);
    EXPECT(cluster, mark, "s1 could not save *", "s1 answers operator error *");
    cluster_expect_count(cluster, mark, "s1 answers *", 1);
    /* Neither does it give the vote to the next one who asks… */
    cluster_ask(voter, master, 5, BOB);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s1 answers operator 0 " BOB " *", 0);
    /* …nor are hellos of the new epoch heard. */
    cluster_expect_count(cluster, mark, "s2 +new-epoch *", 0);
    voter->disk.failing = false;
    cluster_run_for(cluster, 3000);
    EXPECT(cluster, mark, "s1 saved *", "s2 +new-epoch 5");
    cluster_free(cluster);
}

static void test_disk__candidate_that_cannot_save_gives_up_and_another_leads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        struct sentinel *broken = cluster->sentinels[seed % 3];
        broken->disk.failing = true;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3000);
        /* The two others are a majority. */
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381),
                        "the failover took place");
        size_t led = cluster_run_to_line(cluster, mark, "s? +elected-leader *", 1);
        cluster_require(cluster, mark, cluster_line_node(cluster, led) != &broken->node,
                        "the one with the broken disk did not lead");
        cluster_free(cluster);
    }
}

static void test_disk__no_failover_while_a_majority_cannot_save_then_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        set_disks(cluster, true);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        EXPECT(cluster, mark, "s? +try-failover *", "s? could not save *",
               "s? -failover-abort-not-elected *");
        cluster_expect_count(cluster, mark, "s? > s? ASK 127.0.0.1 6379 * s?", 0);
        cluster_expect_count(cluster, mark, "s? answers s? * s? *", 0);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        size_t healed = cluster_mark(cluster);
        set_disks(cluster, false);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 5000);
        cluster_expect_count(cluster, healed, "s? > r? PROMOTE", 1);
        cluster_free(cluster);
    }
}

/* What has already happened outside must still be told, once a write succeeds. */
static void test_disk__failing_after_the_promotion_delays_the_announcement(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    size_t ordered = cluster_run_to_line(cluster, mark, "s? > r3 PROMOTE", 3000);
    struct sentinel *leader = cluster_line_node(cluster, ordered)->sentinel;
    leader->disk.failing = true;
    cluster_run_for(cluster, 10000);
    EXPECT(cluster, mark, "s? +promoted-slave *", "s? could not save *", "s? could not save *");
    cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
    leader->disk.failing = false;
    cluster_run_to_agreement(cluster, "mymaster", 6381, 5000);
    cluster_run_for(cluster, 3000);
    cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
    cluster_free(cluster);
}

static void test_disk__slow_disk_delays_the_failover_by_its_own_time_only(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        for (size_t i = 0; i < 3; i++)
            cluster->sentinels[i]->disk.latency_ms = 200;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 10000);
        /* The steps between candidates are shorter than a write, so all of them begin; who has not
         * saved its own vote when it is asked gives it to the first who has. That takes the end of
         * its own write and another one; the won configuration is one more. */
        cluster_expect_count(cluster, mark, "s? +new-epoch 2", 0);
        sn_ms took = trace_when_last(&cluster->trace, mark, "s? +switch-master *") - killed_at;
        cluster_require(cluster, mark, took <= 1000 + 4 * 200 + 100, "in time");
        assert_true(cluster_agreed(cluster, "mymaster", 6381));
        cluster_free(cluster);
    }
}

static void test_disk__thousand_votes_cost_a_few_writes(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    voter->disk.latency_ms = 50;
    size_t mark = cluster_mark(cluster);
    for (uint64_t epoch = 1; epoch <= 1000; epoch++)
        cluster_ask(voter, &cluster->servers[0]->node.addr, epoch, ALICE);
    cluster_run_for(cluster, 1000);
    cluster_expect_count(cluster, mark, "s1 answers operator 0 " ALICE " *", 1000);
    size_t writes = trace_count(&cluster->trace, mark, "s1 saved *");
    cluster_require(cluster, mark, writes <= 3, "at most three writes");
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_disk__vote_that_cannot_be_saved_is_refused_with_an_error),
        CLUSTER_TEST(test_disk__candidate_that_cannot_save_gives_up_and_another_leads),
        CLUSTER_TEST(test_disk__no_failover_while_a_majority_cannot_save_then_at_once),
        CLUSTER_TEST(test_disk__failing_after_the_promotion_delays_the_announcement),
        CLUSTER_TEST(test_disk__slow_disk_delays_the_failover_by_its_own_time_only),
        CLUSTER_TEST(test_disk__thousand_votes_cost_a_few_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
