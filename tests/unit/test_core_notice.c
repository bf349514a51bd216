/* SPDX-License-Identifier: BSD-3-Clause */

/* The table of notices: every row is whole, and says what is done with it. */

#include "core_kit.h"

#include "core/tell/notice.h"

#include <string.h>

static void test_notice__has_a_name_of_its_own_and_a_level(void **state)
{
    (void)state;
    for (int i = 1; i < SN_NOTICE_COUNT; i++) {
        const struct sn_notice_row *row = sn_notice_row((enum sn_notice)i);
        assert_true(row->name[0] == '+' || row->name[0] == '-');
        assert_in_range(row->level, SN_LEVEL_DEBUG, SN_LEVEL_WARNING);
        for (int j = 1; j < i; j++)
            assert_string_not_equal(row->name, sn_notice_row((enum sn_notice)j)->name);
    }
}

/* PROTOCOL.md §7.1: scripts hear of warnings that are about a group. */
static void test_notice__runs_scripts_for_warnings_only(void **state)
{
    (void)state;
    for (int i = 1; i < SN_NOTICE_COUNT; i++) {
        const struct sn_notice_row *row = sn_notice_row((enum sn_notice)i);
        if (row->scripts != SN_SCRIPTS_NONE)
            assert_int_equal(row->level, SN_LEVEL_WARNING);
        if (row->subject != SN_SUBJECT_NOBODY && row->level == SN_LEVEL_WARNING)
            assert_int_not_equal(row->scripts, SN_SCRIPTS_NONE);
        assert_int_equal(row->scripts == SN_SCRIPTS_BOTH, strcmp(row->name, "+switch-master") == 0);
    }
}

static void test_notice__leaves_with_the_level_of_its_row(void **state)
{
    struct kit *kit = kit_new("m1 n1 replicas n2");
    (void)state;
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_to(kit, 11000);
    assert_non_null(kit_find(kit, "event V -role-change slave 10.0.0.2:6379"));
    kit_mode(kit, "n2", KIT_REFUSING);
    kit_to(kit, 13000);
    assert_non_null(kit_find(kit, "event W +sdown slave 10.0.0.2:6379"));
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notice__has_a_name_of_its_own_and_a_level),
        cmocka_unit_test(test_notice__runs_scripts_for_warnings_only),
        cmocka_unit_test(test_notice__leaves_with_the_level_of_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
