/* SPDX-License-Identifier: BSD-3-Clause */

/* When this sentinel's next attempt may begin (DESIGN.md D6, D8, D9). */

#include "core/facts/turn.h"

#include <assert.h>

void sn_turn_begin(struct sn_group *group)
{
    sn_ms now = group->core->now;
    group->rank_at = group->retry_at = group->stand_back_until = now;
    group->lost_rounds = 0;
    group->held = false;
    group->rival_until = SN_MS_NEVER;
}

void sn_turn_new_master(struct sn_group *group)
{
    group->stand_back_until = group->core->now;
    group->lost_rounds = 0;
    group->held = false;
    group->rival_until = SN_MS_NEVER;
}

void sn_turn_master_up(struct sn_group *group)
{
    group->retry_at = group->stand_back_until = group->core->now;
    group->lost_rounds = 0;
    group->held = false;
}

void sn_turn_peer_up(struct sn_group *group)
{
    group->retry_at = group->core->now;
    group->lost_rounds = 0;
}

void sn_turn_rank(struct sn_group *group, sn_ms at)
{
    group->rank_at = at;
}

void sn_turn_retry(struct sn_group *group, sn_ms at)
{
    group->retry_at = at;
}

void sn_turn_stand_back(struct sn_group *group, sn_ms until)
{
    group->stand_back_until = until;
}

unsigned sn_turn_lost(struct sn_group *group)
{
    return group->lost_rounds++;
}

bool sn_turn_hold(struct sn_group *group)
{
    bool held = group->held;
    group->held = true;
    return !held;
}

void sn_turn_release(struct sn_group *group)
{
    group->held = false;
}

void sn_turn_wait_for(struct sn_group *group, const struct sn_runid *rival, uint64_t epoch,
                      sn_ms until)
{
    assert(rival->hex[0] != '\0' && epoch <= group->core->current_epoch);
    group->rival = *rival;
    group->rival_epoch = epoch;
    group->rival_until = until;
}

void sn_turn_wait_for_other(struct sn_group *group, const struct sn_runid *rival)
{
    group->rival = *rival;
}

void sn_turn_wait_for_nobody(struct sn_group *group)
{
    group->rival_until = SN_MS_NEVER;
}
