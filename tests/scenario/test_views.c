/* SPDX-License-Identifier: BSD-3-Clause */

/* Sentinels whose view is old, wrong or disturbed: those that were away, that hear of other
 * deployments, that moved, that were stopped. */

#include "cluster.h"
#include "model_redis.h"
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DOWN_AFTER 1000
#define STRANGER   "cccccccccccccccccccccccccccccccccccccccc"

/* ---- observers that were away -----------------------------------------------------------------
 */

static void test_views__isolated_observer_adopts_the_newest_configuration_by_hello(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        struct sentinel *away = cluster->sentinels[seed % 3];
        cluster_isolate(&away->node);
        cluster_run_for(cluster, 5000);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER); /* epoch 1: r3 */
        cluster_start(&cluster->servers[0]->node);
        cluster_run_for(cluster, 15000);
        cluster_kill(&cluster->servers[2]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER); /* epoch 2: r1 or r2 */
        cluster_require(cluster, mark, cluster_master_port(away, "mymaster") == 6379, "stale");
        size_t healed = cluster_mark(cluster);
        sn_ms healed_at = cluster->now;
        cluster_heal(cluster);
        uint16_t port = cluster_master_port(cluster->sentinels[(seed + 1) % 3], "mymaster");
        cluster_run_to_agreement(cluster, "mymaster", port, 10000);
        cluster_require(cluster, healed, cluster->now - healed_at <= 4000, "within two hellos");
        if (port != 6379)
            cluster_expect_count(cluster, healed, "s? +config-update-from *", 1);
        cluster_run_for(cluster, 15000);
        /* It orders nobody around from its old view. */
        cluster_expect_count(cluster, healed, "s? > r? PROMOTE", 0);
        cluster_expect_count(cluster, healed, "s? > r? FOLLOW 127.0.0.1 6381", 0);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", port), "agreement");
        cluster_free(cluster);
    }
}

static void test_views__restarted_observer_adopts_the_newest_configuration_by_hello(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct sentinel *away = cluster->sentinels[seed % 3];
        cluster_kill(&away->node);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 3 * DOWN_AFTER);
        cluster_start(&cluster->servers[0]->node); /* the old master is there when it wakes up */
        size_t mark = cluster_mark(cluster);
        cluster_start(&away->node);
        cluster_run_to_agreement(cluster, "mymaster", 6381, 4000);
        cluster_run_for(cluster, 15000);
        cluster_expect_count(cluster, mark, "s? > r3 *", 0);
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

/* A minority with the old master: its clients write to a master that the others have replaced. */
static void test_views__isolated_master_and_sentinel_join_the_others_afterwards(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct node *island[] = {&cluster->servers[0]->node, &cluster->sentinels[0]->node};
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < cluster->node_count; i++) {
            for (size_t j = 0; j < 2; j++) {
                if (cluster->nodes[i] != island[0] && cluster->nodes[i] != island[1])
                    cluster_cut(cluster->nodes[i], island[j]);
            }
        }
        cluster_run_for(cluster, 10000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 2);
        cluster_require(cluster, mark,
                        cluster_master_port(cluster->sentinels[0], "mymaster") == 6379,
                        "the island keeps its master");
        cluster_heal(cluster);
        cluster_run_for(cluster, 20000);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
        cluster_require_replicas(cluster, mark, cluster->servers[2], 6379, 6381);
        cluster_free(cluster);
    }
}

static void test_views__sentinel_that_cannot_hear_still_hears_by_peers(void **state)
{
    (void)state;
    /* s1's subscriptions are cut, its peers push hellos directly. */
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    for (size_t i = 0; i < 3; i++)
        cluster_cut_way(&cluster->servers[i]->node, &cluster->sentinels[0]->node);
    cluster_run_for(cluster, 5000);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 3 * DOWN_AFTER);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
    cluster_free(cluster);
}

/* The links between the sentinels are slow, those to the servers are not. */
static sn_ms slow_between_sentinels(void *arg, struct cluster *cluster, const struct node *from,
                                    const struct node *to)
{
    const struct sentinel *slow = arg;
    (void)cluster;
    bool both = from->sentinel != NULL && to->sentinel != NULL;
    return both && (from->sentinel == slow || to->sentinel == slow) ? 150 : 1;
}

