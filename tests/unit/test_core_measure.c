/* SPDX-License-Identifier: BSD-3-Clause */

/* Figures for metrics and health checks. */

#include "core_kit.h"

static struct sn_member_figures member(struct kit *kit, const char *node)
{
    struct sn_member_figures figures;

    sn_measure_member(kit_instance(kit, "m1", node), kit->now, &figures);
    return figures;
}

static struct sn_group_figures group(struct kit *kit)
{
    struct sn_group_figures figures;

    sn_measure_group(kit_group(kit, "m1"), kit->now, &figures);
    return figures;
}

static void test_measure__members_that_are_well(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");

    (void)state;
    kit_node(kit, "n1")->offset = 5000;
    kit_node(kit, "n2")->offset = 4000;
    kit_to(kit, 30000);
    struct sn_member_figures master = member(kit, "n1");
    assert_true(master.is_master && !master.is_replica && master.connected && !master.is_down);
    assert_int_equal(master.down_ms, -1);
    assert_in_range(master.last_ok_ping_ms, 0, 1000);
    assert_in_range(master.info_age_ms, 0, 10000);
    assert_true(master.says_master);
    struct sn_member_figures replica = member(kit, "n2");
    assert_true(replica.is_replica && !replica.is_master && replica.link_up);
    assert_false(replica.says_master);
    assert_int_equal(replica.link_down_ms, -1);
    assert_true(replica.lag_known);
    assert_int_equal(replica.lag, 1000);
    assert_int_equal(replica.priority, 100);
    struct sn_member_figures peer = member(kit, "a");
    assert_true(!peer.is_master && !peer.is_replica && peer.connected && !peer.master_down);
    assert_int_equal(peer.info_age_ms, -1);
    kit_free(kit);
}

static void test_measure__lag_is_known_while_the_replica_receives(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");

    (void)state;
    kit_node(kit, "n1")->offset = 5000;
    kit_node(kit, "n2")->offset = 6000; /* its INFO is younger */
    kit_to(kit, 30000);
    assert_true(member(kit, "n2").lag_known);
    assert_int_equal(member(kit, "n2").lag, 0);
    kit_node(kit, "n2")->link_up = false;
    kit_node(kit, "n2")->link_down_s = 3;
    kit_to(kit, 60000);
    assert_false(member(kit, "n2").lag_known);
    assert_int_equal(member(kit, "n2").link_down_ms, 3000);
    kit_free(kit);
}

static void test_measure__members_that_are_down(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");

    (void)state;
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 30000);
    assert_true(member(kit, "n2").is_down);
    assert_in_range(member(kit, "n2").down_ms, 28000, 30000);
    assert_false(member(kit, "n2").connected);
    assert_int_equal(group(kit).ok_replicas, 1);
    assert_int_equal(group(kit).ok_peers, 1);
    assert_false(group(kit).is_odown);
    kit_free(kit);
}

static void test_measure__a_failover(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b config 3;- epoch 3");

    (void)state;
    assert_null(group(kit).failover_state);
    assert_int_equal(group(kit).failover_ms, -1);
    assert_int_equal(group(kit).odown_ms, -1);
    assert_int_equal(group(kit).epoch, 3);
    kit_node(kit, "n2")->order = "-ERR not now";
    kit_to_promotion(kit, "ab");
    assert_true(group(kit).is_odown);
    assert_in_range(group(kit).odown_ms, 0, 60000);
    assert_non_null(group(kit).failover_state);
    assert_in_range(group(kit).failover_ms, 0, 60000);
    assert_string_equal(group(kit).leader->hex, sn_core_myid(kit->core)->hex);
    assert_int_equal(group(kit).leader_epoch, 4);
    assert_true(member(kit, "a").master_down);
    kit_free(kit);
}

static void test_measure__links_by_state(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b; m2 n3 peers a,b");
    struct sn_link_figures figures;

    (void)state;
    sn_measure_links(kit->core, &figures);
    assert_int_equal(figures.up[SN_LINK_DATA], 3);
    assert_int_equal(figures.up[SN_LINK_SUBSCRIBE], 3);
    assert_int_equal(figures.up[SN_LINK_PEER], 2); /* shared */
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, 20000);
    sn_measure_links(kit->core, &figures);
    assert_int_equal(figures.up[SN_LINK_DATA], 2);
    assert_int_equal(figures.idle[SN_LINK_DATA] + figures.connecting[SN_LINK_DATA], 1);
    assert_int_equal(figures.up[SN_LINK_PEER], 1);
    kit_free(kit);
}

static void test_measure__members_have_an_address(void **state)
{
    struct kit *kit = kit_new("m1 n1");
    struct sn_addr addr;

    (void)state;
    assert_int_equal(sn_addr_make("10.0.0.1", 6379, &addr), 0);
    assert_true(sn_measure_is_at(kit_instance(kit, "m1", "n1"), &addr));
    addr.port = 6380;
    assert_false(sn_measure_is_at(kit_instance(kit, "m1", "n1"), &addr));
    assert_int_equal(sn_addr_make("10.0.0.2", 6379, &addr), 0);
    assert_false(sn_measure_is_at(kit_instance(kit, "m1", "n1"), &addr));
    kit_free(kit);
}

static void remove_group(struct kit *kit, const char *name)
{
    (void)kit_named(kit, SN_COMMAND_REMOVE, name);
}

static void test_measure__a_walk_survives_changes(void **state)
{
    struct kit *kit = kit_new("m1 n1; m2 n2; m3 n3; m4 n4");
    uint64_t id = 0;

    (void)state;
    assert_ptr_equal(sn_measure_next_group(kit->core, &id), kit_group(kit, "m1"));
    remove_group(kit, "m1");
    remove_group(kit, "m2");
    assert_ptr_equal(sn_measure_next_group(kit->core, &id), kit_group(kit, "m3"));
    assert_ptr_equal(sn_measure_next_group(kit->core, &id), kit_group(kit, "m4"));
    remove_group(kit, "m4");
    assert_null(sn_measure_next_group(kit->core, &id));
    assert_null(sn_measure_next_group(kit->core, &id));
    id = 0;
    assert_ptr_equal(sn_measure_next_group(kit->core, &id), kit_group(kit, "m3"));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measure__members_that_are_well),
        cmocka_unit_test(test_measure__lag_is_known_while_the_replica_receives),
        cmocka_unit_test(test_measure__members_that_are_down),
        cmocka_unit_test(test_measure__a_failover),
        cmocka_unit_test(test_measure__links_by_state),
        cmocka_unit_test(test_measure__members_have_an_address),
        cmocka_unit_test(test_measure__a_walk_survives_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
