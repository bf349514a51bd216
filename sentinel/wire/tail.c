/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/tail.h"

#include "base/alloc.h"
#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_MAX   32 /* bytes of a length with its CRLF; 20 digits are enough */
#define NAME_MAX_LEN 32 /* of a command that is looked at */
/* Pieces that are read to find the commands before the parting: some for each byte. A value that
 * was made for it could have thousands of ways with the same end. */
#define STEPS_MAX (4 * SN_TAIL_BEFORE_MAX)

enum kind {
    KIND_WRITE = 0,
    KIND_SELECT,
    KIND_MULTI,
    KIND_EXEC,
    KIND_NO_DATA /* left out */
};

/* Reads commands piece by piece: a value may be larger than the memory. */
struct scan {
    enum kind kind;
    uint64_t args_left;  /* of the present command; 0: none, the next one begins */
    uint64_t bytes_left; /* of the present argument, without its CRLF */
    bool at_end;         /* of the argument: its CRLF is next */
    bool in_transaction;
    bool knows_database;
    uint32_t database; /* of the next command */
};

/* What a piece of the stream was. */
struct piece {
    size_t len;  /* bytes */
    bool begins; /* a command */
    bool ends;   /* a command */
};

struct sn_tail {
    uint64_t before; /* bytes that are still missing before the parting */
    bool begun;      /* the first unit of the tail was found */
    struct scan scan;
    struct sn_buf held; /* bytes that are not read yet */
    uint64_t taken;     /* bytes */
    bool broken;
    struct sn_tail_facts facts;
};

/* ---- commands in the stream ----------------------------------------------------------------- */

/* Reads "<mark>NUMBER\r\n". Returns its length in *used. SN_EAGAIN, SN_EINVAL. */
static int read_header(const char *bytes, size_t len, char mark, uint64_t *number, size_t *used)
{
    size_t at = 1;
    *number = 0;
    if (len > 0 && bytes[0] != mark)
        return SN_EINVAL;
    while (at < len && at < HEADER_MAX && bytes[at] >= '0' && bytes[at] <= '9') {
        *number = *number * 10 + (uint64_t)(bytes[at] - '0');
        at++;
    }
    if (at >= 12) /* more than any length has: 2^31 arguments, 512 MB */
        return SN_EINVAL;
    if (at < len && (at == 1 || bytes[at] != '\r'))
        return SN_EINVAL;
    if (at + 1 < len && bytes[at + 1] != '\n')
        return SN_EINVAL;
    *used = at + 2;
    return at + 1 < len ? 0 : SN_EAGAIN;
}

static bool is_name(const char *bytes, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(bytes, name, len) == 0;
}

static enum kind kind_of(const char *name, size_t len)
{
    static const char *const no_data[] = {"ping", "replconf", "publish", "spublish"};
    for (size_t i = 0; i < sizeof(no_data) / sizeof(no_data[0]); i++) {
        if (is_name(name, len, no_data[i]))
            return KIND_NO_DATA;
    }
    if (is_name(name, len, "select"))
        return KIND_SELECT;
    if (is_name(name, len, "multi"))
        return KIND_MULTI;
    return is_name(name, len, "exec") ? KIND_EXEC : KIND_WRITE;
}

/* The head of a command: the number of arguments, and its name. */
static int read_head(struct scan *scan, const char *bytes, size_t len, struct piece *piece)
{
    uint64_t args, name_len;
    size_t used, name_header;
    int error = read_header(bytes, len, '*', &args, &used);
    if (error != 0)
        return error;
    if (args == 0)
        return SN_EINVAL;
    error = read_header(bytes + used, len - used, '$', &name_len, &name_header);
    if (error != 0)
        return error;
    size_t at = used + name_header;
    bool is_short = name_len <= NAME_MAX_LEN;
    if (is_short && len - at < name_len)
        return SN_EAGAIN;
    scan->kind = is_short ? kind_of(bytes + at, (size_t)name_len) : KIND_WRITE;
    scan->bytes_left = is_short ? 0 : name_len;
    at += is_short ? (size_t)name_len : 0;
    scan->at_end = scan->bytes_left == 0;
    scan->args_left = args;
    *piece = (struct piece){.len = at, .begins = true};
    return 0;
}

