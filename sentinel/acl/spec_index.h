/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_ACL_SPEC_INDEX_H
#define SN_ACL_SPEC_INDEX_H

/* Finds commands without going through their table: each request is looked up, many twice. */

#include "acl/specs.h"

/* A power of two; twice as many as there are commands, so that few names meet. */
#define SN_SPEC_INDEX_SIZE ((size_t)256)

struct sn_spec_index {
    uint8_t places[SN_SPEC_INDEX_SIZE]; /* 1 + place in sn_specs; 0: none */
};

void sn_spec_index_fill(struct sn_spec_index *index);
/* As sn_specs_find, for a container of NULL, and sn_specs_find_sub: name has len bytes, any case. A
 * name with a NUL byte is the name of no command (PROTOCOL.md §3.1). */
const struct sn_spec *sn_spec_index_find(const struct sn_spec_index *index,
                                         const struct sn_spec *container, const char *name,
                                         size_t len);

#endif
