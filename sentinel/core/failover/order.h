/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ORDER_H
#define SN_CORE_ORDER_H

/* Interprets replies to PROMOTE and FOLLOW orders. Internal to the core. */

#include "core/input.h"

/* Returns the error text of a failed order; NULL if its EXEC succeeded. */
const char *sn_order_error(const struct sn_input_reply *reply);
/* True if MULTI was refused, so that each later command was executed or refused by itself. */
bool sn_order_untransacted(const struct sn_input_reply *reply);

#endif
