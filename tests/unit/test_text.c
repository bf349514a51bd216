/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "base/prng.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A copy in memory of exactly the right size, so that reading beyond it is caught. Free it. */
static char *exact(const char *text)
{
    char *copy = malloc(strlen(text) + (text[0] == '\0'));

    assert_non_null(copy);
    memcpy(copy, text, strlen(text));
    return copy;
}

static void test_text__signed_numbers_at_their_limits(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"7", 0, 7},
        {"-1", 0, -1},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", SN_ERANGE, 0},
        {"-9223372036854775808", 0, INT64_MIN},
        {"-9223372036854775809", SN_ERANGE, 0},
        {"18446744073709551616", SN_ERANGE, 0},
        {"99999999999999999999999999999999", SN_ERANGE, 0},
        {"99999999999999999999999999999999x", SN_EINVAL, 0},
        {"", SN_EINVAL, 0},
        {"-", SN_EINVAL, 0},
        {"--1", SN_EINVAL, 0},
        {"+1", SN_EINVAL, 0},
        {"-0", SN_EINVAL, 0},
        {"00", SN_EINVAL, 0},
        {"01", SN_EINVAL, 0},
        {"-01", SN_EINVAL, 0},
        {" 1", SN_EINVAL, 0},
        {"1 ", SN_EINVAL, 0},
        {"1.0", SN_EINVAL, 0},
        {"1e3", SN_EINVAL, 0},
        {"0x10", SN_EINVAL, 0},
        {"a", SN_EINVAL, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 42;
        char *text = exact(rows[i].text);
        int rc = sn_text_to_i64(text, strlen(rows[i].text), &value);
        free(text);
        if (rc != rows[i].rc || value != (rc == 0 ? rows[i].value : 42))
            fail_msg("'%s' gave %d, %lld", rows[i].text, rc, (long long)value);
    }
}

static void test_text__unsigned_numbers_at_their_limits(void **state)
{
    static const struct {
        const char *text;
        int rc;
        uint64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", SN_ERANGE, 0},
        {"18446744073709551620", SN_ERANGE, 0},
        {"184467440737095516150", SN_ERANGE, 0},
        {"-1", SN_ERANGE, 0},
        {"-0", SN_EINVAL, 0},
        {"-x", SN_EINVAL, 0},
        {"01", SN_EINVAL, 0},
        {"", SN_EINVAL, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 42;
        char *text = exact(rows[i].text);
        int rc = sn_text_to_u64(text, strlen(rows[i].text), &value);
        free(text);
        if (rc != rows[i].rc || value != (rc == 0 ? rows[i].value : 42))
            fail_msg("'%s' gave %d, %llu", rows[i].text, rc, (unsigned long long)value);
    }
}

static void test_text__numbers_end_at_len(void **state)
{
    int64_t value;

    (void)state;
    assert_int_equal(sn_text_to_i64("123456", 3, &value), 0);
    assert_int_equal(value, 123);
    assert_int_equal(sn_text_to_i64("1\0", 2, &value), SN_EINVAL);
}

/* The verdicts are those of KEYS on a live server, which only denies that "**" matches "". */
static void test_text__glob_corpus(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"**", "", true},
        {"?", "", false},
        {"a", "", false},
        {"*", "anything", true},
        {"my*", "mymaster", true},
        {"my*r", "mymaster", true},
        {"my*x", "mymaster", false},
        {"*as*er", "mymaster", true},
        {"*a*a*", "mymaster", false},
        {"mymaster", "mymaster", true},
        {"mymaste", "mymaster", false},
        {"mymaster?", "mymaster", false},
        {"?ymaster", "mymaster", true},
        {"MyMaster", "mymaster", false},
        {"*aab", "aaab", true},
        {"a*b?c", "abxbyc", true},
        {"a*?", "a", false},
        {"ab*b?", "abc", false},
        {"a*", "", false},
        {"a*", "b", false},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[axc]", "b", false},
        {"[^abc]", "d", true},
        {"[^abc]", "a", false},
        {"[^]", "a", true},
        {"[a-c]x", "bx", true},
        {"[c-a]", "b", true},
        {"[c-a]", "a", true},
        {"[c-a]", "c", true},
        {"[c-a]", "d", false},
        {"[ab\\", "\\", true},
        {"[a-", "-", true},
        {"[a", "a", true},
        {"[^", "a", true},
        {"[a-]", "a", true}, /* an unclosed range from 'a' to ']' */
        {"[a-]", "^", true},
        {"[a-]", "-", false},
        {"[-a]", "-", true},
        {"[]", "a", false},
        {"[]a]", "a]", false},
        {"[ab", "a", true},
        {"[", "[", false},
        {"x[a-c", "xb", true},
        {"[\\]]", "]", true},
        {"[\\-]", "-", true},
        {"[a\\-c]", "b", false},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\a", "a", true},
        {"\\", "\\", true},
        {"a\\", "a\\", true},
        {"*\\?", "what?", true},
        {"*[0-9]", "shard7", true},
        {"*[^0-9]", "shard7", false},
        {"*\xff", "a\xff", true},
        {"[\x80-\xff]", "\xc3", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *pattern = exact(rows[i].pattern), *text = exact(rows[i].text);
        bool matches =
            sn_text_glob(pattern, strlen(rows[i].pattern), text, strlen(rows[i].text), false);
        free(pattern);
        free(text);
        if (matches != rows[i].matches)
            fail_msg("pattern '%s' on '%s'", rows[i].pattern, rows[i].text);
    }
}

