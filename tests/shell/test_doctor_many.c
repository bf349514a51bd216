/* SPDX-License-Identifier: BSD-3-Clause */

/* What SENTINEL DOCTOR tells of many groups. */

#include "core_kit.h"

#include "shell/report/doctor.h"

#include <stdio.h>

/* Groups g0, g1, … without replicas and other sentinels. */
static struct sn_core *make_groups(int count)
{
    struct sn_image image;
    sn_image_init(&image);
    for (int i = 0; i < count; i++) {
        char name[16];
        struct sn_addr addr;
        (void)snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(sn_addr_make("10.0.0.1", 7000 + i, &addr), 0);
        (void)sn_image_add_group(&image, name, &addr, 1);
    }
    struct sn_core *core = sn_core_new(&image, 1, 1000);
    sn_image_fini(&image);
    return core;
}

static json_t *examine(const struct sn_core *core)
{
    const struct sn_doctor_facts facts = {.core = core, .now = 1000};
    return sn_doctor_json(&facts, NULL);
}

static const char *line_of(const json_t *json, size_t index)
{
    return json_string_value(json_array_get(json_object_get(json, "lines"), index));
}

static void test_doctor_many__findings_of_a_check_are_bounded(void **state)
{
    struct sn_core *core = make_groups(1005);
    json_t *json = examine(core);
    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "critical")), 1005);
    assert_int_equal(json_integer_value(json_object_get(json, "warning")), 1005);
    assert_int_equal(json_array_size(json_object_get(json, "findings")),
                     2 * SN_DOCTOR_FINDINGS_MAX);
    assert_int_equal(json_integer_value(json_object_get(json, "left_out")),
                     2 * (1005 - SN_DOCTOR_FINDINGS_MAX));
    json_decref(json);
    sn_core_free(core);
}

static void test_doctor_many__what_is_alike_is_told_of_three_groups(void **state)
{
    static const char *const rest[] = {
        "",
        "Critical no-replica: 1 more like these, in g3. SENTINEL DOCTOR NAME tells of one group.",
        "Critical no-replica: 10 more like these, in g3, g4, g5, g6, g7, g8, g9, g10, g11, g12. "
        "SENTINEL DOCTOR NAME tells of one group.",
        "Critical no-replica: 1002 more like these, in g3, g4, g5, g6, g7, g8, g9, g10, g11, g12 "
        "and others. SENTINEL DOCTOR NAME tells of one group."};
    static const int counts[] = {3, 4, 13, 1005};
    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct sn_core *core = make_groups(counts[i]);
        json_t *json = examine(core);
        assert_int_equal(json_array_size(json_object_get(json, "lines")), i == 0 ? 6 : 8);
        assert_int_equal(strncmp(line_of(json, 2), "Critical no-replica (g2): ", 26), 0);
        if (i > 0)
            assert_string_equal(line_of(json, 3), rest[i]);
        json_decref(json);
        sn_core_free(core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doctor_many__findings_of_a_check_are_bounded),
        cmocka_unit_test(test_doctor_many__what_is_alike_is_told_of_three_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
