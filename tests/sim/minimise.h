/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_MINIMISE_H
#define TESTS_SIM_MINIMISE_H

/* Leaves faults out of a failing plan while it still fails in the same way: with the same verdict
 * and the same reason, but for times, numbers and names. */

#include "plan.h"

/* Prints the plan that remains to stdout, for --replay; to stderr the last second of its run, the
 * report of its failure and the command that shows more. Returns the exit status: 0 if the plan
 * does not fail at all. file: where the plan was read; NULL: its seed makes it. */
int minimise(struct plan *plan, const char *file);

#endif
