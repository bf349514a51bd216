/* SPDX-License-Identifier: BSD-3-Clause */

/* The simulation itself: what the other tests rely on. */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALICE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A run with a bit of everything, traced in full. */
static void run_eventful(uint64_t seed, struct sn_buf *lines, uint64_t *digest)
{
    struct cluster *cluster = cluster_new(seed);
    cluster->trace.keep_fine = lines != NULL;
    cluster->delay_max_ms = 7;
    cluster->timer_late_ms = 3;
    cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
    cluster_add_simple(cluster, "other", 7379, 2, 2);
    cluster_start_sentinels(cluster, 3, 50);
    for (size_t i = 0; i < 3; i++)
        cluster->sentinels[i]->disk.latency_jitter_ms = 10;
    cluster_settle(cluster);
    cluster_kill(&cluster->servers[0]->node);
    cluster_hang(&cluster->servers[3]->node);
    cluster_run_for(cluster, 1200);
    cluster_kill(&cluster->sentinels[1]->node);
    cluster_run_for(cluster, 3000);
    cluster_start(&cluster->sentinels[1]->node);
    cluster_start(&cluster->servers[0]->node);
    cluster_resume(&cluster->servers[3]->node);
    cluster_run_for(cluster, 20000);
    *digest = cluster->trace.digest;
    if (lines != NULL)
        trace_print(&cluster->trace, 0, lines);
    cluster_free(cluster);
}

static void test_harness__same_seed_gives_the_same_trace_byte_for_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sn_buf first, second;
        uint64_t first_digest, second_digest;
        sn_buf_init(&first, 1 << 27);
        sn_buf_init(&second, 1 << 27);
        run_eventful(seed, &first, &first_digest);
        run_eventful(seed, &second, &second_digest);
        assert_false(first.full);
        assert_true(first.len > 10000);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.data, second.data, first.len);
        assert_true(first_digest == second_digest);
        sn_buf_fini(&first);
        sn_buf_fini(&second);
    }
}

static void test_harness__other_seed_gives_another_trace(void **state)
{
    (void)state;
    uint64_t one, two;
    run_eventful(1, NULL, &one);
    run_eventful(2, NULL, &two);
    assert_true(one != two);
}

static void test_harness__digest_does_not_depend_on_what_is_kept(void **state)
{
    (void)state;
    struct sn_buf lines;
    uint64_t kept, dropped;
    sn_buf_init(&lines, 1 << 27);
    run_eventful(5, &lines, &kept);
    run_eventful(5, NULL, &dropped);
    assert_true(kept == dropped);
    sn_buf_fini(&lines);
}

/* Clocks of the sentinels have nothing in common but their speed, and not even that. */
static void test_harness__drifting_clocks_change_times_by_their_drift_only(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new(1);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
    for (unsigned i = 0; i < 3; i++)
        cluster_add_sentinel(cluster)->clock_ppm = ((int64_t)i - 1) * 100000;
    for (unsigned i = 0; i < 3; i++)
        cluster_start(&cluster->sentinels[i]->node);
    cluster_settle(cluster);
    size_t mark = cluster_mark(cluster);
    sn_ms killed_at = cluster->now;
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 5000);
    sn_ms slow = trace_when(&cluster->trace, mark, "s1 +sdown master *") - killed_at;
    sn_ms exact = trace_when(&cluster->trace, mark, "s2 +sdown master *") - killed_at;
    sn_ms fast = trace_when(&cluster->trace, mark, "s3 +sdown master *") - killed_at;
    assert_in_range(fast, 905, 915);
    assert_in_range(exact, 1000, 1002);
    if (slow < SN_MS_NEVER / 2) /* else it heard of the new master first */
        assert_in_range(slow, 1105, 1120);
    assert_true(cluster_master_port(cluster->sentinels[0], "mymaster") != 6379);
    cluster_free(cluster);
}

static void test_harness__vote_before_it_is_durable_is_noticed(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, ALICE);
    /* As if the write had been lost on its way: what the answer relies on is not there. */
    cluster_run_for(cluster, 1);
    struct sn_image before;
    sn_image_copy(&voter->durable, &before);
    cluster_run_for(cluster, 10);
    cluster_expect_count(cluster, 0, "s1 ! *", 0);
    sn_image_fini(&voter->durable);
    voter->durable = before;
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, ALICE);
    cluster_expect_count(cluster, 0, "s1 ! *", 1);
    cluster->violations_expected = 1;
    /* Its hellos are in the same position. */
    cluster_run_for(cluster, 3000);
    size_t more = trace_count(&cluster->trace, 0, "s1 ! hello *");
    assert_true(more > 0);
    cluster->violations_expected += (unsigned)more;
    cluster_free(cluster);
}

