/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CORE_H
#define SN_CORE_CORE_H

/* The sentinel itself: inputs in, actions out, no I/O, no clock, no randomness but its seed.
 * The same seed and inputs give the same actions, byte for byte.
 *
 * Contract with the owner (the shell, or a simulator):
 *  - one step at a time, never from within the execution of another step's actions;
 *  - `now` never goes backwards;
 *  - a TIMER input follows soon after sn_core_deadline(); replies that have already arrived are
 * best delivered before it;
 *  - every CONNECT ends in LINK_UP or LINK_DOWN, every LINK_UP in LINK_DOWN, unless the core
 *    DISCONNECTs; every SEND on a link that stays up gets one REPLY, in order;
 *  - every PERSIST is followed, at some time, by a PERSISTED of its version or a newer one. */

#include "core/action.h"
#include "core/image.h"
#include "core/input.h"

struct sn_core;

/* A core with the configuration and state of image (copied). now is the clock's reading
 * (PROTOCOL.md §14.1, §19.1). */
struct sn_core *sn_core_new(const struct sn_image *image, uint64_t seed, sn_ms now);
void sn_core_free(struct sn_core *core);

/* Takes one input in and hands out what is to be done about it. *out is valid until the next step.
 */
void sn_core_step(struct sn_core *core, const struct sn_input *input, struct sn_actions *out);

/* When the next TIMER input is due; SN_MS_NEVER if never. */
sn_ms sn_core_deadline(const struct sn_core *core);

/* A deep copy of the configuration and durable state as they are now, to be saved. Belongs to the
 * caller (sn_image_fini) (PROTOCOL.md §19.8). */
void sn_core_snapshot(const struct sn_core *core, struct sn_image *image);
/* The parts of it that a record of PERSIST names: what is of the sentinel itself, in place of what
 * image has; one group, appended. False if that is gone by now. */
void sn_core_snapshot_sentinel(const struct sn_core *core, struct sn_image *image);
bool sn_core_snapshot_group(const struct sn_core *core, uint64_t id, struct sn_image *image);

#endif
