/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RIGHTS_H
#define SN_CORE_RIGHTS_H

/* Finds out in advance whether the other side of a link would refuse orders. Internal to the core.
 */

#include "core/model/group.h"

/* The command link of a data node is up: tries whether the node would allow a failover (PROTOCOL.md
 * §20.6). */
void sn_rights_try(struct sn_link *link);
/* Repeats tries that were refused or undecided, at most once per INFO period. */
void sn_rights_try_again(struct sn_link *link);
/* The link to a peer is up: tries whether it would answer our questions. …_again repeats a refused
 * try, at most once per INFO period. */
void sn_rights_try_ask(struct sn_link *link);
void sn_rights_try_ask_again(struct sn_link *link);
/* True if a transaction was aborted because of its CONFIG REWRITE; later ones omit it. */
bool sn_rights_drop_rewrite(struct sn_link *link, const struct sn_input_reply *reply);
/* Takes in the answer to any SN_ORDER_TRY_… except TRY_ASK (PROTOCOL.md §20.6). */
void sn_rights_answered(struct sn_link *link, const struct sn_input_reply *reply);

#endif
