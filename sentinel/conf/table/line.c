/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/line.h"

#include "base/alloc.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define COMMENT "# "

const char *sn_line_in_comment(const char *text)
{
    const char *line = text + sizeof(COMMENT) - 1;
    struct sn_words words;

    if (strncmp(text, COMMENT "sentinel ", sizeof(COMMENT "sentinel ") - 1) != 0 ||
        sn_words_split(line, strlen(line), &words) < 0)
        return NULL;
    const struct sn_directive *directive =
        words.count > 2 ? sn_directive_find_sentinel(words.items[1]) : NULL;
    bool ours =
        directive != NULL && directive->comment && words.count == (size_t)directive->values_max + 3;
    sn_words_fini(&words);
    return ours ? line : NULL;
}

void sn_line_put(struct sn_buf *out, const struct sn_directive *directive, const char *group,
                 char *const *values, size_t count)
{
    if (directive->comment)
        sn_buf_puts(out, COMMENT);
    if (directive->scope != SN_SCOPE_SERVER)
        sn_buf_puts(out, "sentinel ");
    sn_buf_puts(out, directive->name);
    if (group != NULL) {
        sn_buf_putc(out, ' ');
        sn_text_quote(out, group);
    }
    for (size_t i = 0; i < count; i++) {
        sn_buf_putc(out, ' ');
        sn_text_quote(out, values[i]);
    }
}

/* Several values may stand in one word: `"normal 0 0 0 pubsub 1 1 1"`. */
static bool has_word(const char *text, const char *word)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (len == strlen(word) && strncasecmp(text, word, len) == 0)
            return true;
        text += len + (text[len] == ' ');
    }
    return false;
}

/* Limits of the other classes have no effect here. */
static char *limits_id(char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has_word(values[i], "pubsub"))
            return sn_strdup("pubsub");
    }
    return sn_strdup("");
}

char *sn_line_id(const struct sn_directive *directive, char *const *values, size_t count)
{
    if (directive->kind == SN_VALUE_LIMITS)
        return limits_id(values, count);
    if (directive->scope != SN_SCOPE_SERVER || !directive->many || count == 0)
        return NULL;
    char *id = sn_strdup(values[0]);
    if (directive->kind == SN_VALUE_RENAME) {
        for (char *at = id; *at != '\0'; at++)
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return id;
}
