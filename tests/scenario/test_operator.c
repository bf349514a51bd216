/* SPDX-License-Identifier: BSD-3-Clause */

/* Operators who change things in the middle of a failover, or by hand at the servers. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

static const char *const moments[] = {
    "s? +sdown master *",   "s? +odown *",          "s? +try-failover *",
    "s? answers s? 1 s? *", "s? +elected-leader *", "s? > r? PROMOTE",
    "s? +promoted-slave *", "s? +switch-master *",  "s? +slave-reconf-sent *",
};

static void test_operator__reset_of_the_actor_at_any_moment_does_not_stop_the_failover(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct cluster *cluster = cluster_new_three(seed);
            scenario_set_failover_timeout(cluster, 5000);
            size_t mark = cluster_mark(cluster);
            cluster_kill(&cluster->servers[0]->node);
            size_t line = cluster_run_to_line(cluster, mark, moments[i], 5000);
            cluster_reset_group(cluster_line_node(cluster, line)->sentinel, "my*");
            EXPECT(cluster, line, "s? command RESET my*", "s? +reset-master *");
            cluster_run_for(cluster, 30000);
            cluster_expect_count(cluster, line, "s? answers operator 1", 1);
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

static void test_operator__reset_forgets_replicas_and_peers_and_finds_them_again(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster_reset_group(cluster->sentinels[0], "*");
    cluster_run_for(cluster, 2500);
    EXPECT(cluster, mark, "s1 +reset-master master mymaster 127.0.0.1 6379",
           "s1 answers operator 1", "s1 +slave slave 127.0.0.1:6380 *");
    cluster_expect_count(cluster, mark, "s1 +slave *", 2);
    cluster_expect_count(cluster, mark, "s1 +sentinel *", 2);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_free(cluster);
}

static void test_operator__reset_does_not_lead_to_a_second_vote(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    const struct sn_addr *master = &cluster->servers[0]->node.addr;
    size_t mark = cluster_mark(cluster);
    cluster_ask(voter, master, 5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    cluster_run_for(cluster, 10);
    cluster_reset_group(voter, "*");
    cluster_run_for(cluster, 10);
    cluster_ask(voter, master, 5, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    cluster_run_for(cluster, 10);
    EXPECT(cluster, mark, "s1 answers operator 0 aaaa* 5", "s1 +reset-master *",
           "s1 answers operator 0 \\* 5");
    cluster_free(cluster);
}

static void test_operator__remove_and_monitor_do_not_lead_to_a_second_vote(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    const struct sn_addr *master = &cluster->servers[0]->node.addr;
    size_t mark = cluster_mark(cluster);
    cluster_ask(voter, master, 5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    cluster_run_for(cluster, 10);
    cluster_remove(voter, "mymaster");
    cluster_monitor(voter, "mymaster", master, 2);
    cluster_run_for(cluster, 10);
    cluster_ask(voter, master, 5, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    cluster_run_for(cluster, 10);
    cluster_expect_count(cluster, mark, "s1 answers operator 0 bbbb* 5", 0);
    cluster_ask(voter, master, 6, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    cluster_run_for(cluster, 10);
    cluster_expect_count(cluster, mark, "s1 answers operator 0 bbbb* 6", 1);
    cluster_free(cluster);
}

static void test_operator__remove_at_any_moment_leaves_the_others_able_to_finish(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct cluster *cluster = cluster_new_three(seed);
            scenario_set_failover_timeout(cluster, 5000);
            size_t mark = cluster_mark(cluster);
            cluster_kill(&cluster->servers[0]->node);
            size_t line = cluster_run_to_line(cluster, mark, moments[i], 5000);
            struct node *actor = cluster_line_node(cluster, line);
            cluster_remove(actor->sentinel, "mymaster");
            cluster_expect_count(cluster, line, "s? -monitor master mymaster *", 1);
            cluster_run_for(cluster, 20000);
            /* It neither acts nor answers for the group any more; its peers see it alive and
             * silent, so they go on after 2T at the latest. */
            cluster_require(cluster, mark, cluster_master_port(actor->sentinel, "mymaster") == 0,
                            "forgotten");
            cluster_kill(actor);
            cluster_run_for(cluster, 20000);
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

static void test_operator__monitor_of_a_dead_master_joins_the_quorum(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster_remove(cluster->sentinels[2], "mymaster");
    cluster_run_for(cluster, 1000);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 3 * DOWN_AFTER);
    size_t mark = cluster_mark(cluster);
    cluster_require(cluster, 0, cluster_agreed(cluster, "mymaster", 6381) == false, "s3 is out");
    cluster_monitor(cluster->sentinels[2], "mymaster", &cluster->servers[2]->node.addr, 2);
    cluster_run_for(cluster, 5000);
    EXPECT(cluster, mark, "s3 +monitor master mymaster 127.0.0.1 6381 quorum 2",
           "s3 answers operator OK", "s3 +slave slave 127.0.0.1:6380 *");
    cluster_expect_count(cluster, mark, "s3 +sentinel *", 2);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
    cluster_require(cluster, mark,
                    cluster_config_epoch(cluster->sentinels[2], "mymaster") ==
                        cluster_config_epoch(cluster->sentinels[0], "mymaster"),
                    "it has learnt the epoch");
    cluster_free(cluster);
}

