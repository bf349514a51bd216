/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_PLAN_WORDS_H
#define TESTS_SIM_PLAN_WORDS_H

/* A fault in words, one line each:
 *
 *     kill master of g3 at 6699 for 10 s
 *     order s2 FAILOVER COORDINATED of g1 to r3 at 7141 for 1 s
 *     r2 has priority 0 at 7435 for 4 s
 *     kill whoever comes to "r* is master now" after 9460 for 12 s
 *
 * Words keep what a fault does, not the lots that it was drawn by: read back, it has others that
 * mean the same, and a run is the same run. Where a lot means nothing but itself, as that of a
 * mesh of cuts, it stands there as a number. */

#include "plan.h"

#include "base/buf.h"
#include "base/text.h"

#define PLAN_WORDS_EXPECTED_MAX 400

struct plan_words_error {
    size_t word; /* the first that does not fit; words->count: there are too few */
    char expected[PLAN_WORDS_EXPECTED_MAX];
};

/* Appends the fault without a newline. */
void plan_words_write(const struct plan *plan, const struct fault *fault, struct sn_buf *out);
/* Reads a fault of plan, whose cast is known. False if that is none; *error says why. */
bool plan_words_read(const struct plan *plan, const struct sn_words *words, struct fault *fault,
                     struct plan_words_error *error);

#endif
