/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_LIST_H
#define SN_CONF_TABLE_LIST_H

/* Lists of words and of lines. Both own what they hold; all zero is an empty one. */

#include "base/types.h"

/* The words of one line, behind the directive's name and the group's. */
struct sn_setting_words {
    char **items;
    size_t count;
};

struct sn_setting_lines {
    struct sn_setting_words *items;
    size_t count;
};

/* Appends a word, which is taken or copied. */
void sn_list_take(struct sn_setting_words *list, char *word);
void sn_list_add(struct sn_setting_words *list, const char *word);
/* Appends copies of count words. */
void sn_list_add_all(struct sn_setting_words *list, char *const *words, size_t count);
/* Appends the words of from, which is empty then. */
void sn_list_move_all(struct sn_setting_words *list, struct sn_setting_words *from);
bool sn_list_equal(const struct sn_setting_words *a, const struct sn_setting_words *b);
void sn_list_fini(struct sn_setting_words *list);

/* Appends an empty line; the pointer is valid until the next one. */
struct sn_setting_words *sn_list_add_line(struct sn_setting_lines *lines);
bool sn_list_lines_equal(const struct sn_setting_lines *a, const struct sn_setting_lines *b);
void sn_list_lines_fini(struct sn_setting_lines *lines);

#endif
