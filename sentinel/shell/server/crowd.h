/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CROWD_H
#define SN_SHELL_SERVER_CROWD_H

/* Memory of all clients, and the order of eviction. Changes nothing. */

#include "base/types.h"

struct sn_client;
struct sn_server;

/* Returns the bytes held by client: requests, replies and subscriptions. */
size_t sn_crowd_memory(const struct sn_client *client);

/* Returns the client to evict: the one that holds most. Subscribers and no-evict clients come after
 * all others, and known peers last, unless one holds more than any subscriber or peer needs. NULL:
 * no client holds memory. */
struct sn_client *sn_crowd_heaviest(const struct sn_server *server);

/* True if client connects from the address of a known sentinel; determined at most once a second.
 */
bool sn_crowd_is_peer(struct sn_client *client);

#endif