/* s1 still reaches the old master, and sees a replica turn master before it hears why. */
static void test_views__promotion_is_not_undone_by_one_who_has_not_heard_of_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        struct sentinel *late = cluster->sentinels[seed % 3];
        uint16_t port = cluster_master_port(late, "mymaster");
        struct model_redis *old = cluster->servers[port - 6379];
        cluster->delay = slow_between_sentinels;
        cluster->delay_arg = late;
        cluster_run_for(cluster, 3000);
        size_t mark = cluster_mark(cluster);
        for (size_t i = 0; i < cluster->node_count; i++) {
            if (cluster->nodes[i] != &old->node && cluster->nodes[i] != &late->node)
                cluster_cut(cluster->nodes[i], &old->node);
        }
        cluster_run_for(cluster, 15000);
        cluster_expect_count(cluster, mark, "s? > r? PROMOTE", 1);
        uint16_t fresh = cluster_master_port(late, "mymaster");
        cluster_require(cluster, mark, fresh != port, "it has switched, too");
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", fresh), "agreement");
        char pattern[64];
        (void)snprintf(pattern, sizeof(pattern), "s? > r? FOLLOW 127.0.0.1 %u", port);
        cluster_expect_count(cluster, mark, pattern, 0);
        cluster_free(cluster);
    }
}

/* ---- other deployments (D15, D16) -------------------------------------------------------------
 */

static void send_foreign(struct cluster *cluster, uint64_t config_epoch)
{
    char hello[256];
    (void)snprintf(hello, sizeof(hello),
                   "127.0.0.1,29999," STRANGER ",9,mymaster,127.0.0.1,7777,%u",
                   (unsigned)config_epoch);
    for (size_t i = 0; i < cluster->sentinel_count; i++)
        cluster_publish(cluster->sentinels[i], hello);
}

static void test_views__foreign_hello_neither_adds_a_peer_nor_moves_the_master(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 20000); /* now there is a configuration, with an epoch */
    uint16_t port = cluster_master_port(cluster->sentinels[0], "mymaster");
    size_t mark = cluster_mark(cluster);
    for (unsigned i = 0; i < 5; i++) {
        send_foreign(cluster, 9);
        cluster_run_for(cluster, 2000);
    }
    cluster_expect_count(cluster, mark, "s1 +foreign-hello *", 1);
    cluster_expect_count(cluster, mark, "s? +foreign-hello *", 3);
    cluster_expect_count(cluster, mark, "s? +sentinel *", 0);
    cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
    cluster_expect_count(cluster, mark, "s? +new-epoch *", 0);
    cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", port), "agreement");
    cluster_free(cluster);
}

