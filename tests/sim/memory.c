/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* mallinfo2, malloc_usable_size */

/* Memory of living cores: in a long peace, with an operator who gives the same orders again and
 * again, it may not grow. What the harness keeps, lines above all, is not counted. */

#include "sim.h"

#include "cluster_internal.h"

#include <malloc.h>

#define ONE_IN     200 /* seeds: it takes long */
#define WHICH      77  /* of them */
#define ROUND_MS   1000
#define ROUNDS     40
#define BEFORE     20    /* rounds until buffers and tables have their size */
#define ORDERS     5     /* in a round, of four SETs each */
#define GROWTH_MAX 20480 /* of each sentinel in ROUNDS: malloc keeps some, packets come and go */

static size_t in_use(const struct sim *sim)
{
    const struct trace *trace = &sim->cluster->trace;
    size_t lines = malloc_usable_size(trace->lines);
    for (size_t i = 0; i < trace->count; i++)
        lines += malloc_usable_size(trace->lines[i].text) + sizeof(size_t);
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd - lines;
}

static void rounds(struct sim *sim, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        for (unsigned i = 0; i < sim->plan.sentinels * ORDERS; i++)
            operator_restore(&sim->groups[0], sim->sentinels[i % sim->plan.sentinels]);
        cluster_run_for(sim->cluster, ROUND_MS);
    }
}

void memory_look(struct sim *sim)
{
    if (sim->plan.seed % ONE_IN != WHICH)
        return;
    rounds(sim, BEFORE);
    size_t before = in_use(sim);
    rounds(sim, ROUNDS);
    size_t after = in_use(sim);
    if (after > before + GROWTH_MAX * sim->plan.sentinels)
        cluster_say(sim->cluster, NULL,
                    "! memory in use grew from %zu to %zu bytes in %d s of peace", before, after,
                    ROUNDS * ROUND_MS / 1000);
}
