/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_PLAN_TEXT_H
#define TESTS_SIM_PLAN_TEXT_H

/* A plan as text: what a seed chose stays what it was when plans are drawn in another way.
 *
 *     seed 254
 *     sentinels 3
 *     features mesh lone
 *     kill master of g2 at 6699 for 10 s  # 3
 *
 * A line is a number by its name, a list of names, or a fault (plan_words.h). What follows a # is a
 * comment; --drop and --only count faults as these comments do. What is not named is 0 or empty. */

#include "plan.h"

#include <stdio.h>

/* Without what is 0, and without the faults that have been dropped. */
void plan_write(const struct plan *plan, FILE *file);
/* The faults alone, each line after indent. */
void plan_write_faults(const struct plan *plan, const char *indent, FILE *file);
/* False if path cannot be read or is no plan; a line to errors says where, and what was expected
 * there. */
bool plan_read(const char *path, struct plan *plan, FILE *errors);
/* The same, of a file that is open; name stands in errors. */
bool plan_read_file(FILE *file, const char *name, struct plan *plan, FILE *errors);

#endif
