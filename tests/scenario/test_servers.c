/* SPDX-License-Identifier: BSD-3-Clause */

/* The model servers, by what sentinels see of them. What a server in trouble refuses has been
 * looked up in COMMAND INFO of redis-server 7.0.15, and tried. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_servers__loading_refuses_orders_but_tells_its_state(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster->servers[2]->loading_ms = 4000;
    cluster_kill(&cluster->servers[2]->node);
    size_t mark = cluster_mark(cluster);
    cluster_start(&cluster->servers[2]->node);
    cluster_run_for(cluster, 1500);
    cluster_expect_count(cluster, mark, "r3 syncs from r1", 0);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_FORCED);
    cluster_run_for(cluster, 1000);
    cluster_expect_count(cluster, mark, "r3 is master now", 0);
    assert_false(model_redis_write(cluster->servers[2], 1));
    cluster_run_to_line(cluster, mark, "r3 replicates *", 5000);
    cluster_free(cluster);
}

static void test_servers__busy_refuses_everything_until_its_script_is_killed(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->servers[2]->ping_error = "BUSY Redis is busy running a script.";
    cluster_run_to_line(cluster, mark, "r3 ends its script", 5000);
    EXPECT(cluster, mark, "s? +sdown slave 127.0.0.1:6381 *", "r3 ends its script");
    cluster_run_for(cluster, 2500);
    cluster_expect_count(cluster, mark, "s? -sdown slave 127.0.0.1:6381 *", 3);

    mark = cluster_mark(cluster);
    cluster->servers[2]->ping_error = "BUSY Redis is busy running a script.";
    cluster->servers[2]->script_wrote = true;
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "r3 ends its script", 0);
    cluster_expect_count(cluster, mark, "s? -sdown slave 127.0.0.1:6381 *", 0);
    cluster_free(cluster);
}

static void test_servers__busy_master_takes_no_writes_and_busy_replica_gets_them_later(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct model_redis *master = cluster->servers[0], *replica = cluster->servers[2];
    replica->ping_error = "BUSY Redis is busy running a script.";
    assert_true(model_redis_write(master, 10));
    assert_true(replica->offset < master->offset);
    replica->ping_error = NULL;
    cluster_run_for(cluster, 1100);
    assert_true(replica->offset == master->offset);
    master->ping_error = "BUSY Redis is busy running a script.";
    assert_false(model_redis_write(master, 10));
    cluster_free(cluster);
}

static void test_servers__without_a_password_nothing_is_answered(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster->servers[2]->ping_error = "NOAUTH Authentication required.";
    cluster_reset(&cluster->sentinels[0]->node, &cluster->servers[2]->node);
    cluster_run_for(cluster, 3000);
    EXPECT(cluster, mark, "r3 refuses a subscriber: NOAUTH");
    EXPECT(cluster, mark, "r3 refuses order *: NOAUTH*");
    cluster_expect_count(cluster, mark, "s? +sdown slave 127.0.0.1:6381 *", 3);
    cluster->servers[2]->ping_error = NULL;
    cluster_run_for(cluster, 2000);
    cluster_expect_count(cluster, mark, "s? -sdown slave 127.0.0.1:6381 *", 3);
    cluster_free(cluster);
}

static void test_servers__full_server_keeps_its_clients_and_takes_no_others(void **state)
{
    (void)state;
    static const char *const ways[] = {"ERR max number of clients reached", ""};
    for (unsigned i = 0; i < 2; i++) {
        struct cluster *cluster = cluster_new_three(1);
        size_t mark = cluster_mark(cluster);
        cluster->servers[2]->turns_away = ways[i];
        cluster_run_for(cluster, 3000);
        cluster_expect_count(cluster, mark, "s? +sdown *", 0);
        cluster_reset(&cluster->sentinels[0]->node, &cluster->servers[2]->node);
        cluster_run_for(cluster, 3000);
        EXPECT(cluster, mark, "r3 turns a client away: *");
        cluster_expect_count(cluster, mark, "s1 +sdown slave 127.0.0.1:6381 *", 1);
        cluster_expect_count(cluster, mark, "s? +sdown *", 1);
        cluster->servers[2]->turns_away = NULL;
        cluster_run_for(cluster, 2500);
        cluster_expect_count(cluster, mark, "s1 -sdown slave 127.0.0.1:6381 *", 1);
        cluster_free(cluster);
    }
}

/* ---- histories ----------------------------------------------------------------------------------
 */

