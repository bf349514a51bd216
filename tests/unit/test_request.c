/* SPDX-License-Identifier: BSD-3-Clause */

/* Every input is read whole, byte by byte, and cut in two at every place; the outcome must be the
 * same each time. An outcome shows each request as [argument|argument], then how the reader stands:
 * "wait" (more bytes are needed), "full", or the error text. All but the rows marked otherwise are
 * what redis-sentinel 7.0.15 was seen to do. */

#include "base/error.h"
#include "base/text.h"
#include "wire/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(rows)   (sizeof(rows) / sizeof((rows)[0]))
#define TEXT(literal) literal, sizeof(literal) - 1

static void show_request(const struct sn_request *request, struct sn_buf *out)
{
    for (size_t i = 0; i < request->argc; i++) {
        sn_buf_putc(out, i == 0 ? '[' : '|');
        sn_text_escape(out, request->argv[i], request->lens[i]);
        assert_int_equal(request->argv[i][request->lens[i]], '\0');
    }
    sn_buf_putc(out, ']');
}

/* Takes out every request that is there. Returns how the reader stands. */
static int drain(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                 struct sn_buf *out)
{
    struct sn_request request;
    int rc;

    while ((rc = sn_request_reader_next(reader, limits, &request)) == 0) {
        assert_true(request.argc >= 1);
        show_request(&request, out);
    }
    return rc;
}

static void show_end(const struct sn_request_reader *reader, int rc, struct sn_buf *out)
{
    sn_buf_puts(out, rc == SN_EAGAIN ? "wait" : rc == SN_EFULL ? "full" : "");
    if (rc == SN_EINVAL)
        assert_string_not_equal(sn_request_reader_error(reader), "");
    sn_text_escape(out, sn_request_reader_error(reader), strlen(sn_request_reader_error(reader)));
}

/* Feeds the input in two parts, the first of first_len bytes, each in steps of step bytes. */
static void check(const char *input, size_t len, size_t first_len, size_t step,
                  const struct sn_request_limits *limits, const char *outcome)
{
    struct sn_request_reader *reader = sn_request_reader_new();
    struct sn_buf out;
    int rc = SN_EAGAIN;

    sn_buf_init(&out, SIZE_MAX);
    for (size_t at = 0; at < len && rc == SN_EAGAIN;) {
        size_t end = at < first_len ? first_len : len;
        size_t part = end - at < step ? end - at : step;
        /* A copy of its own, so that a reader that looks beyond its bytes is caught. */
        char *bytes = malloc(part);
        assert_non_null(bytes);
        memcpy(bytes, input + at, part);
        sn_request_reader_feed(reader, bytes, part);
        free(bytes);
        rc = drain(reader, limits, &out);
        at += part;
    }
    show_end(reader, rc, &out);
    if (strcmp(sn_buf_text(&out), outcome) != 0)
        fail_msg("cut at %zu, steps of %zu: %.300s\nexpected: %.300s", first_len, step,
                 sn_buf_text(&out), outcome);
    sn_buf_fini(&out);
    sn_request_reader_free(reader);
}

static void check_all_cuts(const char *input, size_t len, const struct sn_request_limits *limits,
                           const char *outcome)
{
    for (size_t cut = 0; cut < len; cut++)
        check(input, len, cut, SIZE_MAX, limits, outcome);
    check(input, len, 0, 1, limits, outcome);
    check(input, len, 0, 3, limits, outcome);
}

struct row {
    const char *input;
    size_t len;
    const char *outcome;
};

static void check_rows(const struct row *rows, size_t count, const struct sn_request_limits *limits)
{
    for (size_t i = 0; i < count; i++)
        check_all_cuts(rows[i].input, rows[i].len, limits, rows[i].outcome);
}

