/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_LINKS_COMMAND_H
#define SN_SHELL_LINKS_COMMAND_H

/* Writes the core's orders as RESP commands (PROTOCOL.md §9, §15). The first word of each command
 * is subject to the renames of the action. */

#include "base/buf.h"
#include "core/action.h"

/* Appends the commands of send->order. Returns the number of replies to expect; the last one is the
 * answer (PROTOCOL.md §13.5, §20.6). */
unsigned sn_links_write_order(struct sn_buf *out, const struct sn_action_send *send);

/* Append the opening commands of a link; each gets one reply. Precondition of AUTH: a password. */
void sn_links_write_auth(struct sn_buf *out, const struct sn_action_connect *connect);
void sn_links_write_hello(struct sn_buf *out, const struct sn_action_connect *connect);
void sn_links_write_setname(struct sn_buf *out, const struct sn_action_connect *connect);
/* Appends a command of words, which end with NULL, under its name on the server. */
void sn_links_write_words(struct sn_buf *out, const struct sn_renames *renames,
                          const char *const *words);
void sn_links_write_subscribe(struct sn_buf *out, const struct sn_action_connect *connect);
/* Writes the text of an error reply to the opening command setup for the log into out (size bytes).
 * A server that does not know AUTH repeats its arguments, so that part goes, and the password
 * wherever else it may stand; pass may be NULL. */
void sn_links_describe_error(const char *setup, const char *error, const char *pass, char *out,
                             size_t size);

#endif
