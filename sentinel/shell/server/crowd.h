/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CROWD_H
#define SN_SHELL_SERVER_CROWD_H

/* All clients together: what they hold, and who goes first when that is too much. Asks only. */

#include "base/types.h"

struct sn_client;
struct sn_server;

/* Bytes that client holds: its requests, replies and subscriptions. */
size_t sn_crowd_memory(const struct sn_client *client);

/* The client to be dropped when all hold too much: the one that holds most. Subscribers, and
 * clients that asked not to be evicted, come after all others, and known peers last, unless one
 * holds more than any subscriber or peer needs. NULL: nobody holds anything. */
struct sn_client *sn_crowd_heaviest(const struct sn_server *server);

/* True if a known sentinel lives at the address that client comes from; looked up once a second. */
bool sn_crowd_is_peer(struct sn_client *client);

#endif
