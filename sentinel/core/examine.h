/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_EXAMINE_H
#define SN_CORE_EXAMINE_H

/* Facts that tell whether a group is well set up, as values (DESIGN.md D28). Read-only, as view.h.
 * Pointers are valid until the next step. */

#include "core/view.h"

/* How a peer differs from this sentinel, by its own words. */
struct sn_peer_differences {
    const char *settings;  /* "quorum 3 (here 2), …"; NULL: none are known */
    sn_ms settings_age_ms; /* since it was asked */
    bool other_master;     /* it is configured with another master */
};
void sn_examine_peer(const struct sn_instance *peer, sn_ms now,
                     struct sn_peer_differences *differences);

/* How fast the master answers PING, in milliseconds. */
struct sn_pace_figures {
    sn_ms trip_ms;        /* the last round trip */
    sn_ms longest_gap_ms; /* the longest wait for a good answer in seven days, while it was up */
};
void sn_examine_pace(const struct sn_group *group, struct sn_pace_figures *figures);

/* Returns how long the last INFO of a server was under way, until it was taken in; 0: there is
 * none. */
sn_ms sn_examine_info_trip_ms(const struct sn_instance *server);

/* Returns the IP of member; "" while it is unknown. */
const char *sn_examine_ip(const struct sn_instance *member);
/* Returns this sentinel's address on the connection to member; "" if there was none. */
const char *sn_examine_own_ip(const struct sn_instance *member);

#endif
