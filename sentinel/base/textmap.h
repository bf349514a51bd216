/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_BASE_TEXTMAP_H
#define SN_BASE_TEXTMAP_H

/* Hash map from text to number; used to keep long lists free of duplicates. */

#include "base/types.h"

struct sn_textmap_item;

/* An empty map is all zero. */
struct sn_textmap {
    struct sn_textmap_item *items;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

/* Returns the number stored for text. If there was none, stores `number` and sets *added to true.
 * Valid until the next call. */
size_t *sn_textmap_put(struct sn_textmap *map, const char *text, size_t number, bool *added);
void sn_textmap_fini(struct sn_textmap *map);

#endif
