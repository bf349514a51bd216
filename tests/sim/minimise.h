/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_MINIMISE_H
#define TESTS_SIM_MINIMISE_H

/* Leaves faults out of a failing plan while it still fails in the same way. */

#include "plan.h"

/* Prints what remains and the command that shows it. Returns the exit status: 0 if the plan does
 * not fail at all. */
int minimise(struct plan *plan);
void minimise_print_plan(const struct plan *plan);

#endif