static void test_harness__second_vote_is_noticed(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    const struct sn_addr *master = &cluster->servers[0]->node.addr;
    struct sn_image before;
    sn_image_copy(&voter->durable, &before);
    cluster_ask(voter, master, 5, ALICE);
    cluster_run_for(cluster, 10);
    cluster_kill(&voter->node);
    /* A disk that forgets what it had confirmed. */
    sn_image_fini(&voter->durable);
    voter->durable = before;
    cluster_start(&voter->node);
    cluster_ask(voter, master, 5, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    cluster_run_for(cluster, 10);
    cluster_expect_count(cluster, 0, "s1 ! vote s1 mymaster 5: was aaaa*, is bbbb* now", 1);
    cluster->violations_expected = 1;
    cluster_free(cluster);
}

static void test_harness__two_addresses_for_one_epoch_are_noticed(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    /* Somebody promotes r2 by hand, and claims the next epoch for it in the name of s3, which s1
     * cannot ask; then the others win that epoch for r3. */
    char hello[256];
    (void)snprintf(hello, sizeof(hello), "127.0.0.1,26381,%s,0,mymaster,127.0.0.1,6380,1",
                   cluster->sentinels[2]->id.hex);
    cluster_cut(&cluster->sentinels[0]->node, &cluster->sentinels[2]->node);
    cluster->servers[1]->priority = 200;
    model_redis_promote(cluster->servers[1]);
    cluster_publish(cluster->sentinels[0], hello);
    for (int i = 0; i < 600 && trace_count(&cluster->trace, 0, "s1 +switch-master *") == 0; i++)
        cluster_run_for(cluster, 1);
    cluster_expect_count(cluster, 0, "s1 +switch-master *", 1);
    cluster_isolate(&cluster->sentinels[0]->node);
    cluster_run_for(cluster, 3000);
    cluster_failover(cluster->sentinels[1], "mymaster", SN_MODE_FORCED);
    cluster_run_for(cluster, 3000);
    size_t noticed = trace_count(&cluster->trace, 0, "s? ! address of mymaster 1: was *");
    assert_true(noticed > 0);
    cluster->violations_expected = (unsigned)trace_count(&cluster->trace, 0, "s? ! *");
    cluster_free(cluster);
}

/* The error comes after the rename: the sentinel must not rely on it, yet a restart finds it. */
static void test_harness__failed_write_may_be_there_after_a_restart(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct sentinel *voter = cluster->sentinels[0];
    voter->disk.failing = voter->disk.lands = true;
    size_t mark = cluster_mark(cluster);
    cluster_ask(voter, &cluster->servers[0]->node.addr, 5, ALICE);
    cluster_run_to_line(cluster, mark, "s1 thinks it could not save *", 20000);
    assert_true(sn_image_find_group(&voter->durable, "mymaster")->leader_epoch == 5);
    cluster_kill(&voter->node);
    voter->disk.failing = voter->disk.lands = false;
    cluster_start(&voter->node);
    assert_true(cluster_vote_epoch(voter, "mymaster") == 5);
    cluster_free(cluster);
}

/* Names are looked up again and again; what was found stays in use while that fails. */
static void test_harness__names_that_are_not_found_do_not_break_what_works(void **state)
{
    (void)state;
    for (unsigned announce = 0; announce <= 1; announce++) {
        struct cluster *cluster = cluster_new(1);
        cluster_use_names(cluster, announce > 0);
        cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        assert_string_equal(cluster_lookup(cluster, "r1.test"), "127.0.0.1");
        assert_string_equal(cluster_lookup(cluster, "nobody.test"), "");
        cluster->resolve_fails = 100;
        size_t mark = cluster_mark(cluster);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 8000);
        EXPECT(cluster, mark, "s? does not find r1.test",
               announce > 0 ? "s? +switch-master mymaster r1.test 6379 r?.test *"
                            : "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 *");
        assert_true(cluster_master_port(cluster->sentinels[0], "mymaster") != 6379);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_harness__same_seed_gives_the_same_trace_byte_for_byte),
        CLUSTER_TEST(test_harness__other_seed_gives_another_trace),
        CLUSTER_TEST(test_harness__digest_does_not_depend_on_what_is_kept),
        CLUSTER_TEST(test_harness__drifting_clocks_change_times_by_their_drift_only),
        CLUSTER_TEST(test_harness__vote_before_it_is_durable_is_noticed),
        CLUSTER_TEST(test_harness__second_vote_is_noticed),
        CLUSTER_TEST(test_harness__two_addresses_for_one_epoch_are_noticed),
        CLUSTER_TEST(test_harness__failed_write_may_be_there_after_a_restart),
        CLUSTER_TEST(test_harness__names_that_are_not_found_do_not_break_what_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