/* Two deployments that use one name, and a server's address is taken over by the other one. */
static void test_views__reused_address_does_not_merge_two_deployments(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = cluster_new(seed);
        cluster_add_simple(cluster, "mymaster", 6379, 2, 2);
        cluster_start_sentinels(cluster, 3, 130);
        cluster_settle(cluster);
        cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        uint16_t ours = cluster_master_port(cluster->sentinels[0], "mymaster");
        /* The other deployment: three more sentinels, on other servers, the same name. */
        sn_image_remove_group(&cluster->config, 0);
        cluster_add_simple(cluster, "mymaster", 7379, 2, 2);
        for (size_t i = 3; i < 6; i++) {
            cluster_add_sentinel(cluster)->deployment = "their ";
            cluster_start(&cluster->sentinels[i]->node);
        }
        cluster_run_for(cluster, 5000);
        cluster_failover(cluster->sentinels[3], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        cluster_failover(cluster->sentinels[3], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        uint16_t theirs = cluster_master_port(cluster->sentinels[3], "mymaster");
        size_t mark = cluster_mark(cluster);
        /* Our r2 and r3 go; at the address of one that is a replica now, one of their replicas. */
        struct model_redis *gone = cluster->servers[ours == 6380 ? 2 : 1];
        cluster_kill(&gone->node);
        cluster_run_for(cluster, 1500);
        struct model_redis *moved = cluster->servers[theirs == 7380 ? 5 : 4];
        cluster_kill(&moved->node);
        cluster_readdress(&moved->node, gone->node.addr.port);
        cluster_start(&moved->node);
        cluster_run_for(cluster, 60000);
        for (size_t i = 0; i < 6; i++)
            cluster_require(cluster, mark,
                            cluster_master_port(cluster->sentinels[i], "mymaster") ==
                                (i < 3 ? ours : theirs),
                            "each keeps its master");
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_expect_count(cluster, mark, "s? +sentinel *", 0);
        cluster_require(cluster, mark, moved->master.port == theirs,
                        "the server stays with its deployment");
        cluster_free(cluster);
    }
}

/* The same, but the sentinels have long lost patience with a replica that follows somebody else. */
static void test_views__server_of_another_deployment_gets_no_orders(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    scenario_set_failover_timeout(cluster, 5000);
    cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
    cluster_run_for(cluster, 20000);
    uint16_t ours = cluster_master_port(cluster->sentinels[0], "mymaster");
    struct model_redis *lost = cluster->servers[ours == 6380 ? 2 : 1];
    size_t mark = cluster_mark(cluster);
    struct model_redis *theirs = cluster_add_server(cluster, 7379);
    cluster_start(&theirs->node);
    model_redis_follow(lost, "127.0.0.1", 7379);
    /* Their sentinel says hello there, every two seconds. */
    for (unsigned i = 0; i < 30; i++) {
        model_redis_publish(lost, "127.0.0.1,29999," STRANGER ",9,mymaster,127.0.0.1,7379,3");
        cluster_run_for(cluster, 2000);
    }
    cluster_expect_count(cluster, mark, "s? > r? FOLLOW *", 0);
    EXPECT(cluster, mark, "s? +foreign-hello *", "s? +foreign-instance slave *");
    /* They are gone. */
    cluster_run_for(cluster, 20000);
    cluster_require(cluster, mark, lost->master.port == ours, "it is ours again");
    cluster_free(cluster);
}

/* One server configured into two groups of the same sentinels. */
static void test_views__server_claimed_by_two_groups_gets_no_orders(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new(1);
    cluster_add_simple(cluster, "one", 6379, 2, 2);
    cluster_add_simple(cluster, "two", 7379, 1, 2);
    cluster_start_sentinels(cluster, 3, 130);
    cluster_settle(cluster);
    size_t mark = cluster_mark(cluster);
    /* r2 of "one" is pointed at the master of "two", which lists it as its replica. */
    for (size_t i = 0; i < 3; i++)
        cluster_set(cluster->sentinels[i], "one", SN_OPTION_FAILOVER_TIMEOUT, "failover-timeout",
                    5000);
    model_redis_follow(cluster->servers[1], "127.0.0.1", 7379);
    cluster_run_for(cluster, 60000);
    cluster_expect_count(cluster, mark, "s? > r2 FOLLOW *", 0);
    EXPECT(cluster, mark, "s? +slave slave 127.0.0.1:6380 127.0.0.1 6380 @ two *",
           "s? +foreign-instance slave 127.0.0.1:6380 *");
    /* A failover of either group leaves it alone, too. */
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_for(cluster, 10000);
    cluster_expect_count(cluster, mark, "s? > r2 *", 0);
    cluster_require(cluster, mark, cluster_agreed(cluster, "one", 6381), "one has failed over");
    /* Taken out of one of them, it gets orders again. */
    for (size_t i = 0; i < 3; i++)
        cluster_remove(cluster->sentinels[i], "two");
    cluster_run_for(cluster, 60000);
    cluster_require(cluster, mark, cluster->servers[1]->master.port == 6381, "fixed");
    cluster_free(cluster);
}

/* A sentinel that is alone hears no hellos but its own, yet it knows both groups. */
static void test_views__server_claimed_by_two_groups_of_one_sentinel_gets_no_orders(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new(1);
    cluster_add_simple(cluster, "mymaster", 6379, 2, 1);
    cluster_add_simple(cluster, "two", 7379, 1, 1);
    cluster_start_sentinels(cluster, 1, 0);
    cluster_settle(cluster);
    scenario_set_failover_timeout(cluster, 5000);
    size_t mark = cluster_mark(cluster);
    model_redis_follow(cluster->servers[1], "127.0.0.1", 7379);
    cluster_run_for(cluster, 60000);
    EXPECT(cluster, mark, "s1 +foreign-instance slave 127.0.0.1:6380 *");
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_to_line(cluster, mark, "s1 +switch-master mymaster *", 3 * DOWN_AFTER);
    cluster_run_for(cluster, 20000);
    cluster_expect_count(cluster, mark, "s1 > r2 *", 0);
    cluster_expect_count(cluster, mark, "s1 > r3 PROMOTE", 1);
    cluster_free(cluster);
}

/* ---- peers that move --------------------------------------------------------------------------
 */

static void test_views__peer_at_a_new_address_is_followed(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    struct sentinel *mover = cluster->sentinels[1];
    cluster_kill(&mover->node);
    cluster_readdress(&mover->node, 28000);
    cluster_run_for(cluster, 100);
    cluster_start(&mover->node);
    cluster_run_for(cluster, 4000);
    EXPECT(cluster, mark,
           "s1 +sentinel-address-switch master mymaster 127.0.0.1 6379 ip 127.0.0.1 port 28000 "
           "for s2");
    EXPECT(cluster, mark,
           "s3 +sentinel-address-switch master mymaster 127.0.0.1 6379 ip 127.0.0.1 port 28000 "
           "for s2");
    cluster_expect_count(cluster, mark, "s? +sentinel *", 0);
    char peers[256];
    cluster_field(cluster->sentinels[0], "mymaster", "num-other-sentinels", peers);
    assert_string_equal(peers, "2");
    /* It votes from there. */
    cluster_kill(&cluster->sentinels[2]->node);
    cluster_kill(&cluster->servers[0]->node);
    cluster_run_to_agreement(cluster, "mymaster", 6381, 5 * DOWN_AFTER);
    cluster_free(cluster);
}

static void test_views__new_id_at_a_known_address_replaces_the_old_one(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_new_three(1);
    size_t mark = cluster_mark(cluster);
    struct sentinel *old = cluster->sentinels[1];
    cluster_kill(&old->node);
    struct sentinel *fresh = cluster_add_sentinel(cluster);
    cluster_readdress(&fresh->node, old->node.addr.port);
    cluster_start(&fresh->node);
    cluster_run_for(cluster, 5000);
    EXPECT(cluster, mark, "s1 +sentinel-invalid-addr sentinel s2 *", "s1 +sentinel sentinel s4 *");
    char peers[256];
    cluster_field(cluster->sentinels[0], "mymaster", "num-other-sentinels", peers);
    assert_string_equal(peers, "2");
    cluster_free(cluster);
}

/* ---- TILT -------------------------------------------------------------------------------------
 */

static void test_views__stopped_sentinel_wakes_up_in_tilt_and_blames_nobody(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        struct node *stopped = &cluster->sentinels[0]->node;
        cluster_hang(stopped);
        cluster_run_for(cluster, 20000);
        cluster_expect_count(cluster, mark, "s? +sdown sentinel s1 *", 2);
        sn_ms back_at = cluster->now;
        cluster_resume(stopped);
        cluster_run_to_line(cluster, mark, "s1 -tilt *", 30000);
        cluster_require(cluster, mark, cluster->now - back_at <= 50, "out of TILT at once");
        cluster_run_for(cluster, 10000);
        EXPECT(cluster, mark, "s1 goes on", "s1 +tilt #tilt mode entered",
               "s1 -tilt #tilt mode exited");
        cluster_expect_count(cluster, mark, "s1 +sdown *", 0);
        cluster_expect_count(cluster, mark, "s? -sdown sentinel s1 *", 2);
        cluster_expect_count(cluster, mark, "s? +odown *", 0);
        cluster_free(cluster);
    }
}