/* The new time counts from when the silence began, at once and for everybody. */
static void test_operator__set_of_down_after_is_in_force_at_once(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    for (size_t i = 0; i < 3; i++)
        cluster_set(cluster->sentinels[i], "mymaster", SN_OPTION_DOWN_AFTER,
                    "down-after-milliseconds", 60000);
    cluster_run_for(cluster, 1000);
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    sn_ms set_at = cluster->now;
    for (size_t i = 0; i < 3; i++)
        cluster_set(cluster->sentinels[i], "mymaster", SN_OPTION_DOWN_AFTER,
                    "down-after-milliseconds", 2000);
    cluster_run_to_line(cluster, mark, "s? +switch-master *", 1000);
    cluster_require(cluster, mark, cluster->now - set_at <= 50, "within 50 ms");
    EXPECT(cluster, mark, "s? command SET mymaster",
           "s? +set master mymaster 127.0.0.1 6379 down-after-milliseconds 2000",
           "s? +sdown master *", "s? +odown *");
    cluster_expect_count(cluster, mark, "s? answers operator OK", 3);
    cluster_free(cluster);
}

static void test_operator__set_of_a_longer_down_after_takes_sdown_back(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster_cut(&cluster->servers[0]->node, &cluster->sentinels[0]->node);
    cluster_run_for(cluster, 2000);
    cluster_expect_count(cluster, mark, "s1 +sdown master *", 1);
    cluster_set(cluster->sentinels[0], "mymaster", SN_OPTION_DOWN_AFTER, "down-after-milliseconds",
                60000);
    cluster_run_for(cluster, 1000);
    cluster_expect_count(cluster, mark, "s1 -sdown master *", 1);
    cluster_free(cluster);
}

/* ---- by hand at the servers -------------------------------------------------------------------
 */

static void test_operator__replica_promoted_by_hand_is_converted_back_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        /* A failover has taken place before, so that there is a configuration to defend. */
        cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        size_t mark = cluster_mark(cluster);
        uint16_t port = cluster_master_port(cluster->sentinels[0], "mymaster");
        struct model_redis *stray = cluster->servers[port == 6380 ? 2 : 1];
        model_redis_promote(stray);
        cluster_run_for(cluster, 30000);
        /* Noticed with the next INFO, ten seconds at most, then put right by one of the three. */
        cluster_expect_count(cluster, mark, "s? +convert-to-slave *", 1);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_require(cluster, mark, stray->role == SN_ROLE_REPLICA, "it is a replica again");
        cluster_free(cluster);
    }
}

static void
test_operator__replica_promoted_by_hand_before_any_failover_waits_8_seconds(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    model_redis_promote(cluster->servers[1]);
    size_t seen =
        cluster_run_to_line(cluster, mark, "s? -role-change slave 127.0.0.1:6380 *", 11000);
    sn_ms seen_at = cluster->trace.lines[seen].at;
    cluster_run_to_line(cluster, mark, "s? +convert-to-slave slave 127.0.0.1:6380 *", 12000);
    cluster_require(cluster, mark, cluster->now - seen_at > 8000, "not before 8 seconds");
    cluster_run_for(cluster, 5000);
    cluster_require_replicas(cluster, mark, cluster->servers[0], 6379, 6381);
    cluster_free(cluster);
}

static void test_operator__replica_redirected_by_hand_is_fixed_after_failover_timeout(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        scenario_set_failover_timeout(cluster, 6000);
        cluster_run_for(cluster, 7000);
        size_t mark = cluster_mark(cluster);
        sn_ms done_at = cluster->now;
        model_redis_follow(cluster->servers[1], "127.0.0.1", 6381); /* a chain */
        cluster_run_to_line(cluster, mark, "s? +fix-slave-config slave 127.0.0.1:6380 *", 30000);
        cluster_require(cluster, mark, cluster->now - done_at > 6000, "not before T");
        cluster_require(cluster, mark, cluster->now - done_at <= 6000 + 2 * 10000,
                        "at the INFO after T at the latest");
        cluster_run_for(cluster, 5000);
        cluster_require_replicas(cluster, mark, cluster->servers[0], 6379, 6381);
        cluster_free(cluster);
    }
}

/* A master turned into a replica by hand is no master any more. */
static void test_operator__master_made_a_replica_by_hand_is_replaced(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    model_redis_promote(cluster->servers[2]);
    model_redis_follow(cluster->servers[0], "127.0.0.1", 6381);
    cluster_run_for(cluster, 60000);
    scenario_require_healed(cluster, mark);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_operator__reset_of_the_actor_at_any_moment_does_not_stop_the_failover),
        CLUSTER_TEST(test_operator__reset_forgets_replicas_and_peers_and_finds_them_again),
        CLUSTER_TEST(test_operator__reset_does_not_lead_to_a_second_vote),
        CLUSTER_TEST(test_operator__remove_and_monitor_do_not_lead_to_a_second_vote),
        CLUSTER_TEST(test_operator__remove_at_any_moment_leaves_the_others_able_to_finish),
        CLUSTER_TEST(test_operator__monitor_of_a_dead_master_joins_the_quorum),
        CLUSTER_TEST(test_operator__set_of_down_after_is_in_force_at_once),
        CLUSTER_TEST(test_operator__set_of_a_longer_down_after_takes_sdown_back),
        CLUSTER_TEST(test_operator__replica_promoted_by_hand_is_converted_back_once),
        CLUSTER_TEST(test_operator__replica_promoted_by_hand_before_any_failover_waits_8_seconds),
        CLUSTER_TEST(test_operator__replica_redirected_by_hand_is_fixed_after_failover_timeout),
        CLUSTER_TEST(test_operator__master_made_a_replica_by_hand_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
