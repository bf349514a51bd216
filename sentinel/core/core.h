/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CORE_H
#define SN_CORE_CORE_H

/* The core: inputs in, actions out. No I/O, no clock, no randomness but its seed. The same seed and
 * inputs give the same actions, byte for byte.
 *
 * Contract with the owner (the shell, or a simulator):
 *  - one step at a time, never from within the execution of another step's actions;
 *  - `now` never goes backwards;
 *  - a TIMER input follows soon after sn_core_deadline(); replies that have already arrived are
 *   best delivered before it;
 *  - every CONNECT ends in LINK_UP or LINK_DOWN, every LINK_UP in LINK_DOWN, unless the core
 *    DISCONNECTs; every SEND on a link that stays up gets one REPLY, in order;
 *  - every PERSIST is followed, at some time, by a PERSISTED of its version or a newer one. */

#include "core/action.h"
#include "core/image.h"
#include "core/input.h"

struct sn_core;

/* Creates a core with the configuration and state of image (copied). now: monotonic milliseconds
 * (PROTOCOL.md §14.1, §19.1). */
struct sn_core *sn_core_new(const struct sn_image *image, uint64_t seed, sn_ms now);
void sn_core_free(struct sn_core *core);

/* Processes one input and returns the resulting actions. *out is valid until the next step. */
void sn_core_step(struct sn_core *core, const struct sn_input *input, struct sn_actions *out);

/* Instant at which the next TIMER input is due; SN_MS_NEVER if none is. */
sn_ms sn_core_deadline(const struct sn_core *core);

/* Stores a deep copy of the present configuration and durable state in *image, for saving. The
 * caller owns it (sn_image_fini) (PROTOCOL.md §19.8). */
void sn_core_snapshot(const struct sn_core *core, struct sn_image *image);
/* Copy the part of that snapshot which a PERSIST record names: the sentinel's own part, replacing
 * that of image; or one group, appended to image. False: the group no longer exists. */
void sn_core_snapshot_sentinel(const struct sn_core *core, struct sn_image *image);
bool sn_core_snapshot_group(const struct sn_core *core, uint64_t id, struct sn_image *image);

#endif
