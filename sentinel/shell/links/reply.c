/* SPDX-License-Identifier: BSD-3-Clause */
/* hiredis' reader calls a create function for each value, parents before their children, and
 * attaches nothing itself. The array of children is allocated with its parent; each child is an
 * element of it. A create function that returns NULL ends the reading; hiredis reports that as "out
 * of memory", and our own text has the reason. */
#include "shell/links/reply.h"

#include "base/alloc.h"
#include "base/error.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

struct sn_reply_reader {
    struct sn_reply_parsers *parsers;
    redisReader *parser; /* NULL between replies */
    int root_type;       /* REDIS_REPLY_… of the reply being read, or read last */
    size_t item_count;   /* of that reply */
    size_t byte_count;   /* of that reply's texts */
    const char *refused; /* reason why a create function refused; NULL if none did */
};

static struct sn_reply_reader *reader_of(const redisReadTask *task)
{
    return task->privdata;
}

static void *refuse_reply(const redisReadTask *task, const char *why)
{
    reader_of(task)->refused = why;
    return NULL;
}

static size_t depth_of(const redisReadTask *task)
{
    size_t depth = 0;

    while (task->parent != NULL && depth <= SN_REPLY_DEPTH_MAX) {
        task = task->parent;
        depth++;
    }
    return depth;
}

/* Returns the element for the value of task. */
static struct sn_reply *place(const redisReadTask *task)
{
    struct sn_reply_reader *reader = reader_of(task);

    if (task->parent == NULL) {
        reader->root_type = task->type;
        reader->item_count = 1;
        reader->byte_count = 0;
        return sn_alloc(sizeof(struct sn_reply));
    }
    struct sn_reply *parent = task->parent->obj;
    assert(task->idx >= 0 && (size_t)task->idx < parent->count);
    return (struct sn_reply *)(uintptr_t)&parent->items[task->idx];
}

static void *create_text(const redisReadTask *task, enum sn_reply_type type, const char *text,
                         size_t len)
{
    struct sn_reply_reader *reader = reader_of(task);
    struct sn_reply *reply = place(task);

    reader->byte_count += len;
    if (reader->byte_count > SN_REPLY_BYTES_MAX) {
        if (task->parent == NULL)
            free(reply);
        return refuse_reply(task, "reply too large");
    }
    reply->type = type;
    reply->text = sn_strndup(text, len);
    reply->len = len;
    return reply;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    if (task->type == REDIS_REPLY_ERROR)
        return create_text(task, SN_REPLY_ERROR, text, len);
    if (task->type == REDIS_REPLY_STATUS)
        return create_text(task, SN_REPLY_STATUS, text, len);
    /* A verbatim string starts with its format, "txt:". */
    if (task->type == REDIS_REPLY_VERB && len >= 4)
        return create_text(task, SN_REPLY_STRING, text + 4, len - 4);
    return create_text(task, SN_REPLY_STRING, text, len);
}

static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
    (void)value;
    return create_text(task, SN_REPLY_STRING, text, len);
}

static void *create_scalar(const redisReadTask *task, enum sn_reply_type type, int64_t integer)
{
    struct sn_reply *reply = place(task);

    reply->type = type;
    reply->text = "";
    reply->integer = integer;
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    return create_scalar(task, SN_REPLY_INTEGER, value);
}

static void *create_bool(const redisReadTask *task, int value)
{
    return create_scalar(task, SN_REPLY_INTEGER, value);
}

static void *create_nil(const redisReadTask *task)
{
    return create_scalar(task, SN_REPLY_NIL, 0);
}

static void *create_array(const redisReadTask *task, size_t count)
{
    struct sn_reply_reader *reader = reader_of(task);
    size_t before = task->parent == NULL ? 1 : reader->item_count;

    if (depth_of(task) >= SN_REPLY_DEPTH_MAX)
        return refuse_reply(task, "reply nested too deeply");
    if (count > SN_REPLY_ITEMS_MAX - before)
        return refuse_reply(task, "reply with too many elements");
    struct sn_reply *reply = place(task);
    reader->item_count = before + count;
    reply->type = SN_REPLY_ARRAY;
    reply->text = "";
    reply->items = sn_alloc_array(count, sizeof(*reply->items));
    reply->count = count;
    return reply;
}

