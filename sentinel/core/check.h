/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CHECK_H
#define SN_CORE_CHECK_H

/* What holds after every step, whatever came in. For tests and the simulator: it looks at all
 * groups and members, and takes that long. */

#include "core/core.h"

#define SN_CHECK_TEXT_MAX 255

/* NULL if all is well; else what does not hold and of whom, written to out (SN_CHECK_TEXT_MAX + 1
 * bytes). */
const char *sn_core_check(const struct sn_core *core, char *out);

#endif
