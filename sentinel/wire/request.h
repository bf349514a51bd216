/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_REQUEST_H
#define SN_WIRE_REQUEST_H

/* The incremental reader of client requests: RESP arrays of bulk strings, and inline commands
 * (PROTOCOL.md §3.1, §3.2). It is fed bytes and hands out one request after the other; it knows
 * nothing of sockets. */

#include "base/buf.h"
#include "base/types.h"

struct sn_request_limits {
    size_t bulk_max;  /* largest bulk string, bytes */
    size_t args_max;  /* most elements of one array, or words of a line */
    size_t total_max; /* most bytes of one request, as sent (client-query-buffer-limit) */
    /* A length above bulk_max or args_max that others may use is called "unauthenticated". */
    bool unauthenticated;
};

/* The limits for a client that may do anything: 4096 words, 1 MiB in all (stock: 2^31 and 1 GiB;
 * nothing that a sentinel is asked needs more than a few kB, and one request must not hold up
 * everybody else). And the tight ones of PROTOCOL.md §3.2 for one that still has to authenticate
 * (10 elements, 16384 bytes). */
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
/* Appends len bytes. Cheap; parses nothing. After a failed sn_request_reader_next the bytes are
 * dropped. */
void sn_request_reader_feed(struct sn_request_reader *reader, const char *bytes, size_t len);
/* The next complete request, under limits. Empty lines and empty arrays are skipped. What comes out
 * does not depend on how the bytes were cut into feeds.
 * SN_EAGAIN: more bytes are needed. SN_EINVAL: protocol error; sn_request_reader_error gives the
 * error text to send ("Protocol error: …" without "ERR "), and the reader stays unusable.
 * SN_EFULL: the request outgrew limits->total_max; there is no text, as stock closes without a
 * reply, and the reader stays unusable.
 *
 * Differs from stock where a line or header holds a NUL: stock waits for ever, here it is a byte
 * like any other (in a header: a protocol error). A line end may stand up to 65536 bytes behind the
 * start of the line; stock also takes a longer line when it happens to arrive at once. */
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
