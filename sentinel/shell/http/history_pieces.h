/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_HISTORY_PIECES_H
#define SN_SHELL_HTTP_HISTORY_PIECES_H

/* The history as JSON, in pieces. HTTP.md has the schema. */

#include "shell/chronicle/chronicle.h"
#include "shell/http/parts.h"

#define SN_HISTORY_PIECES_COUNT 100 /* entries, if nobody says how many */

struct sn_history_pieces;

/* group, count: arguments of the request; NULL: not given. Returns one block of memory; free() it.
 * NULL: count is none. */
struct sn_history_pieces *sn_history_pieces_new(const struct sn_http_parts *parts,
                                                const char *group, const char *count);
/* Appends the next piece. False: nothing is left. */
bool sn_history_pieces_next(struct sn_history_pieces *pieces, struct sn_buf *out);

#endif
