/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ORDER_H
#define SN_CORE_ORDER_H

/* PROMOTE and FOLLOW orders, and what the replies to them mean. Internal to the core. */

#include "core/input.h"
#include "core/model/group.h"

/* Returns the error text of a failed order; NULL if its EXEC succeeded. */
const char *sn_order_error(const struct sn_input_reply *reply);
/* True if MULTI was refused, so that each later command was executed or refused by itself. */
bool sn_order_untransacted(const struct sn_input_reply *reply);
/* Sends PROMOTE to node, in one transaction: MULTI, SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILL
 * twice, EXEC. The caller asks for INFO behind it. */
void sn_order_promotion(struct sn_instance *node);

#endif
