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

/* Two deployments of three, with a name each; if hosts, the servers are known by host names. */
static struct cluster *make_deployments(uint64_t seed, bool hosts)
{
    struct cluster *cluster = cluster_new(seed);
    if (hosts)
        cluster_use_names(cluster, true);
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

static struct cluster *make_two_deployments(uint64_t seed)
{
    return make_deployments(seed, false);
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

/* Candidates of both names get in each other's way: a vote counts for both. */
static void test_alias__both_names_follow_in_a_slow_network(void **state)
{
    (void)state;
    for (uint64_t seed = 46; seed <= 58; seed++) {
        struct cluster *cluster = seed % 2 == 0 ? make_two_names(seed) : make_two_deployments(seed);
        size_t mark = cluster_mark(cluster);
        cluster->delay_max_ms = 20;
        cluster->timer_late_ms = 25;
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 15000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
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

/* n sentinels of "two" are away. */
static void stop_two(struct cluster *cluster, size_t n)
{
    for (size_t i = 3; i < 3 + n; i++)
        cluster_kill(&cluster->sentinels[i]->node);
}

static void start_two(struct cluster *cluster)
{
    for (size_t i = 3; i < 6; i++) {
        if (cluster->sentinels[i]->node.state != NODE_RUNNING)
            cluster_start(&cluster->sentinels[i]->node);
    }
}

static void set_down_after_of_two(struct cluster *cluster, sn_ms down_after_ms)
{
    for (size_t i = 3; i < 6; i++)
        cluster_set(cluster->sentinels[i], "two", SN_OPTION_DOWN_AFTER, "down-after-milliseconds",
                    down_after_ms);
    cluster_run_for(cluster, 100);
}

/* "one" switches while sentinels of "two" are away, who have forgotten the other name when they
 * come back, as no file holds it. They find out again. */
static void test_alias__restart_between_the_switches(void **state)
{
    static const char *const moments[] = {
        "s? +sdown master one *",  "s? +odown master one *",  "s? +elected-leader *",
        "s? +selected-slave *",    "s? > r? PROMOTE",         "s? +promoted-slave *",
        "s? +switch-master one *", "s? +slave-reconf-sent *", "s? +slave-reconf-done *",
        "s? +failover-end *",
    };
    static const sn_ms downs[] = {1000, 3000, 20000}, aways[] = {5, 400, 2500, 8000};
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct cluster *cluster = make_two_deployments(seed + 1);
        struct model_redis *old = cluster->servers[0];
        if (seed % 7 == 3) { /* "two" has the higher epoch */
            cluster_failover(cluster->sentinels[3], "two", SN_MODE_PLANNED);
            cluster_run_for(cluster, 10000);
            cluster_failover(cluster->sentinels[3], "two", SN_MODE_PLANNED);
            cluster_run_for(cluster, 20000);
            uint16_t port = require_one_master(cluster, cluster_mark(cluster));
            old = cluster->servers[port - 6379];
        }
        set_down_after_of_two(cluster, downs[seed % 3]);
        size_t mark = cluster_mark(cluster);
        if (seed % 2 == 0)
            stop_two(cluster, seed % 5 < 3 ? 3 : 2);
        cluster_kill(&old->node);
        (void)cluster_run_to_line(cluster, mark, moments[seed % 10], 10000);
        stop_two(cluster, seed % 5 < 3 ? 3 : 2);
        cluster_run_for(cluster, aways[seed % 4]);
        if (seed % 11 < 4)
            cluster_start(&old->node);
        start_two(cluster);
        cluster_run_for(cluster, 60000);
        uint16_t port = require_one_master(cluster, mark);
        cluster_require(cluster, mark, port != old->node.addr.port, "switched");
        if (old->node.state != NODE_RUNNING)
            cluster_start(&old->node);
        cluster_run_for(cluster, 30000);
        (void)require_one_master(cluster, mark);
        cluster_free(cluster);
    }
}

/* Hellos come every two seconds; whoever is started after the master's death, and finds it down
 * before that, waits for them, as by itself it would choose another one. */
static void test_alias__restarted_sentinels_hear_before_they_choose(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct cluster *cluster = make_two_deployments(seed);
        cluster_kill(&cluster->sentinels[1]->node); /* fewer hellos */
        set_down_after_of_two(cluster, 300);
        size_t mark = cluster_mark(cluster);
        stop_two(cluster, 3);
        cluster_kill(&cluster->servers[0]->node);
        (void)cluster_run_to_line(cluster, mark, "s? +switch-master one *", 10000);
        cluster_run_for(cluster, 300);
        uint16_t port = cluster_master_port(cluster->sentinels[0], "one");
        cluster->servers[port == 6380 ? 2 : 1]->priority = 1;
        start_two(cluster);
        cluster_run_for(cluster, 15000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) == port, "the same");
        cluster_free(cluster);
    }
}

/* The same with a planned switchover: the old master is a replica by then, and alive. */
static void test_alias__restart_between_planned_switches(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct cluster *cluster = make_two_deployments(seed + 1);
        size_t mark = cluster_mark(cluster);
        stop_two(cluster, 3);
        cluster_failover(cluster->sentinels[seed % 3], "one", SN_MODE_PLANNED);
        cluster_run_for(cluster, (sn_ms)seed * 100);
        start_two(cluster);
        cluster_run_for(cluster, 15000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_free(cluster);
    }
}

/* ---- changes by an operator --------------------------------------------------------------------
 */

static const char *const failover_moments[] = {
    "s? +sdown master one *", "s? +elected-leader *",    "s? > r? PROMOTE",
    "s? +promoted-slave *",   "s? +switch-master one *", "s? +slave-reconf-sent *",
    "s? +failover-end *",
};
#define MOMENTS (sizeof(failover_moments) / sizeof(failover_moments[0]))

static bool watches(const struct sentinel *sentinel, const char *name)
{
    return cluster_master_port(sentinel, name) != 0;
}

/* One name is taken out, in peace or while it is failed over: the other one goes on alone. */
static void test_alias__removal_of_one_leaves_the_other(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4 * MOMENTS; seed++) {
        struct cluster *cluster =
            seed % 2 == 0 ? make_two_names(seed + 1) : make_two_deployments(seed + 1);
        const char *gone = seed / 2 % 2 == 0 ? "one" : "two";
        const char *left = seed / 2 % 2 == 0 ? "two" : "one";
        size_t mark = cluster_mark(cluster);
        if (seed >= 4) {
            cluster_kill(&cluster->servers[0]->node);
            (void)cluster_run_to_line(cluster, mark, failover_moments[seed / 4], 10000);
        }
        for (size_t i = 0; i < cluster->sentinel_count; i++) {
            if (watches(cluster->sentinels[i], gone))
                cluster_remove(cluster->sentinels[i], gone);
        }
        if (seed < 4)
            cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        (void)require_one_master(cluster, mark);
        for (size_t i = 0; i < cluster->sentinel_count; i++) {
            cluster_require(cluster, mark, !watches(cluster->sentinels[i], gone), "it is gone");
            if (seed % 2 == 0)
                cluster_require(cluster, mark, watches(cluster->sentinels[i], left), "it is there");
        }
        cluster_expect_count(cluster, mark, "s? +foreign-instance *", 0);
        cluster_free(cluster);
    }
}

