/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void table_init(struct table *table)
{
    memset(table, 0, sizeof(*table));
}

void table_row(struct table *table)
{
    if (table->rows < TABLE_ROWS)
        table->rows++;
}

void table_cell(struct table *table, const char *format, ...)
{
    unsigned row = table->rows - 1;
    va_list args;
    if (table->rows == 0 || table->columns[row] == TABLE_COLUMNS)
        return;
    va_start(args, format);
    (void)vsnprintf(table->cells[row][table->columns[row]++], TABLE_CELL_MAX, format, args);
    va_end(args);
}

void table_head(struct table *table, const char *names)
{
    table_row(table);
    for (names += strspn(names, " "); *names != '\0'; names += strspn(names, " ")) {
        size_t len = strcspn(names, " ");
        table_cell(table, "%.*s", (int)len, names);
        names += len;
    }
}

void table_write(const struct table *table, const char *indent, struct sn_buf *out)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (unsigned i = 0; i < table->rows; i++) {
        for (unsigned k = 0; k < table->columns[i]; k++) {
            size_t len = strlen(table->cells[i][k]);
            widths[k] = len > widths[k] ? len : widths[k];
        }
    }
    for (unsigned i = 0; i < table->rows; i++) {
        size_t pending = 0; /* blanks, if anything comes after them */
        sn_buf_puts(out, indent);
        for (unsigned k = 0; k < table->columns[i]; k++) {
            const char *cell = table->cells[i][k];
            if (cell[0] != '\0')
                sn_buf_printf(out, "%*s%s", (int)pending, "", cell);
            pending = (cell[0] == '\0' ? pending : 0) + widths[k] - strlen(cell) + 2;
        }
        sn_buf_putc(out, '\n');
    }
}
