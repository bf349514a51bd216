/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_PAGE_FILES_H
#define SN_SHELL_HTTP_PAGE_FILES_H

/* The files of page/, as the build puts them into the program. ASCII: a byte above 127 would need
 * an array of another type. */

#include <stddef.h>

struct sn_page_file {
    const char *bytes; /* followed by a NUL that is not counted */
    size_t len;
};

extern const struct sn_page_file sn_page_html, sn_page_css, sn_page_js;

#endif
