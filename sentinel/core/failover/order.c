/* SPDX-License-Identifier: BSD-3-Clause */

/* Replies to the transactions that change a server's role (PROTOCOL.md §15.4). */

#include "core/failover/order.h"

#include <string.h>

const char *sn_order_error(const struct sn_input_reply *reply)
{
    const struct sn_reply *exec = reply->reply;
    if (exec->type == SN_REPLY_ARRAY && exec->count > 0)
        return exec->items[0].type == SN_REPLY_ERROR ? exec->items[0].text : NULL;
    if (reply->queue_error[0] != '\0')
        return reply->queue_error;
    return exec->type == SN_REPLY_ERROR ? exec->text : "the transaction was not executed";
}

bool sn_order_untransacted(const struct sn_input_reply *reply)
{
    return reply->queue_error[0] != '\0' && reply->reply->type == SN_REPLY_ERROR &&
           strncmp(reply->reply->text, "ERR EXEC without MULTI", 22) == 0;
}