/* A RESET forgets servers and peers, but not that there is another name. */
static void test_alias__reset_of_one_does_not_part_them(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4 * MOMENTS; seed++) {
        struct cluster *cluster =
            seed % 2 == 0 ? make_two_names(seed + 1) : make_two_deployments(seed + 1);
        const char *name = seed / 2 % 2 == 0 ? "one" : "two";
        size_t mark = cluster_mark(cluster);
        if (seed >= 4) {
            cluster_kill(&cluster->servers[0]->node);
            (void)cluster_run_to_line(cluster, mark, failover_moments[seed / 4], 10000);
        }
        for (size_t i = 0; i < cluster->sentinel_count; i++) {
            if (watches(cluster->sentinels[i], name))
                cluster_reset_group(cluster->sentinels[i], name);
        }
        cluster_run_for(cluster, 1000);
        /* Whoever has forgotten the replicas of a dead master cannot choose one. */
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 60000);
        (void)require_one_master(cluster, mark);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 30000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_free(cluster);
    }
}

/* The sentinels of one name do not reach r2, those of the other one do not reach r3: each leader
 * has one candidate. When the network is well again, they end at one of them. */
static void test_alias__leaders_that_choose_differently_end_at_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = make_two_deployments(seed);
        if (seed % 4 == 0) { /* unlike epochs */
            cluster_failover(cluster->sentinels[0], "one", SN_MODE_PLANNED);
            cluster_run_for(cluster, 10000);
            cluster_failover(cluster->sentinels[0], "one", SN_MODE_PLANNED);
            cluster_run_for(cluster, 20000);
        }
        uint16_t master = cluster_master_port(cluster->sentinels[0], "one");
        struct model_redis *candidates[2];
        size_t count = 0;
        for (size_t i = 0; i < 3; i++) {
            if (cluster->servers[i]->node.addr.port != master)
                candidates[count++] = cluster->servers[i];
        }
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < 6; i++)
            cluster_cut(&cluster->sentinels[i]->node, &candidates[i / 3]->node);
        cluster_run_for(cluster, (sn_ms)(seed % 3) * 1000);
        cluster_kill(&cluster->servers[master - 6379]->node);
        cluster_run_for(cluster, 1100 + (sn_ms)(seed % 10) * 300);
        cluster_heal(cluster);
        cluster_run_for(cluster, 60000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != master, "switched");
        size_t peace = cluster_mark(cluster);
        cluster_run_for(cluster, 20000);
        cluster_expect_count(cluster, peace, "s? > r? *", 0);
        cluster_start(&cluster->servers[master - 6379]->node);
        cluster_run_for(cluster, 20000);
        (void)require_one_master(cluster, mark);
        cluster_free(cluster);
    }
}

