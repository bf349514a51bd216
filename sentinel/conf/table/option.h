/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_OPTION_H
#define SN_CONF_TABLE_OPTION_H

/* Options as the words behind their name in a file, so that writing, comparing and restoring them
 * needs no code per option. */

#include "conf/table/directives.h"

/* The value of an option; params may be NULL for options of the sentinel. *words is overwritten and
 * holds copies (sn_list_fini); none: not set. A renaming takes two words. */
void sn_option_get(enum sn_option option, const struct sn_globals *globals,
                   const struct sn_group_params *params, struct sn_setting_words *words);
/* Sets an option to words that sn_option_get gave; the unused one of globals and params may be
 * NULL. SN_EINVAL: they are no value of it; nothing is changed. */
SN_MUST_CHECK int sn_option_set(enum sn_option option, const struct sn_setting_words *words,
                                struct sn_globals *globals, struct sn_group_params *params);
/* True if words are what the option has when nobody sets it. */
bool sn_option_is_default(enum sn_option option, const struct sn_setting_words *words);
bool sn_list_equal(const struct sn_setting_words *a, const struct sn_setting_words *b);

#endif
