/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_TABLE_H
#define TESTS_SIM_TABLE_H

/* Rows of cells, in columns that are as wide as they have to be. */

#include "base/buf.h"

#define TABLE_ROWS     24
#define TABLE_COLUMNS  10
#define TABLE_CELL_MAX 128

struct table {
    unsigned rows; /* the last one is being filled */
    unsigned columns[TABLE_ROWS];
    char cells[TABLE_ROWS][TABLE_COLUMNS][TABLE_CELL_MAX];
};

void table_init(struct table *table);
/* Begins a row. Rows and cells beyond the table's are left out. */
void table_row(struct table *table);
SN_PRINTF(2, 3) void table_cell(struct table *table, const char *format, ...);
/* Cells of a row of its own, with blanks between them: "who  state". */
void table_head(struct table *table, const char *names);
/* Appends all rows, each after indent. */
void table_write(const struct table *table, const char *indent, struct sn_buf *out);

#endif
