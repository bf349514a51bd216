/* SPDX-License-Identifier: BSD-3-Clause */

/* Many groups watched by the same sentinels. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define MANY       200

static void make_name(char *name, size_t size, unsigned i)
{
    (void)snprintf(name, size, "group-%03u", i);
}

static struct cluster *make_groups(uint64_t seed, unsigned groups)
{
    struct cluster *cluster = cluster_new(seed);
    char name[32];
    for (unsigned i = 0; i < groups; i++) {
        make_name(name, sizeof(name), i);
        cluster_add_simple(cluster, name, (uint16_t)(10000 + 10 * i), 2, 2);
    }
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    return cluster;
}

static void kill_masters(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->server_count; i += 3)
        cluster_kill(&cluster->servers[i]->node);
}

/* Every group has a new master, and it is the same one everywhere. */
static void require_all_switched(struct cluster *cluster, size_t mark, unsigned groups)
{
    char name[32];
    for (unsigned i = 0; i < groups; i++) {
        make_name(name, sizeof(name), i);
        uint16_t port = cluster_master_port(cluster->sentinels[0], name);
        cluster_require(cluster, mark, port != 10000 + 10 * i, name);
        cluster_require(cluster, mark, cluster_agreed(cluster, name, port), name);
    }
}

/* D7: the attempt for one group raises the epoch under the other's. */
static void test_groups__two_failing_at_once_do_not_void_each_other(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct cluster *cluster = make_groups(seed, 2);
        cluster->delay_max_ms = (sn_ms)(seed % 5) + 1;
        for (size_t i = 0; i < 3; i++)
            cluster->sentinels[i]->disk.latency_jitter_ms = (sn_ms)(seed % 7);
        size_t mark = cluster_mark(cluster);
        sn_ms killed_at = cluster->now;
        kill_masters(cluster);
        cluster_run_for(cluster, 5000);
        require_all_switched(cluster, mark, 2);
        cluster_expect_count(cluster, mark, "s? +try-failover *", 2);
        cluster_expect_count(cluster, mark, "s? -failover-abort-not-elected *", 0);
        sn_ms took = trace_when_last(&cluster->trace, mark, "s? +switch-master *") - killed_at;
        cluster_require(cluster, mark, took <= DOWN_AFTER + 200, "within 200 ms");
        cluster_free(cluster);
    }
}

/* The installed epoch is the one that was won: no other group's. */
static void test_groups__each_configuration_gets_the_epoch_it_was_won_with(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = make_groups(seed, 5);
        size_t mark = cluster_mark(cluster);
        kill_masters(cluster);
        cluster_run_for(cluster, 5000);
        require_all_switched(cluster, mark, 5);
        for (size_t i = 0; i < 3; i++) {
            for (unsigned g = 0; g < 5; g++) {
                char name[32];
                make_name(name, sizeof(name), g);
                assert_int_equal(cluster_config_epoch(cluster->sentinels[i], name),
                                 cluster_vote_epoch(cluster->sentinels[i], name));
            }
        }
        cluster_free(cluster);
    }
}

static void run_many(bool blocking_peers, sn_ms bound_ms)
{
    struct cluster *cluster = make_groups(1, MANY);
    size_t mark = cluster_mark(cluster);
    sn_ms killed_at = cluster->now;
    cluster->blocking_peers = blocking_peers;
    kill_masters(cluster);
    cluster_run_for(cluster, 5000);
    require_all_switched(cluster, mark, MANY);
    sn_ms took = trace_when_last(&cluster->trace, mark, "s? +switch-master *") - killed_at;
    size_t led = trace_count(&cluster->trace, mark, "s? +elected-leader *");
    print_message("the last of %d groups was switched after %lld ms, %zu were led\n", MANY,
                  (long long)took, led);
    cluster_require(cluster, mark, took <= DOWN_AFTER + bound_ms, "in time");
    /* The work is spread: each sentinel leads a good share (D6). */
    for (unsigned i = 1; i <= 3; i++) {
        char pattern[32];
        (void)snprintf(pattern, sizeof(pattern), "s%u +elected-leader *", i);
        led = trace_count(&cluster->trace, mark, pattern);
        cluster_require(cluster, mark, led >= MANY / 8, "leaders are spread");
    }
    if (!blocking_peers) {
        cluster_expect_count(cluster, mark, "s? +elected-leader *", MANY);
        cluster_expect_count(cluster, mark, "s? +switch-master *", (size_t)3 * MANY);
    }
    cluster_free(cluster);
}

static void test_groups__two_hundred_failing_at_once_are_switched_within_100_ms(void **state)
{
    (void)state;
    run_many(false, 100);
}

/* Where a sentinel serves a peer's next question only after the last one is answered, votes wait
 * for each other's writes. */
static void test_groups__two_hundred_are_switched_though_votes_wait_for_each_other(void **state)
{
    (void)state;
    run_many(true, 1000);
}

/* One group after the other, faster than the disks write: each epoch that is on its way to a disk
 * is followed by the next, and nobody may wait until there is none. */
static void test_groups__a_stream_of_failures_holds_nobody_up(void **state)
{
    struct cluster *cluster = make_groups(1, MANY);
    size_t mark = cluster_mark(cluster);
    sn_ms killed_at = cluster->now;
    sn_ms worst = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        cluster->sentinels[i]->disk.latency_ms = 20;
    for (size_t i = 0; i < cluster->server_count; i += 3) {
        cluster_kill(&cluster->servers[i]->node);
        cluster_run_for(cluster, 1);
    }
    cluster_run_for(cluster, 3000);
    require_all_switched(cluster, mark, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char pattern[64];
        (void)snprintf(pattern, sizeof(pattern), "s? +switch-master group-%03u *", i);
        sn_ms took = trace_when_last(&cluster->trace, mark, pattern) - killed_at - (sn_ms)i;
        worst = took > worst ? took : worst;
    }
    print_message("the slowest of %d groups took %lld ms\n", MANY, (long long)worst);
    cluster_require(cluster, mark, worst <= DOWN_AFTER + 200, "within ten saves");
    cluster_free(cluster);
}

/* Peers' links are shared by the groups; losing a peer is noticed for all of them. */
static void test_groups__peer_link_is_shared_by_all(void **state)
{
    (void)state;
    struct cluster *cluster = make_groups(1, 10);
    size_t mark = cluster_mark(cluster);
    cluster_kill(&cluster->sentinels[2]->node);
    cluster_run_for(cluster, 3 * DOWN_AFTER);
    cluster_expect_count(cluster, mark, "s1 +sdown sentinel s3 *", 10);
    cluster_expect_count(cluster, mark, "s2 +sdown sentinel s3 *", 10);
    cluster_start(&cluster->sentinels[2]->node);
    cluster_run_for(cluster, 3 * DOWN_AFTER);
    cluster_expect_count(cluster, mark, "s1 -sdown sentinel s3 *", 10);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_groups__two_failing_at_once_do_not_void_each_other),
        CLUSTER_TEST(test_groups__each_configuration_gets_the_epoch_it_was_won_with),
        CLUSTER_TEST(test_groups__two_hundred_failing_at_once_are_switched_within_100_ms),
        CLUSTER_TEST(test_groups__two_hundred_are_switched_though_votes_wait_for_each_other),
        CLUSTER_TEST(test_groups__a_stream_of_failures_holds_nobody_up),
        CLUSTER_TEST(test_groups__peer_link_is_shared_by_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
