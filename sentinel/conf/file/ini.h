/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_FILE_INI_H
#define SN_CONF_FILE_INI_H

/* INI text, read with inih. Besides what the library does, blanks before a line mean nothing (no
 * continuation lines), and sections without a key are reported. */

#include "base/types.h"

struct sn_ini_line {
    int line;            /* from 1 */
    const char *text;    /* the whole line, trimmed */
    const char *section; /* "" before the first one */
    const char *key;     /* NULL: the line is a section's head */
    const char *value;   /* without the blanks around it */
};

/* Takes a line. A negative result stops the reading and is what sn_ini_read returns. */
typedef int sn_ini_fn(void *arg, const struct sn_ini_line *line);

/* Reads len bytes of text. Besides the errors of fn: SN_EINVAL for a line that is none of INI's,
 * with what is wrong in *problem (static text) and the line passed to `bad`. */
SN_MUST_CHECK int sn_ini_read(const char *text, size_t len, sn_ini_fn *fn, sn_ini_fn *bad,
                              void *arg, const char **problem);

#endif
