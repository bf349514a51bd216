/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_WIRE_RESP_H
#define SN_WIRE_RESP_H

/* Writes RESP2 and RESP3 replies into a buffer. Aggregates are announced with their element count
 * and then filled by further calls. */

#include "base/buf.h"
#include "base/types.h"

/* Protocol version of a connection (HELLO). */
enum sn_resp_version { SN_RESP_NONE = 0, SN_RESP2 = 2, SN_RESP3 = 3 };

struct sn_resp {
    struct sn_buf *out; /* borrowed */
    enum sn_resp_version version;
};

void sn_resp_status(struct sn_resp *resp, const char *text); /* +text */
/* -text: text that starts with '-' is the whole line; other text is prefixed with "ERR ". CR and LF
 * become blanks (PROTOCOL.md §3.3). */
void sn_resp_error(struct sn_resp *resp, const char *text);
SN_PRINTF(2, 3) void sn_resp_errorf(struct sn_resp *resp, const char *format, ...);
void sn_resp_integer(struct sn_resp *resp, int64_t value);
void sn_resp_bulk(struct sn_resp *resp, const char *bytes, size_t len);
void sn_resp_text(struct sn_resp *resp, const char *text);      /* bulk of a C string */
void sn_resp_bulk_integer(struct sn_resp *resp, int64_t value); /* bulk of decimal digits */
void sn_resp_null(struct sn_resp *resp);                        /* $-1 or _ */
void sn_resp_null_array(struct sn_resp *resp);                  /* *-1 or _ */
void sn_resp_array(struct sn_resp *resp, size_t count);         /* *count */
void sn_resp_map(struct sn_resp *resp, size_t pairs);           /* *2n or %n */
void sn_resp_set(struct sn_resp *resp, size_t count);           /* *n or ~n */
void sn_resp_push(struct sn_resp *resp, size_t count);          /* *n or >n */
/* An array, or a map, of what was written to `out` from place on: for elements whose number is
 * known at the end. */
void sn_resp_array_from(struct sn_resp *resp, size_t place, size_t count);
void sn_resp_map_from(struct sn_resp *resp, size_t place, size_t pairs);
void sn_resp_double(struct sn_resp *resp, double value); /* bulk or ,value */

#endif
