/* SPDX-License-Identifier: BSD-3-Clause */

/* Cuts the bytes of a client into requests. Bytes are kept in one buffer until a request is
 * complete; the arguments of an array then point into it, each ended by a NUL that replaces the CR
 * behind its payload. Nothing is read twice: the parser remembers where it is within the request,
 * and how far it has looked for the end of an unfinished line. Memory follows the bytes that came,
 * never a length that was announced. */

#include "wire/request.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN  65536
#define ARGS_HARD_MAX INT32_MAX
#define BULK_HARD_MAX ((size_t)512 << 20)
/* Requests to a sentinel need no more than a few kB. */
#define TOTAL_MAX ((size_t)1 << 20)
#define ARGS_MAX  4096
/* Memory above this is released between two requests. */
#define KEEP_ROOM (256U << 10)
#define KEEP_ARGS 1024

const struct sn_request_limits sn_request_limits_open = {
    .bulk_max = BULK_HARD_MAX,
    .args_max = ARGS_MAX,
    .total_max = TOTAL_MAX,
};

/* total_max holds ten largest bulks with room to spare. */
const struct sn_request_limits sn_request_limits_unauthenticated = {
    .bulk_max = 16384,
    .args_max = 10,
    .total_max = (size_t)256 << 10,
    .unauthenticated = true,
};

struct sn_request_reader {
    struct sn_buf in;
    size_t start;   /* of the request that is being read */
    size_t at;      /* next byte to parse */
    size_t scanned; /* bytes from `at` on that hold no line end */

    size_t left;   /* array elements still to come; 0 between requests */
    bool has_bulk; /* the header of the next element was read; bulk_len is its length */
    size_t bulk_len;

    size_t argc;
    size_t room;     /* places in the three arrays */
    size_t *offsets; /* of the arguments, from `start`: the buffer may move while more is read */
    size_t *lens;
    char **argv;

    struct sn_words words; /* of the inline request handed out last */
    int failed;            /* what every further call returns */
    char error[64];
};

struct sn_request_reader *sn_request_reader_new(void)
{
    struct sn_request_reader *reader = sn_alloc(sizeof(*reader));
    sn_buf_init(&reader->in, SIZE_MAX);
    return reader;
}

static void free_args(struct sn_request_reader *reader)
{
    free(reader->offsets);
    free(reader->lens);
    free(reader->argv);
    reader->offsets = reader->lens = NULL;
    reader->argv = NULL;
    reader->room = 0;
}

void sn_request_reader_free(struct sn_request_reader *reader)
{
    if (reader == NULL)
        return;
    sn_words_fini(&reader->words);
    free_args(reader);
    sn_buf_fini(&reader->in);
    free(reader);
}

/* Drops the bytes of requests that were handed out. They are moved away only when they outweigh
 * what remains, so that a long pipeline is not copied once per request. */
static void reclaim(struct sn_request_reader *reader)
{
    size_t unread = reader->in.len - reader->start;

    sn_words_fini(&reader->words);
    if (reader->left == 0 && reader->room > KEEP_ARGS)
        free_args(reader);
    if (reader->start == 0 || reader->start < unread)
        return;
    if (unread == 0 && reader->in.room > KEEP_ROOM)
        sn_buf_fini(&reader->in);
    else
        sn_buf_consume(&reader->in, reader->start);
    reader->at -= reader->start;
    reader->start = 0;
}

void sn_request_reader_feed(struct sn_request_reader *reader, const char *bytes, size_t len)
{
    if (reader->failed != 0)
        return;
    reclaim(reader);
    sn_buf_append(&reader->in, bytes, len);
}

const char *sn_request_reader_error(const struct sn_request_reader *reader)
{
    return reader->error;
}

size_t sn_request_reader_memory(const struct sn_request_reader *reader)
{
    return sizeof(*reader) + reader->in.room +
           reader->room *
               (sizeof(*reader->offsets) + sizeof(*reader->lens) + sizeof(*reader->argv));
}

size_t sn_request_reader_pending(const struct sn_request_reader *reader)
{
    return reader->in.len - reader->start;
}

static int protocol_error(struct sn_request_reader *reader, const char *what)
{
    snprintf(reader->error, sizeof(reader->error), "Protocol error: %s", what);
    return SN_EINVAL;
}

