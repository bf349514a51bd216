/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL FAILOVER … DRYRUN (DESIGN.md D28). */

#include "shell/report/rehearsal.h"
#include "shell/server/call.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/parts.h"

size_t sn_cmd_dryrun_words(const struct sn_call *call)
{
    size_t last = call->argc - 1;

    if (call->argc > 3 && sn_call_word_is(call, last, "DRYRUN"))
        return 1;
    return call->argc > 4 && sn_call_word_is(call, last, "JSON") &&
                   sn_call_word_is(call, last - 1, "DRYRUN")
               ? 2
               : 0;
}

void sn_cmd_dryrun(struct sn_call *call, const struct sn_command *command, bool json)
{
    const struct sn_rehearsed_order order = {.group = sn_cmd_group(call, 2),
                                             .wanted =
                                                 command->addr.port != 0 ? &command->addr : NULL,
                                             .mode = command->mode};
    sn_ms now = sn_driver_now(sn_server_driver(call->server));
    struct sn_call_lines lines;

    if (order.group == NULL)
        return;
    if (json) {
        sn_call_reply_json(call, sn_rehearsal_json(&order, now));
        return;
    }
    sn_call_lines_begin(call, &lines);
    sn_rehearsal_lines(&order, now, sn_call_lines_add, &lines);
    sn_call_lines_end(call, &lines);
}
