/* SPDX-License-Identifier: BSD-3-Clause */
#include "acl/spec_index.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct sn_spec *container_of(const struct sn_spec *spec)
{
    return spec->container == NULL ? NULL : sn_specs_find(spec->container);
}

static void test_spec_index__finds_each_command_in_any_case(void **state)
{
    struct sn_spec_index index;
    char name[SN_SPEC_NAME_MAX + 1];

    (void)state;
    sn_spec_index_fill(&index);
    for (size_t i = 0; i < sn_specs_count; i++) {
        const struct sn_spec *spec = &sn_specs[i];
        size_t len = strlen(spec->name);
        for (size_t j = 0; j <= len; j++)
            name[j] = (char)(j % 2 == 0 ? toupper((unsigned char)spec->name[j]) : spec->name[j]);
        assert_ptr_equal(sn_spec_index_find(&index, container_of(spec), name, len), spec);
        assert_ptr_equal(sn_spec_index_find(&index, container_of(spec), spec->name, len), spec);
    }
}

static void test_spec_index__finds_nothing_else(void **state)
{
    struct sn_spec_index index;
    const struct sn_spec *sentinel = sn_specs_find("sentinel");

    (void)state;
    sn_spec_index_fill(&index);
    assert_null(sn_spec_index_find(&index, NULL, "", 0));
    assert_null(sn_spec_index_find(&index, NULL, "pin", 3));
    assert_null(sn_spec_index_find(&index, NULL, "pings", 5));
    assert_null(sn_spec_index_find(&index, NULL, "ping\0", 5));
    assert_null(sn_spec_index_find(&index, NULL, "pi\0g", 4));
    assert_null(sn_spec_index_find(&index, NULL, "masters", 7));
    assert_null(sn_spec_index_find(&index, sentinel, "ping", 4));
    assert_null(sn_spec_index_find(&index, sentinel, "getname", 7));
    assert_null(sn_spec_index_find(&index, NULL, "\xff\xff\xff", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec_index__finds_each_command_in_any_case),
        cmocka_unit_test(test_spec_index__finds_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