/* The same at once, and hellos name hosts: the lower address is the looked-up one, for both. Those
 * who have it stay where they are, and the others switch once more. */
static void test_alias__leaders_that_choose_differently_find_the_lower_of_two_hosts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = make_deployments(seed, true);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < 6; i++) /* r2 has the lower address */
            cluster_cut(&cluster->sentinels[i]->node,
                        &cluster->servers[1 + (i / 3 + seed) % 2]->node);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 1500);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 6);
        cluster_heal(cluster);
        cluster_run_for(cluster, 15000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) == 6380, "the lower one");
        cluster_expect_count(cluster, mark, "s? +switch-master *", 9);
        cluster_free(cluster);
    }
}

/* The second name is given to the master while the first one is failed over. */
static void test_alias__name_that_is_added_in_a_failover_follows(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2 * MOMENTS; seed++) {
        struct cluster *cluster = cluster_new(seed + 1);
        cluster_add_simple(cluster, "one", 6379, 2, 2);
        cluster->also[0] = "one";
        cluster->also[1] = "two";
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        (void)cluster_run_to_line(cluster, mark, failover_moments[seed % MOMENTS], 10000);
        for (size_t i = 0; i < 3; i++) {
            cluster_monitor(cluster->sentinels[i], "two", &cluster->servers[0]->node.addr, 2);
            cluster_set(cluster->sentinels[i], "two", SN_OPTION_DOWN_AFTER,
                        "down-after-milliseconds", DOWN_AFTER);
            cluster_run_for(cluster, (sn_ms)seed);
        }
        cluster_run_for(cluster, 30000);
        cluster_require(cluster, mark, require_one_master(cluster, mark) != 6379, "switched");
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 20000);
        (void)require_one_master(cluster, mark);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_alias__both_names_follow_when_the_master_dies),
        CLUSTER_TEST(test_alias__both_names_follow_in_a_slow_network),
        CLUSTER_TEST(test_alias__both_names_follow_a_switchover),
        CLUSTER_TEST(test_alias__restart_between_the_switches),
        CLUSTER_TEST(test_alias__restarted_sentinels_hear_before_they_choose),
        CLUSTER_TEST(test_alias__restart_between_planned_switches),
        CLUSTER_TEST(test_alias__removal_of_one_leaves_the_other),
        CLUSTER_TEST(test_alias__reset_of_one_does_not_part_them),
        CLUSTER_TEST(test_alias__leaders_that_choose_differently_end_at_one),
        CLUSTER_TEST(test_alias__leaders_that_choose_differently_find_the_lower_of_two_hosts),
        CLUSTER_TEST(test_alias__name_that_is_added_in_a_failover_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
