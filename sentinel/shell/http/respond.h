/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_RESPOND_H
#define SN_SHELL_HTTP_RESPOND_H

/* Responses of the three kinds that there are: a text, a JSON value, and a body that is made in
 * pieces while it is sent. */

#include "base/buf.h"

#include <jansson.h>
#include <microhttpd.h>

#define SN_RESPOND_METHODS "GET, HEAD, OPTIONS"
#define SN_RESPOND_JSON    "application/json"

/* A text, which is copied. */
enum MHD_Result sn_respond_text(struct MHD_Connection *connection, unsigned status,
                                const char *text);
/* bytes are constant. */
enum MHD_Result sn_respond_constant(struct MHD_Connection *connection, const char *type,
                                    const char *bytes, size_t len);
/* value is released. */
enum MHD_Result sn_respond_take_json(struct MHD_Connection *connection, unsigned status,
                                     json_t *value);
/* next appends the next piece, or returns false: nothing is left. state belongs to the response,
 * which frees it. */
typedef bool sn_respond_next(void *state, struct sn_buf *out);
enum MHD_Result sn_respond_pieces(struct MHD_Connection *connection, bool head_only,
                                  const char *type, sn_respond_next *next, void *state);

/* A body that read makes while it is sent, without a known end; drop frees state. head_only: the
 * request is a HEAD. */
enum MHD_Result sn_respond_stream(struct MHD_Connection *connection, bool head_only,
                                  const char *type, MHD_ContentReaderCallback read,
                                  MHD_ContentReaderFreeCallback drop, void *state);

#endif
