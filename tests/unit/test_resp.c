/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/resp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct sn_buf out;
    struct sn_resp v2, v3;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    sn_buf_init(&f->out, 1000);
    f->v2 = (struct sn_resp){.out = &f->out, .version = SN_RESP2};
    f->v3 = (struct sn_resp){.out = &f->out, .version = SN_RESP3};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sn_buf_fini(&f->out);
    free(f);
    return 0;
}

/* Writes with both versions and compares what each of them left in the buffer. */
#define CHECK(f, write, args, resp2, resp3)                                                        \
    do {                                                                                           \
        struct sn_resp *resp = &(f)->v2;                                                           \
        write args;                                                                                \
        assert_string_equal(sn_buf_text(&(f)->out), resp2);                                        \
        sn_buf_clear(&(f)->out);                                                                   \
        resp = &(f)->v3;                                                                           \
        write args;                                                                                \
        assert_string_equal(sn_buf_text(&(f)->out), resp3);                                        \
        sn_buf_clear(&(f)->out);                                                                   \
    } while (0)

static void test_resp__lines(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_status, (resp, "OK"), "+OK\r\n", "+OK\r\n");
    CHECK(f, sn_resp_status, (resp, "a\r\n+b"), "+a  +b\r\n", "+a  +b\r\n");
    CHECK(f, sn_resp_error, (resp, "no such"), "-ERR no such\r\n", "-ERR no such\r\n");
    CHECK(f, sn_resp_error, (resp, "-NOAUTH x"), "-NOAUTH x\r\n", "-NOAUTH x\r\n");
    CHECK(f, sn_resp_error, (resp, "x\r\n+OK\r\n"), "-ERR x  +OK  \r\n", "-ERR x  +OK  \r\n");
    CHECK(f, sn_resp_error, (resp, "-X\ny"), "-X y\r\n", "-X y\r\n");
    CHECK(f, sn_resp_error, (resp, ""), "-ERR \r\n", "-ERR \r\n");
    CHECK(f, sn_resp_errorf, (resp, "%s '%d'", "bad\n", 7), "-ERR bad  '7'\r\n",
          "-ERR bad  '7'\r\n");
    CHECK(f, sn_resp_errorf, (resp, "-%s", "NOPERM"), "-NOPERM\r\n", "-NOPERM\r\n");
}

static void test_resp__integers(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_integer, (resp, 0), ":0\r\n", ":0\r\n");
    CHECK(f, sn_resp_integer, (resp, INT64_MIN), ":-9223372036854775808\r\n",
          ":-9223372036854775808\r\n");
    CHECK(f, sn_resp_integer, (resp, INT64_MAX), ":9223372036854775807\r\n",
          ":9223372036854775807\r\n");
    CHECK(f, sn_resp_bulk_integer, (resp, -42), "$3\r\n-42\r\n", "$3\r\n-42\r\n");
    CHECK(f, sn_resp_bulk_integer, (resp, INT64_MIN), "$20\r\n-9223372036854775808\r\n",
          "$20\r\n-9223372036854775808\r\n");
}

static void test_resp__bulks(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_text, (resp, "a b"), "$3\r\na b\r\n", "$3\r\na b\r\n");
    CHECK(f, sn_resp_text, (resp, ""), "$0\r\n\r\n", "$0\r\n\r\n");
    sn_resp_bulk(&f->v2, "a\0\r\n", 4);
    assert_int_equal(f->out.len, 10);
    assert_memory_equal(f->out.data, "$4\r\na\0\r\n\r\n", 10);
}

static void test_resp__aggregates(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_array, (resp, 0), "*0\r\n", "*0\r\n");
    CHECK(f, sn_resp_array, (resp, 12), "*12\r\n", "*12\r\n");
    CHECK(f, sn_resp_map, (resp, 3), "*6\r\n", "%3\r\n");
    CHECK(f, sn_resp_set, (resp, 3), "*3\r\n", "~3\r\n");
    CHECK(f, sn_resp_push, (resp, 3), "*3\r\n", ">3\r\n");
}

/* Writes two elements behind what is there already, and then what they are elements of. */
static void write_behind(struct sn_resp *resp, bool is_map)
{
    sn_resp_status(resp, "before");
    size_t start = resp->out->len;
    sn_resp_text(resp, "a");
    sn_resp_integer(resp, 1);
    if (is_map)
        sn_resp_map_from(resp, start, 1);
    else
        sn_resp_array_from(resp, start, 2);
}

static void test_resp__counts_that_are_known_at_the_end(void **state)
{
    struct fixture *f = *state;

    CHECK(f, write_behind, (resp, true), "+before\r\n*2\r\n$1\r\na\r\n:1\r\n",
          "+before\r\n%1\r\n$1\r\na\r\n:1\r\n");
    CHECK(f, write_behind, (resp, false), "+before\r\n*2\r\n$1\r\na\r\n:1\r\n",
          "+before\r\n*2\r\n$1\r\na\r\n:1\r\n");
}

static void test_resp__nulls_and_booleans(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_null, (resp), "$-1\r\n", "_\r\n");
    CHECK(f, sn_resp_null_array, (resp), "*-1\r\n", "_\r\n");
}

static void test_resp__doubles(void **state)
{
    struct fixture *f = *state;

    CHECK(f, sn_resp_double, (resp, 0.0), "$1\r\n0\r\n", ",0\r\n");
    CHECK(f, sn_resp_double, (resp, 0.1), "$3\r\n0.1\r\n", ",0.1\r\n");
    CHECK(f, sn_resp_double, (resp, -3.5), "$4\r\n-3.5\r\n", ",-3.5\r\n");
    CHECK(f, sn_resp_double, (resp, 1.0 / 3), "$18\r\n0.3333333333333333\r\n",
          ",0.3333333333333333\r\n");
    CHECK(f, sn_resp_double, (resp, 0.1 + 0.2), "$19\r\n0.30000000000000004\r\n",
          ",0.30000000000000004\r\n");
    CHECK(f, sn_resp_double, (resp, 1e300), "$6\r\n1e+300\r\n", ",1e+300\r\n");
    CHECK(f, sn_resp_double, (resp, (double)INFINITY), "$3\r\ninf\r\n", ",inf\r\n");
    CHECK(f, sn_resp_double, (resp, -(double)INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
    CHECK(f, sn_resp_double, (resp, (double)NAN), "$3\r\nnan\r\n", ",nan\r\n");
}

static void test_resp__a_full_buffer_is_told_at_the_end(void **state)
{
    struct sn_buf small;
    struct sn_resp resp = {.out = &small, .version = SN_RESP2};

    (void)state;
    sn_buf_init(&small, 12);
    sn_resp_text(&resp, "abcdef");
    assert_false(small.full);
    sn_resp_integer(&resp, 1);
    sn_resp_null(&resp);
    assert_true(small.full);
    assert_string_equal(sn_buf_text(&small), "$6\r\nabcdef\r\n");
    sn_buf_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_resp__lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resp__integers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resp__bulks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resp__aggregates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resp__counts_that_are_known_at_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_resp__nulls_and_booleans, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resp__doubles, setup, teardown),
        cmocka_unit_test(test_resp__a_full_buffer_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
