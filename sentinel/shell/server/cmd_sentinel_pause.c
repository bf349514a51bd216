/* SPDX-License-Identifier: BSD-3-Clause */
/* SENTINEL PAUSE and RESUME: an operator wants no automatic failover of a group for a while
 * (DESIGN.md D28). */

#include "base/text.h"
#include "core/view.h"
#include "shell/server/call.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"

#include <string.h>
#include <sys/time.h>

#define DEFAULT_S 1800

static int64_t wall_ms(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

/* A star means every group. */
static bool is_all(const struct sn_call *call)
{
    return sn_call_word_is(call, 2, "*");
}

/* Joins the words from the fifth on, with blanks. False: too long, or with control characters. */
static bool join_reason(const struct sn_call *call, char reason[SN_TRUCE_REASON_MAX + 1])
{
    size_t len = 0;

    reason[0] = '\0';
    for (size_t i = 4; i < call->argc; i++) {
        if (sn_text_has_control(call->argv[i], call->lens[i]) ||
            len + call->lens[i] + 1 > SN_TRUCE_REASON_MAX)
            return false;
        if (len > 0)
            reason[len++] = ' ';
        memcpy(reason + len, call->argv[i], call->lens[i]);
        len += call->lens[i];
        reason[len] = '\0';
    }
    return true;
}

void sn_cmd_sentinel_pause(struct sn_call *call)
{
    char reason[SN_TRUCE_REASON_MAX + 1];
    struct sn_command command = {.kind = SN_COMMAND_PAUSE,
                                 .name = call->argv[2],
                                 .name_len = call->lens[2],
                                 .reason = reason,
                                 .wall_ms = wall_ms()};
    int64_t seconds = DEFAULT_S;

    if ((call->argc > 3 && sn_call_integer(call, 3, &seconds) != 0) || seconds <= 0 ||
        seconds > SN_TRUCE_MAX_S) {
        sn_resp_errorf(call->resp,
                       "A pause lasts 1 to %d seconds, and its reason stands behind them",
                       SN_TRUCE_MAX_S);
    } else if (!join_reason(call, reason)) {
        sn_resp_errorf(call->resp, "A reason has at most %d bytes, and no control characters",
                       SN_TRUCE_REASON_MAX - 1);
    } else if (is_all(call) || sn_cmd_group(call, 2)) {
        command.seconds = (uint32_t)seconds;
        sn_cmd_decide(call, &command);
    }
}

void sn_cmd_sentinel_resume(struct sn_call *call)
{
    struct sn_command command = {.kind = SN_COMMAND_RESUME,
                                 .name = call->argv[2],
                                 .name_len = call->lens[2],
                                 .wall_ms = wall_ms()};

    if (is_all(call) || sn_cmd_group(call, 2))
        sn_cmd_decide(call, &command);
}
