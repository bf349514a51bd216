/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TEXTMAP_H
#define SN_BASE_TEXTMAP_H

/* Numbers by text, in constant time: what keeps long lists free of repetitions. */

#include "base/types.h"

struct sn_textmap_item;

/* Zeroed is empty. */
struct sn_textmap {
    struct sn_textmap_item *items;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

/* The number that belongs to text. If there was none, it is set to `number`, and *added is true.
 * Valid until the next call. */
size_t *sn_textmap_put(struct sn_textmap *map, const char *text, size_t number, bool *added);
void sn_textmap_fini(struct sn_textmap *map);

#endif
