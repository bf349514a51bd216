/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_REQUEST_H
#define SN_WIRE_REQUEST_H

/* The incremental reader of client requests: RESP arrays of bulk strings, and inline commands
 * (PROTOCOL.md §3.1, §3.2). Bytes are fed in, and requests come out one by one. No I/O. */

#include "base/buf.h"
#include "base/types.h"

struct sn_request_limits {
    size_t bulk_max;  /* largest bulk string, bytes */
    size_t args_max;  /* most elements of one array, or words of a line */
    size_t total_max; /* most bytes of one request, as sent (client-query-buffer-limit) */
    /* A length above bulk_max or args_max, but within the limits of authenticated clients, is
     * reported as "unauthenticated". */
    bool unauthenticated;
};

/* Limits for an authenticated client: 4096 words, 1 MiB in total. Deliberately lower than stock
 * (2^31 and 1 GiB): no request to a sentinel needs more than a few kB, and one request must not
 * delay all other clients. Limits before authentication: 10 elements, 16384 bytes (PROTOCOL.md
 * §3.2). */
extern const struct sn_request_limits sn_request_limits_open;
extern const struct sn_request_limits sn_request_limits_unauthenticated;

/* One request. argv[i] is NUL-terminated, lens[i] its length. Valid until the next call on the
 * reader. */
struct sn_request {
    size_t argc; /* >= 1 */
    char **argv;
    size_t *lens;
};

struct sn_request_reader; /* opaque */

struct sn_request_reader *sn_request_reader_new(void);
void sn_request_reader_free(struct sn_request_reader *reader);
/* Appends len bytes without parsing them. After a failed sn_request_reader_next the bytes are
 * dropped. */
void sn_request_reader_feed(struct sn_request_reader *reader, const char *bytes, size_t len);
/* Hands out the next complete request, under limits. Empty lines and empty arrays are skipped. The
 * result does not depend on how the bytes were split into feeds. SN_EAGAIN: more bytes are needed.
 * SN_EINVAL: protocol error; sn_request_reader_error gives the error text to send ("Protocol error:
 * …" without "ERR "), and the reader stays unusable. SN_EFULL: the request exceeds
 * limits->total_max; there is no error text, as stock closes without a reply, and the reader stays
 * unusable.
 *
 * Deliberate differences from stock: a NUL in a line or header makes stock wait for ever; here it
 * is a byte like any other (in a header: a protocol error). A line has at most 65536 bytes; stock
 * also accepts a longer one if it arrives in one read. */
SN_MUST_CHECK int sn_request_reader_next(struct sn_request_reader *reader,
                                         const struct sn_request_limits *limits,
                                         struct sn_request *request);
/* The text of the last protocol error; "" if none. */
const char *sn_request_reader_error(const struct sn_request_reader *reader);
/* Bytes of memory that the reader holds. */
size_t sn_request_reader_memory(const struct sn_request_reader *reader);
/* Bytes fed and not yet handed out. */
size_t sn_request_reader_pending(const struct sn_request_reader *reader);

#endif
