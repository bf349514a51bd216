/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL DOCTOR [NAME] [JSON] (DESIGN.md D28). */

#include "shell/report/doctor.h"
#include "shell/server/call.h"
#include "shell/server/checkup.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/parts.h"

void sn_cmd_sentinel_doctor(struct sn_call *call)
{
    const struct sn_group *group = NULL;
    struct sn_doctor_facts facts;
    struct sn_call_lines lines;
    bool json = sn_cmd_wants_json(call);
    size_t names = call->argc - 2 - json;

    if (names > 1) {
        sn_resp_error(call->resp, "syntax error");
        return;
    }
    if (names == 1 && (group = sn_cmd_group(call, 2)) == NULL)
        return;
    sn_server_check_up(call->server, &facts);
    if (json) {
        sn_call_reply_json(call, sn_doctor_json(&facts, group));
        return;
    }
    sn_call_lines_begin(call, &lines);
    sn_doctor_lines(&facts, group, sn_call_lines_add, &lines);
    sn_call_lines_end(call, &lines);
}
