/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_LENS_H
#define TESTS_SIM_LENS_H

/* What of a run's trace is printed: one group, one party, a window of time, or all at once. */

#include "base/types.h"
#include "plan.h"

#define LENS_WIDTH_MS 500 /* before and after an instant, unless told otherwise */
#define LENS_EPOCHS   16

struct sim;

struct lens {
    const char *group; /* events, commands and orders of this one, and what is of none; NULL: all */
    const char *node;  /* what it sends, receives and says; NULL: everybody */
    sn_ms from, to;
    sn_ms look_at; /* the report is of this instant, not of a violation; SN_MS_NEVER: it is not */
    /* Private: */
    struct {
        uint64_t epoch;
        unsigned groups;
    } asked[PLAN_SENTINELS_MAX][LENS_EPOCHS]; /* by candidate: votes name no group */
};

/* Shows everything. */
void lens_init(struct lens *lens);
/* False if the plan has no such group or node; a line to stderr says so. */
bool lens_fits(const struct lens *lens, const struct plan *plan);
/* Bits of the groups that a line is about; 0: of none, or not known. The cluster has just taken it
 * in. */
unsigned lens_groups_now(const struct sim *sim, const char *text);
/* The same of any line, by its text alone. */
unsigned lens_groups(const struct sim *sim, const char *text);
/* For struct trace; sim is a struct sim. */
bool lens_shows(void *sim, sn_ms at, const char *text);

#endif
