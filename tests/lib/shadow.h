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
/* Takes the records in, each for what it says that has changed. NULL, or what is missing in
 * them: static text. */
const char *shadow_persist(struct shadow *shadow, const struct sn_core *core,
                           const struct sn_action_persist *persist);
void shadow_fini(struct shadow *shadow);

#endif
