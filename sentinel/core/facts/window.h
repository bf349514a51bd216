/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_WINDOW_H
#define SN_CORE_WINDOW_H

/* Windows: how much may be unanswered on a link, and who waits for room on a link that thousands of
 * groups share (DESIGN.md D26). Internal to the core. */

#include "core/model/group.h"

/* True if link is up and takes one more command that is no hello. */
bool sn_window_has_room(const struct sn_link *link);
/* True if link is up and takes one more hello. */
bool sn_window_has_room_for_hello(const struct sn_link *link);

/* The peer has something to send when its link has room; it is composed only then, so that it is
 * never old. */
void sn_window_wait_to_ask(struct sn_instance *peer);
void sn_window_wait_to_publish(struct sn_instance *peer);
/* Returns the peer that has waited longest, and no longer waits; NULL if nobody waits, or link has
 * no room. Hellos get none of the last places, so that questions go first. */
struct sn_instance *sn_window_next_to_ask(struct sn_link *link);
struct sn_instance *sn_window_next_to_publish(struct sn_link *link);
/* The peer waits for nothing. */
void sn_window_forget(struct sn_instance *peer);

#endif
