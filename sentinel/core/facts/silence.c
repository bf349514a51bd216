/* SPDX-License-Identifier: BSD-3-Clause */

/* The silence that S_DOWN measures starts at the oldest unanswered PING, or at the loss of the
 * connection or the attempt to make one, whichever is earlier, and ends with an acceptable reply
 * (DESIGN.md D2). */

#include "core/facts/silence.h"

#include "core/facts/gap.h"

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

/* What was S_DOWN has been out, not slow. */
static void note_gap(const struct sn_link *link)
{
    const struct sn_instance *owner = link->owners;

    if (link->silence_at != SN_MS_NEVER && owner != NULL && owner->kind == SN_KIND_MASTER &&
        !owner->s_down)
        sn_gap_note(owner->group, link->core->now - link->silence_at);
}

void sn_silence_end(struct sn_link *link)
{
    note_gap(link);
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

void sn_silence_forget_evidence(struct sn_link *link)
{
    link->closed_at = SN_MS_NEVER;
    link->refusals = 0;
    link->gone = false;
}

void sn_silence_stalled(struct sn_link *link)
{
    sn_silence_forget_evidence(link);
    if (link->asleep)
        return; /* nothing was expected of it */
    sn_silence_restart(link);
    sn_silence_traffic(link);
}
