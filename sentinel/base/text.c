/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/text.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Reads digits without a sign. SN_EINVAL is found before SN_ERANGE, so that a long text which is no
 * number at all is called malformed. */
static int parse_magnitude(const char *text, size_t len, uint64_t *value)
{
    if (len == 0 || (text[0] == '0' && len > 1))
        return SN_EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return SN_EINVAL;
    }

    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return SN_ERANGE;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return 0;
}

/* Splits off the sign: a '-' before anything but a positive number is malformed ("-0" too). */
static int parse_signed(const char *text, size_t len, bool *negative, uint64_t *magnitude)
{
    *negative = len > 0 && text[0] == '-';
    if (*negative && len > 1 && text[1] == '0')
        return SN_EINVAL;
    return parse_magnitude(text + *negative, len - *negative, magnitude);
}

size_t sn_text_from_u64(uint64_t value, char *out)
{
    char digits[SN_DIGITS_MAX];
    char *first = digits + sizeof(digits);

    if (value < 10) { /* most lengths and counters of a reply */
        out[0] = (char)('0' + value);
        out[1] = '\0';
        return 1;
    }
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    size_t len = (size_t)(digits + sizeof(digits) - first);
    memcpy(out, first, len);
    out[len] = '\0';
    return len;
}

size_t sn_text_from_i64(int64_t value, char *out)
{
    if (value >= 0)
        return sn_text_from_u64((uint64_t)value, out);
    out[0] = '-';
    return 1 + sn_text_from_u64(0 - (uint64_t)value, out + 1);
}

int sn_text_to_i64(const char *text, size_t len, int64_t *value)
{
    bool negative;
    uint64_t magnitude;
    int rc = parse_signed(text, len, &negative, &magnitude);

    if (rc != 0)
        return rc;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return SN_ERANGE;
    /* -magnitude without leaving the range at INT64_MIN. */
    *value = negative ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return 0;
}

int sn_text_to_u64(const char *text, size_t len, uint64_t *value)
{
    bool negative;
    uint64_t magnitude;
    int rc = parse_signed(text, len, &negative, &magnitude);

    if (rc != 0)
        return rc;
    if (negative)
        return SN_ERANGE;
    *value = magnitude;
    return 0;
}

bool sn_text_copy(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (size == 0)
        return false;
    bool fits = len < size;
    if (!fits)
        len = size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
    return fits;
}

static bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

bool sn_text_has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_control(text[i]))
            return true;
    }
    return false;
}

bool sn_text_is_runid(const char *id)
{
    for (size_t i = 0; i < SN_RUNID_LEN; i++) {
        /* The NUL of a short id ends the loop too. */
        if (is_control(id[i]) || id[i] == ' ' || id[i] == ',')
            return false;
    }
    return id[SN_RUNID_LEN] == '\0';
}

static void put_hex(struct sn_buf *out, char byte)
{
    sn_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)byte);
}

/* The length of the UTF-8 sequence that text starts with and that may be shown as it is; 0 if it is
 * invalid (cut, overlong, a surrogate, too large) or a C1 control, which terminals obey. */
