/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_FIELDS_H
#define SN_BASE_FIELDS_H

/* Texts of lines `name:value`, as INFO is one, kept in little room: what stands in front of the
 * values is stored once for all texts that have it in common, and so are the values of the first
 * such text; a later one keeps only values that differ from these. Any text may be kept, and comes
 * back byte for byte. */

#include "base/buf.h"

/* All that is not a value, and the usual values, shared by the texts that have the same. */
struct sn_fields_names;
struct sn_fields_pool {
    struct sn_fields_names *names; /* uthash */
};

/* One text. All zero: none. */
struct sn_fields {
    struct sn_fields_names *names;
    char *values; /* a byte for one that is the usual one, else its text and a newline */
    size_t values_len;
};

/* Keeps text in place of what was kept. pool has to be the same one in all calls for fields. */
void sn_fields_set(struct sn_fields *fields, struct sn_fields_pool *pool, const char *text,
                   size_t len);
/* Appends the text; false if there is none. */
bool sn_fields_put(const struct sn_fields *fields, struct sn_buf *out);
void sn_fields_fini(struct sn_fields *fields, struct sn_fields_pool *pool);
/* How many different ones are kept. */
size_t sn_fields_pool_count(const struct sn_fields_pool *pool);

#endif
