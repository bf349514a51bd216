/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_PEER_H
#define SN_CORE_PEER_H

/* Peers: who is a voter, and whose word counts. Internal to the core.
 *
 * A hello is hearsay: anybody who may PUBLISH can forge one. Two things must not come of it: a
 * majority that is counted too small, and one process that is counted twice. So whoever says hello
 * from a free address is a voter at once, and is one also while it cannot be reached; but its id is
 * asked for on the link to it (SENTINEL MYID), and one address speaks for one id only. */

#include "core/model/group.h"

/* The peer that says hello from addr, made if it is new; moved if its new address has confirmed the
 * id or the old one is lost. NULL if the hello is known, or has to be taken, to be a forgery: then
 * nothing may be taken from it. */
struct sn_instance *sn_peer_meet(struct sn_group *group, const struct sn_runid *runid,
                                 const struct sn_addr *addr);

/* False if what is said on the link of this peer is not its own word: another id answers there, it
 * is our own address, or another peer of the group at the same place speaks for it. It stays a
 * voter all the same. */
bool sn_peer_speaks(const struct sn_instance *peer);

/* The link to a peer is up: asks for its id, before anything else that counts. */
void sn_peer_identify(struct sn_link *link);
/* … which is answered. May free the link and its owners. */
void sn_peer_identified(struct sn_link *link, const struct sn_reply *reply);

/* Asks a peer, once per connection, how it has configured the group; the answer tells whether that
 * is other than here. */
void sn_peer_ask_settings(struct sn_instance *peer);
void sn_peer_compare_settings(struct sn_instance *peer, const struct sn_reply *reply);

#endif
