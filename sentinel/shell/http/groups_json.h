/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_GROUPS_JSON_H
#define SN_SHELL_HTTP_GROUPS_JSON_H

/* Groups as JSON. HTTP.md has the schema; fields may be added to it. */

#include "shell/http/parts.h"

#include <jansson.h>

/* Everything about one group; the caller releases it. */
json_t *sn_groups_json_one(const struct sn_http_parts *parts, const struct sn_group *group);

/* The list of all groups, in pieces. Its first member is `parts`; the rest is zero. */
struct sn_groups_json {
    const struct sn_http_parts *parts;
    uint64_t group; /* the last one */
    bool begun, ended;
};
/* Appends the next piece. False: nothing is left. */
bool sn_groups_json_next(struct sn_groups_json *list, struct sn_buf *out);

#endif
