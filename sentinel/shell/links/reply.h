/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_REPLY_H
#define SN_SHELL_LINKS_REPLY_H

/* Bytes of a server to struct sn_reply: hiredis' protocol reader, made to build our values directly
 * and under limits. A server that we watch is as little trusted as anybody else, so that depth,
 * element count and size of a reply are bounded while it is read, before the memory is taken. */

#include "wire/reply.h"

#define SN_REPLY_DEPTH_MAX 7                 /* nested arrays */
#define SN_REPLY_ITEMS_MAX 4096              /* values in one reply, over all depths */
#define SN_REPLY_BYTES_MAX (4 * 1024 * 1024) /* of one reply */

struct sn_reply_reader;

struct sn_reply_reader *sn_reply_reader_new(void);
void sn_reply_reader_free(struct sn_reply_reader *reader);

/* Appends len bytes. SN_EINVAL as sn_reply_reader_next. */
SN_MUST_CHECK int sn_reply_reader_feed(struct sn_reply_reader *reader, const char *bytes,
                                       size_t len);
/* The next complete reply, which belongs to the caller (sn_reply_free). *push tells whether it is
 * one that nobody asked for by its type (a RESP3 push or attribute). SN_EAGAIN: more bytes are
 * needed; SN_EINVAL: not the protocol, or beyond a limit: sn_reply_reader_error says which, and the
 * reader stays unusable. */
SN_MUST_CHECK int sn_reply_reader_next(struct sn_reply_reader *reader, struct sn_reply **reply,
                                       bool *push);
const char *sn_reply_reader_error(const struct sn_reply_reader *reader);

void sn_reply_free(struct sn_reply *reply);

#endif
