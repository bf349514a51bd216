/* SPDX-License-Identifier: BSD-3-Clause */

/* Failovers that an operator asks for (DESIGN.md D17). */

#include "cluster.h"
#include "model_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A client that writes to whatever the first sentinel calls the master, every millisecond. */
struct writer {
    uint64_t acknowledged;
    bool stop;
};

static struct model_redis *server_at(struct cluster *cluster, uint16_t port)
{
    for (size_t i = 0; i < cluster->server_count; i++) {
        if (cluster->servers[i]->node.addr.port == port)
            return cluster->servers[i];
    }
    return NULL;
}

static void write_on(struct cluster *cluster, void *arg)
{
    struct writer *writer = arg;
    struct model_redis *master =
        server_at(cluster, cluster_master_port(cluster->sentinels[0], "mymaster"));
    if (master != NULL && model_redis_write(master, 1))
        writer->acknowledged = master->offset;
    if (!writer->stop)
        cluster_after(cluster, 1, write_on, writer);
}

/* The last writes before the pause have not reached the candidate, and do not until it catches up.
 */
static void fall_behind(struct cluster *cluster, struct node *who, void *arg)
{
    (void)who;
    (void)arg;
    cluster->servers[2]->lagging = true;
    cluster->servers[2]->offset -= 5;
}

static void fail_over_with_late_lag(struct cluster *cluster, uint64_t asked,
                                    enum sn_failover_mode mode)
{
    cluster_when(cluster, "r1 pauses writes", 1, fall_behind, NULL);
    cluster_failover(cluster->sentinels[asked], "mymaster", mode);
}

static void test_manual__healthy_master_is_switched_within_100_ms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster->servers[1]->lagging = false;
        size_t mark = cluster_mark(cluster);
        sn_ms asked_at = cluster->now;
        cluster_failover(cluster->sentinels[seed % 3], "mymaster", SN_MODE_PLANNED);
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 3000);
        cluster_require(cluster, mark, cluster->now - asked_at <= 100, "within 100 ms");
        cluster_run_for(cluster, 15000);
        EXPECT(cluster, mark, "s? command FAILOVER mymaster", "s? +new-epoch 1",
               "s? +try-failover *", "s? answers operator OK", "s? +elected-leader *",
               "s? > r? PROMOTE", "s? +promoted-slave *",
               "s? +switch-master mymaster 127.0.0.1 6379 127.0.0.1 *", "s? +failover-end *");
        cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
        cluster_expect_count(cluster, mark, "s? +sdown *", 0);
        uint16_t port = cluster_master_port(cluster->sentinels[0], "mymaster");
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", port), "agreement");
        cluster_require_replicas(cluster, mark, server_at(cluster, port), 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_manual__planned_switchover_loses_no_acknowledged_write(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct writer writer = {0};
        cluster->delay_max_ms = 3;
        cluster_after(cluster, 1, write_on, &writer);
        cluster_run_for(cluster, 500);
        size_t mark = cluster_mark(cluster);
        /* The candidate is behind while the master is paused, and catches up a little later. */
        fail_over_with_late_lag(cluster, seed % 3, SN_MODE_PLANNED);
        cluster_run_to_line(cluster, mark, "r1 pauses writes", 1000);
        cluster_run_for(cluster, 300);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
        uint64_t acknowledged = writer.acknowledged;
        model_redis_catch_up(cluster->servers[2]);
        cluster_run_to_line(cluster, mark, "r3 is master now", 1000);
        cluster_require(cluster, mark, cluster->servers[2]->offset >= acknowledged,
                        "nothing is lost");
        cluster_run_for(cluster, 5000);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
        cluster_require(cluster, mark, cluster->servers[2]->offset > acknowledged,
                        "the new master takes writes");
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_require(cluster, mark, !model_redis_is_paused(cluster->servers[0]),
                        "no pause is left behind");
        writer.stop = true;
        cluster_run_for(cluster, 10);
        cluster_free(cluster);
    }
}

/* Nobody is paused for a replica that is far behind, but it is waited for. */
static void test_manual__lagging_replica_is_waited_for_without_a_pause(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct writer writer = {0};
    cluster_after(cluster, 1, write_on, &writer);
    cluster->servers[2]->lagging = true;
    cluster_run_for(cluster, 100);
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 4000);
    cluster_expect_count(cluster, mark, "r1 pauses writes", 0);
    cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
    model_redis_catch_up(cluster->servers[2]);
    cluster_run_to_line(cluster, mark, "r1 pauses writes", 100);
    uint64_t acknowledged = writer.acknowledged;
    cluster_run_to_line(cluster, mark, "r3 is master now", 100);
    cluster_require(cluster, mark, cluster->servers[2]->offset >= acknowledged, "nothing is lost");
    writer.stop = true;
    cluster_run_for(cluster, 10);
    cluster_free(cluster);
}

