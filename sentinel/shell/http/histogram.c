/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/http/histogram.h"

#define US ((uint64_t)1000)
#define MS ((uint64_t)1000 * US)

static const struct {
    uint64_t ns;
    const char *seconds;
} bounds[SN_HISTOGRAM_BUCKETS] = {
    {1 * MS, "0.001"},  {2500 * US, "0.0025"}, {5 * MS, "0.005"},  {10 * MS, "0.01"},
    {25 * MS, "0.025"}, {50 * MS, "0.05"},     {100 * MS, "0.1"},  {250 * MS, "0.25"},
    {500 * MS, "0.5"},  {1000 * MS, "1.0"},    {2500 * MS, "2.5"}, {5000 * MS, "5.0"},
};

void sn_histogram_add(struct sn_histogram *histogram, uint64_t ns)
{
    size_t bucket = 0;

    while (bucket < SN_HISTOGRAM_BUCKETS && ns > bounds[bucket].ns)
        bucket++;
    if (bucket < SN_HISTOGRAM_BUCKETS)
        histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum_ns += ns;
}

const char *sn_histogram_bound(size_t bucket)
{
    return bounds[bucket].seconds;
}