static void test_request__inline_commands(void **state)
{
    static const struct row rows[] = {
        {TEXT("PING\r\n"), "[PING]wait"},
        {TEXT("PING\n"), "[PING]wait"},
        {TEXT("PING\r\r\n"), "[PING]wait"},
        {TEXT("PING"), "wait"},
        {TEXT("\r\n\r\nPING\r\n"), "[PING]wait"},
        {TEXT("\n \t\nPING\n\n"), "[PING]wait"},
        {TEXT("ping \"a b\"\r\n"), "[ping|a b]wait"},
        {TEXT("ping 'a\\'b'\n"), "[ping|a'b]wait"},
        {TEXT("ping \"\\x41\\n\\q\\xg1\"\r\n"), "[ping|A\\nqxg1]wait"},
        {TEXT("ping a\"b c\"\r\n"), "[ping|ab c]wait"},
        {TEXT("ping a\\nb\r\n"), "[ping|a\\nb]wait"},
        {TEXT("\"\"\r\n"), "[]wait"},
        {TEXT("ping \"\"\r\n"), "[ping|]wait"},
        {TEXT("ping\va\r\n"), "[ping\\x0ba]wait"},
        {TEXT("SENTINEL get-master-addr-by-name mymaster\r\nPING\r\n"),
         "[SENTINEL|get-master-addr-by-name|mymaster][PING]wait"},
        {TEXT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "[GET|/|HTTP/1.1][Host:|x]wait"},
        {TEXT("\xff\x80 \x01\r\n"), "[\\xff\\x80|\\x01]wait"},
        /* differs: stock waits for ever */
        {TEXT("a\0b c\r\nPING\r\n"), "[a\\x00b|c][PING]wait"},
        {TEXT("ping \"a\r\n"), "Protocol error: unbalanced quotes in request"},
        {TEXT("ping 'a\r\nPING\r\n"), "Protocol error: unbalanced quotes in request"},
        {TEXT("ping \"a\"b\r\n"), "Protocol error: unbalanced quotes in request"},
        {TEXT("PING\r\nping a\"b\"c\r\n"), "[PING]Protocol error: unbalanced quotes in request"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &sn_request_limits_open);
}

static void test_request__arrays(void **state)
{
    static const struct row rows[] = {
        {TEXT("*1\r\n$4\r\nPING\r\n"), "[PING]wait"},
        {TEXT("*2\r\n$4\r\nPING\r\n$3\r\na b\r\n"), "[PING|a b]wait"},
        {TEXT("*2\r\n$4\r\nPING\r\n$0\r\n\r\n"), "[PING|]wait"},
        {TEXT("*1\r\n$0\r\n\r\n"), "[]wait"},
        {TEXT("*2\r\n$4\r\nPING\r\n$5\r\na\0\r\nb\r\n"), "[PING|a\\x00\\r\\nb]wait"},
        {TEXT("*0\r\nPING\r\n"), "[PING]wait"},
        {TEXT("*-1\r\n*1\r\n$4\r\nPING\r\n"), "[PING]wait"},
        {TEXT("*-9223372036854775808\r\nPING\r\n"), "[PING]wait"},
        {TEXT("*1\r\n$4\r\nPINGxxPING\r\n"), "[PING][PING]wait"},
        {TEXT("*1\rx$4\ryPINGzz"), "[PING]wait"},
        {TEXT("*1\n$4\nPING\n"), "wait"},
        {TEXT("*1\r\n$4\r\nPING\r"), "wait"},
        {TEXT("*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nping\r\n*2\r\n"), "[PING][PING][ping]wait"},
        {TEXT("*12\r\n$1\r\n0\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n$1\r\n6\r\n"
              "$1\r\n7\r\n$1\r\n8\r\n$1\r\n9\r\n$1\r\na\r\n$1\r\nb\r\n"),
         "[0|1|2|3|4|5|6|7|8|9|a|b]wait"},
        {TEXT("*4096\r\n"), "wait"},
        {TEXT("*4097\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*4096\r\n$1\r\na\r\n$1\r\nb\r\n"), "wait"},
        {TEXT("*1\r\n$1048500\r\nabc"), "wait"},
        {TEXT("*1\r\n$1048576\r\nabc"), "full"},
        {TEXT("*1\r\n$536870912\r\nabc"), "full"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &sn_request_limits_open);
}

static void test_request__protocol_errors(void **state)
{
    static const struct row rows[] = {
        {TEXT("*\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*a\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*+1\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("* 1\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*01\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*-0\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*2147483648\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*99999999999999999999\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*-9223372036854775809\r\n"), "Protocol error: invalid multibulk length"},
        /* differs: stock waits for ever */
        {TEXT("*1\0\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*1\r\nPING\r\n"), "Protocol error: expected '$', got 'P'"},
        {TEXT("*1\r\n\r\n"), "Protocol error: expected '$', got '\\r'"},
        {TEXT("*1\r\n*1\r\n"), "Protocol error: expected '$', got '*'"},
        {TEXT("*1\r\n\xff\r\n"), "Protocol error: expected '$', got '\\xff'"},
        /* differs: stock waits for ever */
        {TEXT("*1\r\n\0\r\n"), "Protocol error: expected '$', got ' '"},
        {TEXT("*2\r\n$4\r\nPING\r\n:1\r\n"), "Protocol error: expected '$', got ':'"},
        {TEXT("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("*1\r\n$\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("*1\r\n$4a\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("*1\r\n$04\r\nPING\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("*1\r\n$536870913\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("*1\r\n$18446744073709551617\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("PING\r\n*1\r\nX\r\nPING\r\n"), "[PING]Protocol error: expected '$', got 'X'"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &sn_request_limits_open);
}

static void test_request__limits_before_authentication(void **state)
{
    static const struct row rows[] = {
        {TEXT("*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n"), "[AUTH|u|p]wait"},
        {TEXT("*10\r\n$1\r\na\r\n"), "wait"},
        {TEXT("*11\r\n"), "Protocol error: unauthenticated multibulk length"},
        {TEXT("*2147483647\r\n"), "Protocol error: unauthenticated multibulk length"},
        {TEXT("*2147483648\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("*1\r\n$16384\r\nx"), "wait"},
        {TEXT("*1\r\n$16385\r\n"), "Protocol error: unauthenticated bulk length"},
        {TEXT("*1\r\n$536870912\r\n"), "Protocol error: unauthenticated bulk length"},
        {TEXT("*1\r\n$536870913\r\n"), "Protocol error: invalid bulk length"},
        {TEXT("a b c d e f g h i j k\r\n"), "[a|b|c|d|e|f|g|h|i|j|k]wait"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &sn_request_limits_unauthenticated);
}

static void test_request__limits_of_choice(void **state)
{
    static const struct sn_request_limits limits = {.bulk_max = 5, .args_max = 4, .total_max = 40};
    static const struct row rows[] = {
        {TEXT("*3\r\n$1\r\na\r\n$1\r\nb\r\n$5\r\nccccc\r\n"), "[a|b|ccccc]wait"},
        {TEXT("*5\r\n"), "Protocol error: invalid multibulk length"},
        {TEXT("a b c d\r\na b c d e\r\n"), "[a|b|c|d]Protocol error: too many words in request"},
        {TEXT("*1\r\n$6\r\n"), "Protocol error: invalid bulk length"},
        /* 40 and 41 bytes; the bytes of other requests do not count */
        {TEXT("PING\r\naaaaaaaaa bbbbbbbbb ccccccccc ddddddddd\nPING\r\n"),
         "[PING][aaaaaaaaa|bbbbbbbbb|ccccccccc|ddddddddd][PING]wait"},
        {TEXT("\n\r\n*0\r\n*-1\r\naaaaaaaaa bbbbbbbbb ccccccccc ddddddddd\n"),
         "[aaaaaaaaa|bbbbbbbbb|ccccccccc|ddddddddd]wait"},
        {TEXT("aaaaaaaaa bbbbbbbbb ccccccccc dddddddddd\n"), "full"},
        {TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "wait"},
        {TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "full"},
        /* an error counts only within the limit, or it would depend on the cuts */
        {TEXT("aaaaaaaaa bbbbbbbbb ccccccccc \"dddddddd\n"),
         "Protocol error: unbalanced quotes in request"},
        {TEXT("aaaaaaaaa bbbbbbbbb ccccccccc \"ddddddddd\n"), "full"},
        {TEXT("*2\r\n$1\r\na\r\n$00000000000000000000000001\r\n"),
         "Protocol error: invalid bulk length"},
        {TEXT("*2\r\n$1\r\na\r\n$000000000000000000000000001\r\n"), "full"},
        {TEXT("*2\r\n$1\r\na\r\n$0000000000000000000000000001"), "wait"},
        {TEXT("*2\r\n$1\r\na\r\n$00000000000000000000000000001"), "full"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &limits);
}

static void test_request__bulks_count_to_the_total(void **state)
{
    static const struct sn_request_limits limits = {
        .bulk_max = 100, .args_max = 3, .total_max = 40};
    static const struct row rows[] = {
        {TEXT("*1\r\n$29\r\naaaaaaaaabbbbbbbbbbcccccccccc\r\n"),
         "[aaaaaaaaabbbbbbbbbbcccccccccc]wait"},
        {TEXT("*1\r\n$30\r\naaaaaaaaaabbbbbbbbbbcccccccccc\r\n"), "full"},
        /* told by the header already */
        {TEXT("*1\r\n$29\r\naaa"), "wait"},
        {TEXT("*1\r\n$30\r\n"), "full"},
        {TEXT("*2\r\n$30\r\naaaaaaaaaabbbbbbbbbbcccccccccc\r\nX\r\n"), "full"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), &limits);
}

/* An input of a head, a run of one byte, and a tail, with cuts around its interesting places. */
static void check_long(const char *head, char fill, size_t fill_len, const char *tail,
                       const char *outcome)
{
    static const size_t steps[] = {1, 999, 16384, SIZE_MAX};
    size_t head_len = strlen(head);
    struct sn_buf input;

    sn_buf_init(&input, SIZE_MAX);
    sn_buf_puts(&input, head);
    for (size_t i = 0; i < fill_len; i++)
        sn_buf_putc(&input, fill);
    sn_buf_puts(&input, tail);
    for (size_t i = 0; i < COUNT(steps); i++)
        check(input.data, input.len, 0, steps[i], &sn_request_limits_open, outcome);
    for (size_t cut = 0; cut <= head_len + 2; cut++)
        check(input.data, input.len, cut, SIZE_MAX, &sn_request_limits_open, outcome);
    for (size_t back = 1; back < 6; back++)
        check(input.data, input.len, input.len - back, SIZE_MAX, &sn_request_limits_open, outcome);
    sn_buf_fini(&input);
}

static void test_request__lines_end_within_64_kib(void **state)
{
    static char word[65536 + 3 + sizeof("wait")];

    (void)state;
    word[0] = '[';
    memset(word + 1, 'a', 65536);
    strcpy(word + 1 + 65536, "]wait");
    check_long("", 'a', 65536, "", "wait");
    check_long("", 'a', 65536, "\n", word);
    check_long("\n", 'a', 65536, "\n", word);
    check_long("", 'a', 65537, "", "Protocol error: too big inline request");
    /* differs: stock also takes a longer line if its newline comes in the same read */
    check_long("", 'a', 65537, "\n", "Protocol error: too big inline request");
    check_long("PING\r\n", 'a', 65537, "\n", "[PING]Protocol error: too big inline request");

    check_long("*", '1', 65535, "", "wait");
    check_long("*", '1', 65535, "\r", "wait");
    check_long("*", '1', 65535, "\r\n", "Protocol error: invalid multibulk length");
    check_long("*", '1', 65536, "", "Protocol error: too big mbulk count string");

    check_long("*1\r\n$", '1', 65535, "", "wait");
    check_long("*1\r\n$", '1', 65535, "\r\n", "Protocol error: invalid bulk length");
    check_long("*1\r\n$", '1', 65536, "", "Protocol error: too big bulk count string");
    check_long("*1\r\n", 'P', 65537, "", "Protocol error: too big bulk count string");
}

static void test_request__large_bulk(void **state)
{
    static char arg[100000 + sizeof("[b|]wait")];

    (void)state;
    strcpy(arg, "[b|");
    memset(arg + 3, '\\', 100000);
    strcpy(arg + 3 + 100000, "]wait");
    check_long("*2\r\n$1\r\nb\r\n$100000\r\n", '\\', 100000, "\r\n", arg);
}

/* More arguments and bytes than the reader keeps room for between requests. */
static void test_request__memory_of_a_large_request_is_given_back(void **state)
{
    enum { ARGS = 3000, ARG_LEN = 200 };
    static const char follower[] = "*2\r\n$4\r\nPING\r\n$1\r\nx\r\n";
    struct sn_buf input, outcome;

    (void)state;
    sn_buf_init(&input, SIZE_MAX);
    sn_buf_init(&outcome, SIZE_MAX);
    for (int round = 0; round < 2; round++) {
        sn_buf_printf(&input, "*%d\r\n", ARGS);
        for (int i = 0; i < ARGS; i++) {
            sn_buf_printf(&input, "$%d\r\n%0*d\r\n", ARG_LEN, ARG_LEN, i);
            sn_buf_printf(&outcome, "%c%0*d", i == 0 ? '[' : '|', ARG_LEN, i);
        }
        sn_buf_puts(&input, follower);
        sn_buf_puts(&outcome, "][PING|x]");
    }
    sn_buf_puts(&outcome, "wait");
    check(input.data, input.len, 0, SIZE_MAX, &sn_request_limits_open, outcome.data);
    check(input.data, input.len, 0, 1000, &sn_request_limits_open, outcome.data);
    /* The first request ends exactly where the first part does. */
    check(input.data, input.len, input.len / 2 - sizeof(follower) + 1, SIZE_MAX,
          &sn_request_limits_open, outcome.data);
    sn_buf_fini(&input);
    sn_buf_fini(&outcome);
}

static void feed_text(struct sn_request_reader *reader, const char *text)
{
    sn_request_reader_feed(reader, text, strlen(text));
}

static void test_request__stays_unusable_after_an_error(void **state)
{
    struct sn_request_reader *reader = sn_request_reader_new();
    struct sn_request request;

    (void)state;
    assert_string_equal(sn_request_reader_error(reader), "");
    feed_text(reader, "*1\r\nX\r\nPING\r\n");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sn_request_reader_next(reader, &sn_request_limits_open, &request),
                         SN_EINVAL);
        assert_int_equal(request.argc, 0);
        assert_string_equal(sn_request_reader_error(reader),
                            "Protocol error: expected '$', got 'X'");
        size_t pending = sn_request_reader_pending(reader);
        feed_text(reader, "PING\r\n");
        assert_int_equal(sn_request_reader_pending(reader), pending);
    }
    sn_request_reader_free(reader);
    sn_request_reader_free(NULL);
}

static void test_request__counts_pending_bytes(void **state)
{
    struct sn_request_reader *reader = sn_request_reader_new();
    struct sn_request request;
    const struct sn_request_limits *limits = &sn_request_limits_open;

    (void)state;
    assert_int_equal(sn_request_reader_pending(reader), 0);
    feed_text(reader, "PING\r\n*1\r\n$4\r\nPING\r\n*2\r\n$");
    assert_int_equal(sn_request_reader_pending(reader), 25);
    assert_int_equal(sn_request_reader_next(reader, limits, &request), 0);
    assert_int_equal(sn_request_reader_pending(reader), 19);
    assert_int_equal(sn_request_reader_next(reader, limits, &request), 0);
    assert_int_equal(sn_request_reader_pending(reader), 5);
    assert_int_equal(sn_request_reader_next(reader, limits, &request), SN_EAGAIN);
    assert_int_equal(sn_request_reader_pending(reader), 5);
    sn_request_reader_feed(reader, NULL, 0);
    assert_int_equal(sn_request_reader_pending(reader), 5);
    sn_request_reader_free(reader);
}

static void test_request__limits_may_change_between_requests(void **state)
{
    struct sn_request_reader *reader = sn_request_reader_new();
    struct sn_request request;

    (void)state;
    feed_text(reader, "AUTH x\r\n*11\r\n");
    assert_int_equal(sn_request_reader_next(reader, &sn_request_limits_unauthenticated, &request),
                     0);
    assert_int_equal(sn_request_reader_next(reader, &sn_request_limits_open, &request), SN_EAGAIN);
    sn_request_reader_free(reader);
}

static void test_request__reader_may_go_while_a_request_is_out(void **state)
{
    static const char *const inputs[] = {"PING a\r\nPING", "*1\r\n$4\r\nPING\r\n*2\r\n$4"};

    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        struct sn_request_reader *reader = sn_request_reader_new();
        struct sn_request request;
        feed_text(reader, inputs[i]);
        assert_int_equal(sn_request_reader_next(reader, &sn_request_limits_open, &request), 0);
        assert_string_equal(request.argv[0], "PING");
        sn_request_reader_free(reader);
    }
}

/* A copy per request or per byte of what remains would make this take minutes. */
static void test_request__long_pipelines_and_tiny_feeds_stay_linear(void **state)
{
    enum { REQUESTS = 500000, BULK = 20 << 20 };
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";
    struct sn_request_reader *reader = sn_request_reader_new();
    struct sn_request request;
    struct sn_request_limits raised = sn_request_limits_open;
    const struct sn_request_limits *limits = &raised;
    static char part[1000];

    (void)state;
    raised.total_max = BULK + 1000;
    for (size_t i = 0; i < REQUESTS; i++)
        sn_request_reader_feed(reader, ping, sizeof(ping) - 1);
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(sn_request_reader_next(reader, limits, &request), 0);
        assert_string_equal(request.argv[0], "PING");
        sn_request_reader_feed(reader, ping, sizeof(ping) - 1);
    }
    for (size_t i = 0; i < REQUESTS; i++)
        assert_int_equal(sn_request_reader_next(reader, limits, &request), 0);
    assert_int_equal(sn_request_reader_pending(reader), 0);

    feed_text(reader, "*1\r\n$20971520\r\n");
    for (size_t fed = 0; fed < BULK + 2; fed += sizeof(part)) {
        size_t rest = BULK + 2 - fed;
        assert_int_equal(sn_request_reader_next(reader, limits, &request), SN_EAGAIN);
        sn_request_reader_feed(reader, part, rest < sizeof(part) ? rest : sizeof(part));
    }
    assert_int_equal(sn_request_reader_next(reader, limits, &request), 0);
    assert_int_equal(request.lens[0], BULK);
    sn_request_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request__inline_commands),
        cmocka_unit_test(test_request__arrays),
        cmocka_unit_test(test_request__protocol_errors),
        cmocka_unit_test(test_request__limits_before_authentication),
        cmocka_unit_test(test_request__limits_of_choice),
        cmocka_unit_test(test_request__bulks_count_to_the_total),
        cmocka_unit_test(test_request__lines_end_within_64_kib),
        cmocka_unit_test(test_request__large_bulk),
        cmocka_unit_test(test_request__memory_of_a_large_request_is_given_back),
        cmocka_unit_test(test_request__stays_unusable_after_an_error),
        cmocka_unit_test(test_request__counts_pending_bytes),
        cmocka_unit_test(test_request__limits_may_change_between_requests),
        cmocka_unit_test(test_request__reader_may_go_while_a_request_is_out),
        cmocka_unit_test(test_request__long_pipelines_and_tiny_feeds_stay_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