static size_t shown_sequence(const char *bytes, size_t len)
{
    const unsigned char *text = (const unsigned char *)bytes;
    static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
    unsigned lead = text[0];
    size_t count = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;

    if (count == 0 || lead >= 0xf8 || count > len)
        return 0;
    uint32_t point = lead & (0xffU >> (count + 1));
    for (size_t i = 1; i < count; i++) {
        if ((text[i] & 0xc0U) != 0x80)
            return 0;
        point = (point << 6) | (text[i] & 0x3fU);
    }
    if (point < least[count] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return count;
}

void sn_text_quote_always(struct sn_buf *out, const char *text)
{
    static const char raw[] = "\n\r\t\b\a\\\"";
    static const char letters[] = "nrtba\\\"";
    size_t left = strlen(text);

    sn_buf_putc(out, '"');
    for (size_t count; left > 0; text += count, left -= count) {
        const char *letter = strchr(raw, *text);
        count = 1;
        if (letter != NULL) {
            sn_buf_putc(out, '\\');
            sn_buf_putc(out, letters[letter - raw]);
        } else if ((unsigned char)*text >= 0x80 && shown_sequence(text, left) > 0) {
            count = shown_sequence(text, left);
            sn_buf_append(out, text, count);
        } else if (is_control(*text) || (unsigned char)*text >= 0x80) {
            put_hex(out, *text);
        } else {
            sn_buf_putc(out, *text);
        }
    }
    sn_buf_putc(out, '"');
}

/* True if text is one word of a line as it stands. */
static bool is_bare(const char *text)
{
    size_t left = strlen(text);

    for (size_t count; left > 0; text += count, left -= count) {
        count = 1;
        if ((unsigned char)*text >= 0x80)
            count = shown_sequence(text, left);
        else if (*text == ' ' || is_control(*text) || strchr("\"'\\", *text) != NULL)
            count = 0;
        if (count == 0)
            return false;
    }
    return true;
}

void sn_text_quote(struct sn_buf *out, const char *text)
{
    if (text[0] != '\0' && is_bare(text))
        sn_buf_puts(out, text);
    else
        sn_text_quote_always(out, text);
}

void sn_text_escape(struct sn_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t count = 1;

        if (text[i] == '\n')
            sn_buf_puts(out, "\\n");
        else if (text[i] == '\r')
            sn_buf_puts(out, "\\r");
        else if (text[i] == '\t')
            sn_buf_puts(out, "\\t");
        else if (is_control(text[i]))
            put_hex(out, text[i]);
        else if ((unsigned char)text[i] < 0x80)
            sn_buf_putc(out, text[i]);
        else if ((count = shown_sequence(text + i, len - i)) > 0)
            sn_buf_append(out, text + i, count);
        else
            put_hex(out, text[i]);
        i += count > 0 ? count : 1;
    }
}

/* Glob matching: without backtracking beyond the last '*'. When a later element fails, only that
 * star takes one byte more, since an earlier star could gain nothing from doing so. */

static unsigned fold(char byte, bool ignore_case)
{
    unsigned value = (unsigned char)byte;
    return ignore_case && value >= 'A' && value <= 'Z' ? value + ('a' - 'A') : value;
}

/* Matches value against the class whose '[' stands before *at, and moves *at behind its ']'. As in
 * Redis, an unclosed class ends with the pattern, "[]" matches nothing, and a backslash takes the
 * next byte as it is. */
static bool match_class(const char *pattern, size_t len, size_t *at, unsigned value,
                        bool ignore_case)
{
    size_t i = *at;
    bool matched = false;
    bool inverted = i < len && pattern[i] == '^';

    for (i += inverted; i < len && pattern[i] != ']'; i++) {
        unsigned low, high;
        if (pattern[i] == '\\' && i + 1 < len) {
            low = high = fold(pattern[++i], ignore_case);
        } else if (i + 2 < len && pattern[i + 1] == '-') {
            low = fold(pattern[i], ignore_case);
            high = fold(pattern[i + 2], ignore_case);
            i += 2;
        } else {
            low = high = fold(pattern[i], ignore_case);
        }
        matched |= low <= high ? low <= value && value <= high : high <= value && value <= low;
    }
    *at = i < len ? i + 1 : len;
    return matched != inverted;
}

/* Matches byte against the element (anything but a star) at *at, and moves *at behind it. */
static bool match_element(const char *pattern, size_t len, size_t *at, char byte, bool ignore_case)
{
    unsigned value = fold(byte, ignore_case);
    char first = pattern[(*at)++];

    if (first == '?')
        return true;
    if (first == '[')
        return match_class(pattern, len, at, value, ignore_case);
    if (first == '\\' && *at < len)
        first = pattern[(*at)++];
    return fold(first, ignore_case) == value;
}

bool sn_text_glob(const char *pattern, size_t pattern_len, const char *text, size_t text_len,
                  bool ignore_case)
{
    size_t at = 0, done = 0;
    size_t star_at = SIZE_MAX, star_done = 0; /* behind the last star; where its rest began */

    while (done < text_len) {
        if (at < pattern_len && pattern[at] == '*') {
            star_at = ++at;
            star_done = done;
        } else if (at < pattern_len &&
                   match_element(pattern, pattern_len, &at, text[done], ignore_case)) {
            done++;
        } else if (star_at != SIZE_MAX) {
            at = star_at;
            done = ++star_done;
        } else {
            return false;
        }
    }
    while (at < pattern_len && pattern[at] == '*')
        at++;
    return at == pattern_len;
}

