/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_TABLE_VALUE_H
#define SN_CONF_TABLE_VALUE_H

/* The kinds of values: what is a good one, and what is said about a bad one. */

#include "base/buf.h"
#include "base/level.h"
#include "conf/table/directives.h"

/* Checks text as a value of directive and, for kinds that have one, puts its number into *number.
 * Scripts are not looked up. SN_EINVAL: malformed; SN_ERANGE: outside min..max (PROTOCOL.md §22.2).
 */
SN_MUST_CHECK int sn_value_parse(const struct sn_directive *directive, const char *text,
                                 int64_t *number);
/* Appends a number as sn_value_parse reads it back. */
void sn_value_put(const struct sn_directive *directive, int64_t number, struct sn_buf *out);
/* Reads an epoch as it was saved. One beyond SN_EPOCH_SAVED_MAX is no result of counting, but what
 * is left of a poisoned one (PROTOCOL.md §19.7, §24.1): it becomes SN_EPOCH_FAR, which others can
 * follow, and *spoilt is set. SN_EINVAL: no number. */
SN_MUST_CHECK int sn_value_epoch(const char *text, uint64_t *epoch, bool *spoilt);
/* Appends what to say about a bad value: the literal text of PROTOCOL.md §19.4 and §19.7. */
void sn_value_error(const struct sn_directive *directive, int code, struct sn_buf *out);
/* Appends what a good value is, as the end of "Expected: ". */
void sn_value_expected(const struct sn_directive *directive, struct sn_buf *out);

/* "debug", "verbose", "notice", "warning" or "nothing". Precondition: level is one of those. */
const char *sn_conf_level_name(enum sn_level level);
/* "64mb" as bytes, "5%" as -5 (1 to 100). SN_EINVAL, SN_ERANGE. */
SN_MUST_CHECK int sn_conf_parse_share(const char *text, int64_t *number);

#endif
