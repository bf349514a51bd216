/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TEST_SHADOW_H
#define SN_TEST_SHADOW_H

/* The durable state of a core as it is known from the records of its PERSIST actions alone: a store
 * that keeps by records what it has to save must never miss anything. */

#include "core/core.h"

struct shadow {
    struct sn_image image;
};

/* The state with which core starts. */
void shadow_begin(struct shadow *shadow, const struct sn_core *core);
/* Takes the records in, each for what it says that has changed. */
void shadow_persist(struct shadow *shadow, const struct sn_core *core,
                    const struct sn_action_persist *persist);
/* NULL, or what is missing in all records so far: static text. */
const char *shadow_misses(const struct shadow *shadow, const struct sn_core *core);
/* The group with that name; NULL if none. Most images have their groups in one order: at guess,
 * then. */
const struct sn_group_image *shadow_find_group(const struct sn_image *image, size_t guess,
                                               const char *name);
void shadow_fini(struct shadow *shadow);

#endif