/* The length of an argument; for SELECT, the argument as well. */
static int read_argument(struct scan *scan, const char *bytes, size_t len, struct piece *piece)
{
    size_t used;
    uint64_t size, number = 0;
    int error = read_header(bytes, len, '$', &size, &used);
    if (error != 0)
        return error;
    if (scan->kind == KIND_SELECT) {
        if (size == 0 || size > 9)
            return SN_EINVAL;
        if (len - used < size)
            return SN_EAGAIN;
        for (size_t i = 0; i < size; i++) {
            char digit = bytes[used + i];
            if (digit < '0' || digit > '9')
                return SN_EINVAL;
            number = number * 10 + (uint64_t)(digit - '0');
        }
        scan->database = (uint32_t)number;
        scan->knows_database = true;
    }
    scan->bytes_left = size;
    scan->at_end = size == 0;
    *piece = (struct piece){.len = used};
    return 0;
}

static int read_end(struct scan *scan, const char *bytes, size_t len, struct piece *piece)
{
    if (len < 2)
        return SN_EAGAIN;
    if (bytes[0] != '\r' || bytes[1] != '\n')
        return SN_EINVAL;
    scan->at_end = false;
    scan->args_left--;
    *piece = (struct piece){.len = 2, .ends = scan->args_left == 0};
    if (piece->ends && scan->kind == KIND_MULTI)
        scan->in_transaction = true;
    else if (piece->ends && scan->kind == KIND_EXEC)
        scan->in_transaction = false;
    return 0;
}

/* Reads the next piece of the stream. SN_EAGAIN: more bytes are needed. SN_EINVAL. */
static int scan_next(struct scan *scan, const char *bytes, size_t len, struct piece *piece)
{
    if (len == 0)
        return SN_EAGAIN;
    if (scan->at_end)
        return read_end(scan, bytes, len, piece);
    if (scan->args_left == 0)
        return read_head(scan, bytes, len, piece);
    if (scan->bytes_left == 0)
        return read_argument(scan, bytes, len, piece);
    piece->len = scan->bytes_left < len ? (size_t)scan->bytes_left : len;
    piece->begins = piece->ends = false;
    scan->bytes_left -= piece->len;
    scan->at_end = scan->bytes_left == 0;
    return 0;
}

static bool is_between(const struct scan *scan)
{
    return scan->args_left == 0 && !scan->in_transaction;
}

/* ---- before the parting --------------------------------------------------------------------- */

/* Where a way through the bytes before the parting has led. */
struct way {
    struct scan unit; /* as it was at the last command or transaction that began … */
    size_t unit_at;   /* … here */
    bool complete;    /* that ends with the bytes */
};

/* What was tried. */
struct search {
    unsigned char *seen; /* a bit for each byte: a way came here */
    size_t steps_left;
};

/* Follows the commands from `at` to the end of the bytes. False: there are none, another way came
 * here and failed, or this takes too long. */
static bool follow(const struct sn_buf *bytes, size_t at, struct search *search, struct way *way)
{
    unsigned char *seen = search->seen;
    struct scan scan = {.kind = KIND_WRITE};
    struct piece piece;
    int error = 0;
    while (error == 0) {
        if (is_between(&scan)) {
            way->unit = scan;
            way->unit_at = at;
        }
        if (scan.args_left == 0 && at < bytes->len) {
            if ((seen[at / 8] & (1U << at % 8)) != 0)
                return false;
            seen[at / 8] |= (unsigned char)(1U << at % 8);
        }
        if (search->steps_left == 0)
            return false;
        search->steps_left--;
        error = scan_next(&scan, bytes->data + at, bytes->len - at, &piece);
        at += error == 0 ? piece.len : 0;
    }
    way->complete = is_between(&scan) && at == bytes->len;
    return error == SN_EAGAIN;
}

static bool may_begin_at(const struct sn_buf *bytes, size_t at)
{
    return bytes->data[at] == '*' && (at == 0 || bytes->data[at - 1] == '\n');
}

/* Finds the commands before the parting, whose first one may be cut. A value may look like
 * commands, so that a way that ends exactly at the parting is preferred. */
