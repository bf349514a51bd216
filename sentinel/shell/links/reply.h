/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_REPLY_H
#define SN_SHELL_LINKS_REPLY_H

/* Parses replies into struct sn_reply: hiredis' protocol reader with own create functions and
 * limits. Monitored servers are untrusted: depth, element count and size of a reply are checked
 * while it is read, before memory is allocated. */

#include "wire/reply.h"

#define SN_REPLY_DEPTH_MAX 7                 /* nested arrays */
#define SN_REPLY_ITEMS_MAX 4096              /* values in one reply, over all depths */
#define SN_REPLY_BYTES_MAX (4 * 1024 * 1024) /* of one reply */

struct sn_reply_reader;
struct redisReader;

/* What readers share: a parser of hiredis takes 700 bytes, and its buffer as much as the longest
 * reply. A reader has one only while a reply is incomplete, so that thousands of connections need
 * few of them. Starts zeroed. */
struct sn_reply_parsers {
    struct redisReader *spare; /* NULL: none */
};

void sn_reply_parsers_fini(struct sn_reply_parsers *parsers);

/* parsers: borrowed until the reader is freed. */
struct sn_reply_reader *sn_reply_reader_new(struct sn_reply_parsers *parsers);
void sn_reply_reader_free(struct sn_reply_reader *reader);

/* Appends len bytes. SN_EINVAL as sn_reply_reader_next. */
SN_MUST_CHECK int sn_reply_reader_feed(struct sn_reply_reader *reader, const char *bytes,
                                       size_t len);
/* Returns the next complete reply; the caller owns it (sn_reply_free). *push: it is a RESP3 push or
 * attribute, not an answer. SN_EAGAIN: more bytes are needed. SN_EINVAL: protocol error, or a limit
 * is exceeded; sn_reply_reader_error says which, and the reader stays unusable. */
SN_MUST_CHECK int sn_reply_reader_next(struct sn_reply_reader *reader, struct sn_reply **reply,
                                       bool *push);
const char *sn_reply_reader_error(const struct sn_reply_reader *reader);

void sn_reply_free(struct sn_reply *reply);

#endif