static void test_views__sentinel_in_tilt_does_not_hold_the_failover_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        size_t mark = cluster_mark(cluster);
        struct node *stopped = &cluster->sentinels[seed % 3]->node;
        cluster_hang(stopped);
        cluster_run_for(cluster, 2500);
        cluster_kill(&cluster->servers[0]->node);
        cluster_run_for(cluster, 100);
        cluster_resume(stopped);
        sn_ms killed_at = cluster->now - 100;
        cluster_run_to_line(cluster, mark, "s? +switch-master *", 10000);
        cluster_require(cluster, mark, cluster->now - killed_at <= DOWN_AFTER + 300, "in time");
        cluster_run_for(cluster, 3000);
        cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", 6381), "agreement");
        cluster_free(cluster);
    }
}

/* The leader is stopped in the middle of its work and goes on when others have finished it. */
static void test_views__leader_stopped_in_the_middle_does_no_harm_when_it_goes_on(void **state)
{
    (void)state;
    static const char *const lines[] = {"s? +try-failover *",   "s? > s? ASK * s?",
                                        "s? +elected-leader *", "s? +selected-slave *",
                                        "s? > r? PROMOTE",      "s? +promoted-slave *",
                                        "s? +switch-master *"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (uint64_t seed = 1; seed <= 6; seed++) {
            struct cluster *cluster = cluster_new_three(seed);
            scenario_set_failover_timeout(cluster, 5000);
            size_t mark = cluster_mark(cluster);
            cluster_kill(&cluster->servers[0]->node);
            size_t line = cluster_run_to_line(cluster, mark, lines[i], 3000);
            struct node *leader = cluster_line_node(cluster, line);
            cluster_hang(leader);
            cluster_run_for(cluster, seed % 2 == 0 ? 20000 : 1500);
            cluster_resume(leader);
            cluster_run_for(cluster, 40000);
            scenario_require_healed(cluster, mark);
            cluster_free(cluster);
        }
    }
}

