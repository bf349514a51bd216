/* SPDX-License-Identifier: BSD-3-Clause */

/* Whose data are promoted (DESIGN.md D20). */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define REBIRTH_MS 100

/* r1 is the master of r2, which lags, and r3. */
static struct cluster *settled(uint64_t seed, bool replaces)
{
    struct cluster *cluster = cluster_new_three(seed);
    for (size_t i = 0; i < 3 && replaces; i++)
        cluster_set_text(cluster->sentinels[i], "mymaster", SN_OPTION_REBORN_EMPTY, "reborn-empty",
                         "failover");
    cluster_run_for(cluster, 11000 + (sn_ms)seed * 37);
    return cluster;
}

/* Returns the instant at which it is there again. */
static sn_ms lose_data(struct cluster *cluster)
{
    cluster_kill(&cluster->servers[0]->node);
    model_redis_replace_data(cluster->servers[0], 0);
    cluster_run_for(cluster, REBIRTH_MS);
    cluster_start(&cluster->servers[0]->node);
    return cluster->now;
}

static void test_data__master_reborn_empty_is_replaced_before_replicas_copy_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = settled(seed, true);
        size_t mark = cluster_mark(cluster);
        sn_ms back_at = lose_data(cluster);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", DOWN_AFTER);
        cluster_require(cluster, mark, cluster->now - back_at < 300, "at once");
        cluster_run_for(cluster, 10000);
        cluster_expect_count(cluster, mark, "s? +master-reborn-empty master *", 3);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 1); /* r2 lags */
        scenario_require_healed(cluster, mark);
        cluster_require(cluster, mark, cluster->servers[0]->keys >= 1000, "it has got all back");
        cluster_free(cluster);
    }
}

static void test_data__master_reborn_empty_stays_by_default(void **state)
{
    struct cluster *cluster = settled(1, false);
    (void)state;
    size_t mark = cluster_mark(cluster);
    (void)lose_data(cluster);
    cluster_run_for(cluster, 20000);
    cluster_expect_count(cluster, mark, "s? +master-reborn-empty master *", 3);
    cluster_expect_count(cluster, mark, "s? +try-failover *", 0);
    scenario_require_healed(cluster, mark);
    cluster_free(cluster);
}

/* One sentinel is told to replace it, the others are not: they vote like those of stock. */
static void test_data__one_that_wants_it_gets_the_votes_of_the_others(void **state)
{
    struct cluster *cluster = settled(1, false);
    (void)state;
    cluster_set_text(cluster->sentinels[1], "mymaster", SN_OPTION_REBORN_EMPTY, "reborn-empty",
                     "failover");
    cluster_run_for(cluster, 1000);
    size_t mark = cluster_mark(cluster);
    (void)lose_data(cluster);
    cluster_run_for(cluster, 1000);
    cluster_expect_count(cluster, mark, "s2 > r3 PROMOTE", 1);
    cluster_run_for(cluster, 10000);
    scenario_require_healed(cluster, mark);
    cluster_free(cluster);
}

static void test_data__minority_replaces_no_master(void **state)
{
    struct cluster *cluster = settled(1, true);
    (void)state;
    for (size_t i = 1; i < 3; i++)
        cluster_kill(&cluster->sentinels[i]->node);
    cluster_run_for(cluster, 3 * DOWN_AFTER);
    size_t mark = cluster_mark(cluster);
    (void)lose_data(cluster);
    cluster_run_for(cluster, 10000);
    cluster_expect_count(cluster, mark, "s1 +master-reborn-empty master *", 1);
    cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
    cluster_free(cluster);
}

/* r3 is the better one by its offset, and receives everything anew. */
static void test_data__replica_in_a_full_sync_comes_last(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = settled(seed, false);
        struct model_redis *busy = cluster->servers[2];
        busy->sync_ms = 60000;
        cluster_kill(&busy->node);
        cluster_run_for(cluster, 100);
        cluster_start(&busy->node);
        cluster_run_for(cluster, 3000);
        size_t mark = cluster_mark(cluster);
        cluster_hang(&cluster->servers[0]->node); /* the synchronisation goes on */
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        cluster_expect_count(cluster, mark, "s? > r2 PROMOTE", 1);
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 0);
        cluster_free(cluster);
    }
}

/* r3 comes back with data of nobody and a large offset, and cannot reach the master any more. */
static void test_data__offset_of_another_history_counts_for_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = settled(seed, false);
        struct model_redis *other = cluster->servers[2];
        cluster_kill(&other->node);
        cluster_cut(&other->node, &cluster->servers[0]->node);
        model_redis_replace_data(other, 5000);
        cluster_start(&other->node);
        cluster_run_for(cluster, 3000);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        cluster_expect_count(cluster, mark, "s? > r2 PROMOTE", 1);
        cluster_run_for(cluster, 10000);
        cluster_require_replicas(cluster, mark, cluster->servers[1], 6379, 6381);
        cluster_free(cluster);
    }
}

/* The master was restarted, so it has a new history, and dies before anybody has followed. */
static void test_data__restart_before_the_death_refuses_nobody(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = settled(seed, false);
        for (size_t i = 1; i < 3; i++)
            cluster_cut(&cluster->servers[i]->node, &cluster->servers[0]->node);
        cluster_kill(&cluster->servers[0]->node);
        model_redis_replace_data(cluster->servers[0], 100);
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 500);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER + 300);
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 1);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_data__master_reborn_empty_is_replaced_before_replicas_copy_it),
        CLUSTER_TEST(test_data__master_reborn_empty_stays_by_default),
        CLUSTER_TEST(test_data__one_that_wants_it_gets_the_votes_of_the_others),
        CLUSTER_TEST(test_data__minority_replaces_no_master),
        CLUSTER_TEST(test_data__replica_in_a_full_sync_comes_last),
        CLUSTER_TEST(test_data__offset_of_another_history_counts_for_nothing),
        CLUSTER_TEST(test_data__restart_before_the_death_refuses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
