/* SPDX-License-Identifier: BSD-3-Clause */

/* What an order to fail over would do (DESIGN.md D28). */

#include "core_kit.h"

#include "core/rehearse.h"

static const char group[] = "m1 n1 replicas n2,n3 peers a,b";

static struct sn_rehearsal rehearse(struct kit *kit, const char *wanted, enum sn_failover_mode mode)
{
    struct sn_rehearsal rehearsal;
    const struct sn_instance *replica = wanted == NULL ? NULL : kit_instance(kit, "m1", wanted);
    sn_rehearse(kit_group(kit, "m1"), replica == NULL ? NULL : &replica->addr, mode, kit->now,
                &rehearsal);
    return rehearsal;
}

static struct kit *made(void)
{
    struct kit *kit = kit_new(group);
    kit_node(kit, "n1")->offset = 5000;
    kit_node(kit, "n2")->offset = 4000;
    kit_node(kit, "n3")->offset = 4900;
    kit_to(kit, 20100);
    kit_clear(kit);
    return kit;
}

static void test_rehearse__is_what_the_order_then_does(void **state)
{
    struct kit *kit = made();
    (void)state;
    struct sn_rehearsal said = rehearse(kit, NULL, SN_MODE_PLANNED);
    assert_int_equal(said.refusal.reason, SN_REASON_NONE);
    assert_ptr_equal(said.chosen, kit_instance(kit, "m1", "n3"));
    assert_true(said.drains && said.behind_known);
    assert_int_equal(said.behind_bytes, 100);
    assert_int_equal(said.usable, 3);
    assert_int_equal(said.needed, 2);
    assert_false(said.needs_votes);
    kit_expect(kit, "event log persist", "");
    assert_int_equal(kit_group(kit, "m1")->failover.state, SN_FAILOVER_NONE);
    kit_free(kit);
}

static void test_rehearse__of_each_mode(void **state)
{
    struct kit *kit = made();
    (void)state;
    assert_ptr_equal(rehearse(kit, "n2", SN_MODE_PLANNED).chosen, kit_instance(kit, "m1", "n2"));
    assert_false(rehearse(kit, NULL, SN_MODE_FORCED).drains);
    assert_true(rehearse(kit, NULL, SN_MODE_COORDINATED).needs_votes);
    kit_node(kit, "n2")->priority = kit_node(kit, "n3")->priority = 0;
    kit_to(kit, kit_now(kit) + 11000);
    struct sn_rehearsal said = rehearse(kit, NULL, SN_MODE_PLANNED);
    assert_null(said.chosen);
    assert_int_equal(said.refusal.reason, SN_REASON_NO_REPLICA);
    said = rehearse(kit, "n2", SN_MODE_PLANNED);
    assert_int_equal(said.refusal.reason, SN_REASON_PRIORITY_ZERO);
    kit_free(kit);
}

static void test_rehearse__of_a_master_that_cannot_be_paused(void **state)
{
    struct kit *kit = made();
    (void)state;
    kit_mode(kit, "n1", KIT_REFUSING);
    struct sn_rehearsal said = rehearse(kit, NULL, SN_MODE_PLANNED);
    assert_false(said.drains);
    assert_int_equal(said.undrained.reason, SN_REASON_DRAIN_NO_ANSWER);
    kit_free(kit);
}

static void test_rehearse__during_a_failover_is_refused(void **state)
{
    struct kit *kit = made();
    (void)state;
    kit_to_promotion(kit, "ab");
    assert_int_equal(rehearse(kit, NULL, SN_MODE_PLANNED).refusal.reason, SN_REASON_IN_PROGRESS);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rehearse__is_what_the_order_then_does),
        cmocka_unit_test(test_rehearse__of_each_mode),
        cmocka_unit_test(test_rehearse__of_a_master_that_cannot_be_paused),
        cmocka_unit_test(test_rehearse__during_a_failover_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
