/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_RIGHTS_H
#define SN_CORE_RIGHTS_H

/* What the other side of a link refuses, and whether it would refuse what has not been needed so
 * far. Internal, as model.h. */

#include "core/model.h"

/* ---- refusal.c ------------------------------------------------------------------------------ */

/* AUTH, CLIENT SETNAME or SUBSCRIBE was answered by an error; text names it. */
void sn_link_refused_opening(struct sn_link *link, const char *text);
/* The opening of the present connection has been answered. */
void sn_link_opening_judged(struct sn_link *link);
/* order was answered by an error; one that is not going to last, like LOADING, is passed over. */
void sn_link_refused(struct sn_link *link, enum sn_order order, const char *error);
/* The same; name is what to call the command. */
void sn_link_refused_named(struct sn_link *link, enum sn_order order, const char *name,
                           const char *error);
/* order was answered well: an earlier refusal of it is over. */
void sn_link_accepted(struct sn_link *link, enum sn_order order);
/* Whether order was refused when it was last tried. */
bool sn_link_refuses(const struct sn_link *link, enum sn_order order);
/* Remembers that, without a word; true if it is news. */
bool sn_link_note_refusal(struct sn_link *link, enum sn_order order);
/* A question to a peer was answered: by an error, or well. */
void sn_link_ask_answered(struct sn_link *link, const struct sn_reply *reply);

/* ---- rights.c ------------------------------------------------------------------------------- */

/* The command link of a data node is up: tries whether a failover would be allowed on it. */
void sn_rights_try(struct sn_link *link);
/* Once more what was refused or could not be said, at most once per INFO period. */
void sn_rights_try_again(struct sn_link *link);
/* The link to a peer is up: tries whether it would answer our questions. …_again: if it did not,
 * once per INFO period. */
void sn_rights_try_ask(struct sn_link *link);
void sn_rights_try_ask_again(struct sn_link *link);
/* True if a transaction was void because of its CONFIG REWRITE, and the next one will do without.
 */
bool sn_rights_drop_rewrite(struct sn_link *link, const struct sn_event_reply *reply);
/* One of SN_ORDER_TRY_… has been answered, TRY_ASK aside. */
void sn_rights_answered(struct sn_link *link, const struct sn_event_reply *reply);

#endif
