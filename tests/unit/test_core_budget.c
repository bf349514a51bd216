/* SPDX-License-Identifier: BSD-3-Clause */

/* How often masters are probed (DESIGN.md D19). */

#include "core_kit.h"

#include "core/facts/budget.h"

#include <stdio.h>
#include <string.h>

static void test_budget__a_master_is_probed_forty_times_in_down_after(void **state)
{
    static const struct {
        int down_after;
        sn_ms period;
    } rows[] = {{1000, 25}, {5000, 125}, {30000, 750}, {60000, 1000}, {400, 20}, {60, 20}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "m1 n1 down-after %d", rows[i].down_after);
        struct kit *kit = kit_new(text);
        for (sn_ms round = 1; round <= 3; round++) {
            kit_to(kit, round * rows[i].period - 1);
            kit_expect(kit, "ping", "");
            kit_to(kit, round * rows[i].period);
            kit_expect(kit, "ping", "ping n1\n");
        }
        kit_free(kit);
    }
}

/* count groups want ten PINGs a second each. */
static struct kit *with_groups(int count)
{
    static char text[32768];
    size_t len = 0;
    for (int i = 1; i <= count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%sm%d n%d down-after 4000",
                                i == 1 ? "" : ";", i, i);
    return kit_new(text);
}

static void test_budget__all_get_less_evenly_when_it_is_short(void **state)
{
    static const struct {
        int groups;
        sn_ms period;
    } rows[] = {{1, 100}, {100, 100}, {150, 150}, {200, 200}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = with_groups(rows[i].groups);
        assert_int_equal(sn_budget_period_ms(kit_group(kit, "m1")), rows[i].period);
        kit_free(kit);
    }
}

/* With many groups, the period is that of replicas. */
static void test_budget__never_gets_less_than_a_replica(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 down-after 1000");
    (void)state;
    kit->core->probes_wanted = 1000 * 1000 * 1000;
    kit_to(kit, 1000);
    kit_clear(kit);
    kit_to(kit, 2000);
    assert_int_equal(kit_count(kit, "ping n1"), 5);
    assert_int_equal(kit_count(kit, "ping n2"), 5);
    kit->core->probes_wanted = 40 * 1000;
    kit_free(kit);
}

static void test_budget__follows_the_groups_and_their_settings(void **state)
{
    struct kit *kit = with_groups(150);
    (void)state;
    kit_set(kit, "m2", SN_OPTION_DOWN_AFTER, "down-after-milliseconds", "40000", 40000);
    assert_int_equal(kit->core->probes_wanted, (149 * 10 + 1) * 1000);
    for (int i = 51; i <= 150; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "m%d", i);
        kit_named(kit, SN_COMMAND_REMOVE, name);
    }
    assert_int_equal(kit->core->probes_wanted, (49 * 10 + 1) * 1000);
    assert_int_equal(sn_budget_period_ms(kit_group(kit, "m1")), 100);
    assert_int_equal(sn_budget_period_ms(kit_group(kit, "m2")), 1000);
    kit_free(kit);
}

/* At once, not with the next PING of its period as a replica. */
static void test_budget__a_new_master_is_probed_as_a_master(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2 peers a,b down-after 30000");
    (void)state;
    kit_to(kit, 1400);
    kit_hello(kit, "a", "m1", "n2", 5, 5);
    kit_hello(kit, "b", "m1", "n2", 5, 5);
    assert_string_equal(kit_node_name(kit, kit_group(kit, "m1")->master), "n2");
    kit_clear(kit);
    kit_to(kit, 1400 + 750);
    assert_true(kit_count(kit, "ping n2") > 0);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget__a_master_is_probed_forty_times_in_down_after),
        cmocka_unit_test(test_budget__all_get_less_evenly_when_it_is_short),
        cmocka_unit_test(test_budget__never_gets_less_than_a_replica),
        cmocka_unit_test(test_budget__follows_the_groups_and_their_settings),
        cmocka_unit_test(test_budget__a_new_master_is_probed_as_a_master),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
