/* SPDX-License-Identifier: BSD-3-Clause */

/* Prints the table of metrics, one a line, its columns separated by tabs, for metrics.py. */

#include "shell/http/metrics_table.h"

#include <stdio.h>

int main(void)
{
#define X(id, name, type, labels, help) name "\t" #type "\t" labels "\t" help,
    static const char *const rows[] = {SN_PROCESS_METRICS(X) SN_GROUP_METRICS(X)};
#undef X
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (puts(rows[i]) == EOF)
            return 1;
    }
    return 0;
}
