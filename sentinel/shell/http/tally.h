/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_TALLY_H
#define SN_SHELL_HTTP_TALLY_H

/* Counters since the start that only the metrics show. */

#include "core/action.h"
#include "shell/http/histogram.h"

struct sn_tally_attempt;
struct sn_tally_event;

struct sn_tally {
    struct sn_tally_event *events;     /* by name, in the order in which they first happened */
    struct sn_tally_attempt *attempts; /* own failovers without a new master yet, by group */
    struct sn_histogram failovers;     /* from the start of an own attempt to its new master */
    struct sn_histogram saves;         /* that succeeded */
    uint64_t saves_failed;
    struct sn_histogram loop_lag;
    uint64_t requests; /* of HTTP that were answered */
    uint64_t cut;      /* connections of HTTP that took too long, or gave way to others */
};

void sn_tally_fini(struct sn_tally *tally);
/* Counts an event that happens now. */
void sn_tally_event(struct sn_tally *tally, const struct sn_action_notice *event, sn_ms now);
/* How often the event of this name, such as "+sdown", happened. */
uint64_t sn_tally_of(const struct sn_tally *tally, const char *name);
/* Calls each for every event that has happened. */
void sn_tally_walk(const struct sn_tally *tally,
                   void (*each)(void *arg, const char *name, uint64_t count), void *arg);

#endif
