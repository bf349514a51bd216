/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_PAGE_H
#define SN_SHELL_HTTP_PAGE_H

/* The page for people at /: the files of page/, and in the middle of the HTML the groups, for
 * readers without JavaScript and for the first look of those with it. */

#include "shell/http/page_files.h"
#include "shell/http/parts.h"

/* The HTML in pieces. Its first member is `parts`; the rest is zero. */
struct sn_page {
    const struct sn_http_parts *parts;
    uint64_t group; /* the last one */
    bool begun, ended;
};

/* Appends the next piece. False: nothing is left. */
bool sn_page_next(struct sn_page *page, struct sn_buf *out);

#endif
