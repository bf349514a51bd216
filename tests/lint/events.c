/* SPDX-License-Identifier: BSD-3-Clause */

/* Prints the table of notices, one a line, its columns separated by tabs, for events.py. */

#include "core/tell/notice.h"

#include <stdio.h>

int main(void)
{
#define X(id, name, level, scripts, subject, text, meaning)                                        \
    "SN_NOTICE_" #id "\t" name "\t" #level "\t" #scripts "\t" #subject "\t" text "\t" meaning,
    static const char *const rows[] = {SN_NOTICES(X)};
#undef X
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (puts(rows[i]) == EOF)
            return 1;
    }
    return 0;
}