static bool find_way(const struct sn_buf *bytes, struct way *best)
{
    struct search search = {.seen = sn_alloc(bytes->len / 8 + 1), .steps_left = STEPS_MAX};
    struct way way = {.unit_at = 0};
    bool found = false;
    for (size_t at = 0; at < bytes->len && !(found && best->complete); at++) {
        if (!may_begin_at(bytes, at) || !follow(bytes, at, &search, &way))
            continue;
        if (!found || way.complete)
            *best = way;
        found = true;
    }
    free(search.seen);
    bool is_certain = search.steps_left > 0 || (found && best->complete);
    return found && is_certain;
}

/* ---- the tail ------------------------------------------------------------------------------- */

static void put(struct sn_tail *tail, const void *bytes, size_t len, struct sn_buf *out)
{
    sn_buf_append(out, bytes, len);
    tail->taken += len;
}

static void select_first(struct sn_tail *tail, struct sn_buf *out)
{
    char number[16], text[64];
    int digits = snprintf(number, sizeof(number), "%u", (unsigned)tail->facts.database);
    if (tail->facts.database == 0)
        return;
    int len = snprintf(text, sizeof(text), "*2\r\n$6\r\nSELECT\r\n$%d\r\n%s\r\n", digits, number);
    put(tail, text, (size_t)len, out);
    tail->facts.complete = tail->taken;
}

/* All bytes before the parting are there: the tail begins with the command or transaction that was
 * not complete there. */
static void begin(struct sn_tail *tail, struct sn_buf *out)
{
    struct way way = {.unit_at = tail->held.len};
    if (tail->held.len > 0 && !find_way(&tail->held, &way))
        way = (struct way){.unit_at = tail->held.len};
    if (way.unit.knows_database) {
        tail->facts.database = way.unit.database;
        tail->facts.database_from = SN_TAIL_DATABASE_READ;
    }
    sn_buf_consume(&tail->held, way.unit_at);
    tail->begun = true;
    select_first(tail, out);
}

static void count(struct sn_tail *tail)
{
    enum kind kind = tail->scan.kind;
    if (kind == KIND_NO_DATA)
        tail->facts.left_out++;
    else if (kind == KIND_WRITE)
        tail->facts.writes++;
    /* A tail that selects a database before its first write needs none in front of it. */
    if (kind == KIND_SELECT && tail->facts.writes == 0 &&
        tail->facts.database_from == SN_TAIL_DATABASE_UNKNOWN) {
        tail->facts.database = tail->scan.database;
        tail->facts.database_from = SN_TAIL_DATABASE_READ;
    }
    if (is_between(&tail->scan))
        tail->facts.complete = tail->taken;
}

static int take(struct sn_tail *tail, struct sn_buf *out)
{
    const struct sn_buf *held = &tail->held;
    size_t at = 0;
    struct piece piece;
    int error;
    while ((error = scan_next(&tail->scan, held->data + at, held->len - at, &piece)) == 0) {
        if (tail->scan.kind != KIND_NO_DATA)
            put(tail, held->data + at, piece.len, out);
        at += piece.len;
        if (piece.ends)
            count(tail);
    }
    sn_buf_consume(&tail->held, at);
    return error == SN_EAGAIN ? 0 : error;
}

struct sn_tail *sn_tail_new(uint64_t from, uint64_t parted_at, uint32_t database)
{
    struct sn_tail *tail = sn_alloc(sizeof(*tail));
    assert(from <= parted_at && parted_at - from <= SN_TAIL_BEFORE_MAX);
    tail->before = parted_at - from;
    tail->facts.database = database;
    sn_buf_init(&tail->held, SIZE_MAX);
    return tail;
}

void sn_tail_free(struct sn_tail *tail)
{
    if (tail == NULL)
        return;
    sn_buf_fini(&tail->held);
    free(tail);
}

int sn_tail_feed(struct sn_tail *tail, const char *bytes, size_t len, struct sn_buf *out)
{
    if (tail->broken)
        return SN_EINVAL;
    if (!tail->begun) {
        size_t before = tail->before < len ? (size_t)tail->before : len;
        sn_buf_append(&tail->held, bytes, before);
        tail->before -= before;
        bytes += before;
        len -= before;
        if (tail->before > 0)
            return 0;
        begin(tail, out);
    }
    sn_buf_append(&tail->held, bytes, len);
    int error = take(tail, out);
    tail->broken = error != 0;
    return error;
}

const struct sn_tail_facts *sn_tail_facts(const struct sn_tail *tail)
{
    return &tail->facts;
}
