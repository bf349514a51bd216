/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/log/log_limit.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Two kinds of lines with the same place share its limit, which does no harm. */
#define PLACES     512
#define REPORT_MS  1000
#define SAMPLE_MAX 120

struct place {
    uint64_t tokens; /* thousandths of a line */
    uint64_t at_ms;
    uint64_t left_out;           /* lines left out since the last report */
    char sample[SAMPLE_MAX + 1]; /* the first line left out */
};

struct sn_log_limit {
    struct place alike[PLACES];
    struct place events[PLACES];
    size_t left_out; /* places with something to report */
    uint64_t reported_at_ms;
};

struct sn_log_limit *sn_log_limit_new(void)
{
    struct sn_log_limit *limit = sn_alloc(sizeof(*limit));

    for (size_t i = 0; i < PLACES; i++) {
        limit->alike[i].tokens = (uint64_t)SN_LOG_LIKE_BURST * 1000;
        limit->events[i].tokens = (uint64_t)SN_LOG_EVENT_BURST * 1000;
    }
    return limit;
}

void sn_log_limit_free(struct sn_log_limit *limit)
{
    free(limit);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static uint64_t add(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * UINT64_C(1099511628211); /* FNV-1a */
}

/* Returns a hash of text, with one '#' in place of each word that contains a digit. */
static uint64_t hash_alike(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    while (*text != '\0') {
        const char *end = text;
        bool has_digit = false;
        for (; is_word(*end); end++)
            has_digit |= is_digit(*end);
        if (end == text)
            end++;
        if (has_digit)
            hash = add(hash, '#');
        for (; text < end; text++)
            hash = has_digit ? hash : add(hash, *text);
    }
    return hash;
}

static uint64_t hash_first_word(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text != '\0' && *text != ' '; text++)
        hash = add(hash, *text);
    return hash;
}

static struct place *place_of(struct place *places, uint64_t hash)
{
    return &places[(hash ^ (hash >> 32)) % PLACES];
}

/* Adds the tokens that have accrued since the last call. */
static void refill(struct place *place, uint64_t burst, uint64_t rate, uint64_t now_ms)
{
    uint64_t passed = now_ms > place->at_ms ? now_ms - place->at_ms : 0;
    uint64_t missing = burst * 1000 - place->tokens;

    place->at_ms = now_ms;
    if (passed >= missing / rate)
        place->tokens = burst * 1000;
    else
        place->tokens += passed * rate;
}

bool sn_log_limit_admit(struct sn_log_limit *limit, const char *text, uint64_t now_ms)
{
    struct place *alike = place_of(limit->alike, hash_alike(text));
    struct place *event = place_of(limit->events, hash_first_word(text));

    refill(alike, SN_LOG_LIKE_BURST, SN_LOG_LIKE_RATE, now_ms);
    refill(event, SN_LOG_EVENT_BURST, SN_LOG_EVENT_RATE, now_ms);
    struct place *empty = alike->tokens < 1000 ? alike : event->tokens < 1000 ? event : NULL;
    if (empty == NULL) {
        alike->tokens -= 1000;
        event->tokens -= 1000;
        return true;
    }
    if (empty->left_out++ == 0) {
        snprintf(empty->sample, sizeof(empty->sample), "%.*s", SAMPLE_MAX, text);
        limit->left_out++;
    }
    return false;
}

static bool report_place(struct sn_log_limit *limit, struct place *place, char *out)
{
    if (place->left_out == 0)
        return false;
    snprintf(out, SN_LOG_REPORT_MAX, "%" PRIu64 " more lines like this were left out: %s",
             place->left_out, place->sample);
    place->left_out = 0;
    limit->left_out--;
    return true;
}

bool sn_log_limit_report(struct sn_log_limit *limit, uint64_t now_ms, char *out)
{
    if (limit->left_out == 0 || now_ms - limit->reported_at_ms < REPORT_MS)
        return false;
    for (size_t i = 0; i < PLACES; i++) {
        if (!report_place(limit, &limit->alike[i], out) &&
            !report_place(limit, &limit->events[i], out))
            continue;
        if (limit->left_out == 0)
            limit->reported_at_ms = now_ms; /* every place was reported */
        return true;
    }
    return false;
}
