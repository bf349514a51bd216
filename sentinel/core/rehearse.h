/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REHEARSE_H
#define SN_CORE_REHEARSE_H

/* What an order to fail over would do now, as values (DESIGN.md D28). Read-only, as view.h; by the
 * rules that the order itself would use. Pointers are valid until the next step. */

#include "core/view.h"

struct sn_rehearsal {
    struct sn_why refusal;            /* why the order would be refused; NONE: it would begin */
    const struct sn_instance *chosen; /* NULL: nobody */
    /* The writes of the clients. */
    bool drains;             /* the master is paused until the replica has all it has */
    struct sn_why undrained; /* why not, or why perhaps not; NONE: the mode says so */
    bool behind_known;       /* so far was the replica behind the master … */
    uint64_t behind_bytes;
    sn_ms behind_age_ms; /* … when both last told; ms */
    sn_ms round_trip_ms; /* to the slower of both, by PING; -1: unknown */
    sn_ms pause_longest_ms;
    /* The sentinels, this one included. */
    size_t voters, usable, needed;
    bool needs_votes; /* this order does */
    size_t followers; /* replicas that would have to follow, the old master included */
};

/* wanted: the replica that is named, or NULL. mode: not NONE, not REBORN. */
void sn_rehearse(const struct sn_group *group, const struct sn_addr *wanted,
                 enum sn_failover_mode mode, sn_ms now, struct sn_rehearsal *rehearsal);
/* Why replica would not be chosen in this mode; NONE: it could be. */
struct sn_why sn_rehearse_replica(const struct sn_group *group, const struct sn_instance *replica,
                                  enum sn_failover_mode mode);

#endif
