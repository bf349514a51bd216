/* SPDX-License-Identifier: BSD-3-Clause */

/* What is taken out of the replication stream of an old master (DESIGN.md D21). */

#include "base/buf.h"
#include "base/error.h"
#include "wire/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PING      "*1\r\n$4\r\nPING\r\n"
#define GETACK    "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"
#define SELECT(n) "*2\r\n$6\r\nSELECT\r\n$1\r\n" n "\r\n"
#define SET(k, v) "*3\r\n$3\r\nSET\r\n$1\r\n" k "\r\n$1\r\n" v "\r\n"
#define MULTI     "*1\r\n$5\r\nMULTI\r\n"
#define EXEC      "*1\r\n$4\r\nEXEC\r\n"
#define HELLO     "*3\r\n$7\r\nPUBLISH\r\n$18\r\n__sentinel__:hello\r\n$3\r\na,b\r\n"

#define OFFSET ((uint64_t)1000) /* of the first byte */

struct taken {
    int error;
    struct sn_tail_facts facts;
    struct sn_buf out;
};

/* Feeds before and tail, step bytes at a time. */
static struct taken take_by(const char *before, const char *lost, uint32_t database, size_t step)
{
    struct taken taken = {.error = 0};
    size_t before_len = strlen(before), len = before_len + strlen(lost);
    char *all = malloc(len + 1);
    memcpy(all, before, before_len);
    memcpy(all + before_len, lost, len - before_len);
    struct sn_tail *tail = sn_tail_new(OFFSET, OFFSET + before_len, database);
    sn_buf_init(&taken.out, SIZE_MAX);
    for (size_t at = 0; at < len && taken.error == 0; at += step)
        taken.error = sn_tail_feed(tail, all + at, step < len - at ? step : len - at, &taken.out);
    taken.facts = *sn_tail_facts(tail);
    sn_tail_free(tail);
    free(all);
    return taken;
}

static struct taken take(const char *before, const char *lost)
{
    return take_by(before, lost, 0, SIZE_MAX);
}

/* However the bytes arrive. */
static void expect(const char *before, const char *lost, const char *file)
{
    for (size_t step = 1; step < 80; step++) {
        struct taken taken = take_by(before, lost, 0, step);
        assert_int_equal(taken.error, 0);
        assert_string_equal(sn_buf_text(&taken.out), file);
        sn_buf_fini(&taken.out);
    }
}

static void test_tail__is_what_comes_behind_the_parting(void **state)
{
    (void)state;
    expect(SELECT("0") SET("a", "1"), SET("a", "2") SET("b", "3"), SET("a", "2") SET("b", "3"));
    expect("", SET("a", "2"), SET("a", "2"));
    expect(SET("a", "1"), "", "");
}

static void test_tail__leaves_out_what_is_no_data(void **state)
{
    (void)state;
    expect("", PING SET("a", "1") GETACK HELLO SET("b", "2") PING, SET("a", "1") SET("b", "2"));
    struct taken taken = take("", PING SET("a", "1") GETACK HELLO);
    assert_int_equal(taken.facts.writes, 1);
    assert_int_equal(taken.facts.left_out, 3);
    assert_int_equal(taken.facts.complete, strlen(SET("a", "1")));
    sn_buf_fini(&taken.out);
}

static void test_tail__begins_with_its_database(void **state)
{
    (void)state;
    expect(SELECT("0") SET("a", "1") SELECT("7") SET("b", "1"), SET("a", "2"),
           SELECT("7") SET("a", "2"));
    expect(SELECT("7") SET("a", "1") SELECT("0"), SET("a", "2"), SET("a", "2"));
    expect(SELECT("7"), SELECT("3") SET("a", "2"), SELECT("7") SELECT("3") SET("a", "2"));
}

