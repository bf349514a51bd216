/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_LINE_H
#define SN_CONF_TABLE_LINE_H

/* Lines of the Redis syntax. */

#include "base/buf.h"
#include "conf/table/directives.h"

/* Appends a line in canonical form: names in lower case, values quoted where they need it. group is
 * for scope GROUP, else NULL. */
void sn_line_put(struct sn_buf *out, const struct sn_directive *directive, const char *group,
                 char *const *values, size_t count);
/* Returns the line that a comment holds, if it is one of a directive that stands in comments; else
 * NULL. */
const char *sn_line_in_comment(const char *text);
/* Which of several lines of one directive this is: the user, the renamed command, the class of
 * clients. NULL: lines of the directive do not add up. Two lines with one id contradict each other.
 * free() it. */
char *sn_line_id(const struct sn_directive *directive, char *const *values, size_t count);

#endif
