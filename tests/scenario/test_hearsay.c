/* SPDX-License-Identifier: BSD-3-Clause */

/* Hellos that nobody has sent move no group, and hold up no switch (DESIGN.md D30). */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEEDS 5

/* A switch to port, in the name of sentinel `whose`. */
static void forge(char out[256], const struct sentinel *whose, uint16_t port, unsigned epoch)
{
    (void)snprintf(out, 256, "127.0.0.1,%u,%s,%u,mymaster,127.0.0.1,%u,%u", whose->node.addr.port,
                   whose->id.hex, epoch, port, epoch);
}

/* On each server, and at each sentinel. */
static void publish_everywhere(struct cluster *cluster, const char *hello)
{
    for (size_t i = 0; i < cluster->server_count; i++) {
        if (cluster->servers[i]->node.state == NODE_RUNNING)
            model_redis_publish(cluster->servers[i], hello);
    }
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        cluster_publish(cluster->sentinels[i], hello);
}

static void test_hearsay__moves_no_group(void **state)
{
    static const uint16_t pretenders[] = {6380, 6381, 7777};
    char hello[256];
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        for (unsigned i = 0; i < 9; i++) {
            forge(hello, cluster->sentinels[i % 3], pretenders[i / 3], 5 + i);
            publish_everywhere(cluster, hello);
            cluster_run_for(cluster, 300);
        }
        cluster_run_for(cluster, 20000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_expect_count(cluster, mark, "r? follows *", 0);
        cluster_require(
            cluster, mark,
            trace_count(&cluster->trace, mark, "s? # Ignored a hello in the name of *") >= 3,
            "it is told");
        cluster_free(cluster);
    }
}

/* Every 20 ms, while the master dies. The true switch is followed all the same. */
static void test_hearsay__holds_up_no_failover(void **state)
{
    char hello[256];
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        for (unsigned i = 0; i < 200; i++) {
            forge(hello, cluster->sentinels[i % 3], i % 2 == 0 ? 7777 : 6379, 5 + i);
            publish_everywhere(cluster, hello);
            cluster_run_for(cluster, 20);
        }
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_require(cluster, mark,
                        trace_when_last(&cluster->trace, mark, "s? +switch-master *") -
                                trace_when(&cluster->trace, mark, "s? +switch-master *") <=
                            120,
                        "all follow soon");
        cluster_run_for(cluster, 5000);
        cluster_free(cluster);
    }
}

/* The leader dies as soon as it has told the others: the server speaks for it. */
static void test_hearsay__is_none_if_the_leader_dies_and_the_server_speaks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        size_t line = cluster_run_to_line(cluster, mark, "s? +switch-master *", 5000);
        struct node *leader = cluster_line_node(cluster, line);
        cluster_run_for(cluster, 1); /* its hellos arrive */
        cluster_kill(leader);
        cluster_run_for(cluster, 100);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_hearsay__moves_no_group),
        CLUSTER_TEST(test_hearsay__holds_up_no_failover),
        CLUSTER_TEST(test_hearsay__is_none_if_the_leader_dies_and_the_server_speaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