/* … and not for ever. */
static void test_manual__hopeless_lag_ends_a_coordinated_one_and_not_a_plain_one(void **state)
{
    (void)state;
    for (int coordinated = 0; coordinated <= 1; coordinated++) {
        struct cluster *cluster = cluster_new_three(1);
        struct writer writer = {0};
        cluster_after(cluster, 1, write_on, &writer);
        cluster->servers[2]->lagging = true;
        cluster_run_for(cluster, 100);
        size_t mark = cluster_mark(cluster);
        cluster_failover(cluster->sentinels[0], "mymaster",
                         coordinated ? SN_MODE_COORDINATED : SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        cluster_expect_count(cluster, mark, "r1 pauses writes", 0);
        cluster_expect_count(cluster, mark, "s? +sdown *", 0);
        if (coordinated)
            EXPECT(cluster, mark, "s1 -failover-abort-master-timeout *");
        else
            EXPECT(cluster, mark, "s1 # *its last writes may be lost*", "s1 > r3 PROMOTE");
        cluster_require(cluster, mark,
                        cluster_agreed(cluster, "mymaster", coordinated ? 6379 : 6381),
                        "agreement");
        writer.stop = true;
        cluster_run_for(cluster, 10);
        cluster_free(cluster);
    }
}

static void test_manual__planned_goes_on_when_the_replica_never_catches_up(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct writer writer = {0};
    cluster_after(cluster, 1, write_on, &writer);
    cluster_run_for(cluster, 100);
    size_t mark = cluster_mark(cluster);
    fail_over_with_late_lag(cluster, 0, SN_MODE_PLANNED);
    cluster_run_for(cluster, 20000);
    EXPECT(cluster, mark, "r1 pauses writes", "s1 # *its last writes may be lost*",
           "s1 > r3 PROMOTE");
    /* The pause blocks the other sentinels' links, hellos first, but never long enough for that. */
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
    writer.stop = true;
    cluster_run_for(cluster, 10);
    cluster_free(cluster);
}

static void test_manual__coordinated_stops_rather_than_lose_a_write(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    struct writer writer = {0};
    cluster_after(cluster, 1, write_on, &writer);
    cluster_run_for(cluster, 100);
    size_t mark = cluster_mark(cluster);
    fail_over_with_late_lag(cluster, 0, SN_MODE_COORDINATED);
    cluster_run_to_line(cluster, mark, "s1 -failover-abort-master-timeout *", 20000);
    cluster_run_for(cluster, 10);
    cluster_require(cluster, mark, !model_redis_is_paused(cluster->servers[0]), "no pause is left");
    cluster_run_for(cluster, 20000);
    EXPECT(cluster, mark, "r1 pauses writes", "s1 -failover-abort-master-timeout *");
    cluster_expect_count(cluster, mark, "s? +sdown *", 0);
    cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 0);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6379), "agreement");
    cluster_require(cluster, mark, !model_redis_is_paused(cluster->servers[0]), "no pause");
    uint64_t acknowledged = writer.acknowledged;
    cluster_run_for(cluster, 100);
    cluster_require(cluster, mark, writer.acknowledged > acknowledged, "the master takes writes");
    writer.stop = true;
    cluster_run_for(cluster, 10);
    cluster_free(cluster);
}

static void test_manual__pause_that_is_refused_does_not_stop_a_planned_one(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster->servers[0]->pause_error = "NOPERM this user has no permissions to run 'client|pause'";
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 3000);
    EXPECT(cluster, mark, "s1 # *refused CLIENT PAUSE*", "s1 > r? PROMOTE");
    cluster_expect_count(cluster, mark, "s? +switch-master *", 3);
    cluster_free(cluster);
}

static void test_manual__leader_dying_in_the_drain_leaves_a_master_that_works(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct writer writer = {0};
        cluster_after(cluster, 1, write_on, &writer);
        size_t mark = cluster_mark(cluster);
        fail_over_with_late_lag(cluster, 1, SN_MODE_PLANNED);
        cluster_run_to_line(cluster, mark, "r1 pauses writes", 1000);
        cluster_kill(&cluster->sentinels[1]->node);
        cluster_run_for(cluster, 15000);
        uint64_t acknowledged = writer.acknowledged;
        cluster_run_for(cluster, 100);
        cluster_require(cluster, mark, writer.acknowledged > acknowledged, "writes go on");
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        writer.stop = true;
        cluster_run_for(cluster, 10);
        cluster_free(cluster);
    }
}

static void test_manual__forced_needs_nobody(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster_kill(&cluster->sentinels[1]->node);
    cluster_kill(&cluster->sentinels[2]->node);
    cluster_run_for(cluster, 2000);
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_FORCED);
    cluster_run_to_line(cluster, mark, "s1 +switch-master *", 1000);
    cluster_run_for(cluster, 15000);
    cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
    cluster_free(cluster);
}

