/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/textmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static void test_textmap__keeps_the_first_number_of_each_text(void **state)
{
    struct sn_textmap map = {0};
    char text[32];
    bool added;

    (void)state;
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 10000; i++) {
            (void)snprintf(text, sizeof(text), "key %zu", i);
            assert_int_equal(*sn_textmap_put(&map, text, 2 * i + round, &added), 2 * i);
            assert_int_equal(added, round == 0);
        }
    }
    assert_int_equal(map.count, 10000);
    *sn_textmap_put(&map, "key 7", 0, &added) = 99;
    assert_int_equal(*sn_textmap_put(&map, "key 7", 0, &added), 99);
    assert_int_equal(*sn_textmap_put(&map, "", 5, &added), 5);
    assert_true(added);
    sn_textmap_fini(&map);
    sn_textmap_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_textmap__keeps_the_first_number_of_each_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
