/* SPDX-License-Identifier: BSD-3-Clause */

/* The silence that S_DOWN measures starts at the oldest unanswered PING, or at the loss of the
 * connection or the attempt to make one, whichever is earlier, and ends with an acceptable reply
 * (DESIGN.md D2). */

#include "core/facts/silence.h"

void sn_silence_count_from(struct sn_link *link, sn_ms at)
{
    link->silence_at = at;
    link->act_ping_at = at;
}

void sn_silence_begin(struct sn_link *link)
{
    if (link->silence_at == SN_MS_NEVER)
        link->silence_at = link->core->now;
}

void sn_silence_ping(struct sn_link *link)
{
    sn_silence_begin(link);
    if (link->act_ping_at == SN_MS_NEVER)
        link->act_ping_at = link->core->now;
}

void sn_silence_end(struct sn_link *link)
{
    link->silence_at = SN_MS_NEVER;
    link->act_ping_at = SN_MS_NEVER;
}

void sn_silence_restart(struct sn_link *link)
{
    if (link->silence_at != SN_MS_NEVER)
        link->silence_at = link->core->now;
    if (link->act_ping_at != SN_MS_NEVER)
        link->act_ping_at = link->core->now;
}

void sn_silence_traffic(struct sn_link *link)
{
    link->traffic_at = link->core->now;
}

void sn_silence_stalled(struct sn_link *link)
{
    if (link->asleep)
        return; /* nothing was expected of it */
    sn_silence_restart(link);
    sn_silence_traffic(link);
}
