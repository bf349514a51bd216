/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/error.h"
#include "base/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void test_types__epoch_limit_leaves_room_to_count_on(void **state)
{
    (void)state;
    assert_true(SN_EPOCH_MAX == UINT64_C(9223372036854775807)); /* a signed number of replies */
    assert_true(SN_EPOCH_FAR <= SN_EPOCH_MAX / 2 + 1);
    assert_true(SN_EPOCH_SAVED_MAX - SN_EPOCH_FAR >= UINT64_C(1) << 61);
    assert_true(SN_EPOCH_MAX - SN_EPOCH_SAVED_MAX >= (UINT64_C(1) << 61) - 1);
}

static void test_types__runid_holds_forty_characters_and_a_nul(void **state)
{
    (void)state;
    assert_int_equal(sizeof(((struct sn_runid *)NULL)->hex), 41);
}

static void test_error__every_code_has_its_own_text(void **state)
{
    (void)state;
    for (int a = SN_ECORRUPT; a <= 0; a++) {
        assert_string_not_equal(sn_strerror(a), "unknown error");
        for (int b = SN_ECORRUPT; b < a; b++)
            assert_string_not_equal(sn_strerror(a), sn_strerror(b));
    }
    assert_string_equal(sn_strerror(1), "unknown error");
    assert_string_equal(sn_strerror(-1000), "unknown error");
}

static void test_alloc__memory_is_zeroed_even_when_empty(void **state)
{
    (void)state;
    unsigned char *bytes = sn_alloc_array(7, 9);
    for (size_t i = 0; i < 63; i++)
        assert_int_equal(bytes[i], 0);
    bytes = sn_realloc(bytes, 0);
    assert_non_null(bytes);
    free(bytes);
    bytes = sn_alloc_array(0, 9);
    assert_non_null(bytes);
    free(bytes);
    bytes = sn_alloc(0);
    assert_int_equal(bytes[0], 0);
    free(bytes);
}

static void test_alloc__copies_of_text(void **state)
{
    (void)state;
    assert_null(sn_strdup(NULL));
    char *copy = sn_strndup("abcdef", 3);
    assert_string_equal(copy, "abc");
    free(copy);
    copy = sn_strndup(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
}

static void test_alloc__strset_replaces_and_clears(void **state)
{
    (void)state;
    char *field = NULL;
    sn_strset(&field, "hello");
    assert_string_equal(field, "hello");
    sn_strset(&field, field + 2);
    assert_string_equal(field, "llo");
    sn_strset(&field, "");
    assert_null(field);
    sn_strset(&field, NULL);
    assert_null(field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types__epoch_limit_leaves_room_to_count_on),
        cmocka_unit_test(test_types__runid_holds_forty_characters_and_a_nul),
        cmocka_unit_test(test_error__every_code_has_its_own_text),
        cmocka_unit_test(test_alloc__memory_is_zeroed_even_when_empty),
        cmocka_unit_test(test_alloc__copies_of_text),
        cmocka_unit_test(test_alloc__strset_replaces_and_clears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
