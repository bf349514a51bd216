/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_HTTP_HISTOGRAM_H
#define SN_SHELL_HTTP_HISTOGRAM_H

/* Durations, counted by their size: from a millisecond to five seconds. */

#include "base/types.h"

#define SN_HISTOGRAM_BUCKETS 12

struct sn_histogram {
    uint64_t buckets[SN_HISTOGRAM_BUCKETS]; /* each only those that fit into no smaller one */
    uint64_t count;
    uint64_t sum_ns;
};

void sn_histogram_add(struct sn_histogram *histogram, uint64_t ns);
/* Returns the upper bound of a bucket, inclusive, in seconds: "0.025". */
const char *sn_histogram_bound(size_t bucket);

#endif
