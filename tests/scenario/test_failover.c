/* SPDX-License-Identifier: BSD-3-Clause */

/* The ordinary failovers: a master that is killed, that hangs, that comes back. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000 /* of cluster_new_three */

static void test_failover__killed_master_is_replaced_everywhere_within_50_ms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, DOWN_AFTER - 1);
        cluster_expect_count(cluster, mark, "s? +sdown *", 0);
        cluster_run_for(cluster, 3000);

        /* One leader, one address, and everybody within 50 ms behind down-after. */
        cluster_expect_count(cluster, mark,
                             "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6381", 3);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_expect_count(cluster, mark, "s? +elected-leader *", 1);
        cluster_expect_count(cluster, mark, "s? > r3 PROMOTE", 1);
        sn_ms last_at = trace_when_last(&cluster->trace, mark, "s? +switch-master *");
        cluster_require(cluster, mark, last_at - killed_at <= DOWN_AFTER + 50, "within 50 ms");
        assert_true(cluster_agreed(cluster, "mymaster", 6381));
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_failover__leader_goes_through_the_states_in_order(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 3000);
    EXPECT(cluster, mark, "s? +sdown master mymaster 127.0.0.1 6379",
           "s? +odown master mymaster 127.0.0.1 6379 #quorum 2/2", "s? +new-epoch 1",
           "s? +try-failover master mymaster 127.0.0.1 6379", "s? saved *",
           "s? +vote-for-leader s? 1", "s? > s? ASK 127.0.0.1 6379 1 s?", "s? answers s? 1 s? 1",
           "s? +elected-leader master mymaster 127.0.0.1 6379",
           "s? +failover-state-select-slave master mymaster 127.0.0.1 6379",
           "s? +selected-slave slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379",
           "s? +failover-state-send-slaveof-noone slave 127.0.0.1:6381 *",
           "s? +failover-state-wait-promotion slave 127.0.0.1:6381 *", "s? > r3 PROMOTE",
           "r3 is master now", "s? -role-change slave 127.0.0.1:6381 * new reported role is master",
           "s? +promoted-slave slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379",
           "s? +failover-state-reconf-slaves master mymaster 127.0.0.1 6379", "s? saved *",
           "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6381",
           "s? +slave slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6381",
           "s? +slave slave 127.0.0.1:6379 127.0.0.1 6379 @ mymaster 127.0.0.1 6381",
           "s? > r2 FOLLOW 127.0.0.1 6381",
           "s? +slave-reconf-sent slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6381",
           "s? +slave-reconf-inprog slave 127.0.0.1:6380 *",
           "s? +slave-reconf-done slave 127.0.0.1:6380 *",
           "s? +failover-end master mymaster 127.0.0.1 6381");
    EXPECT(cluster, mark,
           "s? +config-update-from sentinel s? 127.0.0.1 * @ mymaster 127.0.0.1 6379",
           "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6381",
           "s? +slave slave 127.0.0.1:6380 *", "s? +slave slave 127.0.0.1:6379 *",
           "s? +sdown slave 127.0.0.1:6379 127.0.0.1 6379 @ mymaster 127.0.0.1 6381");
    cluster_free(cluster);
}

static void test_failover__hung_master_is_replaced_and_demoted_when_it_goes_on(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        sn_ms hung_at = cluster->now;
        cluster_hang(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 3000);
        /* The silence starts with the first PING that is not answered: up to 200 ms later. */
        cluster_require(cluster, mark, cluster->now - hung_at <= DOWN_AFTER + 200 + 50,
                        "within down-after, one PING period and 50 ms");
        cluster_run_for(cluster, 20000);
        assert_true(cluster_agreed(cluster, "mymaster", 6381));

        mark = cluster_mark(cluster);
        cluster_resume(&cluster->servers[0]->node);
        cluster_run_for(cluster, 12000);
        EXPECT(cluster, mark, "r1 goes on", "s? -sdown slave 127.0.0.1:6379 *",
               "s? > r1 FOLLOW 127.0.0.1 6381", "r1 follows 127.0.0.1 6381", "r1 replicates r3");
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_failover__returning_master_is_demoted_within_two_seconds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        assert_true(cluster_agreed(cluster, "mymaster", 6381));
        size_t mark = cluster_mark(cluster);
        sn_ms back_at = cluster->now;
        cluster_start(&cluster->servers[0]->node);
        cluster_run_to_line(cluster, mark, "r1 follows 127.0.0.1 6381", 20000);
        cluster_require(cluster, mark, cluster->now - back_at <= 2000, "within two seconds");
        cluster_run_for(cluster, 5000);
        cluster_expect_count(cluster, mark, "s? +convert-to-slave slave 127.0.0.1:6379 *", 1);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

/* D13 is for those whom a majority confirms. Who is alone with the returning master knows nothing
 * of what the others have decided meanwhile, and waits as long as stock does. */
static void test_failover__returning_master_is_not_demoted_early_by_a_minority(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct sentinel *alone = cluster->sentinels[seed % 3];
        struct model_redis *old = cluster->servers[0];
        cluster_kill(&old->node);
        cluster_run_for(cluster, 20000);
        for (size_t i = 0; i < 3; i++) {
            if (cluster->sentinels[i] == alone)
                continue;
            cluster_cut(&cluster->sentinels[i]->node, &alone->node);
            cluster_cut(&cluster->sentinels[i]->node, &old->node);
            /* Nor does it hear them by the servers. */
            for (size_t j = 1; j < 3; j++)
                cluster_cut(&cluster->sentinels[i]->node, &cluster->servers[j]->node);
        }
        cluster_run_for(cluster, 10000);
        size_t mark = cluster_mark(cluster);
        sn_ms back_at = cluster->now;
        cluster_start(&old->node);
        cluster_run_to_line(cluster, mark, "s? > r1 FOLLOW 127.0.0.1 6381", 20000);
        cluster_require(cluster, mark, cluster->now - back_at > 8000, "not before 8 seconds");
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_failover__killed_master_is_replaced_everywhere_within_50_ms),
        CLUSTER_TEST(test_failover__leader_goes_through_the_states_in_order),
        CLUSTER_TEST(test_failover__hung_master_is_replaced_and_demoted_when_it_goes_on),
        CLUSTER_TEST(test_failover__returning_master_is_demoted_within_two_seconds),
        CLUSTER_TEST(test_failover__returning_master_is_not_demoted_early_by_a_minority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
