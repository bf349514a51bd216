/* SPDX-License-Identifier: BSD-3-Clause */

/* What is marked is judged before the step ends, in the order that settle.c writes down. */

#include "core_kit.h"

#include "core/facts/mark.h"
#include "core/settle.h"

#include <string.h>

static void test_settle__nothing_stays_marked(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    sn_mark_group(kit_group(kit, "m1"), SN_MARK_ALL);
    sn_mark_instance(kit_instance(kit, "m1", "n2"));
    sn_mark_instance(kit_instance(kit, "m1", "n2"));
    assert_true(sn_settle_is_due(kit->core));
    assert_true(sn_core_deadline(kit->core) <= kit->now);
    kit_to(kit, 1001);
    assert_false(sn_settle_is_due(kit->core));
    kit_free(kit);
}

static void test_settle__who_is_freed_leaves_no_mark(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b");
    (void)state;
    kit_to(kit, 1000);
    sn_mark_group(kit_group(kit, "m1"), SN_MARK_ALL);
    sn_mark_instance(kit_instance(kit, "m1", "n2"));
    sn_mark_instance(kit_instance(kit, "m1", "a"));
    kit_named(kit, SN_COMMAND_REMOVE, "m1");
    assert_false(sn_settle_is_due(kit->core));
    kit_free(kit);
}

/* What changes in one step is judged together: members first, then their group. */
static void test_settle__members_are_judged_before_their_group(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 quorum 1 down-after 1000");
    (void)state;
    kit_to(kit, 1000);
    kit_mode(kit, "n1", KIT_FROZEN);
    kit_mode(kit, "n2", KIT_FROZEN);
    kit_stall(kit, 2500); /* the end of TILT has everybody judged in one step */
    kit_clear(kit);
    kit_to(kit, 6000);
    kit_expect(kit, "event",
               "event W -tilt #tilt mode exited\n"
               "event W +sdown master m1 10.0.0.1 6379\n"
               "event W +sdown slave 10.0.0.2:6379 10.0.0.2 6379 @ m1 10.0.0.1 6379\n"
               "event W +odown master m1 10.0.0.1 6379 #quorum 1/1\n"
               "event W +new-epoch 1\n"
               "event W +try-failover master m1 10.0.0.1 6379\n"
               "event W +vote-for-leader 0000000000000000000000000000000000000000 1\n"
               "event W +elected-leader master m1 10.0.0.1 6379\n"
               "event W +failover-state-select-slave master m1 10.0.0.1 6379\n"
               "event W -failover-abort-no-good-slave master m1 10.0.0.1 6379\n");
    assert_true(kit_reasons(kit, "m1", SN_REASON_NOBODY_TO_PROMOTE, NULL) > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settle__nothing_stays_marked),
        cmocka_unit_test(test_settle__who_is_freed_leaves_no_mark),
        cmocka_unit_test(test_settle__members_are_judged_before_their_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
