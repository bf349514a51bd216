/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void test_buf__grows_and_stays_terminated(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 100000);
    assert_null(buf.data);
    assert_string_equal(sn_buf_text(&buf), "");
    for (size_t i = 0; i < 5000; i++) {
        sn_buf_putc(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.len, i + 1);
        assert_int_equal(buf.data[buf.len], '\0');
        assert_true(buf.len < buf.room);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(buf.data[i], 'a' + (int)(i % 26));
    assert_false(buf.full);
    sn_buf_fini(&buf);
    assert_null(buf.data);
}

static void test_buf__appends_of_every_kind(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, SIZE_MAX);
    sn_buf_append(&buf, NULL, 0);
    assert_null(buf.data);
    sn_buf_append(&buf, "a\0b", 3);
    sn_buf_puts(&buf, "cd");
    sn_buf_puts(&buf, "");
    sn_buf_printf(&buf, "%d-%s", 42, "x");
    sn_buf_printf(&buf, "%s", "");
    sn_buf_printf(&buf, "%d", 7);
    assert_int_equal(buf.len, 10);
    assert_memory_equal(buf.data, "a\0bcd42-x7", 11);
    sn_buf_fini(&buf);
}

static void test_buf__cap_is_exact(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 8);
    sn_buf_puts(&buf, "12345678");
    assert_false(buf.full);
    assert_int_equal(buf.len, 8);
    sn_buf_append(&buf, "", 0);
    sn_buf_printf(&buf, "%s", "");
    assert_false(buf.full);
    sn_buf_putc(&buf, '9');
    assert_true(buf.full);
    assert_string_equal(sn_buf_text(&buf), "12345678");
    sn_buf_fini(&buf);

    sn_buf_init(&buf, 0);
    sn_buf_putc(&buf, 'x');
    assert_true(buf.full);
    assert_string_equal(sn_buf_text(&buf), "");
    sn_buf_fini(&buf);
}

static void test_buf__memory_stays_within_the_cap(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 100);
    for (int i = 0; i < 100; i++) {
        sn_buf_putc(&buf, 'x');
        assert_true(buf.room <= 101);
    }
    assert_false(buf.full);
    sn_buf_fini(&buf);
}

static void test_buf__full_refuses_whole_appends_until_cleared(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 8);
    sn_buf_puts(&buf, "1234567");
    sn_buf_printf(&buf, "%s", "ab");
    assert_true(buf.full);
    /* This one would fit, but it would stand behind a hole. */
    sn_buf_putc(&buf, 'c');
    sn_buf_puts(&buf, "d");
    assert_string_equal(sn_buf_text(&buf), "1234567");
    sn_buf_consume(&buf, 7);
    sn_buf_putc(&buf, 'c');
    assert_int_equal(buf.len, 0);
    sn_buf_clear(&buf);
    assert_false(buf.full);
    sn_buf_putc(&buf, 'x');
    sn_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_string_equal(sn_buf_text(&buf), "");
    sn_buf_puts(&buf, "12345678");
    assert_string_equal(sn_buf_text(&buf), "12345678");
    sn_buf_fini(&buf);
}

static void test_buf__huge_lengths_do_not_overflow(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, SIZE_MAX);
    sn_buf_putc(&buf, 'x');
    sn_buf_append(&buf, "y", SIZE_MAX);
    assert_true(buf.full);
    assert_string_equal(sn_buf_text(&buf), "x");
    sn_buf_fini(&buf);
}

static void test_buf__consume_drops_the_front(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 100);
    sn_buf_consume(&buf, 0);
    sn_buf_puts(&buf, "abcdef");
    sn_buf_consume(&buf, 2);
    assert_string_equal(sn_buf_text(&buf), "cdef");
    assert_int_equal(buf.len, 4);
    sn_buf_consume(&buf, 4);
    assert_string_equal(sn_buf_text(&buf), "");
    sn_buf_fini(&buf);
}

static void test_buf__take_hands_the_memory_over(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 3);
    char *text = sn_buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    sn_buf_puts(&buf, "abc");
    sn_buf_putc(&buf, 'd');
    text = sn_buf_take(&buf);
    assert_string_equal(text, "abc");
    free(text);
    assert_int_equal(buf.len, 0);
    assert_false(buf.full);
    sn_buf_puts(&buf, "xyz");
    assert_string_equal(sn_buf_text(&buf), "xyz");
    sn_buf_fini(&buf);
}

static void test_buf__extends_inserts_and_truncates(void **state)
{
    struct sn_buf buf;

    (void)state;
    sn_buf_init(&buf, 12);
    sn_buf_insert(&buf, 0, "cd", 2);
    memcpy(sn_buf_extend(&buf, 3), "xyz", 3);
    assert_string_equal(sn_buf_text(&buf), "cdxyz");
    sn_buf_insert(&buf, 0, "ab", 2);
    sn_buf_insert(&buf, 4, "ef", 2);
    sn_buf_insert(&buf, 9, "!", 1);
    sn_buf_insert(&buf, 3, "", 0);
    assert_string_equal(sn_buf_text(&buf), "abcdefxyz!");
    assert_int_equal(buf.len, 10);
    sn_buf_truncate(&buf, 10);
    sn_buf_truncate(&buf, 6);
    assert_string_equal(sn_buf_text(&buf), "abcdef");
    assert_int_equal(buf.len, 6);
    assert_non_null(sn_buf_extend(&buf, 6));
    assert_int_equal(buf.data[12], '\0');
    assert_false(buf.full);
    assert_null(sn_buf_extend(&buf, 1));
    assert_true(buf.full);
    assert_int_equal(buf.len, 12);
    sn_buf_fini(&buf);

    sn_buf_init(&buf, 4);
    sn_buf_puts(&buf, "abc");
    sn_buf_insert(&buf, 1, "xx", 2);
    assert_true(buf.full);
    assert_string_equal(sn_buf_text(&buf), "abc");
    sn_buf_fini(&buf);
    sn_buf_truncate(&buf, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__grows_and_stays_terminated),
        cmocka_unit_test(test_buf__appends_of_every_kind),
        cmocka_unit_test(test_buf__cap_is_exact),
        cmocka_unit_test(test_buf__memory_stays_within_the_cap),
        cmocka_unit_test(test_buf__full_refuses_whole_appends_until_cleared),
        cmocka_unit_test(test_buf__huge_lengths_do_not_overflow),
        cmocka_unit_test(test_buf__consume_drops_the_front),
        cmocka_unit_test(test_buf__extends_inserts_and_truncates),
        cmocka_unit_test(test_buf__take_hands_the_memory_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
