/* SPDX-License-Identifier: BSD-3-Clause */

/* Two groups with different masters that claim the same servers (DESIGN.md D16): watched by one set
 * of sentinels, and by two that do not know each other. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DOWN_AFTER 1000

/* "one": the master r1 with r2 and r3. "two": r4 with r5, and it knows r2 and r3, too, which have
 * replicated it for a while. With apart, s1 to s3 watch "one", and s4 to s6 "two". */
static struct cluster *make_claims(uint64_t seed, bool apart)
{
    struct cluster *cluster = cluster_new(seed);
    cluster_add_simple(cluster, "one", 6379, 2, 2);
    if (apart) {
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        sn_image_remove_group(&cluster->config, 0);
    }
    cluster_add_simple(cluster, "two", 7379, 1, 2);
    for (size_t i = 0; i < 3; i++) {
        cluster_add_sentinel(cluster)->deployment = apart ? "their " : "";
        cluster_start(&cluster->sentinels[cluster->sentinel_count - 1]->node);
    }
    cluster_run_for(cluster, 12000);
    model_redis_follow(cluster->servers[1], "127.0.0.1", 7379);
    model_redis_follow(cluster->servers[2], "127.0.0.1", 7379);
    cluster_run_for(cluster, 30000);
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        static const char *const names[] = {"one", "two"};
        for (size_t n = 0; n < 2; n++) {
            if (cluster_watches(cluster->sentinels[i], names[n]) &&
                cluster_master_port(cluster->sentinels[i], names[n]) != 0)
                cluster_set(cluster->sentinels[i], names[n], SN_OPTION_FAILOVER_TIMEOUT,
                            "failover-timeout", 5000);
        }
    }
    cluster_run_for(cluster, 100);
    return cluster;
}

/* Everybody who watches the group calls this one its master. */
static void expect_master(struct cluster *cluster, size_t mark, const char *name, uint16_t port)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        uint16_t named = cluster_master_port(cluster->sentinels[i], name);
        cluster_require(cluster, mark, named == 0 || named == port, "they agree");
    }
}

static void expect_claimed(struct cluster *cluster, size_t mark, const char *count)
{
    for (size_t i = 0; i < cluster->sentinel_count; i++) {
        static const char *const names[] = {"one", "two"};
        for (size_t n = 0; n < 2; n++) {
            char value[256];
            if (cluster_master_port(cluster->sentinels[i], names[n]) == 0)
                continue;
            cluster_field(cluster->sentinels[i], names[n], "num-claimed-by-another-group", value);
            cluster_require(cluster, mark, strcmp(value, count) == 0, "the claims are shown");
        }
    }
}

static void test_claims__are_shown_while_they_last(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct cluster *cluster = make_claims(seed, seed % 2 == 0);
        size_t mark = cluster_mark(cluster);
        expect_claimed(cluster, mark, "2");
        /* Taken out of one of them. */
        model_redis_follow(cluster->servers[1], "127.0.0.1", 6379);
        model_redis_follow(cluster->servers[2], "127.0.0.1", 6379);
        cluster_run_for(cluster, 11000);
        for (size_t i = 0; i < cluster->sentinel_count; i++)
            cluster_reset_group(cluster->sentinels[i], "two");
        cluster_run_for(cluster, 12000);
        expect_claimed(cluster, mark, "");
        cluster_free(cluster);
    }
}

/* The operator's word counts for the choice and for those who have to follow, once; after that
 * nobody gives orders to what two groups claim, so that they do not take it from each other. */
static void test_claims__forced_failover_overrides_them_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = make_claims(seed, seed % 2 == 0);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 5000);
        cluster_expect_count(cluster, mark, "s? > r? *", 0);
        cluster_failover(cluster->sentinels[seed % 3], "one", SN_MODE_FORCED);
        cluster_run_to_line(cluster, mark, "s? +switch-master one *", 5000);
        cluster_run_for(cluster, 60000);
        uint16_t port = cluster_master_port(cluster->sentinels[0], "one");
        const struct model_redis *promoted = cluster->servers[port == 6380 ? 1 : 2];
        const struct model_redis *other = cluster->servers[port == 6380 ? 2 : 1];
        expect_master(cluster, mark, "one", port);
        expect_master(cluster, mark, "two", 7379);
        cluster_require(cluster, mark, promoted->role == SN_ROLE_MASTER, "promoted");
        cluster_require(cluster, mark, other->master.port == port, "the other one follows");
        cluster_require(cluster, mark, cluster->servers[3]->role == SN_ROLE_MASTER, "untouched");
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
        cluster_expect_count(cluster, mark, "s? > r? FOLLOW *", 1);
        expect_claimed(cluster, mark, "2");
        cluster_free(cluster);
    }
}

/* Both at once: whoever comes last has it, and that is all. */
static void test_claims__two_forced_failovers_do_not_fight(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = make_claims(seed, seed % 2 == 0);
        cluster_kill(&cluster->servers[0]->node);
        cluster_kill(&cluster->servers[3]->node);
        cluster_kill(&cluster->servers[4]->node);
        cluster_run_for(cluster, 5000);
        cluster_failover(cluster->sentinels[0], "one", SN_MODE_FORCED);
        cluster_run_for(cluster, (sn_ms)(seed * 7));
        cluster_failover(cluster->sentinels[seed % 2 == 0 ? 3 : 0], "two", SN_MODE_FORCED);
        cluster_run_for(cluster, 20000);
        size_t peace = cluster_mark(cluster);
        cluster_run_for(cluster, 60000);
        cluster_expect_count(cluster, peace, "s? > r? *", 0);
        cluster_expect_count(cluster, peace, "s? +switch-master *", 0);
        cluster_free(cluster);
    }
}

/* A server that another group has made its master is not demoted, whoever is forced. */
static void test_claims__forced_failover_demotes_no_master_of_another_group(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct cluster *cluster = make_claims(seed, seed % 2 == 0);
        cluster_kill(&cluster->servers[4]->node);
        cluster_run_for(cluster, 2000);
        cluster_failover(cluster->sentinels[seed % 2 == 0 ? 3 : 0], "two", SN_MODE_FORCED);
        cluster_run_for(cluster, 30000);
        uint16_t theirs = cluster_master_port(cluster->sentinels[seed % 2 == 0 ? 3 : 0], "two");
        assert_true(theirs == 6380 || theirs == 6381);
        size_t mark = cluster_mark(cluster);
        struct sn_command command = {.kind = SN_COMMAND_FAILOVER,
                                     .name = "one",
                                     .name_len = 3,
                                     .mode = SN_MODE_FORCED,
                                     .addr = cluster->servers[theirs == 6380 ? 2 : 1]->node.addr};
        cluster_command(cluster->sentinels[0], &command);
        cluster_run_for(cluster, 60000);
        expect_master(cluster, mark, "one", theirs == 6380 ? 6381 : 6380);
        cluster_require(cluster, mark,
                        cluster->servers[theirs == 6380 ? 1 : 2]->role == SN_ROLE_MASTER,
                        "theirs is still a master");
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_claims__are_shown_while_they_last),
        CLUSTER_TEST(test_claims__forced_failover_overrides_them_once),
        CLUSTER_TEST(test_claims__two_forced_failovers_do_not_fight),
        CLUSTER_TEST(test_claims__forced_failover_demotes_no_master_of_another_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
