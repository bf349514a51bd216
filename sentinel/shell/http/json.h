/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_JSON_H
#define SN_SHELL_HTTP_JSON_H

/* What is missing between jansson and the rest. */

#include "base/buf.h"

#include <jansson.h>

/* Any text; what is no UTF-8 shows as \xHH. */
json_t *sn_json_text(const char *text);
/* Appends value, which is released. flags: of jansson. */
void sn_json_put(json_t *value, size_t flags, struct sn_buf *out);

#endif
