/* SPDX-License-Identifier: BSD-3-Clause */

/* What the reader of a link keeps in memory. Replies themselves are tested with the links. */

#include "base/error.h"
#include "shell/links/reply.h"

#include <hiredis/alloc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INFO_LEN 5000
#define READERS  100

static size_t live; /* bytes that hiredis has */
static size_t replies;

/* Each block has its size in front of it. */
static void *counted_malloc(size_t size)
{
    size_t *block = malloc(sizeof(max_align_t) + size);
    if (block == NULL)
        abort();
    *block = size;
    live += size;
    return (char *)block + sizeof(max_align_t);
}

static void *counted_calloc(size_t count, size_t size)
{
    return memset(counted_malloc(count * size), 0, count * size);
}

static void counted_free(void *at)
{
    if (at == NULL)
        return;
    size_t *block = (void *)((char *)at - sizeof(max_align_t));
    live -= *block;
    free(block);
}

static void *counted_realloc(void *at, size_t size)
{
    void *fresh = counted_malloc(size);
    if (at != NULL) {
        const size_t *block = (void *)((char *)at - sizeof(max_align_t));
        memcpy(fresh, at, *block < size ? *block : size);
        counted_free(at);
    }
    return fresh;
}

static char *counted_strdup(const char *text)
{
    return strcpy(counted_malloc(strlen(text) + 1), text);
}

static void feed(struct sn_reply_reader *reader, const char *bytes, size_t len)
{
    struct sn_reply *reply;
    bool push;

    assert_int_equal(sn_reply_reader_feed(reader, bytes, len), 0);
    while (sn_reply_reader_next(reader, &reply, &push) == 0) {
        sn_reply_free(reply);
        replies++;
    }
}

/* Fills *info with a reply of INFO_LEN bytes and returns its length in all. */
static size_t make_info(char *info, size_t size)
{
    size_t start = (size_t)snprintf(info, size, "$%d\r\n", INFO_LEN);
    memset(info + start, 'x', INFO_LEN);
    memcpy(info + start + INFO_LEN, "\r\n", 2);
    return start + INFO_LEN + 2;
}

static void test_reply__readers_between_replies_share_one_parser(void **state)
{
    (void)state;
    char info[INFO_LEN + 32];
    struct sn_reply_parsers parsers = {0};
    struct sn_reply_reader *readers[READERS];
    size_t len = make_info(info, sizeof(info));
    hiredisAllocFuncs counted = {.mallocFn = counted_malloc,
                                 .callocFn = counted_calloc,
                                 .reallocFn = counted_realloc,
                                 .strdupFn = counted_strdup,
                                 .freeFn = counted_free};

    hiredisSetAllocators(&counted);
    for (int i = 0; i < READERS; i++)
        readers[i] = sn_reply_reader_new(&parsers);
    assert_int_equal(live, 0);
    for (int i = 0; i < READERS; i++) {
        feed(readers[i], info, 3000);
        assert_null(parsers.spare); /* the reply is not complete */
        feed(readers[i], info + 3000, len - 3000);
        assert_non_null(parsers.spare);
        feed(readers[i], "+PONG\r\n", 7);
    }
    assert_int_equal(replies, 2 * READERS);
    assert_in_range(live, 1, 4 * INFO_LEN);
    for (int i = 0; i < READERS; i++)
        sn_reply_reader_free(readers[i]);
    sn_reply_parsers_fini(&parsers);
    assert_int_equal(live, 0);
    hiredisResetAllocators();
}

static void test_reply__incomplete_replies_do_not_mix(void **state)
{
    (void)state;
    struct sn_reply_parsers parsers = {0};
    struct sn_reply_reader *a = sn_reply_reader_new(&parsers);
    struct sn_reply_reader *b = sn_reply_reader_new(&parsers);
    struct sn_reply *reply;
    bool push;

    assert_int_equal(sn_reply_reader_feed(a, "*2\r\n+first", 10), 0);
    assert_int_equal(sn_reply_reader_next(a, &reply, &push), SN_EAGAIN);
    assert_int_equal(sn_reply_reader_feed(b, "+other\r\n", 8), 0);
    assert_int_equal(sn_reply_reader_next(b, &reply, &push), 0);
    assert_string_equal(reply->text, "other");
    sn_reply_free(reply);
    assert_int_equal(sn_reply_reader_next(b, &reply, &push), SN_EAGAIN);
    assert_int_equal(sn_reply_reader_feed(a, "\r\n+second\r\n", 11), 0);
    assert_int_equal(sn_reply_reader_next(a, &reply, &push), 0);
    assert_int_equal(reply->count, 2);
    assert_string_equal(reply->items[0].text, "first");
    assert_string_equal(reply->items[1].text, "second");
    sn_reply_free(reply);
    assert_int_equal(sn_reply_reader_next(a, &reply, &push), SN_EAGAIN);
    sn_reply_reader_free(a);
    sn_reply_reader_free(b);
    sn_reply_parsers_fini(&parsers);
}

/* A reader whose bytes are no replies keeps its parser, which nobody else gets. */
static void test_reply__a_spoilt_parser_is_not_shared(void **state)
{
    (void)state;
    struct sn_reply_parsers parsers = {0};
    struct sn_reply_reader *reader = sn_reply_reader_new(&parsers);
    struct sn_reply *reply;
    bool push;

    assert_int_equal(sn_reply_reader_feed(reader, "%%%\r\n", 5), 0);
    assert_int_equal(sn_reply_reader_next(reader, &reply, &push), SN_EINVAL);
    assert_int_equal(sn_reply_reader_next(reader, &reply, &push), SN_EINVAL);
    assert_int_not_equal(sn_reply_reader_error(reader)[0], '\0');
    assert_null(parsers.spare);
    sn_reply_reader_free(reader);
    sn_reply_parsers_fini(&parsers);
}

/* The end of an element is not the end of the reply. */
static void test_reply__reader_keeps_what_it_has_read_of_an_array(void **state)
{
    (void)state;
    char part[INFO_LEN + 32];
    struct sn_reply_parsers parsers = {0};
    struct sn_reply *reply;
    bool push;
    struct sn_reply_reader *reader = sn_reply_reader_new(&parsers);

    int start = snprintf(part, sizeof(part), "*2\r\n$%d\r\n", INFO_LEN);
    memset(part + start, 'x', INFO_LEN);
    memcpy(part + start + INFO_LEN, "\r\n", 2);
    assert_int_equal(sn_reply_reader_feed(reader, part, (size_t)start + INFO_LEN + 2), 0);
    assert_int_equal(sn_reply_reader_next(reader, &reply, &push), SN_EAGAIN);
    assert_int_equal(sn_reply_reader_next(reader, &reply, &push), SN_EAGAIN);
    assert_int_equal(sn_reply_reader_feed(reader, "+OK\r\n", 5), 0);
    assert_int_equal(sn_reply_reader_next(reader, &reply, &push), 0);
    assert_int_equal(reply->count, 2);
    assert_int_equal(reply->items[0].len, INFO_LEN);
    assert_string_equal(reply->items[1].text, "OK");
    sn_reply_free(reply);
    sn_reply_reader_free(reader);
    sn_reply_parsers_fini(&parsers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply__readers_between_replies_share_one_parser),
        cmocka_unit_test(test_reply__incomplete_replies_do_not_mix),
        cmocka_unit_test(test_reply__a_spoilt_parser_is_not_shared),
        cmocka_unit_test(test_reply__reader_keeps_what_it_has_read_of_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
