/* SPDX-License-Identifier: BSD-3-Clause */

/* The hint that a pause has changed (DESIGN.md D28). */

#include "wire/hello.h"
#include "wire/hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef01234567"

static void test_hint__is_read_as_it_was_written(void **state)
{
    struct sn_hint hint = {.runid = {ID}, .group = "my master"}, read;
    char text[SN_HINT_MAX + 1];
    (void)state;
    sn_hint_format(&hint, text);
    assert_string_equal(text, "pause," ID ",my master");
    assert_true(sn_hint_parse(text, strlen(text), &read));
    assert_string_equal(read.runid.hex, ID);
    assert_string_equal(read.group, "my master");
    memset(hint.group, 'x', SN_NAME_MAX);
    sn_hint_format(&hint, text);
    assert_true(sn_hint_parse(text, strlen(text), &read));
    assert_string_equal(read.group, hint.group);
}

static void test_hint__is_no_hello_and_a_hello_is_no_hint(void **state)
{
    struct sn_hello hello;
    struct sn_hint hint;
    const char *of_hello = "pause,26379," ID ",0,m1,127.0.0.1,6379,0";
    (void)state;
    assert_int_not_equal(sn_hello_parse("pause," ID ",m1", 9 + SN_RUNID_LEN, &hello), 0);
    assert_false(sn_hint_parse(of_hello, strlen(of_hello), &hint));
}

static void test_hint__refuses_what_it_cannot_be(void **state)
{
    static const char *const texts[] = {"",
                                        "pause",
                                        "pause,",
                                        "pause," ID,
                                        "pause," ID ",",
                                        "pause," ID ",a,b",
                                        "pause," ID ",a\nb",
                                        "pause," ID "0,a",
                                        "pause,0123 56789abcdef0123456789abcdef01234567,a",
                                        "Pause," ID ",a"};
    struct sn_hint hint;
    char longest[SN_HINT_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(sn_hint_parse(texts[i], strlen(texts[i]), &hint));
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "pause," ID ",", 7 + SN_RUNID_LEN);
    assert_true(sn_hint_parse(longest, 7 + SN_RUNID_LEN + SN_NAME_MAX, &hint));
    assert_false(sn_hint_parse(longest, 7 + SN_RUNID_LEN + SN_NAME_MAX + 1, &hint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hint__is_read_as_it_was_written),
        cmocka_unit_test(test_hint__is_no_hello_and_a_hello_is_no_hint),
        cmocka_unit_test(test_hint__refuses_what_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
