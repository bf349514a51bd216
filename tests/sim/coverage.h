/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_COVERAGE_H
#define TESTS_SIM_COVERAGE_H

/* How often what the simulator is for has happened. A thing that never happens over many seeds is a
 * defect of the simulator. */

#include "trace.h"

#define COVER_COUNT 128 /* at most */

/* Adds the lines of trace to counts[COVER_COUNT]. */
void coverage_take(const struct trace *trace, uint32_t *counts);
/* Prints the sums; returns how many are zero. */
unsigned coverage_print(const uint64_t *counts);

#endif
