/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LIMITS_H
#define SN_SHELL_SERVER_LIMITS_H

/* What one client, and all together, may hold; and the end of those that hold more. */

struct sn_client;

/* Dooms the client if its output is over a limit, and the largest clients while all together hold
 * too much (PROTOCOL.md §3.6). */
void sn_limits_check(struct sn_client *client);

#endif
