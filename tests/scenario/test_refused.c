/* SPDX-License-Identifier: BSD-3-Clause */

/* refused-after-milliseconds (DESIGN.md D18): from the fault, not from the time-out. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 30000
#define AFTER      20

static struct cluster *with_refused(uint64_t seed)
{
    struct cluster *cluster = cluster_new_three(seed);
    cluster->delay_min_ms = cluster->delay_max_ms = 1;
    for (size_t i = 0; i < 3; i++) {
        cluster_set(cluster->sentinels[i], "mymaster", SN_OPTION_DOWN_AFTER,
                    "down-after-milliseconds", DOWN_AFTER);
        cluster_set(cluster->sentinels[i], "mymaster", SN_OPTION_REFUSED_AFTER,
                    "refused-after-milliseconds", AFTER);
    }
    cluster_run_for(cluster, 3000 + (sn_ms)seed * 37);
    return cluster;
}

static void test_refused__a_killed_master_is_replaced_long_before_down_after(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = with_refused(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 1000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_require(cluster, mark,
                        trace_when(&cluster->trace, mark, "s? +sdown master *") >=
                            killed_at + AFTER,
                        "not earlier");
        cluster_require(cluster, mark,
                        trace_when_last(&cluster->trace, mark, "s? +switch-master *") <
                            killed_at + 200,
                        "soon");
        cluster_free(cluster);
    }
}

static void test_refused__a_restart_in_time_changes_nothing(void **state)
{
    struct cluster *cluster = with_refused(1);
    (void)state;
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, AFTER / 2);
    cluster_start(&cluster->servers[0]->node);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s? +sdown master *", 0);
    cluster_free(cluster);
}

static void test_refused__a_firewall_before_sentinels_alone_changes_nothing(void **state)
{
    struct cluster *cluster = with_refused(1);
    (void)state;
    size_t mark = cluster_mark(cluster);
    cluster->servers[0]->rejects = true;
    for (size_t i = 0; i < 3; i++)
        cluster_reset(&cluster->servers[0]->node, &cluster->sentinels[i]->node);
    cluster_run_for(cluster, 10000);
    cluster_expect_count(cluster, mark, "s? +sdown master *", 0);
    cluster_free(cluster);
}

static void test_refused__a_hung_master_is_down_when_silence_says_so(void **state)
{
    struct cluster *cluster = with_refused(1);
    (void)state;
    size_t mark = cluster_mark(cluster);
    cluster_hang(&cluster->servers[0]->node);
    cluster_run_for(cluster, DOWN_AFTER - 3000);
    cluster_expect_count(cluster, mark, "s? +sdown master *", 0);
    cluster_run_for(cluster, 6000);
    cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused__a_killed_master_is_replaced_long_before_down_after),
        cmocka_unit_test(test_refused__a_restart_in_time_changes_nothing),
        cmocka_unit_test(test_refused__a_firewall_before_sentinels_alone_changes_nothing),
        cmocka_unit_test(test_refused__a_hung_master_is_down_when_silence_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
