/* SPDX-License-Identifier: BSD-3-Clause */

/* One master under two names: in one set of sentinels, and in two that do not know each other. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

/* Three sentinels that know r1 as "one" and as "two". */
static struct cluster *make_two_names(uint64_t seed)
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "one", 6379, 2, 2);
    cluster_add_group(cluster, "two", cluster->servers[0], 2)->params.down_after_ms = DOWN_AFTER;
    cluster->also[0] = "one";
    cluster->also[1] = "two";
    cluster_start_sentinels(cluster, 3, 130);
    cluster_run_for(cluster, 12000);
    return cluster;
}

/* Two deployments of three, with a name each. */
static struct cluster *make_two_deployments(uint64_t seed)
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "one", 6379, 2, 2);
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    sn_image_remove_group(&cluster->config, 0);
    cluster_add_group(cluster, "two", cluster->servers[0], 2)->params.down_after_ms = DOWN_AFTER;
    cluster->also[0] = "one";
    cluster->also[1] = "two";
    for (size_t i = 3; i < 6; i++) {
        cluster_add_sentinel(cluster)->deployment = "their ";
        cluster_start(&cluster->sentinels[i]->node);
    }
    cluster_run_for(cluster, 12000);
    return cluster;
}

/* The port that everybody calls the master, by whichever name he knows it. */
static uint16_t require_one_master(struct cluster *cluster, size_t mark)
{
    uint16_t port = 0;
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        static const char *const names[] = {"one", "two"};
        for (size_t n = 0; n < 2; n++) {
            uint16_t named = cluster_master_port(cluster->sentinels[i], names[n]);
            if (named == 0)
                continue;
            cluster_require(cluster, mark, port == 0 || port == named, "one master for all");
            port = named;
        }
    }
    unsigned masters = 0;
    for (size_t i = 0; i < cluster->server_count; i++) {
        const struct model_redis *redis = cluster->servers[i];
        if (redis->node.state != NODE_RUNNING)
            continue;
        masters += redis->role == SN_ROLE_MASTER;
        cluster_require(cluster, mark, redis->role == SN_ROLE_MASTER || redis->master.port == port,
                        "the others follow");
    }
    cluster_require(cluster, mark, masters == 1, "one master");
    return port;
}

static void test_alias__both_names_follow_when_the_master_dies(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = seed % 2 == 0 ? make_two_names(seed) : make_two_deployments(seed);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 15000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_expect_count(cluster, mark, "s? +foreign-instance *", 0);
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        (void)require_one_master(cluster, mark);
        cluster_free(cluster);
    }
}

static void test_alias__both_names_follow_a_switchover(void **state)
{
    static const enum sn_failover_mode modes[] = {SN_MODE_PLANNED, SN_MODE_COORDINATED,
                                                  SN_MODE_FORCED};
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct cluster *cluster = seed % 2 == 0 ? make_two_names(seed) : make_two_deployments(seed);
        size_t mark = cluster_mark(cluster);
        cluster_failover(cluster->sentinels[seed % 3], "one", modes[seed % 3]);
        cluster_run_for(cluster, 3000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_run_for(cluster, 30000);
        (void)require_one_master(cluster, mark);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_alias__both_names_follow_when_the_master_dies),
        CLUSTER_TEST(test_alias__both_names_follow_a_switchover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
