/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TEXT_H
#define SN_BASE_TEXT_H

/* Text helpers: strict numbers, glob patterns, words with quotes, escaping. */

#include "base/buf.h"
#include "base/types.h"

/* Parses all of text as a decimal number, as Redis does: optional '-', no '+', no blanks, no
 * leading zeros ("0" alone is fine). SN_EINVAL: not a number; SN_ERANGE: does not fit. */
SN_MUST_CHECK int sn_text_to_i64(const char *text, size_t len, int64_t *value);
SN_MUST_CHECK int sn_text_to_u64(const char *text, size_t len, uint64_t *value);

#define SN_DIGITS_MAX 20 /* of a 64-bit number, with its sign */

/* Write value in decimal, and a NUL, into out, which has SN_DIGITS_MAX + 1 bytes. Return the
 * length. Much cheaper than printf. */
size_t sn_text_from_i64(int64_t value, char *out);
size_t sn_text_from_u64(uint64_t value, char *out);

/* Glob match with * ? [abc] [a-z] [^a] and backslash escapes (PROTOCOL.md §4.9). Time is bounded by
 * len(pattern) * len(text): no exponential backtracking. */
bool sn_text_glob(const char *pattern, size_t pattern_len, const char *text, size_t text_len,
                  bool ignore_case);

/* Copies text into out (size bytes, NUL included), cut if need be. Returns true if all fitted. */
bool sn_text_copy(char *out, size_t size, const char *text);

/* True if text contains a byte below 0x20 or 0x7f. */
bool sn_text_has_control(const char *text, size_t len);

/* True if id is exactly 40 bytes, none of them a control character, a blank or a comma. Sentinels
 * generate hexadecimal ids but accept any configured one; so do we, because a peer that is not
 * counted makes the majority too small. Case-sensitive (PROTOCOL.md §24.1). */
bool sn_text_is_runid(const char *id);

/* A line split into words. */
struct sn_words {
    char **items; /* count NUL-terminated words (may hold NUL bytes too: see lens) */
    size_t *lens; /* their lengths */
    size_t count;
};

/* Splits line at blanks, with the quoting rules of PROTOCOL.md §19.3: "…" with escapes
 * \n \r \t \b \a \\ \" \xHH, '…' with \' only; after a closing quote a blank or the end.
 * SN_EINVAL: unbalanced quotes (words is then empty). Free with sn_words_fini. */
SN_MUST_CHECK int sn_words_split(const char *line, size_t len, struct sn_words *words);
/* Splits line at spaces only; quotes are bytes like any other (PROTOCOL.md §5.4, ACL files). */
void sn_words_split_plain(const char *line, size_t len, struct sn_words *words);
void sn_words_fini(struct sn_words *words);

/* Appends text as one word that sn_words_split reads back unchanged: bare if it is not empty and
 * has only unproblematic bytes, else in double quotes with escapes (PROTOCOL.md §22.2, §24.1). */
void sn_text_quote(struct sn_buf *out, const char *text);
/* The same, but always in double quotes. */
void sn_text_quote_always(struct sn_buf *out, const char *text);

/* Appends len bytes of text for a log or a reply: control characters and invalid UTF-8 bytes become
 * \n, \r, \t or \xHH; a backslash stays as it is. */
void sn_text_escape(struct sn_buf *out, const char *text, size_t len);

#endif
