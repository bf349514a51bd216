/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_REWRITE_IN_FORCE_H
#define SN_CONF_REWRITE_IN_FORCE_H

/* The server's settings as the lines that would make them, so that a configuration file that was
 * lost or replaced can be written again without losing its locks. */

#include "conf/table/directives.h"
#include "conf/table/settings.h"

struct sn_in_force_line {
    const struct sn_directive *directive;
    char *id; /* of directives whose lines add up: which of them (sn_line_id); else NULL */
    struct sn_setting_words values;
};

struct sn_in_force {
    struct sn_in_force_line *items;
    size_t count;
};

/* Every setting that differs from its default, in the order of the table. *list is overwritten. */
void sn_in_force_list(const struct sn_settings *settings, struct sn_in_force *list);
void sn_in_force_fini(struct sn_in_force *list);

#endif