static void test_manual__second_order_in_progress_is_refused(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 1);
    EXPECT(cluster, mark, "s1 answers operator error -INPROG Failover already in progress");
    cluster_run_for(cluster, 5000);
    cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
    cluster_free(cluster);
}

/* Two operators on two sentinels, in the same millisecond. */
static void test_manual__two_orders_at_once_end_in_one_configuration(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        cluster->delay_max_ms = 1 + (sn_ms)(seed % 3);
        cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
        cluster_failover(cluster->sentinels[1], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 40000);
        uint16_t port = cluster_master_port(cluster->sentinels[0], "mymaster");
        cluster_require(cluster, mark, port != 6379, "switched");
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", port), "agreement");
        cluster_require_replicas(cluster, mark, server_at(cluster, port), 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_manual__no_replica_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster_kill(&cluster->servers[1]->node);
    cluster_kill(&cluster->servers[2]->node);
    cluster_run_for(cluster, 3000);
    size_t mark = cluster_mark(cluster);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 1000);
    EXPECT(cluster, mark, "s1 answers operator error -NOGOODSLAVE *");
    cluster_expect_count(cluster, mark, "s? +new-epoch *", 0);
    cluster_free(cluster);
}

/* What a drain is for: the same order, without it, loses writes that were acknowledged. */
static void test_manual__forced_loses_what_a_planned_one_keeps(void **state)
{
    (void)state;
    for (int forced = 0; forced <= 1; forced++) {
        struct cluster *cluster = cluster_new_three(1);
        struct writer writer = {0};
        cluster_after(cluster, 1, write_on, &writer);
        cluster_run_for(cluster, 500);
        size_t mark = cluster_mark(cluster);
        cluster->servers[2]->lagging = true;
        cluster_run_for(cluster, 20);
        cluster_failover(cluster->sentinels[0], "mymaster",
                         forced ? SN_MODE_FORCED : SN_MODE_PLANNED);
        if (!forced) {
            cluster_run_for(cluster, 100);
            model_redis_catch_up(cluster->servers[2]);
        }
        cluster_run_to_line(cluster, mark, "r? is master now", 1000);
        bool kept = cluster->servers[2]->offset >= writer.acknowledged;
        cluster_require(cluster, mark, kept == !forced, "as the order says");
        cluster_expect_count(cluster, mark, "r1 pauses writes", forced ? 0 : 1);
        writer.stop = true;
        cluster_run_for(cluster, 10);
        cluster_free(cluster);
    }
}

/* A plain order is the operator's own decision, as with stock; this one asks the majority. */
static void test_manual__coordinated_needs_a_majority(void **state)
{
    (void)state;
    for (int coordinated = 0; coordinated <= 1; coordinated++) {
        struct cluster *cluster = cluster_new_three(1);
        cluster_kill(&cluster->sentinels[1]->node);
        cluster_kill(&cluster->sentinels[2]->node);
        cluster_run_for(cluster, 3000);
        size_t mark = cluster_mark(cluster);
        cluster_failover(cluster->sentinels[0], "mymaster",
                         coordinated ? SN_MODE_COORDINATED : SN_MODE_PLANNED);
        cluster_run_for(cluster, 15000);
        cluster_expect_count(cluster, mark, "s1 > r? PROMOTE", coordinated ? 0 : 1);
        cluster_expect_count(cluster, mark, "s1 -failover-abort-not-elected *",
                             coordinated ? 1 : 0);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_manual__healthy_master_is_switched_within_100_ms),
        CLUSTER_TEST(test_manual__planned_switchover_loses_no_acknowledged_write),
        CLUSTER_TEST(test_manual__lagging_replica_is_waited_for_without_a_pause),
        CLUSTER_TEST(test_manual__hopeless_lag_ends_a_coordinated_one_and_not_a_plain_one),
        CLUSTER_TEST(test_manual__planned_goes_on_when_the_replica_never_catches_up),
        CLUSTER_TEST(test_manual__coordinated_stops_rather_than_lose_a_write),
        CLUSTER_TEST(test_manual__pause_that_is_refused_does_not_stop_a_planned_one),
        CLUSTER_TEST(test_manual__leader_dying_in_the_drain_leaves_a_master_that_works),
        CLUSTER_TEST(test_manual__forced_needs_nobody),
        CLUSTER_TEST(test_manual__second_order_in_progress_is_refused),
        CLUSTER_TEST(test_manual__two_orders_at_once_end_in_one_configuration),
        CLUSTER_TEST(test_manual__no_replica_is_an_error_and_changes_nothing),
        CLUSTER_TEST(test_manual__forced_loses_what_a_planned_one_keeps),
        CLUSTER_TEST(test_manual__coordinated_needs_a_majority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