static void test_tail__says_how_its_database_is_known(void **state)
{
    (void)state;
    struct taken taken = take_by(SET("a", "1"), SET("a", "2"), 5, SIZE_MAX);
    assert_string_equal(sn_buf_text(&taken.out), SELECT("5") SET("a", "2"));
    assert_int_equal(taken.facts.database_from, SN_TAIL_DATABASE_UNKNOWN);
    sn_buf_fini(&taken.out);
    taken = take(SELECT("4"), SET("a", "2"));
    assert_int_equal(taken.facts.database_from, SN_TAIL_DATABASE_READ);
    assert_int_equal(taken.facts.database, 4);
    sn_buf_fini(&taken.out);
    taken = take(SET("a", "1"), PING SELECT("6") SET("a", "2"));
    assert_int_equal(taken.facts.database_from, SN_TAIL_DATABASE_READ);
    assert_int_equal(taken.facts.database, 6);
    sn_buf_fini(&taken.out);
}

/* A backlog begins anywhere. */
static void test_tail__is_found_behind_a_command_that_is_cut(void **state)
{
    static const char before[] = SET("k", "v") SELECT("3") SET("a", "1");
    (void)state;
    for (size_t cut = 1; cut <= strlen(SET("k", "v")); cut++)
        expect(before + cut, SET("a", "2"), SELECT("3") SET("a", "2"));
}