/* Whoever has the promoted server's past goes on with it; whoever has more of the old one does not.
 */
static void test_servers__ex_master_continues_only_if_it_has_no_writes_of_its_own(void **state)
{
    (void)state;
    for (unsigned own = 0; own <= 1; own++) {
        struct cluster *cluster = cluster_new_three(1);
        struct model_redis *old = cluster->servers[0], *new = cluster->servers[2];
        old->backlog_max = new->backlog_max = 1000;
        model_redis_promote(new);
        if (own > 0)
            assert_true(model_redis_write(old, 1));
        assert_true(model_redis_write(new, 500));
        size_t mark = cluster_mark(cluster);
        model_redis_follow(old, "127.0.0.1", 6381);
        cluster_run_for(cluster, 1500);
        cluster_expect_count(cluster, mark, "r1 continues from r3", 1 - own);
        cluster_expect_count(cluster, mark, "r1 syncs from r3", own);
        assert_true(old->offset == new->offset);
        cluster_free(cluster);
    }
}

static void test_servers__what_the_backlog_has_lost_takes_a_full_sync(void **state)
{
    (void)state;
    for (unsigned more = 0; more <= 1; more++) {
        struct cluster *cluster = cluster_new_three(1);
        struct model_redis *master = cluster->servers[0], *replica = cluster->servers[2];
        master->backlog_max = 1000;
        cluster_kill(&replica->node);
        assert_true(model_redis_write(master, 999 + more));
        size_t mark = cluster_mark(cluster);
        cluster_start(&replica->node);
        cluster_run_for(cluster, 1500);
        cluster_expect_count(cluster, mark, "r3 continues from r1", 1 - more);
        cluster_expect_count(cluster, mark, "r3 syncs from r1", more);
        cluster_free(cluster);
    }
}

static void test_servers__diskless_sync_that_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct model_redis *replica = cluster->servers[2];
    replica->diskless = true;
    replica->sync_load_ms = 500;
    cluster_kill(&replica->node);
    size_t mark = cluster_mark(cluster);
    cluster_start(&replica->node);
    cluster_run_to_line(cluster, mark, "r3 loads what it got from r1", 2000);
    assert_true(model_redis_is_loading(replica));
    model_redis_promote(replica);
    assert_true(replica->role == SN_ROLE_REPLICA);
    cluster_kill(&cluster->servers[0]->node);
    assert_false(model_redis_is_loading(replica));
    assert_true(replica->offset == 0);
    cluster_free(cluster);
}

static void test_servers__replica_without_its_master_takes_no_replicas(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new(1);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
    cluster_run_for(cluster, 1000);
    cluster_kill(&cluster->servers[0]->node);
    model_redis_follow(cluster->servers[2], "127.0.0.1", 6380);
    cluster_run_for(cluster, 500);
    assert_true(cluster->servers[2]->repl == REPL_CONNECT);
    model_redis_promote(cluster->servers[1]);
    cluster_run_for(cluster, 1100);
    assert_true(cluster->servers[2]->repl == REPL_UP);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_servers__loading_refuses_orders_but_tells_its_state),
        CLUSTER_TEST(test_servers__busy_refuses_everything_until_its_script_is_killed),
        CLUSTER_TEST(test_servers__busy_master_takes_no_writes_and_busy_replica_gets_them_later),
        CLUSTER_TEST(test_servers__without_a_password_nothing_is_answered),
        CLUSTER_TEST(test_servers__full_server_keeps_its_clients_and_takes_no_others),
        CLUSTER_TEST(test_servers__ex_master_continues_only_if_it_has_no_writes_of_its_own),
        CLUSTER_TEST(test_servers__what_the_backlog_has_lost_takes_a_full_sync),
        CLUSTER_TEST(test_servers__diskless_sync_that_breaks_off_leaves_nothing),
        CLUSTER_TEST(test_servers__replica_without_its_master_takes_no_replicas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
