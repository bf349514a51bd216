/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_TRACE_H
#define TESTS_LIB_TRACE_H

/* What happened in a simulated cluster, as text lines with the time in front:
 *
 *     1003 s1 +sdown master mymaster 127.0.0.1 6379
 *
 * Tests compare the lines with glob patterns (sn_text_glob) that leave out the time. */

#include "base/buf.h"
#include "base/types.h"

struct trace_line {
    sn_ms at;
    char *text; /* "s1 +sdown master mymaster 127.0.0.1 6379" */
};

/* Whether a line is worth printing; called once for each line that is kept, in order. */
typedef bool trace_shows_fn(void *arg, sn_ms at, const char *text);

struct trace {
    struct trace_line *lines;
    size_t count;
    size_t room;
    uint64_t digest;       /* of every line, the fine ones included */
    bool keep_fine;        /* keep the fine lines too; they are many */
    bool echo;             /* print each kept line to stderr as it comes… */
    trace_shows_fn *shows; /* …if this says so; NULL: all of them */
    void *shows_arg;
};

#define TRACE_NOT_FOUND SIZE_MAX

void trace_init(struct trace *trace);
void trace_fini(struct trace *trace);
/* Takes a line in. fine: it is kept only with keep_fine, but always in the digest. Returns true if
 * it was kept. */
bool trace_add(struct trace *trace, sn_ms at, bool fine, const char *text);
/* Index of the first line from `from` on that matches; TRACE_NOT_FOUND if none does. */
size_t trace_find(const struct trace *trace, size_t from, const char *pattern);
size_t trace_count(const struct trace *trace, size_t from, const char *pattern);
/* When the first line from `from` on that matches was taken in; SN_MS_NEVER if there is none. */
sn_ms trace_when(const struct trace *trace, size_t from, const char *pattern);
/* The same, of the last one. */
sn_ms trace_when_last(const struct trace *trace, size_t from, const char *pattern);
/* All kept lines with their times, one per row. */
void trace_print(const struct trace *trace, size_t from, struct sn_buf *out);

#endif
