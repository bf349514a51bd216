/* SPDX-License-Identifier: BSD-3-Clause */

/* A new master that somebody makes a replica right after its promotion (PROTOCOL.md §13.2,
 * DESIGN.md D13). */

#include "core_kit.h"

#include <stdio.h>
#include <string.h>

#define N2      "master m1 10.0.0.2 6379"
#define RESTORE "promote n2\nevent W +restore-master " N2 "\n"

static const char group[] = "m1 n1 replicas n2,n3 peers a,b timeout 60000";

/* A second leader has n2 follow n3, unseen so far. */
static void demote(struct kit *kit)
{
    struct kit_node *node = kit_node(kit, "n2");
    node->role = SN_ROLE_REPLICA;
    node->link_up = false;
    (void)snprintf(node->master, sizeof(node->master), "n3");
    kit_clear(kit);
}

/* After the switch from n1 to n2. */
static struct kit *switched(void)
{
    struct kit *kit = kit_new(group);
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000);
    kit_kill_master(kit, "ab");
    for (int i = 0; i < 200 && kit_count(kit, "event W +switch-master") == 0; i++)
        kit_to(kit, kit_now(kit) + 1);
    assert_int_equal(kit_count(kit, "event W +switch-master m1 10.0.0.1 6379 10.0.0.2 6379"), 1);
    kit_to(kit, kit_now(kit) + 100);
    return kit;
}

/* INFO of n2, now. */
static void info(struct kit *kit)
{
    struct sn_instance *n2 = kit_instance(kit, "m1", "n2");
    n2->u.data.info_sent_at = SN_MS_NEVER;
    sn_instance_plan_info(n2);
    kit_to(kit, kit_now(kit) + 1);
}

static void test_restore__a_new_master_that_was_made_a_replica_is_promoted_again(void **state)
{
    struct kit *kit = switched();
    (void)state;
    assert_int_equal(kit_count(kit, "event W +failover-end"), 1);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_int_equal(kit_count(kit, "event W +restore-master " N2), 1);
    assert_non_null(kit_find(kit, "log W 10.0.0.2:6379, just made the master of m1, has been made "
                                  "a replica of 10.0.0.3:6379 by another sentinel or by somebody "
                                  "else: it is promoted again."));
    assert_int_equal(kit_instance(kit, "m1", "n2")->u.data.role_reported, SN_ROLE_MASTER);
    kit_clear(kit);
    kit_to(kit, kit_now(kit) + 5000);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

/* Before the switch is on disk and told, somebody who has not heard of it repairs n2. */
static void test_restore__no_replica_is_told_to_follow_a_replica(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2,n3,n4 peers a,b timeout 60000");
    (void)state;
    kit_node(kit, "n2")->priority = 1;
    kit_to(kit, 10000);
    kit_to_promotion(kit, "ab");
    kit->disk = KIT_DISK_SLOW;
    kit->hold = 0;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|+OK|:0|:0]");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    info(kit);
    assert_true(kit->saving != 0);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0); /* nothing before it is durable */
    kit_node(kit, "n2")->order = "[-ERR not now|+OK|:0|:0]";
    kit->disk = KIT_DISK_GOOD;
    kit_persisted(kit, true);
    kit_to(kit, kit_now(kit) + 2);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    assert_int_equal(kit_count(kit, "follow"), 0);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    assert_true(kit_reasons(kit, "m1", SN_REASON_FOLLOW_MASTER_IS_REPLICA, NULL) > 0);
    assert_non_null(kit_find(kit, "log W 10.0.0.2:6379 refused to become the master of m1 again: "
                                  "ERR not now."));
    kit_node(kit, "n2")->order = NULL;
    kit_to(kit, kit_now(kit) + 3000);
    assert_int_equal(kit_count(kit, "event W +restore-master"), 2);
    assert_int_equal(kit_count(kit, "follow n3"), 1);
    assert_int_equal(kit_count(kit, "event W +failover-end"), 1);
    kit_free(kit);
}

static void test_restore__three_times_and_no_more(void **state)
{
    struct kit *kit = switched();
    (void)state;
    kit_node(kit, "n2")->order = "[:0]"; /* and does nothing */
    demote(kit);
    kit_to(kit, kit_now(kit) + 20000);
    assert_int_equal(kit_count(kit, "promote n2"), 3);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RESTORE_IN_VAIN, NULL) > 0);
    kit_free(kit);
}

static void test_restore__not_while_it_receives_data(void **state)
{
    struct kit *kit = switched();
    (void)state;
    demote(kit);
    kit_node(kit, "n2")->syncing = true;
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RESTORE_SYNCING, NULL) > 0);
    kit_node(kit, "n2")->syncing = false;
    info(kit);
    assert_int_equal(kit_count(kit, "promote n2"), 1);
    kit_free(kit);
}

static void test_restore__only_by_the_leader_and_only_after_its_failover(void **state)
{
    struct kit *kit;
    (void)state;
    /* It was adopted. */
    kit = kit_new(group);
    kit_to(kit, 5000);
    kit_hello(kit, "a", "m1", "n2", 7, 7);
    assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RESTORE_NOT_OURS, NULL) > 0);
    kit_free(kit);

    /* It is long ago. */
    kit = switched();
    kit_to(kit, kit_now(kit) + 60001);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);

    /* Another process is there: what it has in memory is not what was promoted. */
    kit = switched();
    demote(kit);
    memset(kit_node(kit, "n2")->runid.hex, '7', SN_RUNID_LEN);
    info(kit);
    assert_int_equal(kit_count(kit, "event N +reboot master m1"), 1);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

static void test_restore__not_if_a_newer_configuration_may_exist(void **state)
{
    struct kit *kit = switched();
    (void)state;
    /* No majority is heard. */
    kit_mode(kit, "a", KIT_REFUSING);
    kit_mode(kit, "b", KIT_REFUSING);
    kit_to(kit, kit_now(kit) + 2000);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    assert_true(kit_reasons(kit, "m1", SN_REASON_RESTORE_RIVAL, NULL) > 0);
    kit_free(kit);

    /* Our vote is another one's. */
    kit = switched();
    kit_ask(kit, "n2", 9, KIT_A);
    kit_to(kit, kit_now(kit) + 10);
    demote(kit);
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

static void test_restore__not_in_tilt(void **state)
{
    struct kit *kit = switched();
    (void)state;
    demote(kit);
    kit->core->tilt = true;
    info(kit);
    assert_int_equal(kit_count(kit, "promote"), 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore__a_new_master_that_was_made_a_replica_is_promoted_again),
        cmocka_unit_test(test_restore__no_replica_is_told_to_follow_a_replica),
        cmocka_unit_test(test_restore__three_times_and_no_more),
        cmocka_unit_test(test_restore__not_while_it_receives_data),
        cmocka_unit_test(test_restore__only_by_the_leader_and_only_after_its_failover),
        cmocka_unit_test(test_restore__not_if_a_newer_configuration_may_exist),
        cmocka_unit_test(test_restore__not_in_tilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
