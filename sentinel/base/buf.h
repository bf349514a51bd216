/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_BUF_H
#define SN_BASE_BUF_H

/* A growable byte buffer with a cap. Appending beyond the cap sets a sticky `full` flag and appends
 * nothing more, so a long chain of appends needs one check at its end. The content is always
 * followed by a NUL that is not counted. */

#include "base/types.h"

struct sn_buf {
    char *data;  /* NULL until the first append */
    size_t len;  /* bytes in use */
    size_t room; /* bytes allocated */
    size_t cap;  /* most bytes allowed, set by init */
    bool full;   /* an append was refused */
};

/* An empty buffer that may grow to cap bytes; allocates nothing. */
void sn_buf_init(struct sn_buf *buf, size_t cap);
void sn_buf_fini(struct sn_buf *buf);
/* Empties the buffer and clears `full`; keeps the memory. */
void sn_buf_clear(struct sn_buf *buf);
void sn_buf_append(struct sn_buf *buf, const void *bytes, size_t len);
/* Appends len bytes that the caller fills in at once, and returns their place; NULL: refused. */
char *sn_buf_extend(struct sn_buf *buf, size_t len);
/* Puts len bytes in front of the byte at place (<= buf->len). */
void sn_buf_insert(struct sn_buf *buf, size_t place, const void *bytes, size_t len);
void sn_buf_puts(struct sn_buf *buf, const char *text);
void sn_buf_putc(struct sn_buf *buf, char byte);
SN_PRINTF(2, 3) void sn_buf_printf(struct sn_buf *buf, const char *format, ...);
/* Drops all behind the first len bytes (len <= buf->len). */
void sn_buf_truncate(struct sn_buf *buf, size_t len);
/* Drops the first len bytes (len <= buf->len). */
void sn_buf_consume(struct sn_buf *buf, size_t len);
/* The content as a string; "" when empty. Valid until the next change. */
const char *sn_buf_text(const struct sn_buf *buf);
/* Hands the memory over as a NUL-terminated string (never NULL; free() it) and leaves buf empty. */
char *sn_buf_take(struct sn_buf *buf);

#endif
