/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_REWRITE_LINES_H
#define SN_CONF_REWRITE_LINES_H

/* The lines of a file that is being rewritten, and what each of them is about. They may be kept for
 * the next time: sn_rewrite_put leaves them as if the text that it wrote had been read again. */

#include "base/hashtable.h"
#include "conf/read/config.h"

#define SN_REWRITE_NO_LINE SIZE_MAX

/* What a line is about: directive, and group if it has one. Also an entry of the set of settings
 * that included files hold, under their keys and under their full text. */
struct sn_rewrite_key {
    char *name;
    size_t head;  /* of its lines; SN_REWRITE_NO_LINE: none */
    size_t first; /* of those that are not used yet; SN_REWRITE_NO_LINE: none */
    size_t last;
    bool present; /* the file has, or had, a line of it */
    bool included;
    UT_hash_handle hh;
};

struct sn_rewrite_line {
    char *text;  /* trimmed; NULL: dropped */
    size_t next; /* line of the same key */
    bool ours;   /* a setting that is always written anew */
    bool used;
};

struct sn_rewrite {
    const struct sn_conf *conf;
    struct sn_rewrite_line *lines;
    size_t count;
    size_t room;
    size_t dropped;              /* lines without a text, as of sn_rewrite_put */
    struct sn_rewrite_key *keys; /* uthash */
    bool marked;                 /* the mark of rewritten files stands in this one */
    bool unwritable;             /* a value that would change the meaning of the file */
};

/* Takes the text of the file apart. conf is borrowed until fini. */
void sn_rewrite_init(struct sn_rewrite *rewrite, const struct sn_conf *conf, const char *text,
                     size_t len);
void sn_rewrite_fini(struct sn_rewrite *rewrite);
/* Appends the new text (PROTOCOL.md §19.8). Precondition: every key is closed. */
void sn_rewrite_put(struct sn_rewrite *rewrite, struct sn_buf *out);
/* True if text is what sn_rewrite_put wrote last. */
bool sn_rewrite_is_text(const struct sn_rewrite *rewrite, const char *text, size_t len);

/* group: of a directive with scope GROUP; the id (sn_line_id) of a server directive whose lines add
 * up; else NULL. */
struct sn_rewrite_key *sn_rewrite_find(const struct sn_rewrite *rewrite,
                                       const struct sn_directive *directive, const char *group);
/* The same, and makes it if need be. */
struct sn_rewrite_key *sn_rewrite_need(struct sn_rewrite *rewrite,
                                       const struct sn_directive *directive, const char *group);
/* True if an included file says something about it. */
bool sn_rewrite_included(const struct sn_rewrite *rewrite, const struct sn_directive *directive,
                         const char *group);
/* Frees the lines of a setting, which keep their places for sn_rewrite_emit, and closes it: lines
 * that were not used become blank. */
void sn_rewrite_open(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                     const char *group);
void sn_rewrite_close(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                      const char *group);
void sn_rewrite_close_all(struct sn_rewrite *rewrite);
/* Puts text (taken) behind the lines there are, below the mark of rewritten files. key: what it is
 * about, or NULL; then the line is left alone from now on. */
void sn_rewrite_append(struct sn_rewrite *rewrite, struct sn_rewrite_key *key, char *text);
/* Puts text (taken) behind the lines there are, as one of key. */
void sn_rewrite_add_line(struct sn_rewrite *rewrite, struct sn_rewrite_key *key, char *text);
/* Writes one line: in the place of the next old one of its key, or at the end. A default is only
 * written where a line, or an included file, says something about the setting (PROTOCOL.md §19.8).
 */
void sn_rewrite_emit(struct sn_rewrite *rewrite, const struct sn_directive *directive,
                     const char *group, char *const *values, size_t count, bool is_default);

#endif
