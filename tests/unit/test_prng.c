/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/prng.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* First outputs of xoshiro256** from the state 1, 2, 3, 4, worked out from the published
 * recurrence. */
static void test_prng__follows_the_published_recurrence(void **state)
{
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct sn_prng prng = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(sn_prng_next(&prng) == expected[i]);
}

static void test_prng__seed_zero_starts_splitmix64(void **state)
{
    struct sn_prng prng;

    (void)state;
    sn_prng_init(&prng, 0);
    assert_true(prng.s[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(prng.s[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void test_prng__same_seed_same_numbers(void **state)
{
    struct sn_prng a, b, c;
    int differing = 0;

    (void)state;
    sn_prng_init(&a, 7);
    sn_prng_init(&b, 7);
    sn_prng_init(&c, 8);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = sn_prng_next(&a);
        assert_true(value == sn_prng_next(&b));
        differing += value != sn_prng_next(&c);
    }
    assert_true(differing > 990);
}

static void test_prng__below_stays_below_and_is_even(void **state)
{
    struct sn_prng prng;
    int counts[7] = {0};

    (void)state;
    sn_prng_init(&prng, 1);
    for (int i = 0; i < 70000; i++)
        counts[sn_prng_below(&prng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400);
    for (int i = 0; i < 100; i++) {
        assert_true(sn_prng_below(&prng, 1) == 0);
        assert_true(sn_prng_below(&prng, UINT64_MAX) < UINT64_MAX);
    }
}

/* With 3 * 2^62 a plain modulo would give the lowest third twice as often as the others. */
static void test_prng__below_favours_no_remainder(void **state)
{
    struct sn_prng prng;
    int low = 0;

    (void)state;
    sn_prng_init(&prng, 2);
    for (int i = 0; i < 30000; i++)
        low += sn_prng_below(&prng, UINT64_C(3) << 62) < UINT64_C(1) << 62;
    assert_in_range(low, 9500, 10500);
}

static void test_prng__runids_are_well_formed_and_differ(void **state)
{
    struct sn_prng prng;
    struct sn_runid a, b;

    (void)state;
    sn_prng_init(&prng, 3);
    sn_prng_runid(&prng, &a);
    sn_prng_runid(&prng, &b);
    assert_true(sn_text_is_runid(a.hex));
    assert_true(sn_text_is_runid(b.hex));
    assert_string_not_equal(a.hex, b.hex);
    assert_string_not_equal(a.hex + 32, b.hex + 32);
    /* Fresh bits throughout: no digit is the rule anywhere. */
    for (size_t i = 0; i + 8 <= SN_RUNID_LEN; i++)
        assert_memory_not_equal(a.hex + i, "00000000", 8);
}

/* Published test vectors of FNV-1a. */
static void test_hash__is_fnv_1a(void **state)
{
    (void)state;
    assert_true(sn_hash_bytes(SN_HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(sn_hash_bytes(SN_HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(sn_hash_bytes(SN_HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    uint64_t parts = sn_hash_bytes(SN_HASH_START, "foo", 3);
    assert_true(sn_hash_bytes(parts, "bar", 3) == UINT64_C(0x85944171f73967e8));
}

static void test_hash__finish_spreads_near_inputs(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        int bits = __builtin_popcountll(sn_hash_finish(i) ^ sn_hash_finish(i + 1));
        assert_in_range(bits, 10, 54);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prng__follows_the_published_recurrence),
        cmocka_unit_test(test_prng__seed_zero_starts_splitmix64),
        cmocka_unit_test(test_prng__same_seed_same_numbers),
        cmocka_unit_test(test_prng__below_stays_below_and_is_even),
        cmocka_unit_test(test_prng__below_favours_no_remainder),
        cmocka_unit_test(test_prng__runids_are_well_formed_and_differ),
        cmocka_unit_test(test_hash__is_fnv_1a),
        cmocka_unit_test(test_hash__finish_spreads_near_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
