/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_LIMITS_H
#define SN_SHELL_SERVER_LIMITS_H

/* Memory limits of one client and of all together, and their enforcement. */

struct sn_client;

/* Dooms client if its output exceeds a limit, and the largest clients while all together exceed
 * theirs (PROTOCOL.md §3.6). */
void sn_limits_check(struct sn_client *client);

/* It is client's turn in its TLS handshake. If too many keep us waiting so, the one that has done
 * it longest is closed. Known peers do not count (PROTOCOL.md §20.5). */
void sn_limits_half_open(struct sn_client *client);

#endif