/* ---- configurations that are over --------------------------------------------------------------
 */

/* A hello in the name of a peer that everybody knows. */
static void repeat_hello(struct cluster *cluster, struct sentinel *to, const struct sentinel *from,
                         uint16_t master_port, uint64_t config_epoch)
{
    char hello[256];
    (void)snprintf(hello, sizeof(hello), "127.0.0.1,%u,%s,%llu,mymaster,127.0.0.1,%u,%llu",
                   from->node.addr.port, from->id.hex, (unsigned long long)config_epoch,
                   master_port, (unsigned long long)config_epoch);
    cluster_publish(to, hello);
    cluster_run_for(cluster, 100);
}

/* After two switches, hellos of the first one arrive: from a buffer, or from one who slept. Neither
 * they nor others of the epoch in force change anything, now or after a restart. */
static void test_views__older_configuration_is_never_taken_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cluster *cluster = cluster_new_three(seed);
        struct sentinel *hearer = cluster->sentinels[seed % 3];
        const struct sentinel *peer = cluster->sentinels[(seed + 1) % 3];
        cluster_failover(cluster->sentinels[0], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        uint16_t first = cluster_master_port(hearer, "mymaster");
        cluster_failover(cluster->sentinels[1], "mymaster", SN_MODE_PLANNED);
        cluster_run_for(cluster, 20000);
        uint16_t second = cluster_master_port(hearer, "mymaster");
        uint64_t epoch = cluster_config_epoch(hearer, "mymaster");
        size_t mark = cluster_mark(cluster);
        assert_true(first != second);
        for (unsigned boots = 0; boots < 2; boots++) {
            repeat_hello(cluster, hearer, peer, 6379, 0);
            repeat_hello(cluster, hearer, peer, first, epoch - 1);
            repeat_hello(cluster, hearer, peer, first, epoch);
            cluster_require(cluster, mark, cluster_agreed(cluster, "mymaster", second), "kept");
            assert_int_equal(cluster_config_epoch(hearer, "mymaster"), epoch);
            cluster_kill(&hearer->node);
            cluster_start(&hearer->node);
            cluster_run_for(cluster, 100);
        }
        cluster_run_for(cluster, 15000);
        cluster_expect_count(cluster, mark, "s? +switch-master *", 0);
        cluster_expect_count(cluster, mark, "s? > r? *", 0);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_views__isolated_observer_adopts_the_newest_configuration_by_hello),
        CLUSTER_TEST(test_views__restarted_observer_adopts_the_newest_configuration_by_hello),
        CLUSTER_TEST(test_views__isolated_master_and_sentinel_join_the_others_afterwards),
        CLUSTER_TEST(test_views__sentinel_that_cannot_hear_still_hears_by_peers),
        CLUSTER_TEST(test_views__promotion_is_not_undone_by_one_who_has_not_heard_of_it),
        CLUSTER_TEST(test_views__foreign_hello_neither_adds_a_peer_nor_moves_the_master),
        CLUSTER_TEST(test_views__reused_address_does_not_merge_two_deployments),
        CLUSTER_TEST(test_views__server_of_another_deployment_gets_no_orders),
        CLUSTER_TEST(test_views__server_claimed_by_two_groups_gets_no_orders),
        CLUSTER_TEST(test_views__server_claimed_by_two_groups_of_one_sentinel_gets_no_orders),
        CLUSTER_TEST(test_views__peer_at_a_new_address_is_followed),
        CLUSTER_TEST(test_views__new_id_at_a_known_address_replaces_the_old_one),
        CLUSTER_TEST(test_views__stopped_sentinel_wakes_up_in_tilt_and_blames_nobody),
        CLUSTER_TEST(test_views__sentinel_in_tilt_does_not_hold_the_failover_up),
        CLUSTER_TEST(test_views__leader_stopped_in_the_middle_does_no_harm_when_it_goes_on),
        CLUSTER_TEST(test_views__older_configuration_is_never_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
