/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/stats.h"

/* Starts the second that now_ms is in. */
static void rate_turn(struct sn_rate *rate, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000;

    if (second == rate->second)
        return;
    rate->last = second == rate->second + 1 ? rate->current : 0;
    rate->current = 0;
    rate->second = second;
}

void sn_rate_add(struct sn_rate *rate, uint64_t now_ms, uint64_t amount)
{
    rate_turn(rate, now_ms);
    rate->current += amount;
}

uint64_t sn_rate_get(const struct sn_rate *rate, uint64_t now_ms)
{
    struct sn_rate turned = *rate;

    rate_turn(&turned, now_ms);
    return turned.last;
}
