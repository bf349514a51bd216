/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_LINK_H
#define SN_CORE_LINK_H

/* Opening, keeping and closing links. Internal to the core. */

#include "core/model/group.h"

struct sn_link *sn_link_new(struct sn_core *core, enum sn_link_kind kind);
/* The link to the peer called runid, shared if it exists already (PROTOCOL.md §9.5). */
struct sn_link *sn_link_for_peer(struct sn_core *core, const struct sn_runid *runid);
void sn_link_own(struct sn_link *link, struct sn_instance *instance);
/* Gives up instance's share; the last owner takes the link with it (PROTOCOL.md §9.5). */
void sn_link_disown(struct sn_link *link, struct sn_instance *instance);
/* Starts an attempt now if none is under way (PROTOCOL.md §9.2, §20.2, §20.4). */
void sn_link_open(struct sn_link *link);
/* A new link is taken for silent since ever, and not dialled until sn_link_wake. */
void sn_link_sleep(struct sn_link *link);
void sn_link_wake(struct sn_link *link);
/* Closes the connection, if any, on our own account and opens a new one at once. */
void sn_link_renew(struct sn_link *link);
/* The network works again, as another link is answered: opens one that is down at once. */
void sn_link_hurry(struct sn_link *link, const struct sn_link *other);
/* Its owner has a new part: silence counts from now at the earliest, and a link that is down or
 * silent is dialled anew. */
void sn_link_begin_anew(struct sn_link *link);
void sn_link_on_up(struct sn_link *link, const char *local_ip);
void sn_link_on_down(struct sn_link *link, const char *reason, bool no_room);
void sn_link_on_traffic(struct sn_link *link);
void sn_link_on_pong(struct sn_link *link, const struct sn_reply *reply);
void sn_link_retry(struct sn_link *link);
void sn_link_ping(struct sn_link *link);
void sn_link_stale(struct sn_link *link);
/* The periods of its owners have changed. */
void sn_link_reschedule(struct sn_link *link);
bool sn_link_can_send(const struct sn_link *link);
/* AUTH towards peers; NULL: none (PROTOCOL.md §9.2). */
void sn_link_peer_credentials(const struct sn_core *core, const char **user, const char **pass);
struct sn_link *sn_link_find(struct sn_core *core, struct sn_link_id id);

#endif
