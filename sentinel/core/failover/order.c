/* SPDX-License-Identifier: BSD-3-Clause */

/* The transactions that change a server's role, and the replies to them (PROTOCOL.md §15.3, §15.4).
 */

#include "core/failover/order.h"

#include "core/facts/link.h"
#include "core/facts/unanswered.h"
#include "core/tell/out.h"

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

void sn_order_promotion(struct sn_instance *node)
{
    struct sn_action_send send = {
        .order = SN_ORDER_PROMOTE, .tag = node->id, .no_rewrite = node->cmd->no_rewrite};
    sn_out_send(node->cmd, &send);
    sn_unanswered_add(node, SN_UNANSWERED_ORDER);
}
