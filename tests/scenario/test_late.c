/* SPDX-License-Identifier: BSD-3-Clause */

/* What changes between a decision and its consequence. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

/* It forgets everybody while the others switch, so those who could tell are strangers to it. */
static void test_late__sentinel_that_was_reset_learns_of_the_switch(void **state)
{
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *lost = cluster->sentinels[2];
    (void)state;
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_to_agreement(cluster, "mymaster", 6381, 3000);
    cluster_run_for(cluster, 3000);
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[2]->node);
    cluster_isolate(&lost->node);
    cluster_run_to_line(cluster, mark, "s? +switch-master *", 5000);
    cluster_reset_group(lost, "mymaster");
    /* Nothing from before is on its way any more. */
    for (size_t i = 0; i < cluster->node_count; i++) {
        if (cluster->nodes[i] != &lost->node)
            cluster_reset(&lost->node, cluster->nodes[i]);
    }
    cluster_heal(cluster);
    cluster_run_for(cluster, 10000);
    cluster_require(cluster, mark,
                    cluster_master_port(lost, "mymaster") ==
                        cluster_master_port(cluster->sentinels[0], "mymaster"),
                    "s3 knows the new master");
    cluster_expect_count(cluster, mark, "s3 +foreign-hello *", 0);
    cluster_free(cluster);
}

/* The promotion is confirmed, its configuration not on disk yet. */
static void test_late__reset_does_not_swallow_the_switch(void **state)
{
    struct cluster *cluster = cluster_new_three(1);
    (void)state;
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        cluster->sentinels[i]->disk.latency_ms = 200;
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    size_t line = cluster_run_to_line(cluster, mark, "s? +promoted-slave *", 5000);
    struct sentinel *leader = cluster_line_node(cluster, line)->sentinel;
    cluster_reset_group(leader, "mymaster");
    cluster_run_for(cluster, 2000);
    cluster_expect_count(cluster, mark, "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6381",
                         3);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "all agree on r3");
    cluster_free(cluster);
}

/* While the master is drained its replica lags, and then must not be promoted any more. */
static void test_late__priority_zero_during_the_drain_is_respected(void **state)
{
    struct cluster *cluster = cluster_new_three(1);
    (void)state;
    cluster->servers[2]->lagging = true;
    (void)model_redis_write(cluster->servers[0], 100);
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_to_line(cluster, mark, "s1 +selected-slave *6381 *", 1000);
    cluster->servers[2]->priority = 0;
    cluster_run_for(cluster, 50);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s1 > r3 PROMOTE", 0);
    EXPECT(cluster, mark, "s1 # * was not promoted: its priority has become 0.*");
    cluster_free(cluster);
}

/* The links break with every order; the pause that allowed it ends meanwhile. */
static void test_late__coordinated_order_is_not_repeated_after_the_pause(void **state)
{
    struct cluster *cluster = cluster_new_three(1);
    (void)state;
    cluster->servers[2]->ignores_orders = true;
    cluster->servers[2]->drops_orders = true;
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_COORDINATED);
    cluster_run_to_line(cluster, mark, "s1 > r3 PROMOTE", 1000);
    size_t end =
        cluster_run_to_line(cluster, mark, "s1 -failover-abort-master-timeout *", 3 * DOWN_AFTER);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, end, "s1 > r? PROMOTE", 0);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6379), "r1 stays");
    cluster_require(cluster, mark,
                    cluster_reasons(cluster->sentinels[0], "mymaster", SN_REASON_PAUSE_ENDED) > 0,
                    "the reason is remembered");
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_late__sentinel_that_was_reset_learns_of_the_switch),
        CLUSTER_TEST(test_late__reset_does_not_swallow_the_switch),
        CLUSTER_TEST(test_late__priority_zero_during_the_drain_is_respected),
        CLUSTER_TEST(test_late__coordinated_order_is_not_repeated_after_the_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
