/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_JSON_H
#define SN_SHELL_REPORT_JSON_H

/* Between jansson and our own texts. */

#include "base/buf.h"
#include "core/view.h"

#include <jansson.h>

/* Any text; bytes that are no UTF-8 show as \xHH. */
json_t *sn_json_text(const char *text);
/* Sets a member; value is taken over. */
void sn_json_set(json_t *object, const char *name, json_t *value);
void sn_json_set_count(json_t *object, const char *name, uint64_t count);
/* Null if they are not known. Servers may claim any number: what JSON cannot tell here (more than
 * INT64_MAX) is the largest. */
void sn_json_set_bytes(json_t *object, const char *name, bool are_known, uint64_t bytes);
/* Null if there is none. */
void sn_json_set_text(json_t *object, const char *name, const char *text);
/* Null if it is negative: there is none. */
void sn_json_set_ms(json_t *object, const char *name, sn_ms ms);
/* Sets host and port. */
void sn_json_set_place(json_t *object, const struct sn_instance *member);
/* A new object with host and port; null for NULL. */
json_t *sn_json_place(const struct sn_instance *member);
/* For a report: appends the line to the array that is the argument. */
void sn_json_add_line(void *array, const char *line);
/* Appends value, which is released. flags: of jansson. */
void sn_json_put(json_t *value, size_t flags, struct sn_buf *out);

#endif