/* True if the next len bytes make the request too long. Errors behind that place must not count,
 * because the way in which the bytes were split would decide whether they are seen. */
static bool outgrows(const struct sn_request_reader *reader, const struct sn_request_limits *limits,
                     size_t len)
{
    return reader->at - reader->start + len > limits->total_max;
}

/* Finds the byte that ends the line at `at`; *len is the distance to it, and the whole line has
 * tail bytes more (PROTOCOL.md §3.2). */
static int find_line_end(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                         char end, size_t tail, const char *too_big, size_t *len)
{
    size_t unread = reader->in.len - reader->at;
    size_t window = unread <= LINE_MAX_LEN ? unread : LINE_MAX_LEN + 1;

    if (window == 0)
        return SN_EAGAIN;
    const char *line = reader->in.data + reader->at;
    const char *found = memchr(line + reader->scanned, end, window - reader->scanned);
    if (found == NULL) {
        reader->scanned = window;
        if (unread <= LINE_MAX_LEN)
            return SN_EAGAIN;
        return outgrows(reader, limits, LINE_MAX_LEN) ? SN_EFULL : protocol_error(reader, too_big);
    }
    *len = (size_t)(found - line);
    reader->scanned = *len;
    if (outgrows(reader, limits, *len + tail))
        return SN_EFULL;
    return unread < *len + tail ? SN_EAGAIN : 0;
}

/* Finds the end of an array or bulk header: a CR and one byte more, which nobody looks at. */
static int find_header_end(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                           const char *too_big, size_t *len)
{
    return find_line_end(reader, limits, '\r', 2, too_big, len);
}

static void advance(struct sn_request_reader *reader, size_t len)
{
    reader->at += len;
    reader->scanned = 0;
}

/* An inline line is split with the quotes of configuration files (PROTOCOL.md §3.1). */
static int read_inline(struct sn_request_reader *reader, const struct sn_request_limits *limits)
{
    size_t len;
    int rc = find_line_end(reader, limits, '\n', 1, "too big inline request", &len);

    if (rc != 0)
        return rc;
    const char *line = reader->in.data + reader->at;
    advance(reader, len + 1);
    /* A CR before the newline counts as a blank. */
    if (sn_words_split(line, len, &reader->words) != 0)
        return protocol_error(reader, "unbalanced quotes in request");
    if (reader->words.count > limits->args_max && !limits->unauthenticated) {
        sn_words_fini(&reader->words);
        return protocol_error(reader, "too many words in request");
    }
    return 0;
}

/* Wrong counts, lengths and markers get the error of stock (PROTOCOL.md §3.2). */
static int read_array_header(struct sn_request_reader *reader,
                             const struct sn_request_limits *limits)
{
    size_t len;
    int64_t count;
    int rc = find_header_end(reader, limits, "too big mbulk count string", &len);

    if (rc != 0)
        return rc;
    if (sn_text_to_i64(reader->in.data + reader->at + 1, len - 1, &count) != 0 ||
        count > ARGS_HARD_MAX)
        return protocol_error(reader, "invalid multibulk length");
    if (count > 0 && (uint64_t)count > limits->args_max)
        return protocol_error(reader, limits->unauthenticated ? "unauthenticated multibulk length"
                                                              : "invalid multibulk length");
    advance(reader, len + 2);
    reader->left = count > 0 ? (size_t)count : 0;
    return 0;
}

/* PROTOCOL.md §3.2. */
static int expected_dollar(struct sn_request_reader *reader, char got)
{
    char what[] = "expected '$', got '?'";

    /* The text is a C string, and a NUL would cut it. */
    what[sizeof(what) - 3] = got == '\0' ? ' ' : got;
    return protocol_error(reader, what);
}

