/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fields.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void assert_kept(const struct sn_fields *fields, const char *text, size_t len)
{
    struct sn_buf out;

    sn_buf_init(&out, SIZE_MAX);
    sn_buf_puts(&out, ">");
    assert_true(sn_fields_put(fields, &out));
    assert_int_equal(out.len, len + 1);
    assert_memory_equal(sn_buf_text(&out) + 1, text, len);
    sn_buf_fini(&out);
}

static void test_fields__come_back_byte_for_byte(void **state)
{
    static const char *const texts[] = {
        "",     "\n",      ":",         "a",         "a:",          "a:b",      "a:b\n",
        "a\nb", "a:b:c\n", "::\n:\n\n", "a:\r\nb:1", "# X\r\n\r\n", "a\n\nb:2", "a:\nb\nc:3\n",
    };
    struct sn_fields_pool pool = {0};
    struct sn_fields fields = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sn_fields_set(&fields, &pool, texts[i], strlen(texts[i]));
        assert_kept(&fields, texts[i], strlen(texts[i]));
        assert_int_equal(sn_fields_pool_count(&pool), 1);
    }
    sn_fields_fini(&fields, &pool);
    assert_int_equal(sn_fields_pool_count(&pool), 0);
}

static void test_fields__of_random_bytes_come_back_too(void **state)
{
    static const char bytes[] = {'a', ':', '\n', '\r', '\0', '\1', '\2'};
    struct sn_fields_pool pool = {0};
    struct sn_fields fields[4] = {{0}};
    char text[40];
    struct sn_prng prng;

    (void)state;
    sn_prng_init(&prng, 1);
    for (size_t i = 0; i < 20000; i++) {
        size_t len = (size_t)sn_prng_below(&prng, sizeof(text));
        struct sn_fields *one = &fields[sn_prng_below(&prng, 4)];
        for (size_t j = 0; j < len; j++)
            text[j] = bytes[sn_prng_below(&prng, sizeof(bytes))];
        sn_fields_set(one, &pool, text, len);
        assert_kept(one, text, len);
        assert_in_range(sn_fields_pool_count(&pool), 1, 4);
    }
    for (size_t i = 0; i < 4; i++)
        sn_fields_fini(&fields[i], &pool);
    assert_int_equal(sn_fields_pool_count(&pool), 0);
}

static void test_fields__share_what_they_have_in_common(void **state)
{
    struct sn_fields_pool pool = {0};
    struct sn_fields a = {0}, b = {0};
    struct sn_buf out;

    (void)state;
    sn_buf_init(&out, SIZE_MAX);
    assert_false(sn_fields_put(&a, &out));
    sn_fields_set(&a, &pool, "# X\nname:1\nother:\n", 18);
    sn_fields_set(&b, &pool, "# X\nname:22\nother:333\n", 22);
    assert_ptr_equal(a.names, b.names);
    assert_int_equal(sn_fields_pool_count(&pool), 1);
    assert_int_equal(b.values_len, 7);
    sn_fields_set(&b, &pool, "# X\nname:1\nother:333\n", 21);
    assert_int_equal(b.values_len, 1 + 4); /* the first one is as in a */
    sn_fields_set(&b, &pool, "# Y\n", 4);
    assert_int_equal(sn_fields_pool_count(&pool), 2);
    sn_fields_fini(&a, &pool);
    assert_int_equal(sn_fields_pool_count(&pool), 1);
    assert_false(sn_fields_put(&a, &out));
    sn_fields_fini(&b, &pool);
    sn_fields_fini(&b, &pool);
    assert_int_equal(sn_fields_pool_count(&pool), 0);
    sn_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields__come_back_byte_for_byte),
        cmocka_unit_test(test_fields__of_random_bytes_come_back_too),
        cmocka_unit_test(test_fields__share_what_they_have_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
