/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL EXPLAIN (DESIGN.md D28). */

#include "shell/report/explain.h"
#include "shell/server/call.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/parts.h"

void sn_cmd_sentinel_explain(struct sn_call *call)
{
    const struct sn_group *group = sn_cmd_group(call, 2);
    sn_ms now = sn_driver_now(sn_server_driver(call->server));
    struct sn_call_lines lines;

    if (group == NULL)
        return;
    if (call->argc == 3) {
        sn_call_lines_begin(call, &lines);
        sn_explain_lines(group, now, sn_call_lines_add, &lines);
        sn_call_lines_end(call, &lines);
    } else if (call->argc == 4 && sn_call_word_is(call, 3, "JSON")) {
        sn_call_reply_json(call, sn_explain_json(sn_server_core(call->server), group, now));
    } else {
        sn_resp_error(call->resp, "syntax error");
    }
}
