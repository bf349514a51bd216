/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_RIDERS_H
#define SN_SHELL_LINKS_RIDERS_H

/* Subscriptions without a connection of their own: each rides on that of a command link (D27). */

#include "core/action.h"

struct sn_rider;

/* Starts zeroed. */
struct sn_riders {
    struct sn_rider *by_id;
};

/* Precondition: rider is not among them yet. */
void sn_riders_add(struct sn_riders *riders, struct sn_link_id rider, struct sn_link_id carrier);
/* Takes rider off; *carrier is the link that carried it. False if it is not among them. */
bool sn_riders_remove(struct sn_riders *riders, struct sn_link_id rider,
                      struct sn_link_id *carrier);

#endif