/* PROTOCOL.md §3.2. */
static int read_bulk_header(struct sn_request_reader *reader,
                            const struct sn_request_limits *limits)
{
    size_t len;
    int64_t bulk_len;
    int rc = find_header_end(reader, limits, "too big bulk count string", &len);

    if (rc != 0)
        return rc;
    const char *header = reader->in.data + reader->at;
    if (header[0] != '$')
        return expected_dollar(reader, header[0]);
    if (sn_text_to_i64(header + 1, len - 1, &bulk_len) != 0 || bulk_len < 0)
        return protocol_error(reader, "invalid bulk length");
    if ((uint64_t)bulk_len > limits->bulk_max)
        return protocol_error(reader, limits->unauthenticated && (uint64_t)bulk_len <= BULK_HARD_MAX
                                          ? "unauthenticated bulk length"
                                          : "invalid bulk length");
    advance(reader, len + 2);
    /* The length is known already, so the bytes are not waited for. */
    if (outgrows(reader, limits, (size_t)bulk_len + 2))
        return SN_EFULL;
    reader->bulk_len = (size_t)bulk_len;
    reader->has_bulk = true;
    return 0;
}

static void push_arg(struct sn_request_reader *reader)
{
    if (reader->argc == reader->room) {
        reader->room = reader->room == 0 ? 8 : reader->room * 2;
        reader->offsets = sn_realloc(reader->offsets, reader->room * sizeof(*reader->offsets));
        reader->lens = sn_realloc(reader->lens, reader->room * sizeof(*reader->lens));
        reader->argv = sn_realloc(reader->argv, reader->room * sizeof(*reader->argv));
    }
    reader->offsets[reader->argc] = reader->at - reader->start;
    reader->lens[reader->argc] = reader->bulk_len;
    reader->argc++;
}

/* PROTOCOL.md §3.1. */
static int read_element(struct sn_request_reader *reader, const struct sn_request_limits *limits)
{
    if (!reader->has_bulk) {
        int rc = read_bulk_header(reader, limits);
        if (rc != 0)
            return rc;
    }
    /* The two bytes behind the payload are skipped unseen, as stock does. */
    if (reader->in.len - reader->at < reader->bulk_len + 2)
        return SN_EAGAIN;
    push_arg(reader);
    advance(reader, reader->bulk_len + 2);
    reader->has_bulk = false;
    reader->left--;
    return 0;
}

/* Ends the payloads with NULs and turns offsets into pointers: from here on the buffer rests until
 * the next call. */
static void finish_array(struct sn_request_reader *reader, struct sn_request *request)
{
    char *base = reader->in.data + reader->start;

    for (size_t i = 0; i < reader->argc; i++) {
        reader->argv[i] = base + reader->offsets[i];
        reader->argv[i][reader->lens[i]] = '\0';
    }
    *request =
        (struct sn_request){.argc = reader->argc, .argv = reader->argv, .lens = reader->lens};
}

/* Reads the first line of a request: an inline command as a whole, or the header of an array
 * (PROTOCOL.md §3.1). */
static int read_first(struct sn_request_reader *reader, const struct sn_request_limits *limits)
{
    reader->start = reader->at;
    reader->argc = 0;
    if (reader->at == reader->in.len)
        return SN_EAGAIN;
    return reader->in.data[reader->at] == '*' ? read_array_header(reader, limits)
                                              : read_inline(reader, limits);
}

/* Reads on until a request is complete, or the bytes run out, or they are wrong (PROTOCOL.md §3.1).
 */
static int read_request(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                        struct sn_request *request)
{
    for (;;) {
        int rc = reader->left > 0 ? read_element(reader, limits) : read_first(reader, limits);

        if (rc != 0)
            return rc;
        if (reader->left == 0 && reader->argc > 0) {
            finish_array(reader, request);
            return 0;
        }
        if (reader->words.count > 0) {
            *request = (struct sn_request){.argc = reader->words.count,
                                           .argv = reader->words.items,
                                           .lens = reader->words.lens};
            return 0;
        }
        /* An empty line or array, or one element of several. */
    }
}

int sn_request_reader_next(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                           struct sn_request *request)
{
    *request = (struct sn_request){0};
    if (reader->failed != 0)
        return reader->failed;
    reclaim(reader);

    int rc = read_request(reader, limits, request);
    if (rc == 0 && reader->at - reader->start > limits->total_max)
        rc = SN_EFULL;
    if (rc == SN_EAGAIN && sn_request_reader_pending(reader) > limits->total_max)
        rc = SN_EFULL;
    if (rc != 0 && rc != SN_EAGAIN) {
        *request = (struct sn_request){0};
        reader->failed = rc;
    }
    if (rc == 0)
        reader->start = reader->at;
    return rc;
}