static void test_text__glob_ignores_case_on_request(void **state)
{
    (void)state;
    assert_true(sn_text_glob("MY[A-N]*\\R", 10, "mymasteR", 8, true));
    assert_false(sn_text_glob("MY[A-N]*\\R", 10, "mymasteR", 8, false));
    assert_true(sn_text_glob("azAZ", 4, "AZaz", 4, true));
    assert_false(sn_text_glob("@[`{", 4, "`{@[", 4, true));
    assert_false(sn_text_glob("[^A]", 4, "a", 1, true));
    assert_true(sn_text_glob("[^A]", 4, "a", 1, false));
}

static void test_text__glob_minds_the_lengths(void **state)
{
    (void)state;
    assert_true(sn_text_glob("a*x", 2, "abc", 3, false));
    assert_true(sn_text_glob("a?c", 3, "a\0c", 3, false));
    assert_false(sn_text_glob("a", 1, "a\0", 2, false));
    assert_true(sn_text_glob("[ab]", 2, "a", 1, false));
    assert_true(sn_text_glob("\\*", 1, "\\", 1, false));
}

static double seconds_for(const char *pattern, const char *text)
{
    clock_t start = clock();
    assert_false(sn_text_glob(pattern, strlen(pattern), text, strlen(text), false));
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* With plain recursion each of these takes longer than the machine will last. */
static void test_text__glob_has_no_exponential_pattern(void **state)
{
    static char text[5001], stars[401], classes[601];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    for (size_t i = 0; i + 2 <= sizeof(stars) - 1; i += 2)
        memcpy(stars + i, "*a", 2);
    stars[sizeof(stars) - 2] = 'b';
    for (size_t i = 0; i + 6 <= sizeof(classes) - 1; i += 6)
        memcpy(classes + i, "*[a-c]", 6);
    memcpy(classes + sizeof(classes) - 7, "*[x-z]", 6);
    assert_true(seconds_for(stars, text) < 1.0);
    assert_true(seconds_for(classes, text) < 1.0);
    assert_true(seconds_for("*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*b", text) < 1.0);
}

static void test_text__copy_cuts(void **state)
{
    char out[4];

    (void)state;
    assert_true(sn_text_copy(out, sizeof(out), "abc"));
    assert_string_equal(out, "abc");
    assert_false(sn_text_copy(out, sizeof(out), "abcd"));
    assert_string_equal(out, "abc");
    assert_true(sn_text_copy(out, sizeof(out), ""));
    assert_string_equal(out, "");
    assert_false(sn_text_copy(out, 1, "x"));
    assert_string_equal(out, "");
    assert_false(sn_text_copy(out, 0, ""));
}

static void test_text__control_characters(void **state)
{
    (void)state;
    assert_false(sn_text_has_control("", 0));
    assert_false(sn_text_has_control(" az~\x80\xff", 6));
    assert_true(sn_text_has_control("a\0", 2));
    assert_false(sn_text_has_control("a\0", 1));
    assert_true(sn_text_has_control("\x1f", 1));
    assert_true(sn_text_has_control("\x7f", 1));
    assert_true(sn_text_has_control("x\n", 2));
}

static void test_text__runid_form(void **state)
{
    (void)state;
    assert_true(sn_text_is_runid("0123456789abcdef0123456789abcdef01234567"));
    assert_false(sn_text_is_runid("0123456789abcdef0123456789abcdef0123456"));
    assert_false(sn_text_is_runid("0123456789abcdef0123456789abcdef012345678"));
    assert_true(sn_text_is_runid("0123456789ABCDEF0123456789abcdef01234567"));
    assert_true(sn_text_is_runid("redis-sentinel-node-1-aaaaaaaaaaaaaaaaaa"));
    assert_true(sn_text_is_runid("!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~012345678"));
    assert_true(sn_text_is_runid("\xc3\xa9"
                                 "23456789abcdef0123456789abcdef01234567"));
    assert_false(sn_text_is_runid("0123456789abcdef 123456789abcdef01234567"));
    assert_false(sn_text_is_runid("0123456789abcdef,123456789abcdef01234567"));
    assert_false(sn_text_is_runid("0123456789abcdef\t123456789abcdef01234567"));
    assert_false(sn_text_is_runid("0123456789abcdef\x7f"
                                  "123456789abcdef01234567"));
    assert_false(sn_text_is_runid(""));
    assert_false(sn_text_is_runid("*"));
}

/* Shows words as [a][b], and a malformed line as "malformed". */
static void show_words(const char *line, size_t len, struct sn_buf *out)
{
    struct sn_words words;

    if (sn_words_split(line, len, &words) != 0) {
        assert_int_equal(words.count, 0);
        assert_null(words.items);
        sn_buf_puts(out, "malformed");
        return;
    }
    for (size_t i = 0; i < words.count; i++) {
        assert_int_equal(words.items[i][words.lens[i]], '\0');
        sn_buf_putc(out, '[');
        sn_text_escape(out, words.items[i], words.lens[i]);
        sn_buf_putc(out, ']');
    }
    sn_words_fini(&words);
    assert_int_equal(words.count, 0);
}

/* The outcomes are those of inline commands on a live server. */
static void test_words__split_corpus(void **state)
{
    static const struct {
        const char *line, *outcome;
    } rows[] = {
        {"", ""},
        {" \t\r\v\f", ""},
        {"a", "[a]"},
        {"  a  b\tc\r", "[a][b][c]"},
        {"a\vb", "[a\\x0bb]"},
        {"\va", "[a]"},
        {"a#b #c", "[a#b][#c]"},
        {"a\\nb", "[a\\nb]"},
        {"\"\"", "[]"},
        {"''", "[]"},
        {"\"a b\" c", "[a b][c]"},
        {"a\"b c\"", "[ab c]"},
        {"a'b c'", "[ab c]"},
        {"\"\\n\\r\\t\\b\\a\\\\\\\"\"", "[\\n\\r\\t\\x08\\x07\\\"]"},
        {"\"\\x41\\xfF\\x0a\\xAa\"", "[A\\xff\\n\\xaa]"},
        {"\"\\x4\\xg1\\q\"", "[x4xg1q]"},
        {"\"it's\"", "[it's]"},
        {"'say \"x\"'", "[say \"x\"]"},
        {"'a\\'b\\nc'", "[a'b\\nc]"},
        {"'a\\\\'", "malformed"},
        {"\"a\"\vb", "[a][b]"},
        {"\"a\"", "[a]"},
        {"\"a", "malformed"},
        {"'a", "malformed"},
        {"\"", "malformed"},
        {"a b\"", "malformed"},
        {"\"a\"b", "malformed"},
        {"'a'b", "malformed"},
        {"\"a\"'b'", "malformed"},
        {"a\"b\"c", "malformed"},
        {"\"a\\", "malformed"},
        {"\"a\\\"", "malformed"},
        {"'a\\'", "malformed"},
        {"fine \"not", "malformed"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sn_buf out;
        sn_buf_init(&out, 1000);
        char *line = exact(rows[i].line);
        show_words(line, strlen(rows[i].line), &out);
        free(line);
        assert_string_equal(sn_buf_text(&out), rows[i].outcome);
        sn_buf_fini(&out);
    }
}

static void test_words__plain_ones_know_no_quotes(void **state)
{
    static const char line[] = "  user \"a b\\x41\t'  ";
    struct sn_words words;

    (void)state;
    sn_words_split_plain(line, strlen(line), &words);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[0], "user");
    assert_string_equal(words.items[1], "\"a");
    assert_string_equal(words.items[2], "b\\x41\t'");
    assert_int_equal(words.lens[2], 7);
    sn_words_fini(&words);
    sn_words_split_plain("a b", 2, &words);
    assert_int_equal(words.count, 1);
    sn_words_fini(&words);
    sn_words_split_plain("   ", 3, &words);
    assert_int_equal(words.count, 0);
    sn_words_fini(&words);
}

static void test_words__nul_is_a_byte_like_any_other(void **state)
{
    struct sn_words words;

    (void)state;
    assert_int_equal(sn_words_split("a\0b \"\\x00\"", 10, &words), 0);
    assert_int_equal(words.count, 2);
    assert_int_equal(words.lens[0], 3);
    assert_memory_equal(words.items[0], "a\0b", 4);
    assert_int_equal(words.lens[1], 1);
    sn_words_fini(&words);
    sn_words_fini(&words);
}

static void test_words__many_words(void **state)
{
    static char line[20000];
    struct sn_words words;

    (void)state;
    for (size_t i = 0; i < sizeof(line); i++)
        line[i] = i % 2 == 0 ? 'x' : ' ';
    assert_int_equal(sn_words_split(line, sizeof(line), &words), 0);
    assert_int_equal(words.count, sizeof(line) / 2);
    assert_string_equal(words.items[9999], "x");
    sn_words_fini(&words);
}

static void check_quote(const char *text, const char *outcome)
{
    struct sn_buf out;

    sn_buf_init(&out, 1000);
    sn_text_quote(&out, text);
    assert_string_equal(sn_buf_text(&out), outcome);
    sn_buf_fini(&out);
}

static void test_quote__only_where_needed(void **state)
{
    (void)state;
    check_quote("plain-word_1.2:3", "plain-word_1.2:3");
    check_quote("#x;=,", "#x;=,");
    check_quote("", "\"\"");
    check_quote("a b", "\"a b\"");
    check_quote("it's", "\"it's\"");
    check_quote("a\\b", "\"a\\\\b\"");
    check_quote("a\"b", "\"a\\\"b\"");
    check_quote("x\nsentinel myid y", "\"x\\nsentinel myid y\"");
    check_quote("\r\t\b\a\x01\x7f", "\"\\r\\t\\b\\a\\x01\\x7f\"");
    check_quote("\x80", "\"\\x80\"");
    check_quote("\xc3\xa9", "\xc3\xa9");
    check_quote("\xc3\xa9 \xc3", "\"\xc3\xa9 \\xc3\"");
    check_quote("\xc2\x85", "\"\\xc2\\x85\"");
}

static void test_quote__always(void **state)
{
    struct sn_buf out;

    (void)state;
    sn_buf_init(&out, 100);
    sn_text_quote_always(&out, "a");
    sn_text_quote_always(&out, "");
    assert_string_equal(sn_buf_text(&out), "\"a\"\"\"");
    sn_buf_fini(&out);
}

static void check_round_trip(const char *text, bool always)
{
    struct sn_words words;
    struct sn_buf out;

    sn_buf_init(&out, 10000);
    sn_buf_puts(&out, "before ");
    if (always)
        sn_text_quote_always(&out, text);
    else
        sn_text_quote(&out, text);
    sn_buf_puts(&out, " behind");
    assert_false(sn_text_has_control(out.data, out.len));
    assert_int_equal(sn_words_split(out.data, out.len, &words), 0);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[1], text);
    sn_words_fini(&words);
    sn_buf_fini(&out);
}

