/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_COMMAND_H
#define SN_SHELL_LINKS_COMMAND_H

/* The commands of a link as bytes: what the core's orders are called on the wire (PROTOCOL.md §9,
 * §15). The first word of each command is the one that the action names for it. */

#include "base/buf.h"
#include "core/action.h"

/* Appends the command or commands of send->order. Returns how many replies it will get; the last
 * one is the answer (PROTOCOL.md §13.5, §20.6). */
unsigned sn_links_write_order(struct sn_buf *out, const struct sn_action_send *send);

/* What a new link sends first; each gets one reply. AUTH needs a password. */
void sn_links_write_auth(struct sn_buf *out, const struct sn_action_connect *connect);
void sn_links_write_setname(struct sn_buf *out, const struct sn_action_connect *connect);
void sn_links_write_subscribe(struct sn_buf *out, const struct sn_action_connect *connect);

#endif
