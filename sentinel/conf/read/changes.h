/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_CHANGES_H
#define SN_CONF_READ_CHANGES_H

/* Reading what SENTINEL SET and SENTINEL CONFIG SET ask for. */

#include "base/buf.h"
#include "base/level.h"
#include "core/image.h"

/* The changes of one SENTINEL SET or CONFIG SET command. */
struct sn_changes {
    struct sn_change *items; /* point into the argv they were parsed from */
    size_t count;
};
void sn_changes_fini(struct sn_changes *changes);

/* Validates the option-value words after `SENTINEL SET name` with the directive table: all or
 * nothing. scripts_denied: deny-scripts-reconfig is on.
 * SN_EINVAL: *error holds the exact error text without "ERR " (PROTOCOL.md §4.18, §24.2). */
SN_MUST_CHECK int sn_conf_parse_set(int argc, char *const *argv, bool scripts_denied,
                                    struct sn_changes *changes, struct sn_buf *error);
/* The same for `SENTINEL CONFIG SET` pairs (PROTOCOL.md §4.17, §22.1), except `loglevel`, which
 * comes back in *loglevel (SN_LEVEL_NONE if not named). */
SN_MUST_CHECK int sn_conf_parse_config_set(int argc, char *const *argv, struct sn_changes *changes,
                                           enum sn_level *loglevel, struct sn_buf *error);

/* The parameters of SENTINEL CONFIG in stock's order, by index; NULL behind the last one. */
const char *sn_conf_parameter(size_t index);
/* Appends what SENTINEL CONFIG GET shows for the parameter at index; nothing if it is not set. */
void sn_conf_show_parameter(size_t index, const struct sn_globals *globals, enum sn_level loglevel,
                            struct sn_buf *out);

#endif
