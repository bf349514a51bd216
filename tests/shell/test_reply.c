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

static void test_reply__reader_gives_the_room_of_a_long_reply_back(void **state)
{
    (void)state;
    char info[INFO_LEN + 32];
    hiredisAllocFuncs counted = {.mallocFn = counted_malloc,
                                 .callocFn = counted_calloc,
                                 .reallocFn = counted_realloc,
                                 .strdupFn = counted_strdup,
                                 .freeFn = counted_free};

    hiredisSetAllocators(&counted);
    struct sn_reply_reader *reader = sn_reply_reader_new();
    size_t empty = live;
    for (int i = 0; i < 3; i++) {
        int start = snprintf(info, sizeof(info), "$%d\r\n", INFO_LEN);
        memset(info + start, 'x', INFO_LEN);
        memcpy(info + start + INFO_LEN, "\r\n", 2);
        feed(reader, info, 3000);
        assert_in_range(live - empty, 3000, 4 * INFO_LEN); /* it is not complete */
        feed(reader, info + 3000, (size_t)start + INFO_LEN + 2 - 3000);
        assert_int_equal(live, empty);
        feed(reader, "*2\r\n+PONG\r\n", 11);
        assert_in_range(live - empty, 11, 200);
        feed(reader, "+PONG\r\n", 7);
    }
    assert_int_equal(replies, 6);
    sn_reply_reader_free(reader);
    assert_int_equal(live, 0);
    hiredisResetAllocators();
}

/* The end of an element is not the end of the reply. */
static void test_reply__reader_keeps_what_it_has_read_of_an_array(void **state)
{
    (void)state;
    char part[INFO_LEN + 32];
    struct sn_reply *reply;
    bool push;
    struct sn_reply_reader *reader = sn_reply_reader_new();

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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply__reader_gives_the_room_of_a_long_reply_back),
        cmocka_unit_test(test_reply__reader_keeps_what_it_has_read_of_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
