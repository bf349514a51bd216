/* SPDX-License-Identifier: BSD-3-Clause */

/* The longest gaps of the last seven days. */

#include "core/facts/gap.h"
#include "core/model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR_MS ((sn_ms)60 * 60 * 1000)
#define DAY_MS  (24 * HOUR_MS)

struct fixture {
    struct sn_core core;
    struct sn_group group;
};

static struct sn_group *group_at(struct fixture *fixture, sn_ms now)
{
    fixture->core.now = now;
    fixture->group.core = &fixture->core;
    return &fixture->group;
}

static void test_gap__the_longest_counts(void **state)
{
    struct fixture it = {0};
    struct sn_group *group = group_at(&it, HOUR_MS);
    (void)state;
    assert_int_equal(sn_gap_longest_ms(group), 0);
    sn_gap_note(group, 40);
    sn_gap_note(group, 310);
    sn_gap_note(group, 20);
    assert_int_equal(sn_gap_longest_ms(group), 310);
    sn_gap_new_master(group);
    assert_int_equal(sn_gap_longest_ms(group), 0);
}

static void test_gap__is_forgotten_after_seven_days(void **state)
{
    struct fixture it = {0};
    (void)state;
    sn_gap_note(group_at(&it, 3 * DAY_MS), 310);
    sn_gap_note(group_at(&it, 5 * DAY_MS), 100);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 10 * DAY_MS - 1)), 310);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 10 * DAY_MS)), 100);
    sn_gap_note(group_at(&it, 10 * DAY_MS), 50);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 12 * DAY_MS)), 50);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 17 * DAY_MS)), 0);
}

static void test_gap__of_long_ago_leaves_nothing(void **state)
{
    struct fixture it = {0};
    (void)state;
    sn_gap_note(group_at(&it, 0), 310);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 3650 * DAY_MS)), 0);
    sn_gap_note(group_at(&it, 3650 * DAY_MS), 20);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 3650 * DAY_MS)), 20);
}

static void test_gap__has_a_limit(void **state)
{
    struct fixture it = {0};
    (void)state;
    sn_gap_note(group_at(&it, 0), (sn_ms)UINT32_MAX + 1);
    assert_int_equal(sn_gap_longest_ms(group_at(&it, 0)), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap__the_longest_counts),
        cmocka_unit_test(test_gap__is_forgotten_after_seven_days),
        cmocka_unit_test(test_gap__of_long_ago_leaves_nothing),
        cmocka_unit_test(test_gap__has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
