/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/lines.h"

void sn_lines_init(struct sn_lines *lines, sn_line_fn *line, void *arg)
{
    sn_buf_init(&lines->text, SIZE_MAX);
    lines->line = line;
    lines->arg = arg;
}

void sn_lines_end(struct sn_lines *lines)
{
    lines->line(lines->arg, sn_buf_text(&lines->text));
    sn_buf_clear(&lines->text);
}