static void fini(const struct sn_reply *reply)
{
    if (reply->type == SN_REPLY_ARRAY) {
        for (size_t i = 0; i < reply->count; i++)
            fini(&reply->items[i]);
        free((void *)(uintptr_t)reply->items);
    } else if (reply->type == SN_REPLY_STATUS || reply->type == SN_REPLY_ERROR ||
               reply->type == SN_REPLY_STRING) {
        free((void *)(uintptr_t)reply->text);
    }
}

void sn_reply_free(struct sn_reply *reply)
{
    if (reply == NULL)
        return;
    fini(reply);
    free(reply);
}

static void free_object(void *reply)
{
    sn_reply_free(reply);
}

/* hiredis takes a pointer to non-const. */
static redisReplyObjectFunctions functions = {.createString = create_string,
                                              .createArray = create_array,
                                              .createInteger = create_integer,
                                              .createDouble = create_double,
                                              .createNil = create_nil,
                                              .createBool = create_bool,
                                              .freeObject = free_object};

static redisReader *new_parser(void)
{
    redisReader *parser = redisReaderCreateWithFunctions(&functions);
    if (parser == NULL)
        abort(); /* out of memory, see base/alloc.h */
    parser->maxelements = SN_REPLY_ITEMS_MAX;
    return parser;
}

void sn_reply_parsers_fini(struct sn_reply_parsers *parsers)
{
    redisReaderFree(parsers->spare);
    parsers->spare = NULL;
}

static void take_parser(struct sn_reply_reader *reader)
{
    struct sn_reply_parsers *parsers = reader->parsers;
    reader->parser = parsers->spare != NULL ? parsers->spare : new_parser();
    reader->parser->privdata = reader;
    parsers->spare = NULL;
}

static void give_parser_back(struct sn_reply_reader *reader)
{
    struct sn_reply_parsers *parsers = reader->parsers;
    if (parsers->spare == NULL)
        parsers->spare = reader->parser;
    else
        redisReaderFree(reader->parser);
    reader->parser = NULL;
}

struct sn_reply_reader *sn_reply_reader_new(struct sn_reply_parsers *parsers)
{
    struct sn_reply_reader *reader = sn_alloc(sizeof(*reader));

    reader->parsers = parsers;
    return reader;
}

void sn_reply_reader_free(struct sn_reply_reader *reader)
{
    if (reader == NULL)
        return;
    redisReaderFree(reader->parser);
    free(reader);
}

int sn_reply_reader_feed(struct sn_reply_reader *reader, const char *bytes, size_t len)
{
    if (reader->refused != NULL)
        return SN_EINVAL;
    if (reader->parser == NULL)
        take_parser(reader);
    return redisReaderFeed(reader->parser, bytes, len) == REDIS_OK ? 0 : SN_EINVAL;
}

/* True if the last reply has been read to its end, and nothing behind it has come. */
static bool is_between_replies(const struct sn_reply_reader *reader)
{
    const redisReader *parser = reader->parser;
    return reader->refused == NULL && parser->err == 0 && parser->ridx == -1 &&
           parser->pos == parser->len;
}

int sn_reply_reader_next(struct sn_reply_reader *reader, struct sn_reply **reply, bool *push)
{
    void *read = NULL;

    if (reader->parser == NULL)
        return SN_EAGAIN;
    if (is_between_replies(reader)) {
        give_parser_back(reader);
        return SN_EAGAIN;
    }
    if (reader->refused != NULL || redisReaderGetReply(reader->parser, &read) != REDIS_OK)
        return SN_EINVAL;
    if (read == NULL) {
        /* The unread bytes are one incomplete value. */
        if (reader->parser->len - reader->parser->pos <= SN_REPLY_BYTES_MAX)
            return SN_EAGAIN;
        reader->refused = "reply too large";
        return SN_EINVAL;
    }
    *reply = read;
    *push = reader->root_type == REDIS_REPLY_PUSH || reader->root_type == REDIS_REPLY_ATTR;
    return 0;
}

const char *sn_reply_reader_error(const struct sn_reply_reader *reader)
{
    return reader->refused != NULL ? reader->refused : reader->parser->errstr;
}
