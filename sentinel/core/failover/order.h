/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_CORE_ORDER_H
#define SN_CORE_ORDER_H

/* What the reply to an order, a PROMOTE or FOLLOW, means. Internal to the core. */

#include "core/input.h"

/* The text of what a PROMOTE or FOLLOW failed with; NULL if its EXEC went well. */
const char *sn_order_error(const struct sn_input_reply *reply);
/* MULTI was refused, so that the commands behind it were executed, or refused, one by one. */
bool sn_order_untransacted(const struct sn_input_reply *reply);

#endif