static void test_tail__is_not_misled_by_values_that_look_like_commands(void **state)
{
    static const char value[] = "$72\r\n" SELECT("9") SELECT("9") SELECT("9") "..."
                                                                              "\r\n";
    static const char before[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n";
    char text[1024];
    (void)state;
    snprintf(text, sizeof(text), "%s%s%s", SELECT("2"), before, value);
    for (size_t cut = 0; cut <= strlen(SELECT("2")) + strlen(before); cut++) {
        struct taken taken = take_by(text + cut, SET("a", "2"), 0, SIZE_MAX);
        assert_int_equal(taken.facts.database, cut == 0 ? 2 : 0);
        sn_buf_fini(&taken.out);
    }
}

/* The new master has applied none of it, whatever its offset says. */
static void test_tail__has_the_whole_of_what_is_cut_by_the_parting(void **state)
{
    static const char whole[] = SELECT("1") MULTI SET("a", "1") SET("b", "2") EXEC;
    char before[256];
    (void)state;
    for (size_t at = strlen(SELECT("1")) + 1; at < strlen(whole); at++) {
        snprintf(before, sizeof(before), "%.*s", (int)at, whole);
        expect(before, whole + at, SELECT("1") MULTI SET("a", "1") SET("b", "2") EXEC);
    }
}

/* The stream ended: a file is cut behind what is complete. */
static void test_tail__knows_where_its_last_complete_transaction_ends(void **state)
{
    static const char lost[] = SET("a", "1") MULTI SET("b", "2") SET("c", "3");
    (void)state;
    struct taken taken = take("", lost);
    assert_int_equal(taken.facts.complete, strlen(SET("a", "1")));
    sn_buf_fini(&taken.out);
    taken = take("", SET("a", "1") "*3\r\n$3\r\nSET\r\n$9\r\nhalf");
    assert_int_equal(taken.facts.complete, strlen(SET("a", "1")));
    sn_buf_fini(&taken.out);
}

static void test_tail__refuses_what_is_no_stream(void **state)
{
    static const char *const texts[] = {
        "*0\r\n",
        "hello\r\n",
        "*1\r\n+OK\r\n",
        "*1\r\n$4\r\nPINGxx",
        "*-1\r\n",
        "*1\n$4\r\nPING\r\n",
        "*99999999999999999999\r\n",
        "*2\r\n$6\r\nSELECT\r\n$1\r\nx\r\n",
        "*2\r\n$6\r\nSELECT\r\n$0\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char all[128];
        snprintf(all, sizeof(all), "%s%s", SET("a", "1"), texts[i]);
        struct taken taken = take("", all);
        assert_int_equal(taken.error, SN_EINVAL);
        assert_int_equal(taken.facts.complete, strlen(SET("a", "1")));
        sn_buf_fini(&taken.out);
    }
}

/* A tail that cannot be aligned begins at the parting. */
static void test_tail__survives_bytes_before_it_that_are_none(void **state)
{
    (void)state;
    expect("rubbish * $ \r\n*x\r\n", SET("a", "2"), SET("a", "2"));
}

/* Values of many megabytes are passed on as they come. */
/* Thousands of ways that lead to the same half a megabyte of arguments: a client may write that. */
static void test_tail__is_found_in_time_in_a_value_made_against_it(void **state)
{
    static const char argument[] = "$0\r\n\r\n";
    const size_t half = SN_TAIL_BEFORE_MAX / 2;
    char *value = malloc(SN_TAIL_BEFORE_MAX);
    struct sn_buf out;
    size_t at = 0;
    (void)state;
    memset(value, 'x', SN_TAIL_BEFORE_MAX);
    for (; at + 64 < half; at += 22) {
        char head[32];
        (void)snprintf(head, sizeof(head), "*999999999\r\n$%07zu\r\n", half - at - 22);
        memcpy(value + at, head, 22);
    }
    memcpy(value + half, "\r\n", 2);
    for (at = half + 2; at + 6 <= SN_TAIL_BEFORE_MAX; at += 6)
        memcpy(value + at, argument, 6);
    struct sn_tail *tail = sn_tail_new(OFFSET, OFFSET + SN_TAIL_BEFORE_MAX, 0);
    sn_buf_init(&out, SIZE_MAX);
    clock_t begun = clock();
    assert_int_equal(sn_tail_feed(tail, value, SN_TAIL_BEFORE_MAX, &out), 0);
    assert_int_equal(sn_tail_feed(tail, SET("a", "1"), strlen(SET("a", "1")), &out), 0);
    assert_true(clock() - begun < 3 * CLOCKS_PER_SEC);
    assert_int_equal(sn_tail_facts(tail)->writes, 1);
    sn_tail_free(tail);
    sn_buf_fini(&out);
    free(value);
}

static void test_tail__holds_no_large_values(void **state)
{
    enum { SIZE = 1 << 20 };
    struct sn_tail *tail = sn_tail_new(OFFSET, OFFSET, 0);
    struct sn_buf out;
    static const char head[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n";
    char *bytes = calloc(1, SIZE);
    (void)state;
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_tail_feed(tail, head, strlen(head), &out), 0);
    for (size_t part = 0; part < 4; part++) {
        sn_buf_clear(&out);
        assert_int_equal(sn_tail_feed(tail, bytes, SIZE / 4, &out), 0);
        assert_int_equal(out.len, SIZE / 4);
    }
    assert_int_equal(sn_tail_feed(tail, "\r\n", 2, &out), 0);
    assert_int_equal(sn_tail_facts(tail)->complete, strlen(head) + SIZE + 2);
    sn_tail_free(tail);
    sn_buf_fini(&out);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tail__is_what_comes_behind_the_parting),
        cmocka_unit_test(test_tail__leaves_out_what_is_no_data),
        cmocka_unit_test(test_tail__begins_with_its_database),
        cmocka_unit_test(test_tail__says_how_its_database_is_known),
        cmocka_unit_test(test_tail__is_found_behind_a_command_that_is_cut),
        cmocka_unit_test(test_tail__is_not_misled_by_values_that_look_like_commands),
        cmocka_unit_test(test_tail__has_the_whole_of_what_is_cut_by_the_parting),
        cmocka_unit_test(test_tail__knows_where_its_last_complete_transaction_ends),
        cmocka_unit_test(test_tail__refuses_what_is_no_stream),
        cmocka_unit_test(test_tail__survives_bytes_before_it_that_are_none),
        cmocka_unit_test(test_tail__is_found_in_time_in_a_value_made_against_it),
        cmocka_unit_test(test_tail__holds_no_large_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
