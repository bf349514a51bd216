/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/idmap.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define IDS 200

static int values[IDS + 1];

static void test_idmap__empty_has_nothing(void **state)
{
    struct sn_idmap map = {0};
    size_t place = 0;

    (void)state;
    assert_null(sn_idmap_find(&map, 1));
    assert_null(sn_idmap_remove(&map, 1));
    assert_null(sn_idmap_next(&map, &place));
    sn_idmap_put(&map, 7, &values[7]);
    assert_null(sn_idmap_find(&map, 0));
    assert_null(sn_idmap_find(&map, 15));
    assert_ptr_equal(sn_idmap_find(&map, 7), &values[7]);
    assert_ptr_equal(sn_idmap_remove(&map, 7), &values[7]);
    assert_null(sn_idmap_find(&map, 7));
    sn_idmap_fini(&map);
}

/* Compared with a list of who is in. */
static void test_idmap__finds_who_is_in_and_nobody_else(void **state)
{
    struct sn_idmap map = {0};
    bool in[IDS + 1] = {false};
    size_t count = 0;
    struct sn_prng prng;

    (void)state;
    sn_prng_init(&prng, 1);
    for (int i = 0; i < 20000; i++) {
        size_t id = 1 + (size_t)sn_prng_below(&prng, IDS);
        if (in[id]) {
            assert_ptr_equal(sn_idmap_remove(&map, id), &values[id]);
            count--;
        } else {
            sn_idmap_put(&map, id, &values[id]);
            count++;
        }
        in[id] = !in[id];
        assert_int_equal(map.count, count);
        for (size_t other = 1; other <= IDS; other++)
            assert_ptr_equal(sn_idmap_find(&map, other), in[other] ? &values[other] : NULL);
    }
    sn_idmap_fini(&map);
}

static void test_idmap__of_large_numbers(void **state)
{
    struct sn_idmap map = {0};

    (void)state;
    for (uint64_t i = 0; i < IDS; i++)
        sn_idmap_put(&map, UINT64_MAX - i * 4096, &values[i]);
    for (uint64_t i = 0; i < IDS; i++)
        assert_ptr_equal(sn_idmap_find(&map, UINT64_MAX - i * 4096), &values[i]);
    assert_in_range(map.room, 2 * IDS, 4 * IDS);
    sn_idmap_fini(&map);
}

static void test_idmap__shows_each_once_while_some_are_removed(void **state)
{
    struct sn_idmap map = {0};
    unsigned seen[IDS + 1] = {0};
    size_t place = 0;
    const int *value;

    (void)state;
    for (uint64_t id = 1; id <= IDS; id++)
        sn_idmap_put(&map, id, &values[id]);
    while ((value = sn_idmap_next(&map, &place)) != NULL) {
        size_t id = (size_t)(value - values);
        seen[id]++;
        if (id % 3 == 0)
            place++;
        else
            assert_non_null(sn_idmap_remove(&map, id));
    }
    for (size_t id = 1; id <= IDS; id++)
        assert_in_range(seen[id], 1, id % 3 == 0 ? 2 : 1); /* one may move to the end */
    assert_int_equal(map.count, IDS / 3);
    sn_idmap_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idmap__empty_has_nothing),
        cmocka_unit_test(test_idmap__finds_who_is_in_and_nobody_else),
        cmocka_unit_test(test_idmap__of_large_numbers),
        cmocka_unit_test(test_idmap__shows_each_once_while_some_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
