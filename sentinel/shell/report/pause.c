/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/report/pause.h"

#include "shell/report/json.h"
#include "shell/report/phrase.h"

void sn_report_pause_words(const struct sn_group *group, sn_ms now, struct sn_buf *out)
{
    struct sn_pause_view pause;

    if (!sn_group_pause(group, now, &pause))
        return;
    sn_buf_puts(out, "No failover begins by itself for another ");
    sn_phrase_span(out, pause.left_ms);
    sn_buf_printf(out, ", by order of sentinel %.8s", pause.by->hex);
    if (pause.reason[0] != '\0') {
        sn_buf_puts(out, ": ");
        sn_phrase_quoted(out, pause.reason);
    } else {
        sn_buf_putc(out, '.');
    }
    sn_buf_printf(out, " SENTINEL RESUME %s ends the pause, SENTINEL FAILOVER %s works meanwhile.",
                  sn_group_name(group), sn_group_name(group));
}

json_t *sn_report_pause_json(const struct sn_group *group, sn_ms now)
{
    struct sn_pause_view pause;

    if (!sn_group_pause(group, now, &pause))
        return json_null();
    json_t *object = json_object();
    sn_json_set_text(object, "reason", pause.reason);
    sn_json_set_ms(object, "left_ms", pause.left_ms);
    sn_json_set(object, "until_unix", json_integer(pause.until_s));
    sn_json_set_text(object, "by", pause.by->hex);
    return object;
}
