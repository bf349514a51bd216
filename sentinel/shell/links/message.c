/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/links/message.h"

#include "wire/hello.h"

#include <string.h>

static bool is_text(const struct sn_reply *reply, const char *text)
{
    return (reply->type == SN_REPLY_STRING || reply->type == SN_REPLY_STATUS) &&
           strcmp(reply->text, text) == 0;
}

enum sn_message sn_message_kind(const struct sn_reply *reply)
{
    if (reply->type != SN_REPLY_ARRAY || reply->count != 3)
        return SN_MESSAGE_OTHER;
    if (is_text(&reply->items[0], "subscribe"))
        return SN_MESSAGE_SUBSCRIBED;
    if (is_text(&reply->items[0], "message") && is_text(&reply->items[1], SN_HELLO_CHANNEL) &&
        reply->items[2].type == SN_REPLY_STRING)
        return SN_MESSAGE_HELLO;
    return SN_MESSAGE_OTHER;
}

/* A map of names and values. */
bool sn_message_says_resp3(const struct sn_reply *reply)
{
    if (reply->type != SN_REPLY_ARRAY)
        return false;
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        const struct sn_reply *value = &reply->items[i + 1];
        if (is_text(&reply->items[i], "proto"))
            return value->type == SN_REPLY_INTEGER && value->integer == 3;
    }
    return false;
}
