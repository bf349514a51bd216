/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_REFUSAL_H
#define SN_CORE_REFUSAL_H

/* Refusals by the other side of a link. Internal to the core. */

#include "core/model/group.h"

/* True if the error is about the state of the server (LOADING, BUSY …), not about our rights. */
bool sn_refusal_passes(const char *error);
/* AUTH, CLIENT SETNAME or SUBSCRIBE got an error reply; text names the command and the error. */
void sn_link_refused_opening(struct sn_link *link, const char *text);
/* TLS failed: reason says at which side, and why. */
void sn_link_refused_tls(struct sn_link *link, const char *reason);
/* The opening commands of the present connection are answered. */
void sn_link_opening_judged(struct sn_link *link);
/* order got an error reply. A transient error, such as LOADING, is ignored. */
void sn_link_refused(struct sn_link *link, enum sn_order order, const char *error);
/* The same; name: of the command in the log. */
void sn_link_refused_named(struct sn_link *link, enum sn_order order, const char *name,
                           const char *error);
/* order succeeded: clears an earlier refusal of it. */
void sn_link_accepted(struct sn_link *link, enum sn_order order);
/* True if order was refused when last tried. */
bool sn_link_refuses(const struct sn_link *link, enum sn_order order);
/* Records that order was refused, without logging. True if that is new. */
bool sn_link_note_refusal(struct sn_link *link, enum sn_order order);
/* A question to a peer was answered, by an error or successfully. */
void sn_link_ask_answered(struct sn_link *link, const struct sn_reply *reply);

#endif
