/* SPDX-License-Identifier: BSD-3-Clause */

/* Splits the input as a line. Words that can be texts are quoted again, and the line of them must
 * split into the same words. */

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_nul(const struct sn_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strlen(words->items[i]) != words->lens[i])
            return true;
    }
    return false;
}

static void demand_same(const struct sn_words *a, const struct sn_words *b)
{
    if (a->count != b->count)
        abort();
    for (size_t i = 0; i < a->count; i++) {
        if (a->lens[i] != b->lens[i] || memcmp(a->items[i], b->items[i], a->lens[i]) != 0)
            abort();
    }
}

static void check_round_trip(const struct sn_words *words, bool always)
{
    struct sn_words again;
    struct sn_buf line;

    sn_buf_init(&line, SIZE_MAX);
    for (size_t i = 0; i < words->count; i++) {
        sn_buf_putc(&line, ' ');
        if (always)
            sn_text_quote_always(&line, words->items[i]);
        else
            sn_text_quote(&line, words->items[i]);
    }
    if (line.len > 0 && sn_text_has_control(line.data, line.len))
        abort();
    if (sn_words_split(line.data, line.len, &again) != 0)
        abort();
    demand_same(words, &again);
    sn_words_fini(&again);
    sn_buf_fini(&line);
}

/* What is shown has no control characters, and showing it again changes nothing. */
static void check_escape(const char *text, size_t len)
{
    struct sn_buf once, twice;

    sn_buf_init(&once, SIZE_MAX);
    sn_buf_init(&twice, SIZE_MAX);
    sn_text_escape(&once, text, len);
    sn_text_escape(&twice, once.data, once.len);
    if (once.len > 0 && sn_text_has_control(once.data, once.len))
        abort();
    if (strcmp(sn_buf_text(&once), sn_buf_text(&twice)) != 0)
        abort();
    sn_buf_fini(&once);
    sn_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_words words;

    check_escape((const char *)data, size);
    /* The first half as a pattern for the second: only time and memory are at stake. */
    (void)sn_text_glob((const char *)data, size / 2, (const char *)data + size / 2, size - size / 2,
                       size % 2 == 0);
    if (sn_words_split((const char *)data, size, &words) != 0)
        return 0;
    if (!has_nul(&words)) {
        check_round_trip(&words, false);
        check_round_trip(&words, true);
    }
    sn_words_fini(&words);
    return 0;
}
