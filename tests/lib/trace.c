/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trace_init(struct trace *trace)
{
    memset(trace, 0, sizeof(*trace));
    trace->digest = SN_HASH_START;
}

void trace_fini(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        free(trace->lines[i].text);
    free(trace->lines);
    memset(trace, 0, sizeof(*trace));
}

bool trace_add(struct trace *trace, sn_ms at, bool fine, const char *text)
{
    trace->digest = sn_hash_bytes(trace->digest, &at, sizeof(at));
    trace->digest = sn_hash_bytes(trace->digest, text, strlen(text) + 1);
    if (fine && !trace->keep_fine)
        return false;
    if (trace->count == trace->room) {
        trace->room = trace->room == 0 ? 256 : 2 * trace->room;
        trace->lines = sn_realloc(trace->lines, trace->room * sizeof(*trace->lines));
    }
    struct trace_line *line = &trace->lines[trace->count++];
    line->at = at;
    line->text = sn_strdup(text);
    if (trace->echo && (trace->shows == NULL || trace->shows(trace->shows_arg, at, text)))
        (void)fprintf(stderr, "%6lld %s\n", (long long)at, text);
    return true;
}

static bool matches(const struct trace *trace, size_t index, const char *pattern)
{
    const char *text = trace->lines[index].text;
    return sn_text_glob(pattern, strlen(pattern), text, strlen(text), false);
}

size_t trace_find(const struct trace *trace, size_t from, const char *pattern)
{
    for (size_t i = from; i < trace->count; i++) {
        if (matches(trace, i, pattern))
            return i;
    }
    return TRACE_NOT_FOUND;
}

size_t trace_count(const struct trace *trace, size_t from, const char *pattern)
{
    size_t count = 0;
    for (size_t i = from; i < trace->count; i++)
        count += matches(trace, i, pattern);
    return count;
}

sn_ms trace_when(const struct trace *trace, size_t from, const char *pattern)
{
    size_t index = trace_find(trace, from, pattern);
    return index == TRACE_NOT_FOUND ? SN_MS_NEVER : trace->lines[index].at;
}

sn_ms trace_when_last(const struct trace *trace, size_t from, const char *pattern)
{
    sn_ms at = SN_MS_NEVER;
    for (size_t i = from; i < trace->count; i++) {
        if (matches(trace, i, pattern))
            at = trace->lines[i].at;
    }
    return at;
}

void trace_print(const struct trace *trace, size_t from, struct sn_buf *out)
{
    for (size_t i = from; i < trace->count; i++)
        sn_buf_printf(out, "%6lld %s\n", (long long)trace->lines[i].at, trace->lines[i].text);
}
