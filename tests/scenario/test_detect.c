/* SPDX-License-Identifier: BSD-3-Clause */

/* When an instance counts as down, and when it must not (DESIGN.md D1, D2, D4, D5). */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000 /* of cluster_new_three */
#define PING_MS    200

/* D1: not at the next tick of a scan. Every packet of this cluster takes one millisecond. */
static void test_detect__killed_master_is_down_to_the_millisecond(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster->delay_min_ms = cluster->delay_max_ms = 1;
        cluster_run_for(cluster, 3 * PING_MS + (sn_ms)seed * 17);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER + 100);
        cluster_expect_count(cluster, mark, "s? +sdown master *", 3);
        cluster_require(cluster, mark,
                        /* A PING may be on its way to it. */
                        trace_when(&cluster->trace, mark, "s? +sdown *") >=
                            killed_at - 1 + DOWN_AFTER,
                        "not earlier");
        cluster_require(cluster, mark,
                        trace_when_last(&cluster->trace, mark, "s? +sdown master *") ==
                            killed_at + 1 + DOWN_AFTER,
                        "not later");
        cluster_free(cluster);
    }
}

static sn_ms slow_master(void *arg, struct cluster *cluster, const struct node *from,
                         const struct node *to)
{
    (void)to;
    return from == &cluster->servers[0]->node ? *(sn_ms *)arg : 1;
}

/* Every answer of the master comes late, but in time: it is slow, not down. (A link on which a PING
 * waits for half of down-after is opened anew, as with stock.) */
static void test_detect__answers_that_come_in_time_keep_it_up(void **state)
{
    (void)state;
    sn_ms late_ms = DOWN_AFTER / 2 - 20;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->delay = slow_master;
    cluster->delay_arg = &late_ms;
    cluster_run_for(cluster, 60000);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    late_ms = DOWN_AFTER + 20;
    cluster_run_for(cluster, 10000);
    cluster_require(cluster, mark, trace_count(&cluster->trace, mark, "s? +sdown master *") > 0,
                    "what comes later is no answer");
    cluster_free(cluster);
}

/* D2: the silence is older than the connections. A hanging master takes every new one. */
static void test_detect__new_connections_do_not_restart_the_clock(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct node *master = &cluster->servers[0]->node;
        size_t mark = cluster_mark(cluster);
        sn_ms hung_at = cluster->now;
        cluster_hang(master);
        for (unsigned turn = 0; turn < 5; turn++) {
            cluster_run_for(cluster, PING_MS + 20);
            for (size_t i = 0; i < 3; i++)
                cluster_reset(&cluster->sentinels[i]->node, master);
        }
        cluster_run_to_line(cluster, mark, "s? +odown *", 1000);
        cluster_require(cluster, mark, cluster->now - hung_at <= DOWN_AFTER + PING_MS + 20,
                        "one PING period behind down-after");
        cluster_free(cluster);
    }
}

/* A connection that breaks is not a silence, as long as the next one is answered. */
static void test_detect__broken_connections_alone_are_no_failure(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    for (unsigned turn = 0; turn < 50; turn++) {
        for (size_t i = 0; i < 3; i++)
            cluster_reset(&cluster->sentinels[i]->node, &cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER - 150);
    }
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_free(cluster);
}

/* D4: as with stock it counts as down after a while; here the reason is told, once per command, and
 * a master that is silent gets no such line. */
static void test_detect__master_that_refuses_us_is_told_from_a_dead_one(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    sn_ms refused_at = cluster->now;
    cluster->servers[0]->ping_error = "NOAUTH Authentication required.";
    cluster_run_to_line(cluster, mark, "s? +sdown master *", 3000);
    cluster_require(cluster, mark, cluster->now - refused_at >= DOWN_AFTER, "not at once");
    cluster_run_for(cluster, 5000);
    EXPECT(cluster, mark,
           "s? # master mymaster 127.0.0.1 6379 answers, but refuses us: *NOAUTH*misconfigured "
           "rather than dead*",
           "s? +sdown master *");
    cluster_expect_count(cluster, mark, "s? # master mymaster 127.0.0.1 6379 answers, but *PING*",
                         3);
    cluster_free(cluster);

    cluster = cluster_new_three(1);
    mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s? # *refuses us*", 0);
    cluster_free(cluster);
}

/* What a server says while it loads its data, or waits for its master, is an answer. */
static void test_detect__loading_server_is_not_down(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->servers[0]->ping_error = "LOADING Redis is loading the dataset in memory";
    cluster->servers[1]->ping_error = "MASTERDOWN Link with MASTER is down";
    cluster_run_for(cluster, 30000);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_expect_count(cluster, mark, "s? # *refuses us*", 0);
    cluster_free(cluster);
}

/* D5: the last one to notice makes the quorum known, not the next question of the others. */
static void test_detect__agreement_comes_with_the_last_one_to_notice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new(seed);
        cluster_add_simple(cluster, "mymaster", 6379, 2, 3);
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        size_t mark = cluster_mark(cluster);
        struct node *master = &cluster->servers[0]->node;
        for (size_t i = 0; i < 3; i++) {
            cluster_run_for(cluster, i == 0 ? 1 : 300 + (sn_ms)seed * 31);
            cluster_cut(&cluster->sentinels[i]->node, master);
        }
        cluster_run_to_line(cluster, mark, "s3 +sdown master *", 3 * DOWN_AFTER);
        sn_ms last_at = cluster->now;
        cluster_expect_count(cluster, mark, "s? +odown *", 0);
        /* Whoever's turn it is has agreed, asked and won by then. */
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 3 * DOWN_AFTER);
        EXPECT(cluster, mark, "s? +odown * #quorum 3/3", "s? +switch-master *");
        cluster_require(cluster, mark, cluster->now - last_at <= 150, "within 150 ms");
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_detect__killed_master_is_down_to_the_millisecond),
        CLUSTER_TEST(test_detect__answers_that_come_in_time_keep_it_up),
        CLUSTER_TEST(test_detect__new_connections_do_not_restart_the_clock),
        CLUSTER_TEST(test_detect__broken_connections_alone_are_no_failure),
        CLUSTER_TEST(test_detect__master_that_refuses_us_is_told_from_a_dead_one),
        CLUSTER_TEST(test_detect__loading_server_is_not_down),
        CLUSTER_TEST(test_detect__agreement_comes_with_the_last_one_to_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
