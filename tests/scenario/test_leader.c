/* SPDX-License-Identifier: BSD-3-Clause */

/* Leaders that are alive but do not get on, or that only some take for dead: whom the others wait
 * for, and for how long (DESIGN.md D8, D9). Dead ones are in test_crash.c. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define TIMEOUT    5000

/* The chosen replica says OK and does nothing, so the leader waits for it. It may be succeeding any
 * moment, so nobody else starts for the stock time, twice the failover-timeout. */
static void test_leader__live_one_is_waited_for_as_stock_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        char own[32];
        scenario_set_failover_timeout(cluster, TIMEOUT);
        cluster->servers[2]->ignores_orders = true;
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t line = cluster_run_to_line(cluster, mark, "s? +try-failover *", 3000);
        (void)snprintf(own, sizeof(own), "%s +try-failover *",
                       cluster_line_node(cluster, line)->name);
        cluster_run_for(cluster, 2 * TIMEOUT - 100);
        cluster_require(cluster, mark,
                        trace_count(&cluster->trace, mark, "s? +try-failover *") ==
                            trace_count(&cluster->trace, mark, own),
                        "nobody else tries");
        cluster->servers[2]->ignores_orders = false;
        cluster_run_for(cluster, 3 * TIMEOUT);
        scenario_require_healed(cluster, mark);
        cluster_free(cluster);
    }
}

struct cut {
    size_t voter; /* counted from the leader on */
};

static void cut_off_one_voter(struct cluster *cluster, struct node *leader, void *arg)
{
    const struct cut *cut = arg;
    size_t own = 0;
    while (&cluster->sentinels[own]->node != leader)
        own++;
    cluster_cut(leader, &cluster->sentinels[(own + cut->voter) % 3]->node);
}

/* For one voter the leader is down, so it takes over while the leader is at work: at most one of
 * them is followed, and no epoch is used twice (which cluster_free checks). */
static void test_leader__that_one_voter_takes_for_dead_ends_in_one_configuration(void **state)
{
    (void)state;
    static const char *const lines[] = {"s? +try-failover *", "s? +elected-leader *",
                                        "s? > r3 PROMOTE", "s? +promoted-slave *"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (uint64_t seed = 1; seed <= 6; seed++) {
            struct cluster *cluster = cluster_new_three(seed);
            struct cut cut = {1 + seed % 2};
            scenario_set_failover_timeout(cluster, TIMEOUT);
            size_t mark = cluster_mark(cluster);
            cluster->servers[2]->ignores_orders = i == 2; /* that leader never gets done */
            cluster_when(cluster, lines[i], 1, cut_off_one_voter, &cut);
            cluster_kill(&cluster->servers[0]->node);
            cluster_run_for(cluster, 20000);
            cluster->servers[2]->ignores_orders = false;
            cluster_heal(cluster);
            cluster_start(&cluster->servers[0]->node);
            cluster_run_for(cluster, 40000);
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

/* The leader dies right behind the switch. Two heirs finish its work by its rules: parallel-syncs
 * at a time, both together. */
static void test_leader__heirs_of_a_dead_one_keep_to_parallel_syncs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct cluster *cluster = cluster_new(seed);
        cluster_add_simple(cluster, "mymaster", 6379, 4, 2);
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        for (size_t i = 1; i < 5; i++) {
            cluster->servers[i]->sync_ms = 3000;
            cluster->servers[i]->lagging = i < 4;
        }
        (void)model_redis_write(cluster->servers[0], 100);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t sent = cluster_run_to_line(cluster, mark, "s? +slave-reconf-sent *", 3000);
        cluster_run_for(cluster, 20); /* the two others have heard of the switch */
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_kill(cluster_line_node(cluster, sent));
        cluster_require(cluster, mark, scenario_most_syncs(cluster, 30000) == 1,
                        "one sync at a time");
        EXPECT(cluster, mark, "s? killed", "s? +fix-slave-config *", "r? replicates r5",
               "s? +fix-slave-config *", "r? replicates r5");
        cluster_require_replicas(cluster, mark, cluster->servers[4], 6379, 6383);
        cluster_free(cluster);
    }
}

static void cut_from_replicas(struct cluster *cluster, struct node *who, void *arg)
{
    (void)arg;
    cluster_cut(who, &cluster->servers[1]->node);
    cluster_cut(who, &cluster->servers[2]->node);
}

/* The leader loses its replicas once it is elected: it must not keep the others away for longer
 * than stock would, by attempts that are bound to fail. */
static void test_leader__that_can_promote_nobody_lets_others_go_first(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    scenario_set_failover_timeout(cluster, TIMEOUT);
    size_t mark = cluster_mark(cluster);
    cluster_when(cluster, "s? +elected-leader *", 1, cut_from_replicas, NULL);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_to_line(cluster, mark, "s? +elected-leader *", 3000);
    sn_ms elected_at = cluster->now;
    cluster_run_to_line(cluster, mark, "s? +switch-master *", 60000);
    cluster_require(cluster, mark, cluster->now - elected_at <= 2 * TIMEOUT + 2 * DOWN_AFTER,
                    "as soon as with stock");
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_leader__that_can_promote_nobody_lets_others_go_first),
        CLUSTER_TEST(test_leader__live_one_is_waited_for_as_stock_does),
        CLUSTER_TEST(test_leader__that_one_voter_takes_for_dead_ends_in_one_configuration),
        CLUSTER_TEST(test_leader__heirs_of_a_dead_one_keep_to_parallel_syncs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
