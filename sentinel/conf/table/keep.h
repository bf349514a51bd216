/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_KEEP_H
#define SN_CONF_TABLE_KEEP_H

/* Puts values where their directive's row says, and gets them from there as the words of a file, so
 * that writing, comparing and restoring them needs no code per directive. */

#include "conf/table/directives.h"
#include "conf/table/list.h"
#include "conf/table/settings.h"

/* What holds values. Only what the scope of a directive needs has to be there. */
struct sn_keep {
    struct sn_settings *settings;
    struct sn_image *image;
    struct sn_group_image *group;
};
struct sn_kept {
    const struct sn_settings *settings;
    const struct sn_image *image; /* of a group too: says whether host names may be written */
    const struct sn_group_image *group;
};

/* True if it is a password that a file holds: its value stands in no text
 * (PROTOCOL.md §19.10). */
bool sn_keep_in_file(const struct sn_directive *directive, const struct sn_kept *from);
/* The value as the lines that would make it; none: not set, or a password that a file holds. *lines
 * is overwritten (sn_list_lines_fini). Members of a group that no reader would take are left out.
 */
void sn_keep_get(const struct sn_directive *directive, const struct sn_kept *from,
                 struct sn_setting_lines *lines);
/* The same with the words of all lines in one list (sn_list_fini). */
void sn_keep_get_words(const struct sn_directive *directive, const struct sn_kept *from,
                       struct sn_setting_words *words);
/* True if two values would be written with the same words. */
bool sn_keep_equal(const struct sn_directive *directive, const struct sn_kept *a,
                   const struct sn_kept *b);
/* True if a line says what the directive has when nobody sets it. */
bool sn_keep_is_default(const struct sn_directive *directive, const struct sn_setting_words *line);

/* Stores a value of one word: a checked text, and its number where its kind has one (PROTOCOL.md
 * §19.7). */
void sn_keep_put(const struct sn_directive *directive, const struct sn_keep *to, const char *text,
                 int64_t number);
/* Sets what SENTINEL SET and CONFIG SET may change to words of sn_keep_get_words.
 * SN_EINVAL: they are no value of it; nothing is changed. */
SN_MUST_CHECK int sn_keep_put_words(const struct sn_directive *directive, const struct sn_keep *to,
                                    const struct sn_setting_words *words);

#endif
