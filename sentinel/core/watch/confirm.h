/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_CONFIRM_H
#define SN_CORE_CONFIRM_H

/* Confirmation of what hellos claim about configurations (DESIGN.md D30). Internal to the core. */

#include "core/model/group.h"

/* A hello in the name of peer claims a config epoch above ours with that master, whose IP is known:
 * asks whether that is so. The configuration is adopted with the answer. */
void sn_confirm_hear(struct sn_instance *peer, const struct sn_addr *master, uint64_t config_epoch);
/* Take in the two answers of the sender, in this order. */
void sn_confirm_epoch_told(struct sn_instance *peer, const struct sn_reply *reply);
void sn_confirm_master_told(struct sn_instance *peer, const struct sn_reply *reply);
/* The identity of the process at the other end of a peer's link is known. */
void sn_confirm_link_ready(struct sn_link *link);
/* An INFO of replica was taken in: it may be the master that is claimed. */
void sn_confirm_server_told(struct sn_instance *replica);
/* True if a peer has just named that master as a newer one, and has not denied it. */
bool sn_confirm_is_claimed(const struct sn_group *group, const struct sn_addr *master);
/* True if peer has just denied a hello in its name, and has not been asked about the next one yet:
 * until then, that is no reason for anything. Floods of forged hellos hold up nothing. */
bool sn_confirm_is_denied(const struct sn_instance *peer);
/* True if a newer configuration was told of a moment ago and is not confirmed yet: it may explain
 * what looks wrong. */
bool sn_confirm_is_open(const struct sn_group *group);
void sn_confirm_due(struct sn_instance *peer); /* SN_TIMER_CONFIRM */

#endif
