/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CONF_READ_GROUPS_H
#define SN_CONF_READ_GROUPS_H

/* Applies what makes a group: its master, its members, the names of its commands. All of these take
 * a statement of the right number of values; SN_EINVAL, with the error set. All but
 * sn_groups_monitor want the group to be there. */

#include "conf/read/loader.h"

SN_MUST_CHECK int sn_groups_monitor(struct sn_loader *loader, const struct sn_statement *statement);
SN_MUST_CHECK int sn_groups_rename(struct sn_loader *loader, const struct sn_statement *statement);
SN_MUST_CHECK int sn_groups_replica(struct sn_loader *loader, const struct sn_statement *statement);
SN_MUST_CHECK int sn_groups_peer(struct sn_loader *loader, const struct sn_statement *statement);

#endif
