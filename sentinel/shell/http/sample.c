/* SPDX-License-Identifier: BSD-3-Clause */
/* Written without printf where there are many: thousands of groups have dozens of samples each. */
#include "shell/http/sample.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .:,;_-+/%@()[]"

struct sn_sample sn_sample_begin(struct sn_buf *out, const char *name, const char *suffix)
{
    sn_buf_puts(out, name);
    sn_buf_puts(out, suffix);
    return (struct sn_sample){.out = out};
}

static void put_escaped(struct sn_buf *out, const char *value)
{
    struct sn_buf clean;

    sn_buf_init(&clean, SIZE_MAX);
    sn_text_escape(&clean, value, strlen(value));
    for (const char *at = sn_buf_text(&clean); *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            sn_buf_putc(out, '\\');
        sn_buf_putc(out, *at);
    }
    sn_buf_fini(&clean);
}

static void begin_label(struct sn_sample *sample, const char *name)
{
    sn_buf_putc(sample->out, sample->labelled ? ',' : '{');
    sample->labelled = true;
    sn_buf_puts(sample->out, name);
    sn_buf_puts(sample->out, "=\"");
}

static void put_value(struct sn_buf *out, const char *value)
{
    size_t plain = strspn(value, PLAIN);

    if (value[plain] == '\0')
        sn_buf_append(out, value, plain);
    else
        put_escaped(out, value);
}

void sn_sample_label(struct sn_sample *sample, const char *name, const char *value)
{
    begin_label(sample, name);
    put_value(sample->out, value);
    sn_buf_putc(sample->out, '"');
}

void sn_sample_label_place(struct sn_sample *sample, const char *name, const char *host,
                           uint16_t port)
{
    char digits[SN_DIGITS_MAX + 1];

    begin_label(sample, name);
    put_value(sample->out, host);
    sn_buf_putc(sample->out, ':');
    sn_buf_append(sample->out, digits, sn_text_from_u64(port, digits));
    sn_buf_putc(sample->out, '"');
}

static void end(struct sn_sample *sample, const char *value, size_t len)
{
    sn_buf_puts(sample->out, sample->labelled ? "} " : " ");
    sn_buf_append(sample->out, value, len);
    sn_buf_putc(sample->out, '\n');
}

void sn_sample_end(struct sn_sample *sample, uint64_t value)
{
    char digits[SN_DIGITS_MAX + 1];

    end(sample, digits, sn_text_from_u64(value, digits));
}

static void end_parts(struct sn_sample *sample, uint64_t whole, uint64_t part, int digits)
{
    char text[48];

    int len = snprintf(text, sizeof(text), "%" PRIu64 ".%0*" PRIu64, whole, digits, part);
    end(sample, text, (size_t)len);
}

void sn_sample_end_ms(struct sn_sample *sample, sn_ms ms)
{
    uint64_t value = ms > 0 ? (uint64_t)ms : 0;

    end_parts(sample, value / 1000, value % 1000, 3);
}

void sn_sample_end_ns(struct sn_sample *sample, uint64_t ns)
{
    end_parts(sample, ns / 1000000000, ns % 1000000000, 9);
}
