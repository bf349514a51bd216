/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RIGHTS_H
#define SN_CORE_RIGHTS_H

/* What the other side of a link refuses, and whether it would refuse what has not been needed so
 * far. Internal to the core. */

#include "core/model/group.h"

/* The command link of a data node is up: tries whether a failover would be allowed on it
 * (PROTOCOL.md §20.6). */
void sn_rights_try(struct sn_link *link);
/* Once more what was refused or could not be said, at most once per INFO period. */
void sn_rights_try_again(struct sn_link *link);
/* The link to a peer is up: tries whether it would answer our questions. …_again: if it did not,
 * once per INFO period. */
void sn_rights_try_ask(struct sn_link *link);
void sn_rights_try_ask_again(struct sn_link *link);
/* True if a transaction was void because of its CONFIG REWRITE, and the next one will do without.
 */
bool sn_rights_drop_rewrite(struct sn_link *link, const struct sn_input_reply *reply);
/* One of SN_ORDER_TRY_… has been answered, TRY_ASK aside (PROTOCOL.md §20.6). */
void sn_rights_answered(struct sn_link *link, const struct sn_input_reply *reply);

#endif
