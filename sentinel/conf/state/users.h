/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_STATE_USERS_H
#define SN_CONF_STATE_USERS_H

/* Users that were changed at run time. */

#include "conf/state/state.h"

/* What settings say of the user called name; 0: nothing. */
uint64_t sn_users_hash(const struct sn_settings *settings, const char *name);
/* The users whose line differs between conf->live.users and users_base, or who are in one of them
 * only. An array (sn_users_fini), its length in *count. */
struct sn_state_user *sn_users_changed(const struct sn_conf *conf, size_t *count);
void sn_users_fini(struct sn_state_user *users, size_t count);
/* Merges state->users into conf->settings.users by the rule of sn_state_merge. */
void sn_users_merge(const struct sn_state *state, struct sn_conf *conf);

#endif
