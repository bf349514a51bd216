/* SPDX-License-Identifier: BSD-3-Clause */

/* The stream of an old master. However it is cut into pieces, the same comes out; what is complete
 * is a stream of commands again, which comes out of another reading as it is. The first two bytes
 * say how many bytes come before the parting. */

#include "base/buf.h"
#include "wire/tail.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool promise)
{
    if (!promise)
        abort();
}

static int read_all(const char *bytes, size_t len, size_t before, size_t step,
                    struct sn_tail_facts *facts, struct sn_buf *out)
{
    struct sn_tail *tail = sn_tail_new(100, 100 + before, 0);
    int error = 0;

    sn_buf_init(out, SIZE_MAX);
    for (size_t at = 0; at < len && error == 0; at += step)
        error = sn_tail_feed(tail, bytes + at, step < len - at ? step : len - at, out);
    *facts = *sn_tail_facts(tail);
    sn_tail_free(tail);
    return error;
}

static bool is_equal(const struct sn_buf *a, const struct sn_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_tail_facts facts, other;
    struct sn_buf out, again;

    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 2;
    size_t len = size - 2, before = (size_t)data[0] * 256 + data[1];
    if (before > len)
        before = len;
    int error = read_all(bytes, len, before, SIZE_MAX, &facts, &out);
    demand(facts.complete <= out.len);
    demand(read_all(bytes, len, before, 1, &other, &again) == error);
    demand(is_equal(&out, &again) && other.complete == facts.complete &&
           other.writes == facts.writes && other.database == facts.database);
    sn_buf_fini(&again);
    if (facts.complete > 0) {
        out.len = (size_t)facts.complete;
        demand(read_all(out.data, out.len, 0, SIZE_MAX, &other, &again) == 0);
        demand(other.complete == facts.complete && other.left_out == 0);
        demand(is_equal(&out, &again));
        sn_buf_fini(&again);
    }
    sn_buf_fini(&out);
    return 0;
}
