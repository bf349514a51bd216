/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SIM_STOCK_MODEL_H
#define TESTS_SIM_STOCK_MODEL_H

/* A stock sentinel as PROTOCOL.md §10 to §18 describe it, with its ten ticks per second: whom the
 * cores share their quorum with. One group. */

#include "cluster.h"

struct sim;
struct stock;

/* Adds one to the cluster, off until started. */
struct stock *stock_new(struct sim *sim, unsigned index);
/* After the cluster has gone. */
void stock_free(struct stock *stock);
struct node *stock_node(struct stock *stock);
/* Orders of an operator (PROTOCOL.md §4.10, §4.9): SENTINEL FAILOVER and RESET. */
void stock_failover(struct stock *stock);
void stock_reset(struct stock *stock);
/* REMOVE, then MONITOR with this port (§4.8, §4.7). */
void stock_monitor(struct stock *stock, uint16_t port);
uint16_t stock_master_port(const struct stock *stock);
uint64_t stock_config_epoch(const struct stock *stock);
/* It has begun a failover and not ended it. */
bool stock_is_busy(const struct stock *stock);

#endif