static void test_quote__is_read_back_unchanged(void **state)
{
    struct sn_prng prng;
    char text[40];

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        text[0] = (char)byte;
        strcpy(text + 1, "1");
        check_round_trip(text, false);
        check_round_trip(text, true);
    }
    sn_prng_init(&prng, 5);
    for (int round = 0; round < 5000; round++) {
        size_t len = (size_t)sn_prng_below(&prng, sizeof(text));
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(1 + sn_prng_below(&prng, 255));
        text[len] = '\0';
        check_round_trip(text, round % 2 == 0);
    }
}

static void test_escape__shows_text_and_hides_control(void **state)
{
    static const struct {
        const char *text, *outcome;
    } rows[] = {
        {"plain \\n 'text'", "plain \\n 'text'"},
        {"a\nb\rc\td", "a\\nb\\rc\\td"},
        {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"\xc2\xa0", "\xc2\xa0"},
        {"\xc3", "\\xc3"},
        {"\xc3\n", "\\xc3\\n"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xa9", "\\xa9"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
        {"\xc0\x8a", "\\xc0\\x8a"},
        {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},
        {"\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},
        {"\xee\x80\x80", "\xee\x80\x80"},
        {"\xe0\xa0\x80", "\xe0\xa0\x80"},
        {"abc\xe2\x82", "abc\\xe2\\x82"},
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sn_buf out;
        sn_buf_init(&out, 1000);
        char *text = exact(rows[i].text);
        sn_text_escape(&out, text, strlen(rows[i].text));
        free(text);
        assert_string_equal(sn_buf_text(&out), rows[i].outcome);
        sn_buf_fini(&out);
    }
}

static void test_escape__minds_the_length(void **state)
{
    struct sn_buf out;

    (void)state;
    sn_buf_init(&out, 100);
    sn_text_escape(&out, "\xc3\xa9", 1);
    sn_text_escape(&out, "a\0b", 3);
    assert_string_equal(sn_buf_text(&out), "\\xc3a\\x00b");
    sn_buf_fini(&out);
}

static void test_text__numbers_are_written_as_printf_does(void **state)
{
    static const int64_t values[] = {0, 9, 10, -1, -10, 1234567890123, INT64_MAX, INT64_MIN};
    static const uint64_t large[] = {0, 1, 99, UINT64_MAX};
    char digits[SN_DIGITS_MAX + 1], expected[32];
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        int len = snprintf(expected, sizeof(expected), "%" PRId64, values[i]);
        assert_int_equal(sn_text_from_i64(values[i], digits), len);
        assert_string_equal(digits, expected);
    }
    for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
        int len = snprintf(expected, sizeof(expected), "%" PRIu64, large[i]);
        assert_int_equal(sn_text_from_u64(large[i], digits), len);
        assert_string_equal(digits, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__numbers_are_written_as_printf_does),
        cmocka_unit_test(test_text__signed_numbers_at_their_limits),
        cmocka_unit_test(test_text__unsigned_numbers_at_their_limits),
        cmocka_unit_test(test_text__numbers_end_at_len),
        cmocka_unit_test(test_text__glob_corpus),
        cmocka_unit_test(test_text__glob_ignores_case_on_request),
        cmocka_unit_test(test_text__glob_minds_the_lengths),
        cmocka_unit_test(test_text__glob_has_no_exponential_pattern),
        cmocka_unit_test(test_text__copy_cuts),
        cmocka_unit_test(test_text__control_characters),
        cmocka_unit_test(test_text__runid_form),
        cmocka_unit_test(test_words__split_corpus),
        cmocka_unit_test(test_words__plain_ones_know_no_quotes),
        cmocka_unit_test(test_words__nul_is_a_byte_like_any_other),
        cmocka_unit_test(test_words__many_words),
        cmocka_unit_test(test_quote__only_where_needed),
        cmocka_unit_test(test_quote__always),
        cmocka_unit_test(test_quote__is_read_back_unchanged),
        cmocka_unit_test(test_escape__shows_text_and_hides_control),
        cmocka_unit_test(test_escape__minds_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