/* A line to words: a cursor that walks the line once. */

struct cursor {
    const char *line;
    size_t len;
    size_t at;
};

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* What ends a word outside of quotes: fewer bytes than count as blank between words, because Redis
 * keeps a vertical tab or form feed inside a word. */
static bool ends_word(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

static char unescape(char letter)
{
    static const char letters[] = "nrtba";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    return found == NULL ? letter : "\n\r\t\b\a"[found - letters];
}

/* Reads the escape whose backslash stands at cur->at (with at least one byte behind it). */
static void read_escape(struct cursor *cur, struct sn_buf *word)
{
    const char *text = cur->line + cur->at;

    if (text[1] == 'x' && cur->len - cur->at >= 4 && hex_value(text[2]) >= 0 &&
        hex_value(text[3]) >= 0) {
        sn_buf_putc(word, (char)(hex_value(text[2]) * 16 + hex_value(text[3])));
        cur->at += 4;
    } else {
        sn_buf_putc(word, unescape(text[1]));
        cur->at += 2;
    }
}

/* Reads up to the closing quote; the opening one stands at cur->at. */
static int read_quoted(struct cursor *cur, struct sn_buf *word)
{
    char quote = cur->line[cur->at++];

    while (cur->at < cur->len) {
        char byte = cur->line[cur->at];
        bool more = cur->at + 1 < cur->len;
        if (byte == quote) {
            cur->at++;
            return cur->at == cur->len || is_blank(cur->line[cur->at]) ? 0 : SN_EINVAL;
        }
        if (byte == '\\' && more && quote == '"') {
            read_escape(cur, word);
        } else if (byte == '\\' && more && cur->line[cur->at + 1] == '\'') {
            sn_buf_putc(word, '\'');
            cur->at += 2;
        } else {
            sn_buf_putc(word, byte);
            cur->at++;
        }
    }
    return SN_EINVAL;
}

static int read_word(struct cursor *cur, struct sn_buf *word)
{
    while (cur->at < cur->len && !ends_word(cur->line[cur->at])) {
        char byte = cur->line[cur->at];
        /* A closing quote ends the word, or the line is malformed. */
        if (byte == '"' || byte == '\'')
            return read_quoted(cur, word);
        sn_buf_putc(word, byte);
        cur->at++;
    }
    return 0;
}

/* Moves the word to the end of words; word is empty again. room counts the allocated places. */
static void push_word(struct sn_words *words, size_t *room, struct sn_buf *word)
{
    if (words->count == *room) {
        *room = *room == 0 ? 8 : *room * 2;
        words->items = sn_realloc(words->items, *room * sizeof(*words->items));
        words->lens = sn_realloc(words->lens, *room * sizeof(*words->lens));
    }
    words->lens[words->count] = word->len;
    words->items[words->count] = sn_buf_take(word);
    words->count++;
}

int sn_words_split(const char *line, size_t len, struct sn_words *words)
{
    struct cursor cur = {.line = line, .len = len};
    struct sn_buf word;
    size_t room = 0;
    int rc = 0;

    *words = (struct sn_words){0};
    sn_buf_init(&word, SIZE_MAX);
    for (;;) {
        while (cur.at < len && is_blank(line[cur.at]))
            cur.at++;
        if (cur.at == len)
            break;
        rc = read_word(&cur, &word);
        if (rc != 0) {
            sn_words_fini(words);
            break;
        }
        push_word(words, &room, &word);
    }
    sn_buf_fini(&word);
    return rc;
}

void sn_words_split_plain(const char *line, size_t len, struct sn_words *words)
{
    const char *end = line + len;
    struct sn_buf word;
    size_t room = 0;

    *words = (struct sn_words){0};
    sn_buf_init(&word, SIZE_MAX);
    while (line < end) {
        const char *space = memchr(line, ' ', (size_t)(end - line));
        size_t word_len = (size_t)((space != NULL ? space : end) - line);
        if (word_len > 0) {
            sn_buf_append(&word, line, word_len);
            push_word(words, &room, &word);
        }
        line += word_len + (space != NULL);
    }
    sn_buf_fini(&word);
}

void sn_words_fini(struct sn_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    free(words->lens);
    *words = (struct sn_words){0};
}
