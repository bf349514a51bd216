/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CHECK_H
#define SN_CORE_CHECK_H

/* The core's invariants: what holds after every step, whatever the input. For tests and the
 * simulator: the check visits all groups and members. */

#include "core/core.h"

#define SN_CHECK_TEXT_MAX 255

/* Returns NULL if all invariants hold; else out (SN_CHECK_TEXT_MAX + 1 bytes) with the violated
 * invariant and its member or group. */
const char *sn_core_check(const struct sn_core *core, char *out);

#endif
