/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the input whole and once more in pieces: both must give the same requests and the same end.
 * The first byte picks the limits and the size of the pieces. */

#include "base/buf.h"
#include "base/error.h"
#include "wire/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sn_request_limits tight = {.bulk_max = 12, .args_max = 4, .total_max = 48};

/* Takes out all requests, as lengths and bytes, and returns how the reader stands. */
static int drain(struct sn_request_reader *reader, const struct sn_request_limits *limits,
                 struct sn_buf *out)
{
    struct sn_request request;
    int rc;

    while ((rc = sn_request_reader_next(reader, limits, &request)) == 0) {
        size_t total = 0;
        if (request.argc == 0 || (!limits->unauthenticated && request.argc > limits->args_max))
            abort();
        sn_buf_printf(out, "*%zu", request.argc);
        for (size_t i = 0; i < request.argc; i++) {
            if (request.argv[i][request.lens[i]] != '\0')
                abort();
            sn_buf_printf(out, "$%zu:", request.lens[i]);
            sn_buf_append(out, request.argv[i], request.lens[i]);
            total += request.lens[i];
        }
        if (total > limits->total_max || sn_request_reader_memory(reader) < total)
            abort();
    }
    return rc;
}

static void read_in_pieces(const char *bytes, size_t size, size_t piece,
                           const struct sn_request_limits *limits, struct sn_buf *out)
{
    struct sn_request_reader *reader = sn_request_reader_new();
    int rc = SN_EAGAIN;

    for (size_t at = 0; at < size && rc == SN_EAGAIN; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        sn_request_reader_feed(reader, bytes + at, len);
        rc = drain(reader, limits, out);
    }
    sn_buf_printf(out, "=%d %s", rc, sn_request_reader_error(reader));
    if ((rc == SN_EINVAL) != (sn_request_reader_error(reader)[0] != '\0'))
        abort();
    sn_request_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sn_request_limits *const choice[] = {
        &sn_request_limits_open, &sn_request_limits_unauthenticated, &tight, &tight};
    struct sn_buf whole, pieces;

    if (size < 2)
        return 0;
    const struct sn_request_limits *limits = choice[data[0] & 3];
    size_t piece = (size_t)(data[0] >> 2) + 1;
    const char *bytes = (const char *)data + 1;

    sn_buf_init(&whole, SIZE_MAX);
    sn_buf_init(&pieces, SIZE_MAX);
    read_in_pieces(bytes, size - 1, size, limits, &whole);
    read_in_pieces(bytes, size - 1, piece, limits, &pieces);
    if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)
        abort();
    sn_buf_fini(&whole);
    sn_buf_fini(&pieces);
    return 0;
}
