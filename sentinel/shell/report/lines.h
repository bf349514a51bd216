/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_REPORT_LINES_H
#define SN_SHELL_REPORT_LINES_H

/* A report as lines. */

#include "base/buf.h"

/* Gets each line; it is valid for the call, and has no control characters. */
typedef void sn_line_fn(void *arg, const char *line);

/* Lines on their way; text is the next one. */
struct sn_lines {
    struct sn_buf text;
    sn_line_fn *line;
    void *arg;
};

/* Free with sn_buf_fini(&lines->text). */
void sn_lines_init(struct sn_lines *lines, sn_line_fn *line, void *arg);
/* Hands the text over as a line, and empties it. */
void sn_lines_end(struct sn_lines *lines);

#endif
