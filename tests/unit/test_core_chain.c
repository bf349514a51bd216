/* SPDX-License-Identifier: BSD-3-Clause */

/* Replicas of replicas (DESIGN.md D22): n1 is the master, n2 and n3 follow it, n4 follows n2, n5
 * follows n4. */

#include "core_kit.h"

#include "core/facts/chain.h"

#include <stdio.h>
#include <string.h>

#define GROUP "m1 n1 replicas n2,n3 peers a,b timeout 10000 chained yes"

static void put_below(struct kit *kit, const char *name, const char *above)
{
    struct kit_node *node = kit_node(kit, name);
    node->role = SN_ROLE_REPLICA;
    (void)snprintf(node->master, sizeof(node->master), "%s", above);
}

/* Everybody has been asked. */
static struct kit *with_chain(const char *text)
{
    struct kit *kit = kit_new(text);
    put_below(kit, "n4", "n2");
    put_below(kit, "n5", "n4");
    kit_to(kit, 25000);
    kit_clear(kit);
    return kit;
}

static void test_chain__is_learned_where_it_is_asked_for_and_left_alone(void **state)
{
    struct kit *kit = with_chain(GROUP);
    (void)state;
    assert_int_equal(kit_group(kit, "m1")->replica_count, 4);
    assert_true(sn_chain_holds(kit_instance(kit, "m1", "n4")));
    assert_true(sn_chain_holds(kit_instance(kit, "m1", "n5")));
    assert_null(sn_chain_upstream(kit_instance(kit, "m1", "n2")));
    kit_to(kit, 200000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_free(kit);

    kit = with_chain("m1 n1 replicas n2,n3 peers a,b timeout 10000");
    assert_int_equal(kit_group(kit, "m1")->replica_count, 2);
    kit_free(kit);
}

/* Without the directive a known replica below another is put back, as stock does. */
static void test_chain__is_no_reason_by_default(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b timeout 10000");
    (void)state;
    kit_to(kit, 5000);
    put_below(kit, "n3", "n2");
    kit_to(kit, 40000);
    assert_true(kit_count(kit, "event N +fix-slave-config slave 10.0.0.3:6379") > 0);
    kit_free(kit);
}

static void test_chain__orphans_follow_the_master_after_failover_timeout(void **state)
{
    struct kit *kit = with_chain(GROUP);
    (void)state;
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 25999);
    assert_false(kit_instance(kit, "m1", "n2")->s_down);
    kit_to(kit, 26000);
    assert_true(kit_instance(kit, "m1", "n2")->s_down);
    assert_false(sn_chain_holds(kit_instance(kit, "m1", "n4")));
    kit_to(kit, 36000);
    assert_int_equal(kit_count(kit, "follow"), 0);
    kit_to(kit, 48000);
    assert_int_equal(kit_count(kit, "follow n4 10.0.0.1 6379"), 1);
    assert_int_equal(kit_count(kit, "event N +fix-orphan slave 10.0.0.4:6379"), 1);
    kit_to(kit, 100000);
    assert_int_equal(kit_count(kit, "follow n5"), 0); /* what is above it is back in place */
    assert_true(sn_chain_holds(kit_instance(kit, "m1", "n5")));
    kit_free(kit);
}

static void test_chain__that_is_a_circle_is_opened(void **state)
{
    struct kit *kit = with_chain(GROUP);
    (void)state;
    put_below(kit, "n2", "n5"); /* by hand; n2, n4 and n5 follow each other */
    kit_to(kit, 120000);
    assert_true(kit_count(kit, "follow n") > 0);
    for (int i = 2; i <= 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i);
        const struct sn_instance *replica = kit_instance(kit, "m1", name);
        assert_true(sn_instance_follows_master(replica) || sn_chain_holds(replica));
    }
    kit_free(kit);
}

/* Each member is told of a failover as the leader tells it: what is below a replica stays there. */
static void test_chain__stays_below_a_replica_through_a_failover(void **state)
{
    struct kit *kit = with_chain(GROUP);
    (void)state;
    kit_node(kit, "n2")->priority = 200;
    kit_to(kit, 50000);
    kit_to_promotion(kit, "ab");
    assert_true(kit_count(kit, "promote n3") > 0);
    kit_reply(kit, "n3", SN_ORDER_PROMOTE, "[+OK|+OK|:1|:0]");
    kit_node(kit, "n3")->role = SN_ROLE_MASTER;
    kit_to(kit, kit_now(kit) + 30000);
    assert_true(kit_count(kit, "follow n2 10.0.0.3 6379") > 0);
    assert_int_equal(kit_count(kit, "follow n4"), 0);
    assert_int_equal(kit_count(kit, "follow n5"), 0);
    assert_int_equal(kit_count(kit, "event W +failover-end master m1"), 1);
    assert_true(sn_chain_holds(kit_instance(kit, "m1", "n5")));
    kit_free(kit);
}

/* What was left below the old master is no chain. */
static void test_chain__does_not_excuse_who_was_left_below_the_old_master(void **state)
{
    struct kit *kit = with_chain(GROUP);
    (void)state;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    put_below(kit, "n1", "n2");
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    assert_string_equal(kit_group(kit, "m1")->master->addr.ip, "10.0.0.2");
    assert_null(
        sn_chain_upstream(kit_instance(kit, "m1", "n3"))); /* follows n1, which follows n2 */
    kit_to(kit, kit_now(kit) + 40000);
    assert_true(kit_count(kit, "event N +fix-slave-config slave 10.0.0.3:6379") > 0);
    kit_free(kit);
}

static void test_chain__comes_after_direct_replicas_unless_its_priority_says_so(void **state)
{
    for (int low = 0; low <= 1; low++) {
        struct kit *kit = with_chain(GROUP);
        (void)state;
        kit_node(kit, "n4")->offset = 1000;
        if (low == 1)
            kit_node(kit, "n4")->priority = 10;
        kit_to(kit, 50000);
        kit_to_promotion(kit, "ab");
        assert_int_equal(kit_count(kit, "promote n4"), low);
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__is_learned_where_it_is_asked_for_and_left_alone),
        cmocka_unit_test(test_chain__is_no_reason_by_default),
        cmocka_unit_test(test_chain__orphans_follow_the_master_after_failover_timeout),
        cmocka_unit_test(test_chain__that_is_a_circle_is_opened),
        cmocka_unit_test(test_chain__stays_below_a_replica_through_a_failover),
        cmocka_unit_test(test_chain__does_not_excuse_who_was_left_below_the_old_master),
        cmocka_unit_test(test_chain__comes_after_direct_replicas_unless_its_priority_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
