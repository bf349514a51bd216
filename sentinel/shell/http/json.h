/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_JSON_H
#define SN_SHELL_HTTP_JSON_H

/* Between jansson and our own texts. */

#include "base/buf.h"

#include <jansson.h>

/* Any text; bytes that are no UTF-8 show as \xHH. */
json_t *sn_json_text(const char *text);
/* Appends value, which is released. flags: of jansson. */
void sn_json_put(json_t *value, size_t flags, struct sn_buf *out);

#endif
