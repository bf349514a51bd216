/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/phrase.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define SECOND_MS ((sn_ms)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

const char *sn_phrase_mode(enum sn_failover_mode mode)
{
    switch (mode) {
    case SN_MODE_NONE:
        return "master-down";
    case SN_MODE_REBORN:
        return "master-lost-data";
    case SN_MODE_PLANNED:
        return "planned";
    case SN_MODE_COORDINATED:
        return "coordinated";
    case SN_MODE_FORCED:
        return "forced";
    }
    return "unknown";
}

void sn_phrase_span(struct sn_buf *out, sn_ms ms)
{
    long long whole = (long long)ms;

    if (ms < SECOND_MS)
        sn_buf_printf(out, "%lld ms", whole);
    else if (ms < MINUTE_MS)
        sn_buf_printf(out, "%lld.%lld s", whole / SECOND_MS, whole % SECOND_MS / 100);
    else if (ms < HOUR_MS)
        sn_buf_printf(out, "%lld min %lld s", whole / MINUTE_MS, whole % MINUTE_MS / SECOND_MS);
    else if (ms < DAY_MS)
        sn_buf_printf(out, "%lld h %lld min", whole / HOUR_MS, whole % HOUR_MS / MINUTE_MS);
    else
        sn_buf_printf(out, "%lld %s %lld h", whole / DAY_MS, whole < 2 * DAY_MS ? "day" : "days",
                      whole % DAY_MS / HOUR_MS);
}

void sn_phrase_address(struct sn_buf *out, const struct sn_instance *member)
{
    char text[SN_ADDR_TEXT_MAX + 1];
    uint16_t port = 0;
    const char *host = sn_instance_address(member, &port);

    sn_addr_format(host, port, text);
    sn_buf_puts(out, text);
}

static void put_sentence(struct sn_buf *out, const char *text)
{
    size_t len = strlen(text);

    sn_text_escape(out, text, len);
    if (len > 0 && text[len - 1] != '.')
        sn_buf_putc(out, '.');
}

void sn_phrase_reason(struct sn_buf *out, const struct sn_why *why, const struct sn_instance *about)
{
    char sentence[SN_REASON_SENTENCE_MAX + 1];

    sn_reason_sentence(why, sentence);
    if (about != NULL) {
        sn_phrase_address(out, about);
        sn_buf_puts(out, ": ");
    } else {
        sentence[0] = (char)toupper((unsigned char)sentence[0]);
    }
    put_sentence(out, sentence);
}

void sn_phrase_quoted(struct sn_buf *out, const char *text)
{
    put_sentence(out, text);
}
