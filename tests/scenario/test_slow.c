/* SPDX-License-Identifier: BSD-3-Clause */

/* Networks whose round trips are near or above down-after (DESIGN.md D2). */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

/* At most trip_ms, and not much less. */
static void set_round_trip(struct cluster *cluster, sn_ms trip_ms)
{
    cluster->delay_max_ms = trip_ms / 2;
    cluster->delay_min_ms = trip_ms / 3;
}

static void break_all_links(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        for (size_t k = 0; k < cluster->node_count; k++) {
            if (cluster->nodes[k] != &cluster->sentinels[i]->node)
                cluster_reset(&cluster->sentinels[i]->node, cluster->nodes[k]);
        }
    }
}

/* A PING that takes longer than half of down-after is slow, and no sign of a dead connection. */
static void test_slow__round_trips_below_down_after_are_no_failure(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_run_for(cluster, 20000); /* no link is young any more */
        size_t mark = cluster_mark(cluster);
        set_round_trip(cluster, 600);
        cluster_run_for(cluster, 60000);
        set_round_trip(cluster, 750); /* not more than twice as long from one PING to the next */
        cluster_run_for(cluster, 10000);
        set_round_trip(cluster, 900);
        cluster_run_for(cluster, 60000);
        set_round_trip(cluster, 2);
        cluster_run_for(cluster, 10000);
        cluster_expect_count(cluster, mark, "s? +sdown *", 0);
        cluster_free(cluster);
    }
}

/* Links that break come back, and a master that dies is replaced. */
static void test_slow__lost_links_are_opened_however_long_that_takes(void **state)
{
    static const sn_ms trips[] = {600, 900, 2500};
    (void)state;
    for (uint64_t seed = 1; seed <= 15; seed++) {
        sn_ms trip = trips[seed % 3];
        struct cluster *cluster = cluster_new_three(seed);
        cluster_run_for(cluster, 20000);
        set_round_trip(cluster, trip);
        cluster_run_for(cluster, 10000);
        size_t mark = cluster_mark(cluster);
        break_all_links(cluster);
        cluster_run_for(cluster, 30000);
        size_t broken = mark;
        mark = cluster_mark(cluster);
        if (trip < DOWN_AFTER) {
            cluster_expect_count(cluster, broken, "s? +try-failover *", 0);
            cluster_kill(&cluster->servers[0]->node);
            cluster_run_to_line(cluster, mark, "s? +switch-master *", 8 * trip);
        } else { /* the master counts as down each time, but it is heard all the same */
            cluster_run_to_line(cluster, mark, "s1 -sdown master *", 3 * trip);
            cluster_run_to_line(cluster, mark, "s1 -sdown sentinel *", 3 * trip);
        }
        cluster_free(cluster);
    }
}

/* Everybody was blind, and the network comes back as slow as it was. */
static void test_slow__nobody_is_replaced_when_the_network_comes_back(void **state)
{
    static const sn_ms trips[] = {2, 100, 600};
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_run_for(cluster, 20000);
        set_round_trip(cluster, trips[seed % 3]);
        cluster_run_for(cluster, 10000);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < 3; i++)
            cluster_isolate(&cluster->sentinels[i]->node);
        cluster_run_for(cluster, 5000 + (sn_ms)seed * 777);
        cluster_heal(cluster);
        cluster_run_for(cluster, 30000);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 0);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_slow__round_trips_below_down_after_are_no_failure),
        CLUSTER_TEST(test_slow__lost_links_are_opened_however_long_that_takes),
        CLUSTER_TEST(test_slow__nobody_is_replaced_when_the_network_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
