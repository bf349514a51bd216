/* SPDX-License-Identifier: BSD-3-Clause */

/* Automatic failovers are paused by an operator (DESIGN.md D28). */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Told to one sentinel, it holds on all of them; when it is over, one of them fails over. */
static void test_pause__told_to_one_core_holds_on_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_pause(cluster->sentinels[seed % 3], "mymaster", 30);
        cluster_run_for(cluster, 1000);
        cluster_expect_count(cluster, mark, "s? +pause *", 3);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 28000);
        cluster_expect_count(cluster, mark, "s? +sdown master *", 3);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 0);
        cluster_run_for(cluster, 6000);
        cluster_expect_count(cluster, mark, "s? -pause *", 3);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_free(cluster);
    }
}

/* Whoever ends it, ends it everywhere, and the failover begins. */
static void test_pause__resumed_elsewhere_ends_on_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_pause(cluster->sentinels[0], "mymaster", 3600);
        cluster_run_for(cluster, 1000);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 10000);
        cluster_pause(cluster->sentinels[1], "mymaster", 0);
        cluster_run_for(cluster, 5000);
        cluster_expect_count(cluster, mark, "s? -pause *", 3);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_free(cluster);
    }
}

/* It outlives restarts of all sentinels, and one that was away learns of it. */
static void test_pause__outlives_restarts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->sentinels[2]->node);
        cluster_pause(cluster->sentinels[0], "mymaster", 60);
        cluster_run_for(cluster, 1000);
        cluster_kill(&cluster->sentinels[0]->node);
        cluster_kill(&cluster->sentinels[1]->node);
        cluster_run_for(cluster, 1000);
        for (size_t i = 0; i < 3; i++)
            cluster_start(&cluster->sentinels[i]->node);
        cluster_run_for(cluster, 5000);
        cluster_expect_count(cluster, mark, "s3 +pause *", 1);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 0);
        cluster_run_for(cluster, 30000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_free(cluster);
    }
}

static void test_pause__operators_switchover_gets_its_votes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_pause(cluster->sentinels[0], "mymaster", 60);
        cluster_run_for(cluster, 1000);
        cluster_failover(cluster->sentinels[1], "mymaster", SN_MODE_COORDINATED);
        cluster_run_for(cluster, 3000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_expect_count(cluster, mark, "s? +vote-for-leader *", 3);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pause__told_to_one_core_holds_on_all),
        cmocka_unit_test(test_pause__resumed_elsewhere_ends_on_all),
        cmocka_unit_test(test_pause__outlives_restarts),
        cmocka_unit_test(test_pause__operators_switchover_gets_its_votes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
