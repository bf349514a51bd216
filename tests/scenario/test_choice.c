/* SPDX-License-Identifier: BSD-3-Clause */

/* Which replica is chosen, and on what it is known by (DESIGN.md D10). */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define PATIENCE   500 /* longest wait for INFO: min(500, down-after / 2) */

static void test_choice__is_by_priority_then_offset(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->servers[1]->priority = 10; /* though it lags */
    cluster_run_for(cluster, 11000);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_to_agreement(cluster, "mymaster", 6380, 3 * DOWN_AFTER);
    cluster_expect_count(cluster, mark, "s? +selected-slave slave 127.0.0.1:6380 *", 1);
    cluster_free(cluster);
}

/* D10: INFO is 10 s old at worst when the master dies; what counts is what the replicas say then.
 */
static void test_choice__is_made_on_facts_younger_than_the_failure(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_run_for(cluster, 11000);
        model_redis_catch_up(cluster->servers[1]);
        cluster->servers[2]->lagging = true;
        (void)model_redis_write(cluster->servers[0], 100);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        cluster_expect_count(cluster, mark, "s? +selected-slave slave 127.0.0.1:6380 *", 1);
        cluster_free(cluster);
    }
}

/* The best replica answers 100 ms after the others, and long after the election. */
static sn_ms slow_third(void *arg, struct cluster *cluster, const struct node *from,
                        const struct node *to)
{
    (void)arg;
    (void)to;
    return from == &cluster->servers[2]->node ? 100 : 1;
}

static void test_choice__waits_for_the_last_answer_and_no_longer(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_run_for(cluster, 11000);
        cluster->delay = slow_third;
        cluster_run_for(cluster, 1000);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? +selected-slave *", 3 * DOWN_AFTER);
        sn_ms waited = cluster->now - trace_when(&cluster->trace, mark, "s? +sdown master *");
        cluster_require(cluster, mark, waited >= 100 && waited <= 150, "no longer than it takes");
        cluster_expect_count(cluster, mark, "s? +selected-slave slave 127.0.0.1:6381 *", 1);
        cluster_free(cluster);
    }
}

/* The best replica by what is known hangs, and is not S_DOWN yet: it is waited for, for a bounded
 * time, and then one that has answered is preferred. Stock orders the hanging one, and waits for
 * it.
 */
static void test_choice__one_that_does_not_answer_in_time_is_passed_over(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_run_for(cluster, 11000);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER - 50);
        cluster_hang(&cluster->servers[2]->node);
        sn_ms hung_at = cluster->now;
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 3 * DOWN_AFTER);
        cluster_require(cluster, mark, cluster->now - hung_at < DOWN_AFTER,
                        "before it is known to be down");
        cluster_require(cluster, mark,
                        cluster->now - trace_when(&cluster->trace, mark, "s? +sdown master *") <=
                            PATIENCE + 50,
                        "within the bound");
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 0);
        cluster_expect_count(cluster, mark, "s? +selected-slave slave 127.0.0.1:6380 *", 1);
        cluster_run_for(cluster, 10000);
        cluster_resume(&cluster->servers[2]->node);
        cluster_run_for(cluster, 10000);
        cluster_require_replicas(cluster, mark, cluster->servers[1], 6379, 6381);
        cluster_free(cluster);
    }
}

/* Nobody answers in time: what is known from before has to do. */
static void test_choice__falls_back_on_old_facts_if_nobody_answers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        /* r2 cannot be chosen at all, r3 is silent. What it said may be five seconds old, so
         * everybody asks it anew. */
        cluster_kill(&cluster->servers[1]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        for (size_t i = 0; i < 3; i++)
            cluster_reset_group(cluster->sentinels[i], "mymaster");
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER - 50);
        cluster_hang(&cluster->servers[2]->node);
        size_t chosen = cluster_run_to_line(cluster, mark, "s? +selected-slave *", DOWN_AFTER);
        sn_ms down_at = trace_when(&cluster->trace, mark, "s? +sdown master *");
        cluster_require(cluster, mark, cluster->trace.lines[chosen].at - down_at >= PATIENCE - 5,
                        "it was waited for");
        cluster_run_for(cluster, 50);
        cluster_resume(&cluster->servers[2]->node);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 500);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_choice__is_by_priority_then_offset),
        CLUSTER_TEST(test_choice__is_made_on_facts_younger_than_the_failure),
        CLUSTER_TEST(test_choice__waits_for_the_last_answer_and_no_longer),
        CLUSTER_TEST(test_choice__one_that_does_not_answer_in_time_is_passed_over),
        CLUSTER_TEST(test_choice__falls_back_on_old_facts_if_nobody_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
