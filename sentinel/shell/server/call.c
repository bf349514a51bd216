/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/server/call.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool sn_call_word_is(const struct sn_call *call, size_t index, const char *word)
{
    return sn_call_is_text(call, index) && strcasecmp(call->argv[index], word) == 0;
}

bool sn_call_is_text(const struct sn_call *call, size_t index)
{
    return strlen(call->argv[index]) == call->lens[index];
}

int sn_call_integer(const struct sn_call *call, size_t index, int64_t *value)
{
    return sn_text_to_i64(call->argv[index], call->lens[index], value);
}

void sn_call_reply_verbatim(struct sn_call *call, const struct sn_buf *text)
{
    if (call->resp->version != SN_RESP3) {
        sn_resp_bulk(call->resp, sn_buf_text(text), text->len);
        return;
    }
    sn_buf_printf(call->resp->out, "=%zu\r\ntxt:", text->len + 4);
    sn_buf_append(call->resp->out, sn_buf_text(text), text->len);
    sn_buf_puts(call->resp->out, "\r\n");
}

void sn_call_reply_json(struct sn_call *call, json_t *value)
{
    struct sn_buf text;

    sn_buf_init(&text, SIZE_MAX);
    sn_json_put(value, JSON_INDENT(2), &text);
    sn_call_reply_verbatim(call, &text);
    sn_buf_fini(&text);
}

void sn_call_lines_begin(const struct sn_call *call, struct sn_call_lines *lines)
{
    sn_buf_init(&lines->text, SIZE_MAX);
    lines->resp = (struct sn_resp){.out = &lines->text, .version = call->resp->version};
    lines->count = 0;
}

void sn_call_lines_add(void *arg, const char *line)
{
    struct sn_call_lines *lines = arg;

    sn_resp_status(&lines->resp, line);
    lines->count++;
}

void sn_call_lines_end(struct sn_call *call, struct sn_call_lines *lines)
{
    sn_resp_array(call->resp, lines->count);
    sn_buf_append(call->resp->out, sn_buf_text(&lines->text), lines->text.len);
    sn_buf_fini(&lines->text);
}

void sn_call_reply_help(struct sn_call *call, const char *container, const char *const *lines,
                        size_t count)
{
    char header[80];

    snprintf(header, sizeof(header),
             "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", container);
    sn_resp_array(call->resp, count + 3);
    sn_resp_status(call->resp, header);
    for (size_t i = 0; i < count; i++)
        sn_resp_status(call->resp, lines[i]);
    sn_resp_status(call->resp, "HELP");
    sn_resp_status(call->resp, "    Print this help.");
}
