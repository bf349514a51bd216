/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_PLAN_TEXT_H
#define TESTS_SIM_PLAN_TEXT_H

/* A plan as text: what a seed chose stays what it was when plans are drawn in another way.
 *
 *     seed 254
 *     sentinels 3
 *     fault 3 kill at 6699 lasts 10000 a 28 b 37 value 77 value2 9 group 2
 *
 * Lines that begin with # are comments; what is not named is 0. */

#include "plan.h"

#include <stdio.h>

/* Without the faults that have been dropped. */
void plan_write(const struct plan *plan, FILE *file);
/* False if path cannot be read or is no plan; stderr says why. */
bool plan_read(const char *path, struct plan *plan);

#endif
