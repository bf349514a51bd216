/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_LINK_H
#define SN_CORE_LINK_H

/* Opening, keeping and closing links. Internal to the core. */

#include "core/input.h"
#include "core/model/group.h"

struct sn_link *sn_link_new(struct sn_core *core, enum sn_link_kind kind);
/* Returns the link to the peer with runid; created if it does not exist, else shared (PROTOCOL.md
 * §9.5). */
struct sn_link *sn_link_for_peer(struct sn_core *core, const struct sn_runid *runid);
void sn_link_own(struct sn_link *link, struct sn_instance *instance);
/* Removes instance from the owners; frees the link with its last owner (PROTOCOL.md §9.5). */
void sn_link_disown(struct sn_link *link, struct sn_instance *instance);
/* Starts a connection attempt now, if none is under way (PROTOCOL.md §9.2, §20.2, §20.4). */
void sn_link_open(struct sn_link *link);
/* Treats a new link as always silent, and does not dial it until sn_link_wake. */
void sn_link_sleep(struct sn_link *link);
void sn_link_wake(struct sn_link *link);
/* Closes the connection, if any, and opens a new one at once. */
void sn_link_renew(struct sn_link *link);
/* An answer on other shows that the network works again: if link is down, dials it at once. */
void sn_link_hurry(struct sn_link *link, const struct sn_link *other);
/* Treats link as new: silence counts from now. Opens a new connection at once. */
void sn_link_reset(struct sn_link *link);
/* Its owner has become the master: silence counts from now at the earliest, and a link that is down
 * or silent is dialled again. */
void sn_link_begin_anew(struct sn_link *link);
void sn_link_on_up(struct sn_link *link, const char *local_ip);
void sn_link_on_down(struct sn_link *link, const struct sn_input_link *input);
/* The server speaks RESP3 on the present connection, or not. */
void sn_link_on_protocol(struct sn_link *link, bool resp3);
void sn_link_on_traffic(struct sn_link *link);
void sn_link_on_pong(struct sn_link *link, const struct sn_reply *reply);
void sn_link_retry(struct sn_link *link);
void sn_link_ping(struct sn_link *link);
void sn_link_stale(struct sn_link *link);
/* The periods of its owners have changed. */
void sn_link_reschedule(struct sn_link *link);
bool sn_link_can_send(const struct sn_link *link);
struct sn_link *sn_link_find(struct sn_core *core, struct sn_link_id id);

#endif
