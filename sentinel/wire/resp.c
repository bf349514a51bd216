/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/resp.h"

#include "base/alloc.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_resp3(const struct sn_resp *resp)
{
    return resp->version == SN_RESP3;
}

/* Appends one line of text; a line break within it would start a reply of its own. */
static void put_line(struct sn_resp *resp, const char *prefix, const char *text)
{
    sn_buf_puts(resp->out, prefix);
    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");
        sn_buf_append(resp->out, text, len);
        text += len;
        if (*text != '\0') {
            sn_buf_putc(resp->out, ' ');
            text++;
        }
    }
    sn_buf_puts(resp->out, "\r\n");
}

#define COUNT_MAX (1 + SN_DIGITS_MAX + 2)

/* Writes a type and a count as a line into line (COUNT_MAX bytes and a NUL), and returns its
 * length.
 */
static size_t format_count(char type, size_t count, char *line)
{
    line[0] = type;
    size_t len = 1 + sn_text_from_u64(count, line + 1);
    memcpy(line + len, "\r\n", 2);
    return len + 2;
}

static void put_count(struct sn_resp *resp, char type, size_t count)
{
    char line[COUNT_MAX + 1];

    sn_buf_append(resp->out, line, format_count(type, count, line));
}

void sn_resp_status(struct sn_resp *resp, const char *text)
{
    put_line(resp, "+", text);
}

void sn_resp_error(struct sn_resp *resp, const char *text)
{
    put_line(resp, text[0] == '-' ? "" : "-ERR ", text);
}

void sn_resp_errorf(struct sn_resp *resp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *text = sn_alloc((size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    sn_resp_error(resp, text);
    free(text);
}

void sn_resp_integer(struct sn_resp *resp, int64_t value)
{
    char line[1 + SN_DIGITS_MAX + 2 + 1] = ":";
    size_t len = 1 + sn_text_from_i64(value, line + 1);

    memcpy(line + len, "\r\n", 2);
    sn_buf_append(resp->out, line, len + 2);
}

void sn_resp_bulk(struct sn_resp *resp, const char *bytes, size_t len)
{
    char line[COUNT_MAX + 1];
    size_t line_len = format_count('$', len, line);
    char *place = sn_buf_extend(resp->out, line_len + len + 2);

    if (place == NULL)
        return;
    memcpy(place, line, line_len);
    if (len > 0)
        memcpy(place + line_len, bytes, len);
    memcpy(place + line_len + len, "\r\n", 2);
}

void sn_resp_text(struct sn_resp *resp, const char *text)
{
    sn_resp_bulk(resp, text, strlen(text));
}

void sn_resp_bulk_integer(struct sn_resp *resp, int64_t value)
{
    char digits[SN_DIGITS_MAX + 1];

    sn_resp_bulk(resp, digits, sn_text_from_i64(value, digits));
}

void sn_resp_null(struct sn_resp *resp)
{
    sn_buf_puts(resp->out, is_resp3(resp) ? "_\r\n" : "$-1\r\n");
}

void sn_resp_null_array(struct sn_resp *resp)
{
    sn_buf_puts(resp->out, is_resp3(resp) ? "_\r\n" : "*-1\r\n");
}

void sn_resp_array(struct sn_resp *resp, size_t count)
{
    put_count(resp, '*', count);
}

/* RESP2 has no maps, and no pushes: they are flat arrays there (PROTOCOL.md §3.1). */
void sn_resp_map(struct sn_resp *resp, size_t pairs)
{
    if (is_resp3(resp))
        put_count(resp, '%', pairs);
    else
        put_count(resp, '*', 2 * pairs);
}

void sn_resp_map_from(struct sn_resp *resp, size_t place, size_t pairs)
{
    char line[COUNT_MAX + 1];
    size_t len =
        is_resp3(resp) ? format_count('%', pairs, line) : format_count('*', 2 * pairs, line);

    sn_buf_insert(resp->out, place, line, len);
}

void sn_resp_array_from(struct sn_resp *resp, size_t place, size_t count)
{
    char line[COUNT_MAX + 1];

    sn_buf_insert(resp->out, place, line, format_count('*', count, line));
}

void sn_resp_set(struct sn_resp *resp, size_t count)
{
    put_count(resp, is_resp3(resp) ? '~' : '*', count);
}

/* PROTOCOL.md §3.1. */
void sn_resp_push(struct sn_resp *resp, size_t count)
{
    put_count(resp, is_resp3(resp) ? '>' : '*', count);
}

/* The shortest of the usual precisions that reads back as the same number. */
static void format_double(double value, char *out, size_t size)
{
    if (isnan(value)) {
        snprintf(out, size, "nan");
    } else if (isinf(value)) {
        snprintf(out, size, value > 0 ? "inf" : "-inf");
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(out, size, "%.*g", digits, value);
            if (strtod(out, NULL) >= value && strtod(out, NULL) <= value)
                break;
        }
    }
}

void sn_resp_double(struct sn_resp *resp, double value)
{
    char text[40];

    format_double(value, text, sizeof(text));
    if (is_resp3(resp))
        sn_buf_printf(resp->out, ",%s\r\n", text);
    else
        sn_resp_text(resp, text);
}
