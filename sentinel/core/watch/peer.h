/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PEER_H
#define SN_CORE_PEER_H

/* Peers: which sentinels are voters, and whose answers count. Internal to the core.
 *
 * Any client that may PUBLISH can forge a hello. Two things must not result: a majority that is
 * counted too small, and a process that is counted twice. Therefore the sender of a hello from a
 * free address is a voter at once, even while it cannot be reached. Its id is verified on the link
 * to it (SENTINEL MYID), and one address speaks for one id only. */

#include "core/model/group.h"

/* Returns the peer that says hello from addr. Creates it if it is new; moves it if addr has
 * confirmed the id or its old address is lost. NULL if the hello is, or must be treated as, a
 * forgery: the caller then ignores all of it. */
struct sn_instance *sn_peer_meet(struct sn_group *group, const struct sn_runid *runid,
                                 const struct sn_addr *addr);

/* False if answers on the link of this peer are not its own: another id answers there, it is our
 * own address, or another peer of the group at the same address answers. The peer remains a voter.
 */
bool sn_peer_speaks(const struct sn_instance *peer);

/* The link to a peer is up: asks for its id, before any question that counts. */
void sn_peer_identify(struct sn_link *link);
/* Takes in the answer to that. May free the link and its owners. */
void sn_peer_identified(struct sn_link *link, const struct sn_reply *reply);

/* Ask a peer for its configuration of the group, and compare the answer with ours; log differences.
 * Once per connection, and again while they differ, or if ours have changed. */
void sn_peer_ask_settings(struct sn_instance *peer);
/* Our settings of the group have changed. */
void sn_peer_doubt_settings(struct sn_group *group);
/* The same, though it was asked on this connection already. */
void sn_peer_ask_settings_anew(struct sn_instance *peer);
/* The question is answered. */
void sn_peer_settings_answered(struct sn_instance *peer);
void sn_peer_compare_settings(struct sn_instance *peer, const struct sn_reply *reply);

#endif
