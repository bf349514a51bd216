/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REFUSAL_H
#define SN_CORE_REFUSAL_H

/* What the other side of a link refuses. Internal to the core. */

#include "core/model/group.h"

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

#endif
